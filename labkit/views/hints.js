// Hints that were taken, a button for the next, and what errors mean. Words come from hints.py.

class Hints {
  constructor(model, root) {
    this.model = model;
    const { number } = model.get("state");
    card(root, "labkit-hints", `Hints for exercise ${number}`);
    this.told = el("div", { class: "told", "aria-live": "polite" });
    this.more = button("", "Shows one more; the solution comes last", () => model.send({ next: true }));
    this.errors = el("div", {});
    this.trouble = el("p", { class: "trouble" });
    root.append(el("div", { class: "head" }, el("b", {}, `Hints for ${number}`), this.more), this.told, this.errors, this.trouble);
    follow(this, model, "change:state");
  }

  draw() {
    const { told, offer, over, errors, trouble } = this.model.get("state");
    if (told.length * 2 < this.told.childElementCount) this.told.replaceChildren(); // the progress was deleted
    for (const [title, text, isCode] of told.slice(this.told.childElementCount / 2)) {
      this.told.append(el("h4", {}, title), isCode ? el("pre", { tabindex: 0, "aria-label": title }, text) : el("p", {}, ...prose(text)));
    }
    this.more.textContent = offer;
    this.more.setAttribute("aria-disabled", String(over));
    if (this.errors.childElementCount !== errors.length) {
      this.errors.replaceChildren(
        ...errors.map(([seen, text]) => el("details", {}, el("summary", {}, `If you see "${seen}"`), el("p", {}, ...prose(text)))),
      );
    }
    this.trouble.textContent = trouble;
  }
}

export default shownAs(Hints);
