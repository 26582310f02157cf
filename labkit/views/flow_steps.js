// The steps of a Lab and what they mean. `flow_rows.py` says what a row is; rows are counted from 0 and never change.

const LANES = ["you", "client", "callback", "model", "server"];
const PATIENCE = 4000; // milliseconds to wait for the kernel before saying that it does not answer
const SLOTS = 3; // samples that are open at once and have a line of their own

const listed = (parts) => [parts.slice(0, -1).join(", "), ...parts.slice(-1)].filter(String).join(" and ");
const samplesOf = (step) => (step.samples.length > 1 ? "samples " : "sample ") + listed(step.samples);

function duration(seconds) {
  const ms = seconds * 1000;
  if (ms < 0.05) return "0 ms";
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${seconds.toFixed(1)} s`;
}

// What a frame means, in the words of its wire.

const asks = (step) => step.kind === "question";
const answers = (step) => step.kind === "answer";
const isRequest = (step) => step.kind === "request" || ((asks(step) || answers(step)) && !step.reply);

/** Whether it asks for what could be asked for once more: a call, or a sample. */
const isAsking = ({ source, target, kind, n, samples }) =>
  source === "you" ? n === 1 : kind === "question" || (source === "client" && target === "callback" && samples.length > 0);

/** Beside the arrow, in few words. */
function crossing(step) {
  if (asks(step)) return step.reply ? "asked in a result" : "asked by a request";
  if (answers(step)) return step.reply ? "answered by a response" : "answered in a new request";
  return "";
}

/** The heading of an opened step. */
function meaning(step, number) {
  const many = step.samples.length > 1;
  if (asks(step)) {
    const what = many ? `${step.samples.length} questions` : "a question";
    return step.reply ? `${what}, inside a result` : `${what}: a request of the server's own`;
  }
  if (answers(step)) {
    const what = many ? `${step.samples.length} answers` : "the answer";
    return step.reply ? `${what}, as a response` : `${what}, inside a new request`;
  }
  if (step.kind === "response") return step.replyTo ? `the response to step ${number(step.replyTo)}` : "a response";
  if (step.kind === "request") return "a request";
  if (step.kind === "notification") return "a notification: nobody answers it";
  if (step.kind === "fault") return "a fault on the wire";
  return "on the client's side: it did not cross the wire";
}

/** A step as one sentence, for those who hear it. */
function sentence(step, number, time) {
  const failed = step.failed ? "Failed: " : "";
  const way = step.source === step.target ? `${step.source}, by itself` : `${step.source} to ${step.target}`;
  const where = step.wire ? `over the wire, ${meaning(step, number)}` : "on the client's side";
  const about = step.samples.length ? ` ${samplesOf(step)}.` : "";
  return `Step ${number(step.n)}, ${way}, ${where}: ${failed}${step.label}.${about} ${time}.`;
}

function wireOf(head) {
  if (!/^\d{4}-/.test(head.wire || "")) return head.wire === "legacy" ? "2025-11-25" : null;
  return head.wire >= "2026-07-28" ? "2026-07-28" : "2025-11-25";
}

const HOW = {
  "2025-11-25": "On this wire the server sends a request of its own while your call stays open, and the client responds to it.",
  "2026-07-28":
    "On this wire a question comes back inside a result, and nothing stays open. The answer goes out inside a new request.",
};

/** What a question and its answer have in common. */
const about = (what, { seq, form, call }) => JSON.stringify([what, seq, form, call]);

// What is known of the Lab, once for all its views.

class Store {
  constructor(model) {
    this.model = model;
    this.steps = [];
    this.calls = new Map();
    this.gone = 0;
    this.views = new Set();
    this.wanted = new Map();
    this.last = undefined; // the number of the call that began last
    model.on("change:rows", () => this.take(model.get("rows")));
    model.on("change:head", () => this.tell());
    model.on("msg:custom", (message, buffers) => this.answered(message, buffers));
    this.take(model.get("rows"));
  }

  get head() {
    return this.model.get("head") || {};
  }

  get total() {
    return this.gone + this.steps.length;
  }

  take(bytes, complete = false) {
    if (!bytes?.byteLength) return;
    const { first, rows, now } = JSON.parse(new TextDecoder().decode(bytes));
    // When the first step happened, on the page's clock in milliseconds: the message that took least is nearest to it.
    if (now != null) this.origin = Math.min(this.origin ?? Infinity, performance.now() - now * 1000);
    if (first > this.total && !complete) {
      this.ask({ ask: "rows", first: this.total }).catch(() => {});
      return;
    }
    if (first > this.total) this.gone = first - this.steps.length; // forgotten before they were ever seen
    // The last row counts on where the same notification comes again, or goes on where a server writes on.
    const last = rows[this.total - first - 1];
    if (last && this.steps.length) Object.assign(this.steps.at(-1), { label: last[5], text: last[14], whole: last[15] });
    for (const row of rows.slice(this.total - first)) this.add(row);
    const keep = this.head.keep || Infinity;
    if (this.steps.length > keep * 1.1) this.forget(this.steps.length - keep);
    this.tell();
  }

