// The meter of a budget: a line for each limit, in words and as a bar. All words come from budget_meter.py.

class Meter {
  constructor(model, root) {
    this.model = model;
    card(root, "labkit-meter", "Budget");
    this.rows = el("ul");
    root.append(el("div", { class: "head" }, el("b", {}, "Budget")), this.rows);
    follow(this, model, "change:lines");
  }

  draw() {
    const lines = this.model.get("lines");
    while (this.rows.children.length > lines.length) this.rows.lastChild.remove();
    while (this.rows.children.length < lines.length) {
      const bar = el("i", { class: "bar", "aria-hidden": "true" }, el("i"));
      this.rows.append(el("li", {}, el("span", { class: "name" }), el("span", { class: "spent" }), bar, el("span", { class: "left" })));
    }
    lines.forEach(([name, spent, left, share], i) => {
      const row = this.rows.children[i];
      const [head, said, bar, rest] = row.children;
      head.textContent = name;
      said.textContent = spent;
      rest.textContent = left;
      bar.classList.toggle("none", share == null);
      bar.firstChild.style.width = `${(share ?? 0) * 100}%`;
      row.classList.toggle("full", share === 1 && name !== "at once");
    });
  }
}

export default shownAs(Meter);
