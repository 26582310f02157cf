// The sheet on which a person answers in place of a model: blocks of text, uses of tools, and what an answer says of itself.

const REASONS = ["endTurn", "maxTokens", "stopSequence", "toolUse"];

class Question {
  constructor(tell) {
    this.tell = tell;
    this.who = el("span", { class: "asking" });
    this.parts = el("div", { class: "asked quoted", tabindex: "0", role: "region", "aria-label": "What the server asks" });
    this.blocks = el("div", { class: "blocks" });
    this.count = el("span", { class: "count" });
    this.wrong = el("p", { class: "wrong", role: "status", "aria-live": "polite" });
    this.model = el("input", { type: "text", autocomplete: "off", spellcheck: "false" });
    this.reason = el("select", {}, ...["", ...REASONS].map((reason) => el("option", { value: reason }, reason || "none told")));
    this.more = button("Add text", "One more block of text", () => this.add().focus());
    this.use = button("Use a tool", "A block that asks the server to run one of the tools it offers", () => this.add(true).focus());
    const named = (words, control, title) => el("label", { title }, words, control);
    const send = button("Answer", "Send it to the server (Ctrl + Enter)", () => this.answer());
    send.classList.add("go");
    this.node = el(
      "div", { class: "question", role: "group", "aria-label": "You are the model" },
      el("div", { class: "head" }, el("b", {}, "You are the model"), this.who, el("span", { class: "grow" }), this.count), this.parts,
      el("div", { class: "foot" }, this.blocks, this.wrong, el("div", { class: "said" }, named("model", this.model, "The name under which the answer goes out: the server is told which model answered"), named("stop reason", this.reason, "Why the answer ends here, as a model would tell it"), this.more, this.use, el("span", { class: "ends" }, send, button("Refuse", "Answer with error -1", () => this.send(null))))),
    );
    this.node.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && this.answer());
    this.blocks.addEventListener("input", () => this.told());
  }

  /** The first field. */
  get text() {
    return this.blocks.querySelector("textarea");
  }

  /** Add a block: text, or the use of a tool with its input as JSON. */
  add(uses = false) {
    const n = this.blocks.children.length + 1;
    const text = el("textarea", { rows: 2, "aria-label": uses ? `Input of the tool, block ${n}` : n > 1 ? `Your answer, block ${n}` : "Your answer", placeholder: uses ? '{"name": "value"}' : "type the answer" });
    const tool = uses && el("select", { "aria-label": `Tool of block ${n}` }, ...this.tools.map((name) => el("option", {}, name)));
    const block = el("div", { class: "block" }, tool || null, text);
    if (n > 1) block.append(button("Remove", `Remove block ${n}`, () => { block.remove(); this.told(); this.text.focus(); }));
    block.read = () => (uses ? { tool: tool.value, input: text.value } : text.value);
    this.blocks.append(block);
    if (uses) this.reason.value = "toolUse";
    this.told();
    return text;
  }

  /** Say how long the answer is; a token is taken for four characters, as the kit's estimates are. */
  told() {
    const length = [...this.blocks.querySelectorAll("textarea")].reduce((sum, { value }) => sum + value.length, 0);
    const tokens = Math.ceil(length / 4);
    this.count.textContent = `${length} characters, about ${tokens} of ${this.limit} tokens`;
    this.count.classList.toggle("over", tokens > this.limit);
  }

  answer() {
    this.send([...this.blocks.children].map((block) => block.read()));
  }

  send(said) {
    if (this.id === undefined) return;
    this.tell({ do: "answer", number: this.id, said, model: this.model.value, stop_reason: this.reason.value });
    this.id = undefined;
  }

  /** Whether there is a question, which is then shown, with what is wrong with the answer to it. */
  draw({ id, server, tool, limit, tools = [], model, wrong = [], parts = [] }) {
    if (id === undefined) {
      this.id = this.drawn = undefined;
      return false;
    }
    this.id = id;
    this.wrong.textContent = wrong[1] ?? "";
    const fields = { model: this.model, stop_reason: this.reason };
    this.blocks.querySelectorAll("textarea").forEach((node, i) => { fields[i] = node; });
    for (const [name, node] of Object.entries(fields)) node.setAttribute("aria-invalid", name === String(wrong[0]));
    if (wrong.length) fields[wrong[0]]?.focus();
    if (id === this.drawn) return true;
    this.drawn = id;
    Object.assign(this, { limit, tools });
    this.who.textContent = `${server || "A server"} asks${tool ? `, for its tool ${tool}` : ""}: at most ${limit} tokens`;
    this.parts.replaceChildren(...parts.flatMap(([name, text]) => [el("h4", {}, name), el("pre", {}, text || "none")]));
    this.blocks.replaceChildren();
    this.model.value = model;
    this.reason.value = "endTurn";
    this.use.hidden = !tools.length;
    this.add();
    return true;
  }
}
