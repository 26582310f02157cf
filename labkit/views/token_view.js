// The token view: an answer token by token, and the rivals of the chosen one. All words come from token_reading.py.

class TokenView {
  constructor(model, root) {
    this.model = model;
    card(root, "labkit-tokens", "Tokens of the answer");
    this.count = el("b");
    this.badges = el("span", { class: "badges" });
    this.settings = el("span", { class: "settings" });
    const how = "underline: how sure the model was (dotted: below 30 %) · ← → to step";
    this.text = el("div", { class: "text", role: "listbox", "aria-orientation": "horizontal", "aria-label": "Tokens, ← → to step" });
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.text.addEventListener("click", (event) => {
      const node = event.target.closest("[role=option]");
      if (node) this.choose(this.nodes.indexOf(node), true);
    });
    this.columns = el("div", { class: "columns" });
    this.said = el("p", { class: "said", role: "status", "aria-live": "polite" });
    const head = el("div", { class: "head" }, this.count, this.badges, el("span", {}, how), el("span", { class: "grow" }), this.settings);
    root.append(head, this.text, this.columns, this.said);
    this.root = root;
    this.drawAnswer();
    this.changes = { "change:answer": () => this.drawAnswer(), "change:chosen": () => this.drawChoice() };
    for (const [name, action] of Object.entries(this.changes)) model.on(name, action);
  }

  close() {
    for (const [name, action] of Object.entries(this.changes)) this.model.off(name, action);
  }

  get tokens() {
    return this.model.get("answer").tokens;
  }

  get chosen() {
    return Math.max(0, Math.min(this.model.get("chosen"), this.tokens.length - 1));
  }

  drawAnswer() {
    const answer = this.model.get("answer");
    const focused = this.text.contains(document.activeElement);
    this.count.textContent = answer.count;
    this.settings.textContent = answer.settings;
    this.badges.replaceChildren(...badges(answer.badges));
    this.root.classList.toggle("steady", this.model.get("steady"));
    this.root.classList.toggle("partial", answer.partial);
    this.nodes = answer.tokens.map((token, i) => this.token(token, i));
    this.text.replaceChildren(...this.words());
    this.current = null;
    this.build(answer.columns);
    this.drawChoice();
    if (focused) this.nodes[this.chosen]?.focus({ preventScroll: true });
  }

  token({ text, label, share, end, cut }, i) {
    const node = el("span", { role: "option", tabindex: "-1", "aria-label": label, title: label }, ...signed(text));
    node.setAttribute("aria-posinset", i + 1);
    node.setAttribute("aria-setsize", this.tokens.length);
    node.setAttribute("aria-selected", "false");
    node.style.setProperty("--sure", `${Math.round(100 * share)}%`);
    node.classList.toggle("low", share < this.model.get("answer").sure_from);
    node.classList.toggle("end", end);
    node.classList.toggle("cut", cut);
    return node;
  }

  /** The tokens grouped to words, so that a line is not broken within one. */
  words() {
    const words = [];
    this.tokens.forEach(({ text, end }, i) => {
      if (!words.length || end || /^\s/.test(text) || words.at(-1).localName === "br") words.push(el("span", { class: "word" }));
      words.at(-1).append(this.nodes[i]);
      if (text.endsWith("\n")) words.push(el("br"));
    });
    return words;
  }

  /** The columns with as many rows as any token needs, so that nothing moves from one token to the next. */
  build(columns) {
    const rows = Math.max(0, ...this.tokens.map(({ rows }) => rows.length));
    if (this.bars?.length === columns.length && this.bars[0].length === rows) {
      this.titles.forEach((parts, k) => parts.forEach((part, n) => { part.textContent = columns[k][n]; }));
      return;
    }
    this.titles = columns.map(([name, note]) => [el("span", {}, name), el("small", {}, note)]);
    this.bars = columns.map(() => Array.from({ length: rows }, () => ({ name: el("b"), bar: el("i"), figure: el("em"), row: el("li") })));
    this.columns.style.setProperty("--columns", columns.length);
    this.columns.replaceChildren(
      ...this.bars.map((bars, k) => {
        for (const { name, bar, figure, row } of bars) row.append(name, bar, figure);
        return el("div", {}, el("h4", {}, ...this.titles[k]), el("ol", {}, ...bars.map(({ row }) => row)));
      }),
    );
  }

  drawChoice() {
    const i = this.chosen;
    const token = this.tokens[i];
    if (this.current) this.mark(this.current, false);
    this.current = this.nodes[i];
    this.said.textContent = token?.sentence ?? "The answer has no token.";
    if (!token) return;
    this.mark(this.current, true);
    const full = Math.max(this.model.get("answer").full, ...token.rows.flatMap(([, , , ...cells]) => cells.map(([, share, , most]) => most ?? share)));
    this.bars.forEach((bars, k) => bars.forEach((parts, line) => this.drawBar(parts, token.rows[line], k, line, full)));
  }

  mark(node, chosen) {
    node.setAttribute("aria-selected", chosen);
    node.tabIndex = chosen ? 0 : -1;
  }

  drawBar({ name, bar, figure, row }, rival, k, line, full) {
    row.hidden = !rival;
    if (!rival) return;
    const [word, rank, drawn, ...cells] = rival;
    const [text, share, kept, most] = cells[k];
    const taken = drawn && k === cells.length - 1;
    row.className = `${kept ? "" : "out"}${drawn ? " drawn" : ""}${rank ? "" : " rest"}`;
    name.replaceChildren(
      el("span", {}, ...(rank ? signed(word) : [word])),
      !rank || rank === line + 1 ? "" : el("small", {}, ` #${rank.toLocaleString("en-US")}`),
      taken ? el("span", { "aria-hidden": "true" }, " ◂") : "",
      taken ? heard(" (drawn)") : "",
    );
    name.title = name.textContent;
    // Up to its lower bound a bar is as any other, from there to the upper one it is paler.
    bar.style.setProperty("--long", (most ?? share) / full);
    bar.style.setProperty("--known", most ? share / most : 1);
    if (kept) figure.textContent = text;
    else figure.replaceChildren(el("span", { "aria-hidden": "true" }, text), heard("ruled out"));
  }

  key(event) {
    const last = this.tokens.length - 1;
    const to = { ArrowLeft: this.chosen - 1, ArrowRight: this.chosen + 1, Home: 0, End: last }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    this.choose(Math.max(0, Math.min(to, last)), true);
    event.preventDefault();
    event.stopPropagation();
  }

  choose(i, focus) {
    this.model.set("chosen", i);
    this.model.save_changes();
    if (focus) this.nodes[i].focus();
  }
}

export default {
  render({ model, el: root }) {
    const view = new TokenView(model, root);
    return () => view.close();
  },
};
