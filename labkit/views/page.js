// Small tools for a page. Whatever text they are given reaches it as textContent. The first part of several modules.

const FOCUSABLE = new Set(["button", "input", "select", "textarea", "summary"]);

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) if (value != null) node.setAttribute(key, value);
  node.append(...children.filter((child) => child != null));
  return node;
}

const el = (name, attributes = {}, ...children) => {
  const node = fill(document.createElement(name), attributes, children);
  // Lab takes arrow keys, letters and Enter for the notebook, unless the very element that has the focus says no.
  if ("tabindex" in attributes || FOCUSABLE.has(name)) node.dataset.lmSuppressShortcuts = "true";
  // Lab takes the line break out of every text in a cell, whose Enter may have run it: here it has not.
  if (name === "textarea") node.addEventListener("beforeinput", (event) => event.inputType === "insertLineBreak" && event.stopImmediatePropagation());
  return node;
};

/** Text for those who hear the page and not for those who see it. */
const heard = (text) => el("span", { class: "heard" }, text);

const button = (text, title, action) => {
  const node = el("button", { type: "button", title }, text);
  // A button that is disabled would lose the focus under the finger that presses it.
  node.addEventListener("click", () => node.getAttribute("aria-disabled") !== "true" && action());
  return node;
};

const badges = (list) => list.map(([kind, text, title]) => el("span", { class: `badge ${kind}`, title }, text));

/** A text as nodes, in which what stands between backticks is code. */
const prose = (text) => text.split("`").map((part, i) => (i % 2 ? el("code", {}, part) : part));

const SIGNS = { " ": "·", "\n": "↵", "\t": "⇥" };

/** A text whose spaces are seen. */
function signed(text) {
  const parts = text.split(/([ \n\t]+)/).filter(Boolean);
  return parts.map((part) => (SIGNS[part[0]] ? el("span", { class: "sign" }, [...part].map((c) => SIGNS[c]).join("")) : part));
}

/** Radio buttons that look like one control: for each of `options` its value, its words and its title. */
function segments(legend, options, chosen, choose) {
  const name = `labkit-${Math.random().toString(36).slice(2)}`; // each view needs radio buttons of its own
  const labels = options.map(([value, words, title]) => {
    const radio = el("input", { type: "radio", name, value });
    radio.checked = value === chosen;
    radio.addEventListener("change", () => choose(value));
    return el("label", { title }, radio, el("span", {}, words));
  });
  return el("fieldset", { class: "segments" }, legend, ...labels);
}

/** Let `view` draw itself now, and whenever the model tells of `event` until the view is closed. */
function follow(view, model, event) {
  const drawn = () => view.draw();
  view.close = () => model.off(event, drawn);
  model.on(event, drawn);
  drawn();
}

/** What a module offers: a view of class `View` for each place where the widget is shown. */
const shownAs = (View) => ({
  render({ model, el: root }) {
    const view = new View(model, root);
    return () => view.close();
  },
});

/** Make `root` a card of the kit. */
function card(root, name, label) {
  root.classList.add("labkit-card", name);
  root.dataset.lmSuppressShortcuts = "true"; // for what is clicked and takes no focus
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", label);
}

// Times, in microseconds, as bars along an axis. waterfall_drawing.py writes the same for a picture.

const UNITS = [["min", 120e6, 60e6], ["s", 1e6, 1e6], ["ms", 1e3, 1e3], ["µs", 0, 1]];

/** Round times up to `longest`, and their words, all in one unit. */
function ticks(longest) {
  const [name, , unit] = UNITS.find(([, least]) => longest >= least);
  const power = 10 ** Math.floor(Math.log10(longest / unit / 6));
  const step = [1, 2, 5, 10].find((factor) => longest / unit / (factor * power) <= 6) * power;
  const count = Math.floor(longest / unit / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, n) => [n * step * unit, n ? `${Number((n * step).toPrecision(6))} ${name}` : "0"]);
}

/** Microseconds in words, as waterfall_drawing.py has them. */
function lasting(time) {
  if (time < 9950) return time < 50 ? `${Math.round(time)} µs` : `${(time / 1000).toFixed(1)} ms`;
  if (time < 999500) return `${Math.round(time / 1000)} ms`;
  const seconds = Math.round(time / 1e6);
  return time < 119.95e6 ? `${(time / 1e6).toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A stretch of time as a bar: who had it, by colour, pattern and word, from when to when. */
function stretch([kind, start, end]) {
  const bar = el("i", { class: kind || "waits", title: kind || "waits" }, el("span", {}, kind));
  if (end !== undefined) bar.style.cssText = `--a: ${start}; --b: ${end}`;
  return bar;
}

/** The ticks of an axis up to `longest`, which begins at `base`. */
const axis = (longest, base = 0) =>
  ticks(longest).map(([time, words]) => {
    const tick = el("span", {}, words);
    tick.style.setProperty("--a", time + base);
    return tick;
  });
