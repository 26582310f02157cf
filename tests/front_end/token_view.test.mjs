// The token view: spaces that are seen, and tokens that make words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { node } from "./dom.mjs";
import { TokenView, signed } from "./token_view.mjs";

const seen = (text) => signed(text).map((part) => part.textContent ?? part);

test("spaces, line ends and tabs are seen, and nothing else is changed", () => {
  assert.deepEqual(seen(" two  words\n\t"), ["·", "two", "··", "words", "↵⇥"]);
  assert.deepEqual(seen(""), []);
  assert.deepEqual(seen("<b>\u00a0é"), ["<b>\u00a0é"]);
  assert.deepEqual(signed("a ").map((part) => typeof part === "string"), [true, false]);
});

test("a line is broken between words and after line ends, and not within a word", () => {
  const texts = ["The", " dis", "k", ".", "\n", "No", "te", " ", "x\n", "\n", "<end>"];
  const tokens = texts.map((text) => ({ text, end: text === "<end>" }));
  const nodes = texts.map((text) => {
    const made = node("span");
    made.append(text);
    return made;
  });
  const words = TokenView.prototype.words.call({ tokens, nodes });
  assert.deepEqual(words.map((word) => word.localName === "br" ? "br" : word.textContent), ["The", " disk.", "\n", "br", "Note", " x\n", "br", "\n", "br", "<end>"]);
});
