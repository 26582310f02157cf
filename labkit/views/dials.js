// The dials: a control for each, and beside it what was asked, what is used, whether it is honoured. No logic: what a
// control says goes to `wishes`, and all words come from dial_panel.py.

const COLUMNS = {
  asked: "What the server asked in its request; – for nothing, and for what the protocol has no field for",
  used: "What the client hands on to the model",
  honoured: "Whether this model takes it into account",
};
const SLIDERS = ["steps", "limit"]; // they stand in the first table, what is typed in the second
const HELP = "What a dial does stands here once you point at it.";
const TYPED = ["text", "area"]; // whose wish is "" where nobody has one

class Dials {
  constructor(model, root) {
    this.model = model;
    this.id = `labkit-dials-${Math.random().toString(36).slice(2)}`; // each widget loads this module anew: no counter
    this.within = Boolean(root.closest?.(".labkit-playground"));
    card(root, "labkit-dials", "Dials");
    this.rows = new Map();
    this.prompt = el("span", { class: "prompt" });
    const reset = button("As asked", "Put every dial back to what the server asked", () => this.reset([...this.rows.keys()]));
    const head = el("div", { class: "head" }, el("b", {}, "Dials"), ...badges(model.get("badges")), this.prompt, reset);
    this.code = el("pre", { tabindex: "0", "aria-label": "The same in plain code" });
    this.same = el("details", { class: "same" }, el("summary", {}, "The same in plain code"), this.code);
    this.fault = el("p", { class: "fault", role: "status", "aria-live": "polite" });
    this.help = el("p", { class: "help", "aria-hidden": "true" }, HELP);
    root.append(head, this.help, el("div", { class: "tables" }, ...[true, false].map((slides) => this.table(model.get("controls").filter(([, , , kind]) => SLIDERS.includes(kind) === slides)))), el("div", { class: "foot" }, this.same, this.fault));
    follow(this, model, "change");
  }

  table(controls) {
    const titles = Object.entries(COLUMNS).map(([name, title]) => el("th", { scope: "col", title }, name));
    const [first, ...rest] = ["dial", "control", "number", "back"].map((word) => el("th", { scope: "col" }, heard(word)));
    return el("table", {}, el("thead", {}, el("tr", {}, first, ...titles, ...rest)), el("tbody", {}, ...controls.map((control) => this.row(...control))));
  }

  /** A dial: on the first line what is said of it, on the second the wide control, a number, and the way back. */
  row(name, word, what, kind) {
    const id = `${this.id}-${name}`;
    const wide = kind === "number" ? null : this.control(name, kind);
    const figure = TYPED.includes(kind) ? null : this.figure(name);
    const first = wide ?? figure;
    first.id = id;
    const wrong = el("p", { class: "wrong", id: `${id}-wrong`, "aria-live": "polite" });
    const count = kind === "area" && el("small", { class: "count" });
    // Both set the same, and the number sets more: among other controls the dial is one stop for Tab.
    if (figure && wide && this.within) wide.tabIndex = -1;
    for (const control of [figure, wide]) {
      if (!control) continue;
      control.title = what;
      control.setAttribute("aria-describedby", `${id}-what ${id}-wrong`);
      if (control !== first) control.setAttribute("aria-label", `${word}, as a number`);
    }
    const back = button("↺", `${word}: back to what the server asked, or the model's own`, () => { this.reset([name]); (first.tabIndex < 0 ? figure : first).focus(); });
    back.setAttribute("aria-label", `${word}: back`);
    const cells = ["asked", "used", "honoured"].map((column) => el("td", { class: column }));
    const said = heard(what);
    said.id = `${id}-what`;
    this.rows.set(name, { kind, figure, wide, back, wrong, count, cells, said, what });
    const marks = kind === "steps" && el("datalist", { id: wide.getAttribute("list") });
    const node = el("tr", { class: kind }, el("th", { scope: "row" }, el("label", { for: id }, word)), ...cells, el("td", { class: "control" }, wide, marks || null, count || null), el("td", { class: "value" }, figure), el("td", { class: "back" }, back), el("td", { class: "wrong-of" }, said, wrong));
    for (const event of ["focusin", "pointerenter"]) node.addEventListener(event, () => this.help.replaceChildren(el("b", {}, `${word}: `), what));
    cells[2].addEventListener("pointerenter", () => this.help.replaceChildren(el("b", {}, `${word}, ${cells[2].textContent}: `), cells[2].title));
    cells[2].addEventListener("pointerleave", () => this.help.replaceChildren(el("b", {}, `${word}: `), what));
    return node;
  }

