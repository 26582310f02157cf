// The dials on the page do what those of Python do, and say the same of it: `test_front_end.py` writes the cases.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Words } from "./token_view.mjs";

const cases = JSON.parse(readFileSync(new URL("token_cases.json", import.meta.url), "utf-8"));
const read = (token) => ({ ...token, ids: token.ids && Uint32Array.from(token.ids), logits: Float64Array.from(token.logits, (logit) => logit ?? -Infinity) });

test("a turned dial moves the bars, draws and is told as in Python", () => {
  let other = 0;
  for (const { stages, answer, dials, turned, told } of cases) {
    const words = new Words(stages, dials, { ...answer, turned });
    assert.equal(words.settings, told.settings);
    assert.deepEqual(words.columns, told.columns);
    answer.tokens.map(read).forEach((token, i) => {
      const { now, rows, feet, sentence } = words.tell(token, i, 8);
      const where = `${JSON.stringify(dials)}, token ${i}`;
      assert.equal(sentence, told.tokens[i].sentence, where);
      assert.deepEqual(feet, told.tokens[i].feet, where);
      if (turned) assert.equal(words.now(token), now);
      other += now !== token.place;
      const shares = (list) => list.flatMap(([, , , , , cells]) => cells.map(([, ...numbers]) => numbers));
      const texts = (list) => list.map(([text, rank, later, drawn, was, cells]) => [text, rank, later, drawn, was, cells.map(([each]) => each)]);
      const mine = rows.map(({ text, rank, later, drawn, was, cells }) => [text, rank, Boolean(later), drawn, was, cells.map(([each, share, kept, most]) => [each, share, kept, most ?? 0])]);
      assert.deepEqual(texts(mine), texts(told.tokens[i].rows), where);
      shares(mine).forEach(([share, kept, most], k) => {
        const [wanted, stays, bound] = shares(told.tokens[i].rows)[k];
        assert.equal(kept, stays, where);
        assert.ok(Math.abs(share - wanted) < 1e-6 && Math.abs(most - bound) < 1e-6, `${where}: ${share}, ${wanted}`);
      });
    });
  }
  assert.ok(other > 20); // or nothing was turned
});
