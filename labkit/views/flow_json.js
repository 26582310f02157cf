// The JSON of a step, printed for reading: it folds, known fields are underlined, and what is searched for is marked.

/** Control and invisible characters as escapes: what cannot be seen could not be judged. */
const visible = (text) =>
  text.replace(UNSEEN, (c) => {
    const code = c.codePointAt(0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
const UNSEEN = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** A string as JSON. There an escape has four figures: a character beyond the first plane takes two of them. */
const quoted = (text) => JSON.stringify(text).replace(UNSEEN, (c) => c.replace(/./gs, visible));

const TOKEN = /\s+|"[^"\\]*(?:\\.[^"\\]*)*"?|[{}[\],:]|[^\s"{}[\],:]+/g;
const DEEPEST = 40; // levels that are indented and fold; what is deeper is printed in its line

const decoded = (token) => {
  try {
    return JSON.parse(token);
  } catch {
    return token.replaceAll('"', ""); // cut off in the middle
  }
};
const shown = (token) => (token[0] === '"' ? quoted(decoded(token)) : visible(token));

/**
 * Print `text` into `target` from its own characters, so that numbers stay as they were sent, known fields underlined.
 * In the response that is an answer to a sample, `result` means something else than in others: `answer` tells. `marked`
 * makes nodes of a text. Returns what was found: the field's entry in `fields` → its name and its plain values.
 */
function printJson(text, target, { fields, answer, revision, marked }) {
  const tokens = (text.match(TOKEN) || []).filter((token) => token.trim());
  const found = new Map();
  const stack = [];
  let plain = "";
  let key = null; // of the value that comes next
  const place = () => stack.findLast(({ inner }) => inner)?.inner ?? target;
  const flush = () => {
    if (plain) place().append(...marked(plain));
    plain = "";
  };
  const line = (depth = stack.length) => `\n${"  ".repeat(Math.min(depth, DEEPEST))}`;
  const next = (inside) => {
    if (!inside || key) return;
    if (inside.count++) plain += ",";
    plain += inside.short ? (inside.count > 1 ? " " : "") : line();
  };
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    const inside = stack.at(-1);
    if (token === "," || token === ":") continue;
    if (token === "}" || token === "]") {
      if (inside?.count && !inside.short) plain += line(stack.length - 1);
      if (inside?.inner) {
        flush();
        inside.fold.holds(inside.count, inside.object);
      }
      stack.pop();
      key = null; // one that was left without a value
      plain += token;
      continue;
    }
    next(inside);
    if (inside?.object && !key && tokens[i + 1] === ":") {
      const name = decoded(token);
      const root = answer && name === "result" && stack.length === 1 ? "answer" : name;
      const path = [...inside.path, inside.named ? "*" : root].slice(-4);
      const free = inside.free || fields.free.includes(name);
      key = { name, path, free, named: !inside.free && fields.named.includes(name) };
      const entry = inside.free ? null : known(path, fields);
      const value = tokens[i + 2];
      const scalar = value && !"{[".includes(value);
      if (value && !scalar && stack.length < DEEPEST && !fits(tokens, i + 2)) {
        flush();
        key.fold = new Fold(name);
        place().append(key.fold.button);
      }
      if (entry) {
        flush();
        const end = scalar ? `: ${shown(value)}` : "";
        place().append(el("u", { title: lineOf(fields.fields[entry], revision) }, ...marked(shown(token) + end)));
        const had = found.get(entry) || { name, values: [] };
        if (scalar) had.values.push(value[0] === '"' ? decoded(value) : value);
        found.set(entry, had);
        if (scalar) {
          i += 2;
          key = null;
        } else plain += ": ";
      } else plain += `${shown(token)}: `;
      continue;
    }
    if (token === "{" || token === "[") {
      const of = key || { path: inside?.path || [], free: inside?.free, named: false };
      const level = { object: token === "{", path: of.path, free: of.free, named: of.named, count: 0, short: fits(tokens, i) };
      if (!level.short && stack.length < DEEPEST) {
        flush();
        level.fold = key?.fold ?? new Fold(); // that of a key stands before the key
        level.inner = level.fold.inner;
        place().append(...(key ? [] : [level.fold.button]), token, level.inner, level.fold.note);
      } else plain += token;
      stack.push(level);
    } else plain += shown(token);
    key = null;
  }
  flush();
  return found;
}

/** Whether what opens at `i` is short enough for one line. */
function fits(tokens, i) {
  let depth = 0;
  for (let j = i, length = 0; j < tokens.length && length < 60; length += tokens[j++].length) {
    if ("{[".includes(tokens[j])) depth++;
    if ("}]".includes(tokens[j]) && --depth === 0) return true;
  }
  return false;
}

/** The longest end of `path` that has a line of its own. */
function known(path, fields) {
  for (let i = 0; i < path.length; i++) {
    const end = path.slice(i).join(" > ");
    if (Object.hasOwn(fields.fields, end)) return end;
  }
  return null;
}

const lineOf = (line, revision) => (typeof line === "string" ? line : line[revision] || Object.values(line).at(-1));
