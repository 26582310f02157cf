// The steps of a Lab: what a row becomes, how it is grouped and told, and what runs beside it.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./dom.mjs";
import { Controls, Store, arrange, crossing, duration, given, isRequest, listed, meaning, samplesOf, sentence, View, wireOf } from "./flow_view.mjs";

const [YOU, CLIENT, CALLBACK, MODEL, SERVER] = [0, 1, 2, 3, 4];

/** The model of a widget, as anywidget gives it. */
class Model {
  sent = [];
  #heard = {};

  constructor(head = {}) {
    this.state = { head, rows: undefined, looks: {} };
  }

  get(name) {
    return this.state[name];
  }

  on(name, action) {
    this.#heard[name] = action;
  }

  send(message) {
    this.sent.push(message);
  }

  rows(first, ...rows) {
    this.state.rows = bytes(first, rows);
    this.#heard["change:rows"]();
  }

  answer(message, ...buffers) {
    this.#heard["msg:custom"](message, buffers);
  }
}

const bytes = (first, rows) => new TextEncoder().encode(JSON.stringify({ first, rows }));

/** A row in the order of flow_rows.py. */
function row(seq, given = {}) {
  const { call = 1, n = seq, from = CLIENT, to = SERVER, label = "tools/call", kind = "request", samples = [], replyTo = null, reply = false, text = "{}" } = given;
  return [seq, call, n, from, to, label, kind, samples, replyTo, reply, seq / 1000, seq / 1000, 10, null, text, true];
}

/** Steps as the store makes them. */
function steps(...given) {
  const model = new Model();
  const store = new Store(model);
  model.rows(0, ...given.map((each, i) => row(i + 1, each)));
  return store.steps;
}

const number = (n) => String(n);

test("a time is told in figures that a reader can compare", () => {
  const told = [0, 0.00004, 0.00005, 0.0012, 0.00994, 0.00996, 0.9994, 0.9996, 1, 61.25].map(duration);
  assert.deepEqual(told, ["0 ms", "0 ms", "0.1 ms", "1.2 ms", "9.9 ms", "10 ms", "999 ms", "1.0 s", "1.0 s", "61.3 s"]);
});

test("a list ends in and, also where a figure has a comma of its own", () => {
  assert.deepEqual([[], [1], [1, 2], [1, 2, 3]].map(listed), ["", "1", "1 and 2", "1, 2 and 3"]);
  assert.equal(listed(["999", "1,000"]), "999 and 1,000");
  assert.equal(listed(["1,000", "1,001", "1,002"]), "1,000, 1,001 and 1,002");
  assert.deepEqual([{ samples: [4] }, { samples: [4, 5] }].map(samplesOf), ["sample 4", "samples 4 and 5"]);
});

test("a wire is one of the two revisions, or not known yet", () => {
  const told = ["2025-06-18", "2025-11-25", "2026-07-28", "2027-01-01", "legacy", "auto", "", undefined, null];
  const [old, modern] = ["2025-11-25", "2026-07-28"];
  assert.deepEqual(told.map((wire) => wireOf({ wire })), [old, old, modern, modern, old, null, null, null, null]);
});

test("a question and an answer are told in the words of their wire", () => {
  const [asked, back, inside, anew] = steps(
    { kind: "question", from: SERVER, to: CLIENT, samples: [1] },
    { kind: "answer", samples: [1], replyTo: 1, reply: true },
    { kind: "question", from: SERVER, to: CLIENT, samples: [1, 2, 3], replyTo: 1, reply: true },
    { kind: "answer", samples: [1, 2, 3] },
  );
  const all = [asked, back, inside, anew];
  assert.deepEqual(all.map(crossing), ["asked by a request", "answered by a response", "asked in a result", "answered in a new request"]);
  assert.deepEqual(all.map((step) => meaning(step, number)), [
    "a question: a request of the server's own", "the answer, as a response",
    "3 questions, inside a result", "3 answers, inside a new request",
  ]);
  assert.deepEqual(all.map(isRequest), [true, false, false, true]);
});

test("every other kind of step has its meaning and nothing beside the arrow", () => {
  const all = steps({ kind: "response", replyTo: 7 }, { kind: "response" }, { kind: "request" }, { kind: "notification" }, { kind: "fault" }, { kind: "host" });
  assert.deepEqual(all.map((step) => meaning(step, (n) => `no. ${n}`)), [
    "the response to step no. 7", "a response", "a request", "a notification: nobody answers it",
    "a fault on the wire", "on the client's side: it did not cross the wire",
  ]);
  assert.deepEqual(all.map(crossing), Array(6).fill(""));
});

