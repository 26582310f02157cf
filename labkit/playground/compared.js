// Runs side by side: what differs in them, or everything.

class Compared {
  constructor() {
    this.only = choice("checkbox", "", "only what differs", "", () => this.draw());
    this.only.control.checked = true;
    this.sides = el("table", { class: "sides" });
    this.node = el("div", { class: "compared", tabindex: "0", role: "region", "aria-label": "Runs side by side" }, this.sides);
  }

  draw(told = this.told) {
    this.told = told;
    const { runs = [], heads = [], rows = [] } = told ?? {};
    const shown = rows.filter(([, differs]) => differs || runs.length < 2 || !this.only.control.checked);
    const head = el("tr", {}, el("th", { scope: "col" }, heard("what")), ...heads.map((text) => el("th", { scope: "col" }, text)));
    const body = shown.map(([name, differs, values]) =>
      el("tr", { class: differs ? "differs" : null }, el("th", { scope: "row" }, name, ...(differs ? [el("i", { "aria-hidden": "true" }, " ≠"), heard(" (differs)")] : [])), ...values.map((value) => el("td", {}, ...markedParts(value)))),
    );
    const same = runs.length > 1 && !shown.length ? [el("tr", {}, el("td", {}, "Nothing differs."))] : [];
    this.sides.replaceChildren(...(runs.length ? [el("thead", {}, head), el("tbody", {}, ...body, ...same)] : []));
  }
}
