// The right side of the playground: which runs are shown and compared, and how much room the result has.

import assert from "node:assert/strict";
import { test } from "node:test";

import { node } from "./dom.mjs";
import { History, Question, Result } from "./playground.mjs";

const DONE = { kind: "good", sign: "✓", word: "end of turn" };
const run = (n, more = {}) => ({
  n, name: "", pinned: false, came: "", server: "logs", tool: "explain", wire: "2026-07-28", who: "tiny", dials: "", answer: `answer ${n}`,
  ended: [DONE], failed: false, tokens: "12", time: "1 ms", sizes: { tokens: 100 - n, time: n }, ...more,
});
const runs = (...numbers) => ({ runs: numbers.map((n) => run(n)), whys: {} });
const cells = (table) => table.all("tr").map((row) => row.children.map((cell) => cell.textContent));

function history() {
  const told = [];
  const made = new History((message) => told.push(message));
  const marks = () => made.body.all("input");
  const mark = (i, on) => {
    marks()[i].checked = on;
    marks()[i].dispatchEvent(new Event("change"));
  };
  return { made, told, mark, marked: () => marks().map(({ checked }) => checked) };
}

test("the two newest runs are compared until somebody chooses", () => {
  const { made, told, mark, marked } = history();
  made.draw(runs(1));
  made.draw(runs(2, 1));
  made.draw(runs(3, 2, 1));
  assert.deepEqual(told.map((message) => message.runs), [[1], [1, 2], [2, 3]]);
  assert.deepEqual(marked(), [true, true, false]);
  mark(2, true);
  mark(0, false);
  made.draw(runs(4, 3, 2, 1));
  assert.deepEqual(told.at(-1), { do: "compare", runs: [1, 2] });
  assert.deepEqual(marked(), [false, false, true, true]);
});

test("runs are compared in their order, which is that of numbers and not of letters", () => {
  const { made, told, mark } = history();
  made.draw(runs(10, 9, 8));
  mark(2, true);
  assert.deepEqual(told.at(-1).runs, [8, 9, 10]);
});

test("a run that is gone is compared no more", () => {
  const { made, mark } = history();
  made.draw(runs(3, 2, 1));
  mark(2, true);
  made.draw(runs(4, 3, 2));
  assert.deepEqual(made.chosen, [2, 3]);
});

test("only what differs is shown, and on request the rest", () => {
  const { made } = history();
  const told = { runs: [1, 2], heads: ["1 · tiny", "2 · tiny"], rows: [["wire", false, [[["a", false]], [["a", false]]]], ["answer", true, [[["x", true]], [["<b>y</b>", true]]]]] };
  made.compare(told);
  const { only, sides } = made.compared;
  assert.deepEqual(cells(sides).slice(1), [["answer ≠ (differs)", "x", "<b>y</b>"]]);
  only.control.checked = false;
  made.compared.draw();
  assert.deepEqual(cells(sides).slice(1).map(([name]) => name), ["wire", "answer ≠ (differs)"]);
  only.control.checked = true;
  made.compare({ ...told, rows: [["wire", false, [[["a", false]], [["a", false]]]]] });
  assert.deepEqual(cells(sides).slice(1), [["Nothing differs."]]);
  made.compare({ runs: [1], heads: ["1 · tiny"], rows: [["wire", false, [[["a", false]]]]] });
  assert.deepEqual(cells(sides).slice(1), [["wire", "a"]]);
  made.compare({});
  assert.deepEqual(cells(sides), []);
});

const shown = ({ body }) => body.children.map((row) => Number(row.all("button")[1].textContent));

test("runs are ordered by a head, and pressed again the other way round", () => {
  const { made } = history();
  made.draw(runs(10, 9, 8));
  const sorts = () => made.heads.map((head) => head.getAttribute("aria-sort")).filter((sort) => sort !== "none");
  assert.deepEqual([shown(made), sorts()], [[10, 9, 8], ["descending"]]);
  made.heads[7].all("button")[0].click(); // tokens
  assert.deepEqual([shown(made), sorts()], [[10, 9, 8], ["ascending"]]);
  made.heads[7].all("button")[0].click();
  assert.deepEqual(shown(made), [8, 9, 10]);
});

test("a row that is as it was stays, and what is new comes to its place", () => {
  const { made } = history();
  made.draw(runs(3, 2, 1));
  const [third, second] = made.body.children;
  made.draw({ runs: [run(4), run(3, { pinned: true }), run(2)], whys: {} });
  assert.deepEqual(shown(made), [4, 3, 2]);
  assert.equal(made.body.children[2], second);
  assert.notEqual(made.body.children[1], third);
});

