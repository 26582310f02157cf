// The right side of the playground: which runs are compared, and how much room the result has.

import assert from "node:assert/strict";
import { test } from "node:test";

import { node } from "./dom.mjs";
import { History, Question, Result } from "./playground.mjs";

const run = (n) => [n, "explain", "2026-07-28", "tiny", "", `answer ${n}`, "12", "1 ms", "ok"];
const runs = (...numbers) => ({ runs: numbers.map(run) });
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
  const told = { runs: [1, 2], heads: ["1 · tiny", "2 · tiny"], rows: [["wire", false, ["a", "a"]], ["answer", true, ["x", "<b>y</b>"]]] };
  made.compare(told);
  assert.deepEqual(cells(made.sides).slice(1), [["answer ≠ (differs)", "x", "<b>y</b>"]]);
  made.only.control.checked = false;
  made.compare();
  assert.deepEqual(cells(made.sides).slice(1).map(([name]) => name), ["wire", "answer ≠ (differs)"]);
  made.only.control.checked = true;
  made.compare({ ...told, rows: [["wire", false, ["a", "a"]]] });
  assert.deepEqual(cells(made.sides).slice(1), [["Nothing differs."]]);
  made.compare({ runs: [1], heads: ["1 · tiny"], rows: [["wire", false, ["a"]]] });
  assert.deepEqual(cells(made.sides).slice(1), [["wire", "a"]]);
  made.compare({});
  assert.deepEqual(cells(made.sides), []);
});

test("the result has as much room as is asked for and is there", () => {
  const result = new Result(new AbortController().signal);
  result.node.parentElement = { clientHeight: 800 };
  const room = (height) => {
    result.room(height);
    return [result.height, ...["min", "max", "now"].map((name) => Number(result.edge.getAttribute(`aria-value${name}`)))];
  };
  assert.deepEqual(room(300.4), [300, 103, 580, 300]);
  assert.deepEqual(room(Infinity), [580, 103, 580, 580]);
  assert.deepEqual(room(-1), [103, 103, 580, 103]);
  result.node.parentElement = { clientHeight: 100 };
  assert.deepEqual(room(300), [103, 103, 103, 103]);
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
  assert.equal(question.draw({ id: 0, server: "", tool: "", limit: 8, parts: [["user", "<b>"]] }), true);
  assert.equal(question.who.textContent, "A server asks: at most 8 tokens");
  assert.equal(question.parts.textContent, "user<b>");
  question.text.value = "mine";
  question.draw({ id: 0, server: "", limit: 8 });
  assert.equal(question.text.value, "mine");
  question.answer();
  question.answer();
  question.draw({ id: 1, server: "desk", tool: "route", limit: 8 });
  assert.equal(question.who.textContent, "desk asks, for its tool route: at most 8 tokens");
  question.send(null);
  assert.deepEqual(told, [{ do: "answer", number: 0, text: "mine" }, { do: "answer", number: 1, text: null }]);
});