  figure(name) {
    const control = el("input", { type: "number", autocomplete: "off" });
    control.addEventListener("input", () => this.wish({ [name]: control.value === "" ? null : Number(control.value) }));
    return control;
  }

  control(name, kind) {
    const on = (control, read) => {
      control.addEventListener("input", () => this.wish({ [name]: read(control) }));
      return control;
    };
    if (kind === "text") return on(el("input", { type: "text", placeholder: "as asked", autocomplete: "off" }), ({ value }) => value);
    if (kind === "area") return on(el("textarea", { rows: 3, placeholder: "as asked", spellcheck: "false" }), ({ value }) => value);
    const range = el("input", { type: "range", min: 0, step: 1 });
    if (kind === "steps") {
      range.setAttribute("list", `${this.id}-${name}-steps`);
      return on(range, ({ value }) => this.model.get("steps")[name].marks[value][0]);
    }
    range.min = 1;
    return on(range, ({ value, max }) => (value === max ? null : Number(value)));
  }

  wish(changes) {
    this.model.set("wishes", { ...this.model.get("wishes"), ...changes });
    this.model.save_changes();
  }

  reset(names) {
    this.wish(Object.fromEntries(names.map((name) => [name, TYPED.includes(this.rows.get(name).kind) ? "" : null])));
  }

  draw() {
    const wishes = this.model.get("wishes");
    const wrong = this.model.get("wrong");
    for (const [name, asked, used, honoured, meaning, turned] of this.model.get("readings")) {
      const row = this.rows.get(name);
      this.put(name, row, wishes[name]);
      row.back.style.visibility = wishes[name] == null || wishes[name] === "" ? "hidden" : "visible"; // its place stays
      row.wrong.textContent = wrong[name] ?? "";
      for (const control of [row.figure, row.wide]) control?.setAttribute("aria-invalid", name in wrong);
      [asked, used, honoured].forEach((text, i) => {
        row.cells[i].textContent = text;
        row.cells[i].title = i === 2 ? meaning : text;
      });
      row.said.textContent = `${row.what}. Honoured: ${honoured}. ${meaning}`;
      row.cells[1].classList.toggle("turned", turned);
      row.cells[2].classList.toggle("no", honoured === "no");
    }
    const prompt = this.model.get("prompt");
    this.prompt.textContent = prompt && `“${prompt}”`;
    this.prompt.title = prompt;
    this.fault.textContent = this.model.get("fault");
    this.code.textContent = this.model.get("code");
    this.same.hidden = !this.model.get("code");
  }

  put(name, { kind, figure, wide, count }, wish) {
    const { marks, at, words } = this.model.get("steps")[name] ?? {};
    if (figure) {
      // What is typed stays as it is typed: 0.50 is 0.5.
      if ((figure.value === "" ? null : Number(figure.value)) !== (wish ?? null) && !figure.validity.badInput) figure.value = wish ?? "";
      figure.step = marks?.some(([mark]) => mark % 1) ? 0.05 : 1;
      figure.placeholder = (words ?? "").split(",")[0];
    }
    if (TYPED.includes(kind) && wide.value !== (wish ?? "")) wide.value = wish ?? "";
    if (count) count.textContent = `${wide.value.length.toLocaleString("en")} characters`;
    if (!SLIDERS.includes(kind)) return;
    const limit = this.model.get("limit");
    const place = marks?.findIndex(([step]) => step === wish);
    wide.max = marks ? marks.length - 1 : limit;
    wide.list?.replaceChildren(...marks.map((_, i) => el("option", { value: i })));
    wide.value = !marks ? Math.min(wish ?? limit, limit) : place < 0 ? at : place;
    wide.classList.toggle("unturned", wish == null);
    wide.setAttribute("aria-valuetext", wish == null ? words : marks ? marks[wide.value][1] : wide.value);
  }
}

export default shownAs(Dials);