test("of many runs the newest are shown until all are asked for", () => {
  const { made } = history();
  made.draw(runs(...Array.from({ length: 100 }, (_, i) => 100 - i)));
  assert.deepEqual([shown(made).length, shown(made)[0], made.more.textContent], [30, 100, "Show all 100"]);
  made.more.click();
  assert.deepEqual([shown(made).length, made.more.hidden], [100, true]);
});

test("runs are found by their text and by how they ended", () => {
  const { made } = history();
  const failed = { ended: [{ kind: "bad", sign: "✕", word: "failed" }, DONE], failed: true };
  made.draw({ runs: [run(3, failed), run(2, { name: "The Best" }), run(1, { who: "script" })], whys: {} });
  const choose = (kind, value) => {
    const [, node] = made.filters.kinds.find(([name]) => name === kind);
    node.value = value;
    node.dispatchEvent(new Event("change"));
  };
  made.filters.search.value = "the best";
  made.filters.search.dispatchEvent(new Event("input"));
  assert.deepEqual([shown(made), made.filters.told.textContent], [[2], "1 of 3 runs"]);
  made.filters.search.value = "";
  choose("ended", "any failure");
  assert.deepEqual(shown(made), [3]);
  choose("who", "script");
  assert.deepEqual([shown(made), made.none.textContent], [[], "No run fits: show all, or search for something else."]);
  choose("ended", "");
  assert.deepEqual([shown(made), made.none.textContent], [[1], ""]);
});

test("the result has as much room as is asked for and is there", () => {
  const result = new Result(new AbortController().signal);
  result.node.parentElement = { clientHeight: 800 };
  const room = (height) => {
    result.room(height);
    return [result.height, ...["min", "max", "now"].map((name) => Number(result.edge.getAttribute(`aria-value${name}`)))];
  };
  assert.deepEqual(room(300.4), [300, 112, 580, 300]);
  assert.deepEqual(room(Infinity), [580, 112, 580, 580]);
  assert.deepEqual(room(-1), [112, 112, 580, 112]);
  result.node.parentElement = { clientHeight: 100 };
  assert.deepEqual(room(300), [112, 112, 112, 112]);
});

test("of a run that was made with others all are shown, in a room of their own, until it is wanted alone", () => {
  const result = new Result(new AbortController().signal);
  result.node.parentElement = { clientHeight: 800 };
  const shows = () => [result.grouped, result.parts].map(({ hidden }) => !hidden).concat(result.height);
  const [alone, one] = [{ kind: "done", meta: "Result", text: "A" }, { kind: "done", meta: "Result of run 3", text: "A", batch: { run: 3, meta: "runs 1 to 10" } }];
  result.draw(alone);
  assert.deepEqual([...shows(), result.other.hidden], [false, true, 112, true]);
  result.draw(one);
  assert.deepEqual([...shows(), result.meta.textContent, result.other.textContent], [true, false, 290, "runs 1 to 10", "Run 3 alone"]);
  result.room(400);
  result.other.click();
  assert.deepEqual([...shows(), result.meta.textContent, result.other.textContent], [false, true, 112, "Result of run 3", "All answers"]);
  result.other.click();
  assert.deepEqual(shows(), [true, false, 400]);
  result.draw(alone);
  assert.deepEqual(shows(), [false, true, 112]);
});

test("a picture of the result is the bytes of a PNG, below its text", () => {
  const result = new Result(new AbortController().signal);
  const shown = { kind: "done", meta: "Result", text: "<b>A dot.</b>" };
  result.draw({ ...shown, pictures: ["iVBORw0="] });
  const [picture] = result.answer.all("img");
  assert.deepEqual([picture.getAttribute("src"), picture.getAttribute("alt")], ["data:image/png;base64,iVBORw0=", "Picture 1 of the result"]);
  assert.equal(result.answer.textContent, "<b>A dot.</b>");
  result.draw(shown);
  assert.deepEqual(result.answer.all("img"), []);
});

test("a question is answered once, and the next one is another", () => {
  const told = [];
  const question = new Question((message) => told.push(message));
  assert.equal(question.draw({}), false);
  assert.equal(question.draw({ id: 0, server: "", tool: "", limit: 8, model: "me", parts: [["user", "<b>"]] }), true);
  assert.equal(question.who.textContent, "A server asks: at most 8 tokens");
  assert.equal(question.parts.textContent, "user<b>");
  question.text.value = "mine";
  question.draw({ id: 0, server: "", limit: 8, model: "me" });
  assert.equal(question.text.value, "mine");
  question.answer();
  question.answer();
  question.draw({ id: 1, server: "desk", tool: "route", limit: 8, model: "me" });
  assert.equal(question.who.textContent, "desk asks, for its tool route: at most 8 tokens");
  question.send(null);
  const as = { do: "answer", model: "me", stop_reason: "endTurn" };
  assert.deepEqual(told, [{ ...as, number: 0, said: ["mine"] }, { ...as, number: 1, said: null }]);
});
