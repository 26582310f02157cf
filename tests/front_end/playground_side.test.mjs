// What is chosen by hand on the left side stays chosen while the kernel still tells what was before.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./dom.mjs";
import { Duties, WhoAnswers } from "./playground.mjs";

const told = (chosen) => ({ choices: [["tiny", "embedded", "", ""], ["claude", "Claude", "", ""]], chosen, key: {}, settings: [], says: "" });

function clicked(control, on) {
  control.checked = on;
  control.dispatchEvent(new Event("change"));
}

test("a choice is not taken back by what was told before the kernel has heard of it", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const said = [];
  const who = new WhoAnswers((message) => said.push(message.who));
  who.draw(told("tiny"));
  const [tiny, claude] = [...who.marks.values()].map(({ control }) => control);
  assert.deepEqual([tiny.checked, claude.checked], [true, false]);
  tiny.checked = false; // as a browser does it
  clicked(claude, true);
  who.draw(told("tiny"));
  assert.deepEqual([tiny.checked, claude.checked], [false, true]);
  who.draw(told("claude"));
  t.mock.timers.tick(60_000);
  assert.deepEqual([tiny.checked, claude.checked, said], [false, true, ["claude"]]);
});

test("what the kernel still tells in the end is what holds", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const host = new Duties(() => {});
  const duty = (name, on) => [name, name, "", "", on, []];
  const duties = (approval, budget) => host.draw({ duties: [duty("approval", approval), duty("budget", budget)], spent: "", share: 0, cost: "" });
  const marks = () => [...host.marks.all("input")].map(({ checked }) => checked);
  duties(false, false);
  clicked(host.marks.all("input")[0], true);
  duties(false, true); // the one is older than the click, the other is no matter of hands
  assert.deepEqual(marks(), [true, true]);
  t.mock.timers.tick(60_000);
  assert.deepEqual(marks(), [false, true]);
  clicked(host.marks.all("input")[0], true);
  t.mock.timers.tick(60_000); // the kernel is busy, and tells nothing
  assert.deepEqual(marks(), [true, true]);
});