test("a step is a sentence for those who hear it", () => {
  const [asked, alone] = steps({ kind: "question", from: SERVER, to: CLIENT, label: "sampling", samples: [1, 2] }, { kind: "host", from: MODEL, to: MODEL, label: "42 tokens" });
  assert.equal(sentence(asked, number, "1 ms"), "Step 1, server to client, over the wire, 2 questions: a request of the server's own: sampling. samples 1 and 2. 1 ms.");
  assert.equal(sentence(alone, number, "2 ms"), "Step 2, model, by itself, on the client's side: 42 tokens. 2 ms.");
});

test("rows become calls, each with its title, and the last that began is known", () => {
  const model = new Model();
  const store = new Store(model);
  model.rows(0, row(1, { call: 0 }), row(2, { call: 1, n: 1, from: YOU, label: "explain" }), row(3, { call: null, n: 1 }), row(4, { call: 2, n: 1 }), row(5, { call: 1, n: 2 }));
  assert.deepEqual([...store.calls.values()].map(({ call, title, steps }) => [call, title, steps.map(({ seq }) => seq)]), [
    [0, "connect", [1]], [1, "explain", [2, 5]], [null, "call unknown", [3]], [2, "call 2", [4]],
  ]);
  assert.equal(store.last, 2);
  assert.equal(store.calls.get(1).byN.get(2).seq, 5);
  assert.deepEqual(store.steps.map(({ nth }) => nth), [1, 2, 3, 4, 5]);
});

test("rows that come twice are taken once", () => {
  const model = new Model();
  const store = new Store(model);
  model.rows(0, row(1), row(2));
  model.rows(0, row(1), row(2), row(3));
  model.rows(1, row(2), row(3));
  assert.deepEqual(store.steps.map(({ seq }) => seq), [1, 2, 3]);
});

test("rows that were lost are asked for once and taken in order", async () => {
  const model = new Model();
  const store = new Store(model);
  model.rows(0, row(1));
  model.rows(3, row(4));
  model.rows(4, row(5));
  assert.deepEqual(model.sent, [{ ask: "rows", first: 1 }]);
  assert.deepEqual(store.steps.map(({ seq }) => seq), [1]);
  model.answer({ answer: "rows" }, bytes(1, [row(2), row(3), row(4), row(5)]));
  assert.deepEqual(store.steps.map(({ seq }) => seq), [1, 2, 3, 4, 5]);
  assert.equal(store.wanted.size, 1);
  await new Promise(setImmediate);
  assert.equal(store.wanted.size, 0);
});

test("rows that the kernel has forgotten are counted, though they were never seen", () => {
  const model = new Model();
  const store = new Store(model);
  model.rows(0, row(1));
  model.answer({ answer: "rows" }, bytes(10, [row(11), row(12)]));
  assert.equal(store.total, 12);
  assert.deepEqual(store.steps.map(({ nth }) => nth), [1, 11, 12]);
});

test("no more is kept than the Lab keeps, and an empty call goes", () => {
  const model = new Model({ keep: 10 });
  const store = new Store(model);
  model.rows(0, ...Array.from({ length: 12 }, (_, i) => row(i + 1, { call: i < 2 ? 1 : 2, n: i < 2 ? i + 1 : i - 1 })));
  assert.equal(store.steps.length, 10);
  assert.deepEqual([...store.calls.keys()], [2]);
  assert.equal(store.total, 12);
  assert.equal(store.calls.get(2).byN.get(1).seq, 3);
});

test("one question is asked once, and another answer does not answer it", async () => {
  const model = new Model();
  const store = new Store(model);
  const [first, again, other] = [store.ask({ ask: "text", seq: 1 }), store.ask({ ask: "text", seq: 1 }), store.ask({ ask: "text", seq: 2 })];
  assert.equal(model.sent.length, 2);
  model.answer({ answer: "text", seq: 2, text: "two" });
  model.answer({ answer: "text", seq: 1, text: "one" });
  assert.deepEqual((await Promise.all([first, again, other])).map(({ text }) => text), ["one", "one", "two"]);
});

