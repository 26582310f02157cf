// The glossary: a line for each field, and a search. Words come from glossary.py.

class Glossary {
  constructor(model, root) {
    card(root, "labkit-glossary", "Glossary");
    this.search = el("input", { type: "search", placeholder: "a field or a word", "aria-label": "Search the glossary", autocomplete: "off" });
    this.found = el("span", { role: "status", "aria-live": "polite" });
    this.lines = model.get("rows").map(([field, meaning, clause]) => {
      const link = el("a", { href: model.get("specification") + clause, target: "_blank", rel: "noopener noreferrer" }, clause);
      return el("li", {}, el("code", {}, field), ` ${meaning} `, link);
    });
    root.append(el("div", { class: "head" }, el("b", {}, "Glossary"), this.search, this.found), el("ul", { tabindex: "0", "aria-label": "Fields" }, ...this.lines));
    this.search.addEventListener("input", () => this.draw());
    this.close = () => {};
    this.draw();
  }

  draw() {
    const wanted = this.search.value.trim().toLowerCase();
    for (const line of this.lines) line.hidden = !line.textContent.toLowerCase().includes(wanted);
    const count = this.lines.filter(({ hidden }) => !hidden).length;
    this.found.textContent = `${count} of ${this.lines.length} fields`;
  }
}

export default shownAs(Glossary);
