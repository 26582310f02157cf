// The history of runs: a line for each, some of them side by side, and the exports.

const HEADS = ["", "run", "tool", "wire", "who", "dials", "answer", "tokens", "time", "outcome"];

class History {
  constructor(tell) {
    this.tell = tell;
    this.chosen = [];
    this.byHand = false;
    this.body = el("tbody");
    const heads = HEADS.map((name) => el("th", { scope: "col" }, name || heard("compare")));
    this.list = el("table", { class: "runs" }, el("thead", {}, el("tr", {}, ...heads)), this.body);
    this.none = el("p", { class: "empty" }, "No run yet.");
    this.only = choice("checkbox", "", "only what differs", "", () => this.compare());
    this.only.control.checked = true;
    this.sides = el("table", { class: "sides" });
    const save = (form, words) => button(words, `Save these runs as ${words}. No key is in it`, () => this.tell({ do: "export", form, runs: this.chosen }));
    this.tools = el(
      "div", { class: "bar" }, el("span", {}, "Choose runs to compare"), this.only.label, el("span", { class: "grow" }),
      el("span", {}, "Save"), save("json", "JSON"), save("mermaid", "Mermaid"), save("html", "HTML"),
      this.forget = button("Forget all", "Empty the history; you are asked first", () => this.ask(true)),
    );
    this.sure = el(
      "div", { class: "bar sure", role: "group", "aria-label": "Forget all runs?" }, this.many = el("b"),
      button("Forget them", "They cannot be had back", () => { this.byHand = false; this.tell({ do: "forget" }); this.ask(false); }),
      this.keep = button("Keep them", "Back, and nothing is forgotten", () => this.ask(false)),
    );
    this.sure.hidden = true;
    this.sure.addEventListener("keydown", (event) => event.key === "Escape" && this.ask(false));
    this.node = el("div", { class: "history" }, this.tools, this.sure, this.none, el("div", { class: "lines", tabindex: "0", role: "region", "aria-label": "Runs" }, this.list), el("div", { class: "compared", tabindex: "0", role: "region", "aria-label": "Runs side by side" }, this.sides));
  }

  /** Ask whether all is to be forgotten, or ask no more. The focus goes to what does no harm, and back. */
  ask(asks) {
    if (asks && !this.count) return;
    this.sure.hidden = !asks;
    this.forget.setAttribute("aria-expanded", asks);
    (asks ? this.keep : this.forget).focus();
  }

  draw({ runs }) {
    this.count = runs.length;
    this.many.textContent = `Forget ${runs.length === 1 ? "this run" : `all ${runs.length} runs`}?`;
    const numbers = runs.map(([n]) => n);
    this.chosen = this.chosen.filter((n) => numbers.includes(n));
    if (!this.byHand) this.choose(numbers.slice(0, 2).reverse());
    this.none.hidden = runs.length > 0;
    this.body.replaceChildren(...runs.map((run) => this.line(run)));
  }

  line([n, tool, wire, who, dials, answer, tokens, time, outcome]) {
    const mark = el("input", { type: "checkbox", "aria-label": `Compare run ${n}` });
    mark.checked = this.chosen.includes(n);
    mark.addEventListener("change", () => {
      this.byHand = true;
      this.choose(mark.checked ? [...this.chosen, n].sort((a, b) => a - b) : this.chosen.filter((each) => each !== n));
    });
    const cells = [String(n), tool, wire, who, dials, answer, tokens, time, outcome];
    return el("tr", {}, el("td", {}, mark), ...cells.map((text) => el("td", { title: text }, text)));
  }

  choose(numbers) {
    if (String(numbers) === String(this.chosen)) return;
    this.chosen = numbers;
    this.tell({ do: "compare", runs: numbers });
  }

  compare(told = this.told) {
    this.told = told;
    const { runs = [], heads = [], rows = [] } = told ?? {};
    const shown = rows.filter(([, differs]) => differs || runs.length < 2 || !this.only.control.checked);
    const head = el("tr", {}, el("th", { scope: "col" }, heard("what")), ...runs.map((n, i) => el("th", { scope: "col" }, heads[i], button("Use again", `Set everything as it was for run ${n}. Nothing is run`, () => this.tell({ do: "again", number: n })))));
    const body = shown.map(([name, differs, values]) =>
      el("tr", { class: differs ? "differs" : null }, el("th", { scope: "row" }, name, ...(differs ? [el("i", { "aria-hidden": "true" }, " ≠"), heard(" (differs)")] : [])), ...values.map((value) => el("td", {}, value))),
    );
    const same = runs.length > 1 && !shown.length ? [el("tr", {}, el("td", {}, "Nothing differs."))] : [];
    this.sides.replaceChildren(...(runs.length ? [el("thead", {}, head), el("tbody", {}, ...body, ...same)] : []));
  }
}