test("a copy of one call is not taken for a copy of another", async () => {
  const model = new Model();
  const store = new Store(model);
  const [one, none] = [store.ask({ ask: "copy", form: "JSON", call: 1 }), store.ask({ ask: "copy", form: "JSON", call: null })];
  assert.deepEqual(model.sent.map(({ call }) => call), [1, null]);
  model.answer({ answer: "copy", form: "JSON", call: null, text: "unknown" });
  model.answer({ answer: "copy", form: "JSON", call: 1, text: "first" });
  assert.deepEqual([(await one).text, (await none).text], ["first", "unknown"]);
});

test("samples that run at once stand side by side from question to answer", () => {
  const marks = arrange(steps(
    { kind: "question", samples: [1, 2] }, { kind: "host", samples: [1] }, { kind: "host" }, { kind: "answer", samples: [1] },
    { kind: "question", samples: [3] }, { kind: "answer", samples: [2] }, { kind: "answer", samples: [3] },
  ));
  const drawn = marks.map(({ lines }) => lines.map(({ slot, sample, above, below, mine }) => `${slot}:${sample}${above ? "^" : ""}${below ? "v" : ""}${mine ? "*" : ""}`).join(" "));
  assert.deepEqual(drawn, ["0:1v* 1:2v*", "0:1^v* 1:2^v", "0:1^v 1:2^v", "0:1^* 1:2^v", "0:3v* 1:2^v", "0:3^v 1:2^*", "0:3^*"]);
});

test("samples of two calls are two, though both are number 1", () => {
  const [, second] = arrange(steps({ call: 1, samples: [1] }, { call: 2, samples: [1] }, { call: 1, samples: [1] }, { call: 2, samples: [1] }));
  assert.deepEqual(second.lines.map(({ slot, above }) => [slot, above]), [[0, true], [1, false]]);
});

test("more samples than there is room for share the last line", () => {
  const marks = arrange(steps({ samples: [1, 2, 3, 4, 5] }, { samples: [5, 4, 3, 2, 1] }));
  assert.deepEqual(marks[0].lines.map(({ slot }) => slot), [0, 1, 2, 2, 2]);
});

test("a request is open on whoever has to answer it until the reply", () => {
  const marks = arrange(steps(
    { kind: "request" }, { kind: "question", from: SERVER, to: CLIENT, samples: [1] }, { kind: "host", from: CLIENT, to: CALLBACK },
    { kind: "answer", samples: [1], replyTo: 2, reply: true }, { kind: "response", from: SERVER, to: CLIENT, replyTo: 1, reply: true }, { kind: "notification" },
  ));
  assert.deepEqual(marks.map(({ bars }) => bars), [
    { server: [false, true] },
    { server: [true, true], client: [false, true] },
    { server: [true, true], client: [true, true] },
    { server: [true, true], client: [true, false] },
    { server: [true, false] },
    {},
  ]);
});

test("where the question comes in a result nothing stays open", () => {
  const marks = arrange(steps({ kind: "request" }, { kind: "question", from: SERVER, to: CLIENT, samples: [1], replyTo: 1, reply: true }, { kind: "host" }, { kind: "answer", samples: [1] }));
  assert.deepEqual(marks.map(({ bars }) => bars), [{ server: [false, true] }, { server: [true, false] }, {}, { server: [false, true] }]);
});

test("above the steps stands whose they are, how many, and how many of them fit", () => {
  const model = new Model({ server: "book\u200bshop", wire: "2026-07-28", transport: "memory" });
  const store = new Store(model);
  const asked = Array.from({ length: 1200 }, (_, i) => row(i + 1, { samples: i < 2 ? [i + 1] : [] }));
  asked[3][13] = 42; // tokens
  model.rows(0, ...asked);
  const controls = new Controls({ store, time: () => "1.2 s", later() {}, choose() {} });
  const show = (count) => controls.show("call 1", store.steps, count);
  show(1200);
  assert.equal(controls.top.textContent, "call 1book\\u200bshop2026-07-28memory1,200 steps · 2 samples · 42 tokens · 1.2 s");
  assert.match(controls.how.textContent, /nothing stays open/);
  assert.equal(controls.status.textContent, "");
  show(1);
  assert.equal(controls.status.textContent, "1 of 1,200 steps");
  controls.say("Copied.");
  show(1);
  assert.equal(controls.status.textContent, "Copied.");
  show(0);
  assert.equal(controls.status.textContent, "0 of 1,200 steps");
});

