// Answers in groups: what is open stays open when more answers come, and a click asks Python for what stands behind one.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Answers } from "./answers.mjs";
import { node } from "./dom.mjs";

globalThis.requestAnimationFrame = () => {};

const member = (label, opens) => ({ label, heat: "", note: "", badges: [], opens });
const row = (text, ...members) => ({ parts: [[text, false], ["<b>", true]], differs: "", true: null, labels: "", counts: [], members });
const table = (...rows) => ({ total: rows.flatMap(({ members }) => members).length, judged: false, heats: [], rows });

function answers(told) {
  const sent = [];
  const values = { number: 0, running: false, note: "", place: [], holds: "", status: "", code: "", ...told };
  const model = { get: (name) => values[name], on() {}, off() {}, send: (message) => sent.push(message) };
  const view = new Answers(model, node("div"));
  return { view, sent, set: (more) => { Object.assign(values, more); view.draw(); } };
}

test("what is open of the answers stays open, and keeps the focus, when another comes before it", () => {
  const { view, set } = answers({ table: table(row("a", member("run 1", "Open")), row("b", member("run 2", "Open"))) });
  const focused = [];
  document.activeElement = view.rows[0].controls[1];
  view.rows[0].open = true;
  const focus = Object.getPrototypeOf(view.rows[0]).focus;
  Object.getPrototypeOf(view.rows[0]).focus = function () { focused.push(this.getAttribute("title")); };
  set({ table: table(row("b", member("run 2", "Open"), member("run 3", "Open")), row("a", member("run 1", "Open"))) });
  Object.getPrototypeOf(view.rows[0]).focus = focus;
  document.activeElement = null;
  assert.deepEqual(view.rows.map(({ open }) => open), [false, true]);
  assert.deepEqual(focused, ["Open run 1: its flow, its tokens, its result, its program"]);
  assert.equal(view.rows[1].all("mark")[0].textContent, "<b>");
});

test("a click on a group opens its first answer, a button its own, and the opened one is marked", () => {
  const { view, sent, set } = answers({ table: table(row("a", member("run 1", "Open")), row("b", member("run 2", "Open"), member("run 3", "Open")), row("c", member("", ""))) });
  view.rows[1].controls[0].click();
  view.rows[1].opens[1].click();
  view.rows[2].controls[0].click();
  assert.deepEqual(sent, [{ type: "open", row: 1, member: 0 }, { type: "open", row: 1, member: 1 }]);
  set({ place: [1, 1] });
  assert.deepEqual(view.rows.map(({ opens }) => opens.map((each) => each?.getAttribute("aria-pressed"))), [["false"], ["false", "true"], [undefined]]);
});

test("words that a true answer holds are asked for where no code has the rule", () => {
  const { view, sent, set } = answers({ table: table(row("a", member("run 1", "Open"))) });
  assert.equal(view.rule.hidden, false);
  view.holds.value = "a";
  view.holds.dispatchEvent(new Event("change"));
  assert.deepEqual(sent, [{ type: "judge", holds: "a" }]);
  set({ holds: null });
  assert.equal(view.rule.hidden, true);
});
