// The branches of an answer: a line with a mark for each, and all of them beside each other.

class Branches {
  constructor(model, send) {
    this.model = model;
    this.send = send;
    this.marks = el("div", { class: "marks", role: "group", "aria-label": "The answer and its branches" });
    this.back = button("Back", "Back to the answer that this branch parts from", () => this.send("shown", Math.max(0, this.model.get("tree")[this.shown].parent)));
    this.beside = button("Compare", "Show the answer and its branches beside each other", () => this.send("compared", !this.model.get("compared")));
    this.note = el("span", { role: "status", class: "note" });
    this.node = el("div", { class: "branches" }, this.marks, this.back, this.beside, this.note);
    this.sheet = el("div", { class: "beside" });
    const field = el("textarea", { rows: 2, "aria-label": "Your own logits: numbers, or tokens each with a number", placeholder: "yes: 2.1, no: 1.3, maybe: 0.2" });
    const draw = () => this.model.send({ logits: field.value });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      taken(event);
      draw();
    });
    const go = button("Draw from these", "Draw one token from these logits, with the dials as they stand (Ctrl+Enter)", draw);
    this.logits = el("details", { class: "own" }, el("summary", {}, "Your own logits"), el("div", {}, field, go));
  }

  get shown() {
    return Math.max(0, Math.min(this.model.get("shown"), this.model.get("tree").length - 1));
  }

  draw() {
    const tree = this.model.get("tree");
    const { branches } = this.model.get("answer");
    const { shown } = this;
    const many = tree.length > 1;
    const focused = this.marks.contains(document.activeElement);
    this.marks.replaceChildren(...(many ? tree : []).map((branch, i) => {
      const node = button(branch.name, this.parting(branch, i) || "The answer as it was drawn", () => this.send("shown", i));
      node.setAttribute("aria-pressed", i === shown);
      return node;
    }));
    if (focused) this.marks.children[shown]?.focus({ preventScroll: true });
    for (const node of [this.back, this.beside]) node.hidden = !many;
    this.back.setAttribute("aria-disabled", tree[shown].parent < 0);
    this.beside.setAttribute("aria-pressed", this.model.get("compared"));
    const hint = branches ? "Take a rival below (click, or ↓ and Enter): the model goes on from there." : "";
    this.note.textContent = this.model.get("note") || (many ? "" : hint);
    this.node.hidden = !this.note.textContent && !many;
    this.sheet.hidden = !many || !this.model.get("compared");
    if (!this.sheet.hidden) this.sheet.replaceChildren(...tree.map((branch, i) => this.column(branch, i)));
  }

  /** Where a branch parts from the answer that it comes from, in words. */
  parting({ parent, at, tokens }) {
    if (parent < 0) return "";
    const before = this.model.get("tree")[parent];
    return `parts from ${parent ? `“${before.name}”` : "the answer"} at token ${at + 1}: “${signs(tokens[at][0])}” in place of “${signs(before.tokens[at][0])}”`;
  }

  column(branch, i) {
    const { name, at, tokens, sure, why, parent } = branch;
    const choose = button(name, "Show this one above, with its rivals", () => this.send("shown", i));
    choose.setAttribute("aria-pressed", i === this.shown);
    const parts = tokens.map(([text, share], n) => {
      const kind = n < at ? "same" : n === at ? "parts" : "";
      const node = el("span", { class: kind || null, title: percent(share) }, ...(n === at ? ["↳", ...signed(text)] : [text]));
      if (n === at) node.append(heard(" (the branch parts here)"));
      return node;
    });
    const also = this.model.get("tree").filter((each) => each.parent === i).map((each) => each.at + 1);
    const told = also.length === 0 && parent < 0 ? "drawn" : parent < 0 ? `drawn; branches part at token ${[...new Set(also)].sort((a, b) => a - b).join(", ")}` : this.parting(branch);
    return el("section", { "aria-label": name }, choose, el("small", { title: why }, `${told} · ${tokens.length} tokens · ${sure}`), el("p", {}, ...parts));
  }
}
