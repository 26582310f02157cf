// The token view: an answer token by token, the dials in their order, and the rivals of the chosen token after each.

const HOW = "fill: how probable the token was (dotted: below 30 %) · ← → to step";
const NOW = "With the dials as they stand the same random number draws this token";
const WAS = "This token stands in the answer";

class TokenView {
  constructor(model, root) {
    this.model = model;
    card(root, "labkit-tokens", "Tokens of the answer");
    this.count = el("b");
    this.badges = el("span", { class: "badges" });
    this.badges.addEventListener("click", ({ target }) => { if (target.title) this.said.textContent = target.title; });
    this.settings = el("span", { class: "settings" });
    this.text = el("div", { class: "text", role: "listbox", "aria-orientation": "horizontal", "aria-label": "Tokens, ← → to step" });
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.text.addEventListener("click", (event) => {
      const node = event.target.closest("[role=option]");
      if (node) this.choose(this.nodes.indexOf(node), true);
    });
    this.strip = new Strip(model.get("stages"), (dials) => this.send("turned", dials));
    this.strip.node.hidden = !model.get("dialled");
    this.branches = new Branches(model, (name, value) => this.send(name, value));
    this.columns = el("div", { class: "columns" });
    this.columns.addEventListener("click", (event) => this.take(event.target.closest("li")));
    this.columns.addEventListener("keydown", (event) => this.rivalKey(event));
    this.said = el("p", { class: "said", role: "status", "aria-live": "polite" });
    const head = el("div", { class: "head" }, this.count, this.badges, el("span", {}, HOW), el("span", { class: "grow" }), this.settings);
    root.append(head, this.text, this.branches.node, this.branches.sheet, this.strip.node, this.columns, this.said, this.branches.logits);
    this.root = root;
    this.drawAnswer();
    this.changes = { "change:answer": () => this.drawAnswer(), "change:chosen": () => this.drawChoice(), "change:turned": () => this.drawDials() };
    for (const name of ["tree", "shown", "compared", "note"]) this.changes[`change:${name}`] = () => this.branches.draw();
    for (const [name, action] of Object.entries(this.changes)) model.on(name, action);
  }

  close() {
    clearTimeout(this.later);
    for (const [name, action] of Object.entries(this.changes)) this.model.off(name, action);
  }

