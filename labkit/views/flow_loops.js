// Loops of tools: rows that fold the steps of a loop and of its turns, and what an opened one tells. `loops.py` has the
// words, and `loop_reader.py` says what a loop is.

const LONG = 6; // turns of a loop that is folded at first
const MOST_TOLD = 40; // turns that an opened loop tells

const ABOUT = {
  loop:
    "A loop of tools: the server offers tools with its request, the model asks for some, the server runs them and asks " +
    "again, with what they gave behind all that was said before. Each turn is a sample, and the client pays for it.",
  turn: "A sample of the loop. The request that comes next tells what the tools gave.",
  odd: "A line with ! is in the request, and no model asked for it in this call: the server put it into the conversation.",
};

const folds = (item) => item.kind === "loop" || item.kind === "turn";

/** What stands in the list for a loop or a turn: a step without an arrow. */
const heading = (kind, seq, { call, n, nth, time, at }) => ({
  ...{ kind, seq, call, n, nth, time, at },
  ...{ source: "server", target: "server", samples: [], label: "", text: "", wire: false, reply: false, version: 0 },
});

/** The loops of one call. */
class Loops {
  constructor() {
    this.byNumber = new Map();
    this.turns = new Map(); // by sample
  }

  /** Take what a step tells of loops: `flow_rows.py` says what. */
  take(step, told) {
    for (const [number, words, n, sample, line, odd, parts] of told) {
      const seq = `${step.call} loop ${number}`;
      if (!this.byNumber.has(number)) this.byNumber.set(number, { ...heading("loop", seq, step), number, turns: new Map() });
      const loop = this.byNumber.get(number);
      if (!loop.turns.has(n)) loop.turns.set(n, { ...heading("turn", `${seq} turn ${n}`, step), loop });
      const turn = loop.turns.get(n);
      Object.assign(turn, { label: line, sample, odd, parts, version: turn.version + 1 });
      Object.assign(loop, { words, odd: loop.odd || odd, version: loop.version + 1 });
      this.turns.set(sample, turn);
    }
    for (const loop of this.byNumber.values()) {
      loop.label = `loop${this.byNumber.size > 1 ? ` ${loop.number}` : ""}: ${loop.words}`;
    }
  }

  forget(step) {
    for (const sample of asks(step) ? step.samples : []) {
      const turn = this.turns.get(sample);
      if (!turn) continue;
      this.turns.delete(sample);
      turn.loop.turns.delete([...turn.loop.turns].find(([, other]) => other === turn)[0]);
      if (!turn.loop.turns.size) this.byNumber.delete(turn.loop.number);
    }
  }
}

/** `steps` with a heading before each loop and each turn of one, and without those that are folded. */
function grouped(steps, calls, isOpen) {
  const items = [];
  const seen = new Set();
  const add = (item) => seen.has(item) || (seen.add(item), items.push(item));
  for (const step of steps) {
    const { turns } = calls.get(step.call).loops;
    const mine = turns.size ? step.samples.map((sample) => turns.get(sample)).filter(Boolean) : [];
    let shown = !mine.length;
    for (const turn of mine) {
      if (step.failed) turn.failed = turn.loop.failed = true; // a fold hides no failure
      add(turn.loop);
      if (!isOpen(turn.loop)) continue;
      add(turn);
      const open = isOpen(turn);
      turn.samples = open ? [] : [turn.sample];
      shown ||= open;
    }
    if (shown) items.push(step);
  }
  return items;
}

/** A heading as one sentence, for those who hear it. */
const foldSentence = (item, open) =>
  `${item.failed ? "Failed: " : ""}${item.label}. ${open ? "Unfolded; the left arrow key folds it." : "Folded; the right arrow key unfolds it."}`;

/** What an opened loop, or a turn, tells: who said what. */
function toldTurns(item) {
  const turns = item.kind === "loop" ? [...item.turns.values()] : [item];
  const nodes = turns.slice(0, MOST_TOLD).flatMap(({ label, parts, odd }) => {
    const rows = parts.flatMap(([who, what]) => [
      el("dt", who.startsWith("!") ? { class: "odd" } : {}, visible(who)),
      el("dd", {}, what.split("\n").map(visible).join("\n")),
    ]);
    const told = rows.length ? el("dl", {}, ...rows) : el("p", {}, visible(label));
    return [el("h4", { class: odd ? "odd" : null }, label.slice(0, label.indexOf(":"))), told];
  });
  if (turns.length > MOST_TOLD) nodes.push(el("p", {}, `… ${counted(turns.length - MOST_TOLD, "more turn")}: unfold the loop`));
  return nodes;
}
