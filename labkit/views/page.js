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

const figure = (number) => number.toLocaleString("en-US");
const counted = (number, word) => `${figure(number)} ${word}${number === 1 ? "" : "s"}`;

/** A text as nodes: every second part of those that `at` splits it into stands in an element `name`. */
const everySecond = (text, at, name) => text.split(at).map((part, i) => (i % 2 ? el(name, {}, part) : part));

/** A text as nodes, in which what stands between backticks is code. */
const prose = (text) => everySecond(text, "`", "code");

/** Parts of a text, each with whether it is marked, as nodes. */
const markedParts = (parts) => parts.map(([text, marked]) => (marked ? el("mark", {}, text) : text));

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

/** Let a chooser offer `options`, each a value with its words, behind one for all; what is chosen stays where it can. */
function offer(select, options) {
  const key = JSON.stringify(options);
  if (select.offered === key) return;
  select.offered = key;
  const { value } = select;
  select.replaceChildren(...[["", "all"], ...options].map(([each, text]) => el("option", { value: each }, text)));
  select.value = options.some(([each]) => each === value) ? value : "";
}

/** With Ctrl, Meta or Alt a key is for what is around: Ctrl + Enter runs the cell. */
const isForOthers = (event) => event.ctrlKey || event.metaKey || event.altKey;

/** The place in a list of `count` to which a key leads from place `at`; undefined for a key that leads nowhere. */
function keyedTo({ key }, at, count, page = 8) {
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: count - 1 }[key];
  return to === undefined ? undefined : Math.max(0, Math.min(to, count - 1));
}

/** Keep a key that has done its work from what is around. */
function taken(event) {
  event.preventDefault();
  event.stopPropagation();
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
