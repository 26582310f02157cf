// Buttons that write the progress as a file, or delete it once one is sure. Words come from my_progress.py.

class MyProgress {
  constructor(model, root) {
    this.model = model;
    card(root, "labkit-progress", "Your progress");
    this.held = el("span");
    const save = button("Export my progress", "Writes one file beside the notebook. Nothing is sent anywhere", () => model.send({ do: "export" }));
    this.ask = button("Delete my progress …", "You are asked first", () => this.sure(true));
    const deletes = button("Delete it", "There is no way back", () => { model.send({ do: "delete" }); this.sure(false); });
    this.keep = button("Keep it", "Back, and nothing is deleted", () => this.sure(false));
    this.what = el("b");
    this.question = el("div", { class: "buttons", role: "group", "aria-label": "Delete your progress?" }, this.what, deletes, this.keep);
    this.question.addEventListener("keydown", (event) => event.key === "Escape" && this.sure(false));
    this.question.hidden = true;
    this.words = el("p", { role: "status" });
    this.trouble = el("p", { class: "trouble" });
    root.append(el("div", { class: "buttons" }, save, this.ask, this.held), this.question, this.words, this.trouble);
    follow(this, model, "change:state");
  }

  /** Ask, or ask no more. The focus goes to what does no harm, and back. */
  sure(asks) {
    this.question.hidden = !asks;
    this.ask.setAttribute("aria-expanded", asks);
    (asks ? this.keep : this.ask).focus();
  }

  draw() {
    const { held, words, trouble } = this.model.get("state");
    this.held.textContent = held;
    this.what.textContent = `Delete ${held}? There is no way back.`;
    this.words.textContent = words;
    this.trouble.textContent = trouble;
  }
}

export default shownAs(MyProgress);
