// The JSON of a step, printed for reading: nothing of it lost, nothing hidden, whatever a server has sent.

import assert from "node:assert/strict";
import { test } from "node:test";

import { node } from "./dom.mjs";
import { Filters, printJson, visible } from "./flow_view.mjs";

const NOTHING = { fields: {}, free: [], named: [] };

function printed(text, fields = NOTHING, answer = false) {
  const target = node("pre");
  const found = printJson(text, target, { fields, answer, revision: "2026-07-28", marked: (part) => [part] });
  return { text: target.textContent, found, marked: target.all("u").map((each) => each.textContent) };
}

const print = (text) => printed(text).text;

/** The same numbers at every run. */
function chance(seed) {
  return (below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
}

function anything(draw, depth = 0) {
  const texts = ["", "a", 'quo"te', "back\\slash", "\n\t\u0000", "\u202e\u200b", "{[,:]}", "\ud800", "é😀", "x".repeat(70)];
  const kinds = [() => null, () => true, () => draw(1e6) / 8, () => texts[draw(texts.length)]];
  const list = () => Array.from({ length: draw(4) }, () => anything(draw, depth + 1));
  const object = () => Object.fromEntries(list().map((value, i) => [`${texts[draw(texts.length)]}${i}`, value]));
  if (depth < 4) kinds.push(list, object, object);
  return kinds[draw(kinds.length)]();
}

test("what is printed is the same JSON, with or without spaces in what was sent", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const value = anything(chance(seed));
    for (const spaces of [undefined, 1]) assert.deepEqual(JSON.parse(print(JSON.stringify(value, null, spaces))), value, `seed ${seed}`);
  }
});

test("numbers stay as they were sent", () => {
  const text = "[1.0, -0, 1e400, 12345678901234567890, 0.1e-7]";
  assert.equal(print(text), text);
});

test("what is short stands on one line and what is long on many", () => {
  assert.equal(print('{"a":[],"b":{},"c":[1,2]}'), '{"a": [], "b": {}, "c": [1, 2]}');
  const long = "x".repeat(60);
  assert.equal(print(`{"a":{"b":1},"c":["${long}"]}`), `{\n  "a": {"b": 1},\n  "c": [\n    "${long}"\n  ]\n}`);
});

test("what cannot be seen is printed as an escape, and still as JSON", () => {
  assert.equal(print('["a\u202e\u200b b\u00a0c\\u200d"]'), '["a\\u202e\\u200b b\\u00a0c\\u200d"]');
  assert.equal(print('"\u3164\u2800\u{e0100}"'), '"\\u3164\\u2800\\udb40\\udd00"'); // letters and marks by their class
  const tag = "\u{e0041}";
  assert.equal(JSON.parse(print(JSON.stringify([tag])))[0], tag);
  assert.doesNotMatch(print(JSON.stringify([tag])), /\p{C}/u);
  assert.equal(print('"\\\\u202e"'), '"\\\\u202e"'); // a backslash and letters, not the character
});

test("outside of JSON a character beyond the first plane has one escape", () => {
  assert.equal(visible("a \u{e0041}\u0007\ud83d"), "a \\u{e0041}\\u0007\\ud83d");
});

test("markup and names of methods are text", () => {
  const hostile = { "<img src=x onerror=alert(1)>": "<script>1</script>", __proto__x: 1, constructor: "toString" };
  const { text, found } = printed(JSON.stringify(hostile), { fields: { a: "A." }, free: [], named: [] });
  assert.deepEqual(JSON.parse(text), hostile);
  assert.equal(found.size, 0);
});

test("JSON that was cut off is printed as far as it goes", () => {
  assert.equal(print('{"a": [1, {"b": "long te'), '{"a": [1, {"b": "long te"'.replace('{"a": [1, {', '{\n  "a": [\n    1,\n    {\n      '));
  for (const cut of ['{"a"', '{"a":', '{"a":"', '{"a":"\\', '{"a":"\\u12', "[", '["a', "{", "]", "}", ":", ",", ""]) assert.doesNotThrow(() => print(cut), cut);
});

test("what is no JSON keeps its commas", () => {
  assert.equal(print('[{"a":},2]'), '[{"a": }, 2]');
});

test("a hundred thousand brackets and a string of a million escapes are printed", () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  assert.equal(print(deep).replace(/\s/g, ""), deep);
  const long = JSON.stringify("\n\\".repeat(500_000));
  assert.equal(print(long), long);
});

test("a known field is marked with its value, and its values are told", () => {
  const fields = { fields: { maxTokens: "L.", "params > name": "N." }, free: [], named: [] };
  const { marked, found } = printed('{"params":{"name":"ask","maxTokens":50},"name":"no","more":{"maxTokens":[1]}}', fields);
  assert.deepEqual(marked, ['"name": "ask"', '"maxTokens": 50', '"maxTokens"']);
  assert.deepEqual([...found], [["params > name", { name: "name", values: ["ask"] }], ["maxTokens", { name: "maxTokens", values: ["50"] }]]);
});

test("in what is free, such as arguments, no name is a field", () => {
  const fields = { fields: { name: "N.", arguments: "A." }, free: ["arguments"], named: [] };
  const { marked } = printed('{"name":"a","arguments":{"name":"b","deep":[{"name":"c"}]}}', fields);
  assert.deepEqual(marked, ['"name": "a"', '"arguments"']);
});

test("the names that a server gives stand for any name, and their fields are known", () => {
  const fields = { fields: { "inputs > * > method": "M." }, free: [], named: ["inputs"] };
  const { marked } = printed('{"inputs":{"method":{"method":"sampling"}},"method":"x"}', fields);
  assert.deepEqual(marked, ['"method": "sampling"']);
});

test("the result of a response to a sample is an answer", () => {
  const fields = { fields: { "answer > model": "M." }, free: [], named: [] };
  const response = '{"result":{"model":"tiny"}}';
  assert.deepEqual(printed(response, fields, true).marked, ['"model": "tiny"']);
  assert.deepEqual(printed(response, fields, false).marked, []);
});

test("a search finds what is printed, whether it was sent with spaces or without", () => {
  const step = (label, text, wire, samples) => ({ label, text, wire, samples });
  const all = [
    step("tools/call", '{"maxTokens":50,"stop":["a","b"]}', true, []),
    step("model answered", '{"output_tokens": 50, "note": "a, b"}', false, [1]),
    step("Held", "", false, []),
  ];
  const filters = new Filters(() => {});
  const found = (query, filter = "all") => Object.assign(filters, { query, filter }).wanted(all).map(({ label }) => label);
  assert.deepEqual(found("held"), ["Held"]);
  assert.deepEqual(found('"maxtokens": 50'), ["tools/call"]);
  assert.deepEqual(found('"maxtokens":50'), ["tools/call"]);
  assert.deepEqual(found('"output_tokens": 50'), ["model answered"]);
  assert.deepEqual(found('50, "stop": ["a", "b"]'), ["tools/call"]);
  assert.deepEqual(found('"a, b"'), ["model answered"]);
  assert.deepEqual(found("nowhere"), []);
  assert.deepEqual(["all", "wire", "host", "samples"].map((filter) => found("", filter).length), [3, 1, 2, 1]);
  assert.deepEqual(found("50", "samples"), ["model answered"]);
});
