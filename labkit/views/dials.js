// The dials: a control for each, and beside it what was asked, what is used, whether it is honoured. No logic: what a
// control says goes to `wishes`, and all words come from dial_panel.py.

const COLUMNS = {
  asked: "What the server asked in its request; – for nothing, and for what the protocol has no field for",
  used: "What the client hands on to the model",
  honoured: "Whether this model takes it into account",
};
const SLIDERS = ["steps", "limit"]; // they stand in the first table, what is typed in the second

class Dials {
  constructor(model, root) {
    this.model = model;
    this.id = `labkit-dials-${Math.random().toString(36).slice(2)}`; // each widget loads this module anew: no counter
    card(root, "labkit-dials", "Dials");
    this.rows = new Map();
    this.prompt = el("span", { class: "prompt" });
    const reset = button("As asked", "Put every dial back to what the server asked", () => this.reset());
    const head = el("div", { class: "head" }, el("b", {}, "Dials"), ...badges(model.get("badges")), this.prompt, reset);
    this.code = el("pre", { tabindex: "0", "aria-label": "The same in plain code" });
    this.same = el("details", { class: "same" }, el("summary", {}, "The same in plain code"), this.code);
    this.fault = el("p", { class: "fault", role: "status", "aria-live": "polite" });
    root.append(head, el("div", { class: "tables" }, ...[true, false].map((slides) => this.table(model.get("controls").filter(([, , , kind]) => SLIDERS.includes(kind) === slides)))), el("div", { class: "foot" }, this.same, this.fault));
    follow(this, model, "change");
  }

  table(controls) {
    const titles = Object.entries(COLUMNS).map(([name, title]) => el("th", { scope: "col", title }, name));
    const head = el("tr", {}, el("th", { scope: "col" }, heard("dial")), el("th", { scope: "col" }, heard("control")), ...titles);
    return el("table", {}, el("thead", {}, head), el("tbody", {}, ...controls.map((control) => this.row(...control))));
  }

  row(name, word, title, kind) {
    const control = this.control(name, kind);
    control.id = `${this.id}-${name}`;
    control.title = title;
    const cells = ["asked", "used", "honoured"].map((column) => el("td", { class: column }));
    const label = el("label", { for: control.id, title }, word);
    this.rows.set(name, { control, cells });
    const marks = control.getAttribute("list") && el("datalist", { id: control.getAttribute("list") });
    return el("tr", {}, el("th", { scope: "row" }, label), el("td", { class: "control" }, control, marks), ...cells);
  }

  control(name, kind) {
    const on = (control, read) => {
      control.addEventListener("input", () => this.wish({ [name]: read(control) }));
      return control;
    };
    if (kind === "number") {
      return on(el("input", { type: "number", min: 0, step: 1, placeholder: "its own" }), ({ value }) => (value === "" ? null : Number(value)));
    }
    if (kind === "text") return on(el("input", { type: "text", placeholder: "as asked", autocomplete: "off" }), ({ value }) => value);
    if (kind === "area") return on(el("textarea", { rows: 2, placeholder: "as asked" }), ({ value }) => value);
    const range = el("input", { type: "range", min: 0, step: 1 });
    if (kind === "steps") {
      range.setAttribute("list", `${this.id}-${name}-steps`);
      return on(range, ({ value }) => this.model.get("steps")[name][value][0]);
    }
    range.min = 1;
    return on(range, ({ value, max }) => (value === max ? null : Number(value)));
  }

  wish(changes) {
    this.model.set("wishes", { ...this.model.get("wishes"), ...changes });
    this.model.save_changes();
  }

  reset() {
    const typed = (kind) => ["text", "area"].includes(kind);
    this.wish(Object.fromEntries(this.model.get("controls").map(([name, , , kind]) => [name, typed(kind) ? "" : null])));
  }

  draw() {
    const wishes = this.model.get("wishes");
    for (const [name, asked, used, honoured, meaning, turned] of this.model.get("readings")) {
      const { control, cells } = this.rows.get(name);
      this.put(name, control, wishes[name]);
      [asked, used, honoured].forEach((text, i) => {
        cells[i].textContent = text;
        cells[i].title = i === 2 ? meaning : text;
      });
      cells[1].classList.toggle("turned", turned);
      cells[2].classList.toggle("no", honoured === "no");
    }
    const prompt = this.model.get("prompt");
    this.prompt.textContent = prompt && `“${prompt}”`;
    this.prompt.title = prompt;
    this.fault.textContent = this.model.get("fault");
    this.code.textContent = this.model.get("code");
    this.same.hidden = !this.model.get("code");
  }

  put(name, control, wish) {
    if (control.type !== "range") {
      if (control.value !== String(wish ?? "")) control.value = wish ?? "";
      return;
    }
    const steps = this.model.get("steps")[name];
    const limit = this.model.get("limit");
    control.max = steps ? steps.length - 1 : limit;
    control.list?.replaceChildren(...steps.map((_, i) => el("option", { value: i })));
    control.value = steps ? steps.findIndex(([step]) => step === wish) : Math.min(wish ?? limit, limit);
    control.setAttribute("aria-valuetext", steps ? steps[control.value][1] : control.value === control.max ? `${limit}, as asked` : control.value);
  }
}

export default shownAs(Dials);
