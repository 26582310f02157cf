// A question before a run: choices, things to put in order, or a number. Words and verdicts come from prediction.py.

class Prediction {
  answer = "";
  kept = "";

  constructor(model, root) {
    this.model = model;
    const { number, kind, ask, items, unit } = model.get("question");
    card(root, "labkit-prediction", `Prediction ${number}`);
    this.enter = button("Enter my guess", "Keeps your guess; run the next cell to see how it was", () => this.send());
    this.enter.className = "go";
    const fields = { choices: () => this.choices(items), order: () => this.places(items), number: () => [this.figure(ask, unit)] };
    this.said = el("p", { role: "status" });
    this.trouble = el("p", { class: "trouble" });
    const legend = el("legend", {}, el("b", {}, `Predict ${number}`), " ", ...prose(ask));
    root.append(el("fieldset", {}, legend, ...fields[kind](), el("div", {}, this.enter)), this.said, this.trouble);
    follow(this, model, "change:state");
  }

  choices(items) {
    const name = `labkit-${Math.random().toString(36).slice(2)}`;
    this.inputs = items.map(([value]) => el("input", { type: "radio", name, value }));
    for (const input of this.inputs) input.addEventListener("change", () => this.choose(input.value));
    return this.inputs.map((input, i) => el("label", {}, input, el("b", {}, items[i][0]), el("span", {}, ...prose(items[i][1]))));
  }

  /** Buttons, chosen one after the other; one that is chosen again is taken back. */
  places(items) {
    this.inputs = items.map(([letter, text]) => {
      const node = button("", "First choose what comes first; choosing again takes it back", () => {
        if (this.model.get("state").was) return;
        this.choose(this.answer.includes(letter) ? this.answer.replace(letter, "") : this.answer + letter);
        this.place();
      });
      node.className = "place";
      node.append(el("i", {}), ...prose(text));
      node.value = letter;
      return node;
    });
    return this.inputs;
  }

  place() {
    for (const node of this.inputs) {
      const at = this.answer.indexOf(node.value) + 1;
      node.firstChild.textContent = at ? `${at}. ` : `${node.value} `;
      node.setAttribute("aria-pressed", String(at > 0));
    }
  }

  figure(ask, unit) {
    const input = el("input", { type: "number", step: "any", "aria-label": `${ask} In ${unit}` });
    this.inputs = [input];
    input.addEventListener("input", () => this.choose(input.value));
    input.addEventListener("keydown", (event) => event.key === "Enter" && this.enter.click());
    return el("label", {}, input, ` ${unit}`);
  }

  choose(answer) {
    this.answer = answer;
    this.offer();
  }

  /** There is something to enter while the answer is another than the one that is kept. */
  offer() {
    const { said, was } = this.model.get("state");
    this.enter.setAttribute("aria-disabled", String(Boolean(was) || !this.answer || this.answer === said));
  }

  send() {
    this.model.send({ answer: this.answer });
  }

  draw() {
    const { said, was, words, trouble } = this.model.get("state");
    if (said || was || this.kept) this.answer = said; // what is kept, or nothing any more: the progress was deleted
    this.enter.hidden = Boolean(was); // closed
    this.kept = said;
    for (const input of this.inputs) {
      if (input.type === "radio") input.checked = input.value === this.answer;
      else if (input.type === "number") input.value = this.answer;
      if (input.localName === "input") input.disabled = Boolean(was);
      else input.setAttribute("aria-disabled", String(Boolean(was)));
    }
    if (this.inputs[0].localName === "button") this.place();
    this.offer();
    this.said.replaceChildren(...prose(words));
    this.trouble.textContent = trouble;
  }
}

export default shownAs(Prediction);