test("a filter is chosen by its mark, a search by what is typed, and both are told", () => {
  let told = 0;
  const controls = new Controls({ store: new Store(new Model()), later: () => { told += 1; }, choose() {} });
  const all = steps({ kind: "request", text: "{}" }, { kind: "host", text: '{"a": "Needle"}' }, { kind: "host" });
  const radio = controls.tools.all("input").find((each) => each.value === "host");
  radio.dispatchEvent(new Event("change"));
  assert.equal(controls.filters.wanted(all).length, 2);
  const search = controls.tools.all("input").find((each) => each.type === "search");
  search.value = " NEEDLE ";
  search.dispatchEvent(new Event("input"));
  assert.deepEqual(controls.filters.wanted(all).map(({ seq }) => seq), [2]);
  assert.equal(told, 2);
});

test("every call that is on record is offered, and one that is forgotten no more", () => {
  const model = new Model();
  const store = new Store(model);
  model.rows(0, row(1, { call: 0 }), row(2, { call: 1, from: YOU, label: "explain\u202e" }), row(3, { call: null }));
  const controls = new Controls({ store, time: () => "", later() {}, choose() {} });
  const offered = () => controls.select.options.map((option) => [option.value, option.textContent]);
  controls.show("last", [], 0);
  controls.show("last", [], 0);
  const [last, every] = [["last", "last call"], ["all", "all calls"]];
  assert.deepEqual(offered(), [last, every, ["0", "connect"], ["1", "1 · explain\\u202e"], ["null", "call unknown"]]);
  store.forget(2);
  controls.show("last", [], 0);
  assert.deepEqual(offered(), [last, every, ["null", "call unknown"]]);
});

test("the steps of a callback hold the params and the result, which crossed the wire in other steps, on both wires", () => {
  const step = (source, target, kind, samples, message, reply = false) =>
    ({ source, target, kind, wire: kind !== "host", samples, reply, whole: true, text: message ? JSON.stringify(message) : "" });
  const [asked, gave] = [(n) => step("client", "callback", "host", [n]), (n) => step("callback", "client", "host", [n], null, true)];
  const older = [
    step("server", "client", "question", [1], { id: 1, method: "sampling/createMessage", params: { maxTokens: 5 } }),
    asked(1),
    gave(1),
    step("client", "server", "answer", [1], { id: 1, result: { model: "m" } }, true),
  ];
  assert.equal(given(older[1], older), '{"maxTokens":5}');
  assert.equal(given(older[2], older), '{"model":"m"}');
  const inputRequests = { e: { method: "elicitation/create" }, a: { method: "sampling/createMessage", params: { maxTokens: 1 } }, b: { method: "sampling/createMessage", params: { maxTokens: 2 } } };
  const newer = [
    step("server", "client", "question", [1, 2], { result: { inputRequests } }, true),
    asked(2),
    gave(2),
    step("client", "server", "answer", [1, 2], { params: { inputResponses: { b: { model: "b" }, a: { model: "a" } } } }),
  ];
  assert.equal(given(newer[1], newer), '{"maxTokens":2}');
  assert.equal(given(newer[2], newer), '{"model":"b"}');
  assert.equal(given(newer[2], newer.slice(0, 3)), "", "it never crossed: the callback refused");
});

test("a key that is pressed with Ctrl, Cmd or Alt belongs to what is around: Ctrl + Enter runs the tool", () => {
  const picked = [];
  const view = { active: 0, items: [1, 2], scroll: { clientHeight: 100 }, pick: (i) => picked.push(i), go: (i) => picked.push(i) };
  const press = (fields) => {
    const event = { taken: 0, preventDefault() {}, stopPropagation() { this.taken += 1; }, ...fields };
    View.prototype.key.call(view, event);
    return event.taken;
  };
  for (const key of ["Enter", " ", "ArrowDown", "Escape"]) {
    for (const held of ["ctrlKey", "metaKey", "altKey"]) assert.equal(press({ key, [held]: true }), 0, `${held} ${key}`);
  }
  assert.deepEqual(picked, []);
  assert.equal(press({ key: "Enter" }), 1);
  assert.deepEqual(picked, [0]);
});
