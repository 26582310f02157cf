// What a server asks of a person who answers in place of a model.

class Question {
  constructor(tell) {
    this.tell = tell;
    this.who = el("span", { class: "asking" });
    this.parts = el("div", { class: "asked quoted", tabindex: "0", role: "region", "aria-label": "What the server asks" });
    this.text = el("textarea", { rows: 2, "aria-label": "Your answer", placeholder: "type the answer" });
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.answer();
    });
    this.node = el(
      "div", { class: "question", role: "group", "aria-label": "You are the model" },
      el("div", { class: "head" }, el("b", {}, "You are the model"), this.who), this.parts,
      el("div", { class: "foot" }, this.text, this.button("Answer", "Send it to the server (Ctrl + Enter)", "go", () => this.answer()), this.button("Refuse", "Answer with error -1", "", () => this.send(null))),
    );
  }

  button(words, title, kind, action) {
    const node = button(words, title, action);
    if (kind) node.classList.add(kind);
    return node;
  }

  answer() {
    this.send(this.text.value);
  }

  send(text) {
    if (this.id === undefined) return;
    this.tell({ do: "answer", number: this.id, text });
    this.id = undefined;
  }

  /** Whether there is a question, which is then shown. */
  draw({ id, server, tool, limit, parts = [] }) {
    if (id === undefined) {
      this.id = this.drawn = undefined;
      return false;
    }
    if (id === this.drawn) return true;
    this.id = this.drawn = id;
    this.who.textContent = `${server || "A server"} asks${tool ? `, for its tool ${tool}` : ""}: at most ${limit} tokens`;
    this.parts.replaceChildren(...parts.flatMap(([name, text]) => [el("h4", {}, name), el("pre", {}, text || "none")]));
    this.text.value = "";
    return true;
  }
}
