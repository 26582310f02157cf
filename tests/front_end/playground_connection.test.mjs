// What the first line says of the connection, and when Run can be pressed; and what a badge says of an answer that was cut.

import assert from "node:assert/strict";
import { test } from "node:test";

import { node } from "./dom.mjs";
import { badgeOf, connection, leap } from "./playground.mjs";

const top = (state, status = state, more = {}) => ({ state, status, fault: "", about: "Sampling is declared", ...more });
const READY = { ready: true, blocked: "" };

test("a server of one's own that is chosen is not connected, whatever is told of the server before", () => {
  for (const [pending, says] of [["url", "type its address"], ["command", "type its command"]]) {
    const { kind, words, why, barred } = connection(top("connected", "connected · can sample"), READY, pending);
    assert.deepEqual([kind, words, barred], ["not-connected", "not connected", true]);
    assert.match(why, new RegExp(says));
  }
});

test("each state of a connection has its word, a failure its sign and its sentence, and Run its reason", () => {
  const told = (...given) => {
    const { words, why, barred } = connection(...given, "");
    return [words, why, barred];
  };
  assert.deepEqual(told(top("connected", "connected · can sample"), READY), ["connected · can sample", "", false]);
  assert.deepEqual(told(top("connecting", "connecting …"), { ready: false, blocked: "" }), ["connecting …", "", true]);
  assert.deepEqual(told(top("lost", "connection lost · Run makes another"), READY), ["⚠ connection lost · Run makes another", "", false]);
  const failed = top("failed", "failed to connect", { fault: "nobody answers there" });
  assert.deepEqual(told(failed, { ready: true, blocked: "Not connected." }), ["✕ failed to connect: nobody answers there", "", true]);
  assert.deepEqual(told(top("connected", "connected"), { ready: true, blocked: "logs offers no tool." }), ["connected", "logs offers no tool.", true]);
  assert.equal(connection(top("connected", "connected · can sample"), READY, "").about, "connected · can sample. Sampling is declared");
});

test("a badge says why in its place, as text, and leads to its step", () => {
  const [place, steps] = [node("p"), []];
  place.hidden = true;
  const why = "<b>Your callback</b> asked the model for 20 of the 100 tokens";
  const bar = node("span");
  const badge = badgeOf({ kind: "warning", sign: "✂", word: "cut", why, step: 6 }, place, (step) => steps.push(step));
  bar.append(badge);
  badge.click();
  assert.deepEqual([place.hidden, place.childNodes[0], badge.getAttribute("aria-expanded")], [false, why, "true"]);
  const [link] = place.all("button");
  link.click();
  assert.deepEqual([link.textContent, steps, place.hidden, badge.getAttribute("aria-expanded")], ["Step 6", [6], true, "false"]);
  badge.click();
  badge.click();
  assert.equal(place.hidden, true);
  const other = badgeOf({ kind: "warning", sign: "✂", word: "cut", why: "x", step: 0 }, place);
  bar.append(other);
  other.click();
  assert.deepEqual([place.textContent, place.all("button")], ["x", []]);
});

test("a button that leads past others goes where it says", () => {
  let gone = 0;
  const skip = leap("Skip to the flow", () => { gone += 1; });
  skip.click();
  assert.deepEqual([gone, skip.textContent, skip.classList.has("leap")], [1, "Skip to the flow", true]);
});