  send(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  get chosen() {
    return Math.max(0, Math.min(this.model.get("chosen"), this.tokens.length - 1));
  }

  drawAnswer() {
    const answer = this.model.get("answer");
    const focused = this.text.contains(document.activeElement);
    this.count.textContent = answer.count;
    this.badges.replaceChildren(...badges(answer.badges));
    this.root.classList.toggle("steady", this.model.get("steady"));
    this.tokens = answer.tokens.map(read);
    this.root.classList.toggle("partial", this.tokens.some(({ untold }) => untold));
    this.nodes = this.tokens.map((token, i) => this.token(token, i));
    this.text.replaceChildren(...this.words());
    this.current = null;
    this.branches.draw();
    this.columns.classList.toggle("takes", answer.branches);
    this.drawDials();
    if (focused) this.nodes[this.chosen]?.focus({ preventScroll: true });
  }

  drawDials() {
    const { dials, ...answer } = this.model.get("answer");
    const stands = { ...dials, ...this.model.get("turned") };
    const turned = Object.keys(dials).some((name) => stands[name] !== dials[name]);
    this.told = new Words(this.model.get("stages"), stands, { ...answer, turned });
    this.settings.textContent = this.told.settings;
    this.strip.draw(stands, dials);
    this.build(this.told.columns);
    this.drawChoice();
    this.drawOthers(0, performance.now() + 6);
  }

  /** Mark each token in whose place the same random number would draw another, a few milliseconds of them at a time. */
  drawOthers(from, until) {
    clearTimeout(this.later);
    if (!from) this.others = [];
    for (let i = from; i < this.tokens.length; i++) {
      if (performance.now() > until) {
        this.later = setTimeout(() => this.drawOthers(i, performance.now() + 6));
        return;
      }
      const token = this.tokens[i];
      const now = this.told.turned ? this.told.now(token) : token.place;
      const other = now !== token.place;
      if (other) this.others.push(i + 1);
      this.nodes[i].classList.toggle("other", other);
      const label = other ? `${token.label}; the turned dials draw ${this.told.named(token, now)}` : token.label;
      this.nodes[i].setAttribute("aria-label", label);
      this.nodes[i].title = label;
    }
    const { others: places } = this;
    const first = places.length ? `, at ${places[0]} first` : "";
    this.strip.say(this.told.turned ? `dials turned: another token at ${places.length} of ${this.tokens.length} places${first}` : "");
  }

  token({ text, share, end, cut }, i) {
    const node = el("span", { role: "option", tabindex: "-1", "data-share": percent(share) }, ...signed(text));
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
    const { most } = this.model.get("answer");
    const rows = Math.max(0, ...this.tokens.map(({ logits, untold }) => Math.min(most, logits.length) + (untold ? 1 : 0)));
    if (this.bars?.length !== columns.length || this.bars[0].length !== rows) {
      this.bars = columns.map(() => Array.from({ length: rows }, () => ({ name: el("b", { class: "take-it", tabindex: "-1" }), bar: el("i"), figure: el("em"), row: el("li") })));
      this.titles = columns.map(() => [el("span"), el("small")]);
      this.feet = columns.map(() => [el("span"), el("span")]);
      this.columns.style.setProperty("--columns", columns.length);
      this.columns.replaceChildren(
        ...this.bars.map((bars, k) => {
          for (const { name, bar, figure, row } of bars) row.append(name, bar, figure);
          return el("div", {}, el("h4", {}, ...this.titles[k]), el("ol", {}, ...bars.map(({ row }) => row)), el("p", { class: "left" }, ...this.feet[k]));
        }),
      );
    }
    columns.forEach(([, ...parts], k) => parts.forEach((part, n) => { this.titles[k][n].textContent = part; }));
  }

  drawChoice() {
    const i = this.chosen;
    const token = this.tokens[i];
    if (this.current) this.mark(this.current, false);
    this.current = this.nodes[i];
    this.columns.hidden = !token;
    if (!token) {
      this.said.textContent = "The answer has no token.";
      return;
    }
    this.mark(this.current, true);
    const { rows, feet, sentence } = this.told.tell(token, i, this.model.get("answer").most);
    this.said.textContent = sentence;
    const full = Math.max(this.model.get("answer").full, ...rows.flatMap(({ cells }) => cells.map(([, share, , most]) => most ?? share)));
    this.rows = rows;
    this.bars.forEach((bars, k) => bars.forEach((parts, line) => this.drawBar(parts, rows[line], k, line, full)));
    this.roam(Math.max(0, rows.findIndex(({ drawn }) => drawn)), false);
    feet.forEach((parts, k) => parts.forEach((part, n) => { this.feet[k][n].textContent = part; }));
    this.strip.number(token.chance, token.untold);
  }

  mark(node, chosen) {
    node.setAttribute("aria-selected", chosen);
    node.tabIndex = chosen ? 0 : -1;
  }

  drawBar({ name, bar, figure, row }, rival, k, line, full) {
    row.hidden = !rival;
    if (!rival) return;
    const { text, rank, later, drawn, was, cells } = rival;
    const [told, share, kept, most] = cells[k];
    const last = k === cells.length - 1;
    row.className = `${kept ? "" : "out"}${drawn ? " drawn" : ""}${rank ? "" : " rest"}`;
    const mark = (sign, words, title) => [el("span", { "aria-hidden": "true", title }, ` ${sign}`), heard(` (${words})`)];
    name.replaceChildren(
      el("span", {}, ...(rank ? signed(text) : [text])),
      !rank || rank === line + 1 ? "" : el("small", {}, ` #${number(rank)}${later ? "+" : ""}`),
      ...(drawn && last ? mark("◂", "drawn", this.told.turned ? NOW : WAS) : []),
      ...(was && last ? mark("◃", "in the answer", WAS) : []),
    );
    name.title = name.textContent;
    // Up to its lower bound a bar is as any other, from there to the upper one it is paler.
    bar.style.setProperty("--long", (most ?? share) / full);
    bar.style.setProperty("--known", most ? share / most : 1);
    if (kept) figure.textContent = told;
    else figure.replaceChildren(el("span", { "aria-hidden": "true" }, told), heard("ruled out"));
  }

  key(event) {
    const last = this.tokens.length - 1;
    const to = { ArrowLeft: this.chosen - 1, ArrowRight: this.chosen + 1, Home: 0, End: last }[event.key];
    const down = event.key === "ArrowDown" && this.model.get("answer").branches;
    if ((to === undefined && !down) || isForOthers(event)) return;
    if (down) this.roam(this.line, true);
    else this.choose(Math.max(0, Math.min(to, last)), true);
    taken(event);
  }

  // The rivals of the chosen token, in the first column: ↑ ↓ to step, Enter takes one, Escape goes back to the token.

  rivalKey(event) {
    if (isForOthers(event)) return;
    const to = keyedTo(event, this.line, this.rows.length);
    if (to !== undefined) this.roam(to, true);
    else if (event.key === "Enter" || event.key === " ") this.take(event.target.closest("li"));
    else if (event.key === "Escape") this.current.focus();
    else return;
    taken(event);
  }

  /** Move along the names that can be taken. */
  roam(to, focus) {
    const takes = this.model.get("answer").branches;
    const names = this.bars[0].map(({ name }) => name).filter((_, line) => this.rows[line]?.rank);
    this.line = Math.max(0, Math.min(to, names.length - 1));
    this.bars[0].forEach(({ name }, line) => {
      const { rank, drawn } = this.rows[line] ?? {};
      if (!takes || !rank) {
        name.tabIndex = -1;
        for (const each of ["role", "aria-label"]) name.removeAttribute(each);
        return;
      }
      name.setAttribute("role", "button");
      name.tabIndex = line === this.line ? 0 : -1;
      name.title = drawn ? "This token stands here" : `Let the answer go on from ${quoted(this.rows[line].text)}`;
      name.setAttribute("aria-label", name.title);
    });
    if (focus) names[this.line]?.focus();
  }

  take(node) {
    const line = this.bars.map((bars) => bars.findIndex(({ row }) => row === node)).find((at) => at >= 0);
    const { at, rank } = this.rows[line] ?? {};
    const { ids, place } = this.tokens[this.chosen];
    if (!this.model.get("answer").branches || !rank || at === place) return;
    this.model.send({ take: [this.chosen, ids ? ids[at] : at] });
  }

  choose(i, focus) {
    this.send("chosen", i);
    if (focus) this.nodes[i].focus();
  }
}

/** A token as it came, with its numbers out of their bytes. */
function read(token) {
  const numbers = (bytes, Kind) => new Kind(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return { ...token, ids: token.ids && numbers(token.ids, Uint32Array), logits: Float64Array.from(numbers(token.logits, Float32Array)) };
}

export default shownAs(TokenView);