  /** Open step `seq` in every view, now or as soon as it is there. */
  go(seq) {
    this.asked = seq;
    this.tell();
  }

  add(row) {
    const [seq, call, n, from, to, label, kind, samples, replyTo, reply, time, at, size, tokens, text, whole, failed, loops] = row;
    const step = { seq, call, n, source: LANES[from], target: LANES[to], label, kind, samples, replyTo, reply, time, at };
    Object.assign(step, { size, tokens, text, whole, failed, wire: kind !== "host", nth: this.total + 1 });
    let group = this.calls.get(call);
    if (!group) {
      const title = { 0: "connect", null: "call unknown" }[call] || (step.source === "you" ? label : `call ${call}`);
      this.calls.set(call, (group = { call, title: this.head.title ?? title, steps: [], byN: new Map(), loops: new Loops() }));
      if (call > (this.last ?? 0)) this.last = call;
    }
    step.methods = methodsOf(step, group);
    group.steps.push(step);
    group.byN.set(n, step);
    if (loops) group.loops.take(step, loops);
    this.steps.push(step);
  }

  forget(count) {
    this.gone += count;
    for (const step of this.steps.splice(0, count)) {
      const group = this.calls.get(step.call);
      group.steps.shift();
      group.byN.delete(step.n);
      group.loops.forget(step);
      if (!group.steps.length) this.calls.delete(step.call);
    }
  }

  tell() {
    for (const view of this.views) view.later();
  }

  /** Ask the kernel; fails when it does not answer, because it is busy or gone. */
  ask(message) {
    const key = about(message.ask, message);
    if (this.wanted.has(key)) return this.wanted.get(key).promise;
    const wanted = {};
    this.wanted.set(key, wanted);
    wanted.promise = new Promise((resolve, reject) => {
      wanted.resolve = resolve;
      wanted.timer = setTimeout(() => reject(new Error("no answer")), PATIENCE);
      this.model.send(message);
    }).finally(() => {
      clearTimeout(wanted.timer);
      this.wanted.delete(key);
    });
    return wanted.promise;
  }

  answered(message, buffers) {
    if (message.go !== undefined) this.go(message.go);
    if (message.answer === "rows") this.take(buffers[0], true);
    if (message.answer === "replay") for (const view of this.views) view.controls.say(`Not replayed: ${message.text}`);
    this.wanted.get(about(message.answer, message))?.resolve(message);
  }
}

/** The params that the callback was given, or what it gave back, as JSON: it crossed the wire in another of `steps`. */
function given(step, steps) {
  const [sample] = step.samples;
  const isAsked = step.source === "client" && step.target === "callback";
  if (step.wire || sample === undefined || !(isAsked || (step.source === "callback" && step.target === "client"))) return "";
  const of = (fits) => steps.find((other) => other.wire && other.whole && other.samples.includes(sample) && fits(other));
  const [question, answer] = [of(asks), of(answers)];
  if (!question || !(isAsked || answer)) return "";
  const asked = JSON.parse(question.text);
  const requests = Object.entries(asked.result?.inputRequests ?? {}).filter(([, { method }]) => method === "sampling/createMessage");
  const [key, request] = requests[question.samples.indexOf(sample)] ?? ["", asked];
  if (isAsked) return JSON.stringify(request.params ?? {});
  const told = JSON.parse(answer.text);
  return JSON.stringify(told.params?.inputResponses?.[key] ?? told.result ?? told.error ?? {});
}

/** For each step of a list: which samples run beside it, and whether a request is open on server or client. */
function arrange(steps) {
  const ends = new Map();
  steps.forEach((step, i) => {
    for (const sample of step.samples) {
      const key = `${step.call} ${sample}`;
      ends.set(key, [ends.get(key)?.[0] ?? i, i]);
    }
  });
  const slots = [];
  const open = { server: new Set(), client: new Set() };
  return steps.map((step, i) => {
    const mine = step.samples.map((sample) => `${step.call} ${sample}`);
    for (const key of mine) {
      if (ends.get(key)[0] !== i) continue;
      const free = slots.findIndex((held) => !held);
      slots[free < 0 ? slots.length : free] = key;
    }
    const lines = [];
    slots.forEach((key, slot) => {
      if (!key) return;
      const [first, last] = ends.get(key);
      const sample = key.slice(key.lastIndexOf(" ") + 1);
      lines.push({ slot: Math.min(slot, SLOTS - 1), sample, above: i > first, below: i < last, mine: mine.includes(key) });
      if (i === last) slots[slot] = null;
    });
    const bars = {};
    for (const lane of ["server", "client"]) {
      const above = open[lane].size > 0;
      if (isRequest(step) && step.target === lane) open[lane].add(`${step.call} ${step.n}`);
      if (step.wire && step.reply && step.source === lane) open[lane].delete(`${step.call} ${step.replyTo}`);
      const below = open[lane].size > 0;
      if (above || below) bars[lane] = [above, below];
    }
    return { lines, bars };
  });
}
