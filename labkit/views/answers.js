// Many answers to one request, side by side. All words come from answers.py.

class Answers {
  constructor(model, root) {
    this.model = model;
    card(root, "labkit-answers", "The request answered many times");
    const number = model.get("number");
    this.go = button(`Run ${WORDS[number] ?? number} times`, "Answer the same request again and again, each time with the next seed", () => this.press("run"));
    this.go.classList.add("go");
    this.stop = button("Cancel", "Stop; the answers that are there stay", () => this.press("cancel"));
    this.progress = el("progress", { max: number, "aria-label": "Answers drawn" });
    this.status = el("span", { class: "status", role: "status", "aria-live": "polite" });
    this.note = el("span", { class: "note" });
    this.grid = el("div", { class: "grid" });
    this.code = el("pre", { tabindex: "0", "aria-label": "The same in plain code" });
    this.same = el("details", { class: "same" }, el("summary", {}, "The same in plain code"), this.code);
    root.append(el("div", { class: "head" }, this.go, this.stop, this.progress, this.status, el("span", { class: "grow" }), this.note), this.grid, this.same);
    follow(this, model, "change");
  }

  press(which) {
    this.model.send({ press: which });
  }

  draw() {
    const [cards, number, running] = ["cards", "number", "running"].map((name) => this.model.get(name));
    this.go.setAttribute("aria-disabled", running);
    this.stop.setAttribute("aria-disabled", !running);
    this.progress.value = cards.length;
    this.progress.hidden = this.grid.hidden = !running && !cards.length;
    this.status.textContent = this.model.get("status");
    this.note.textContent = this.model.get("note");
    this.code.textContent = this.model.get("code");
    this.same.hidden = !this.model.get("code");
    if (this.grid.hidden) return this.grid.replaceChildren();
    // All places are there from the beginning, so that nothing moves when an answer arrives.
    while (this.grid.children.length > number) this.grid.lastChild.remove();
    while (this.grid.children.length < number) this.grid.append(el("div", { class: "answer" }));
    [...this.grid.children].forEach((place, i) => {
      const key = JSON.stringify(cards[i] ?? null);
      if (place.drawn === key) return;
      place.drawn = key;
      place.replaceChildren(...(cards[i] ? this.answer(cards[i]) : []));
    });
  }

  answer({ seed, text, note, badges: list, same }) {
    const end = same == null ? note : `same as seed ${same}`;
    const words = el("p", { tabindex: "0", role: "group", "aria-label": `Answer with seed ${seed}` }, text);
    return [el("div", { class: "top" }, el("b", {}, `seed ${seed}`), el("span", {}, end)), words, el("div", { class: "foot" }, ...badges(list))];
  }
}

const WORDS = { 10: "ten" };

export default shownAs(Answers);
