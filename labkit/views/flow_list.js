// The list of steps: of ten thousand rows those that are in view, as lanes or along the time, and the keys that move
// among them and fold. The view that extends it says what `items` there are and what is `active`.

const SPARE = 40; // rows drawn beyond what is seen, so that scrolling meets no blank

class List {
  render() {
    if (!this.drawing.width || !this.items.length) return;
    const top = this.scroll.scrollTop;
    const from = Math.max(0, Math.floor(top / ROW) - SPARE);
    const to = Math.min(this.items.length, Math.ceil((top + this.scroll.clientHeight) / ROW) + SPARE);
    const wanted = new Map();
    for (let i = from; i < to; i++) wanted.set(this.items[i].seq, i);
    wanted.set(this.items[this.active].seq, this.active); // it keeps the focus, wherever it is
    for (const [seq, node] of this.nodes) {
      if (wanted.has(seq)) continue;
      node.remove();
      this.nodes.delete(seq);
    }
    // From the end, so that each new row stands before the one that follows it: they are heard in this order.
    let next = null;
    for (const [seq, i] of [...wanted].sort(([, a], [, b]) => b - a)) {
      let node = this.nodes.get(seq);
      if (!node) {
        node = el("div", { role: "option" });
        this.nodes.set(seq, node);
        this.rows.insertBefore(node, next);
      }
      next = node;
      if (node.version !== this.version) this.drawRow(node, this.items[i], i);
    }
  }

  drawRow(node, step, i) {
    const { drawing } = this;
    const isFold = folds(step);
    const chosen = this.detail.step?.seq === step.seq;
    node.version = this.version;
    node.dataset.i = i;
    node.dataset.lmSuppressShortcuts = "true";
    node.className = isFold ? `row ${step.kind}${step.odd ? " odd" : ""}` : `row ${step.source}${step.wire ? " heavy" : ""}`;
    node.classList.toggle("failed", Boolean(step.failed));
    node.classList.toggle("pinned", this.isPinned(step));
    node.style.transform = `translateY(${i * ROW}px)`;
    node.tabIndex = i === this.active ? 0 : -1;
    node.setAttribute("aria-selected", chosen);
    node.setAttribute("aria-posinset", i + 1);
    node.setAttribute("aria-setsize", this.items.length);
    const said = isFold ? foldSentence(step, this.isOpen(step)) : sentence(step, this.numberIn(step), this.time(step));
    if (this.isTimed) return this.drawTime(node, step, said);
    node.setAttribute("aria-label", said);
    node.replaceChildren(
      drawing.picture(step, this.marks[i]),
      this.numbered(step),
      drawing.label(step, this.marks[i]),
      drawing.aside(step),
      el("span", { class: "time" }, this.time(step)),
    );
  }

  isPinned(step) {
    return this.pinned.step?.seq === step.seq;
  }

  /** The number of a row, or what folds it. */
  numbered(step) {
    if (folds(step)) return el("span", { class: "no fold" }, this.isOpen(step) ? "▾" : "▸");
    const isPinned = this.isPinned(step);
    return el("span", { class: "no", title: isPinned ? "pinned" : null }, `${isPinned ? "◆ " : ""}${figure(this.number(step))}`);
  }

  /** A row along the time: what its step begins lasts to the step that ends it. */
  drawTime(node, step, said) {
    const group = this.store.calls.get(step.call);
    const zero = group.steps[0].time;
    const { span, parts } = (!folds(step) && this.times.parts(step, group)) || {};
    const micro = (time) => (time - zero) * 1e6;
    const bars = span ? parts.map(([kind, start, end]) => stretch([kind, micro(start), micro(end)])) : [stretch(["moment", micro(step.time), micro(step.time)])];
    const long = span && parts.at(-1)[2] - span.start;
    const time = span ? lasting(long * 1e6) + (span.end === undefined && this.times.of(group).isOpen ? " …" : "") : "";
    const way = step.source === step.target ? step.source : `${step.source} → ${step.target}`;
    const label = el("span", { class: "label", title: visible(step.label) }, folds(step) ? "" : el("small", {}, `${way} `), ...this.drawing.marked(step, this.drawing.said(step)));
    const most = span ? `It lasts ${time}: ${parts.map(([kind, start, end]) => `${kind} ${lasting((end - start) * 1e6)}`).slice(0, 8).join(", ")}.` : "";
    node.setAttribute("aria-label", `${said} ${most}`.trim());
    node.replaceChildren(this.numbered(step), label, el("span", { class: "bars" }, ...(folds(step) ? [] : bars)), el("span", { class: span ? "time lasts" : "time" }, time || this.time(step)));
  }

  redraw() {
    this.version++;
    this.render();
  }

  // Choosing a step

  key(event) {
    if (isForOthers(event)) return;
    const page = Math.max(1, Math.floor(this.scroll.clientHeight / ROW) - 2);
    const to = keyedTo(event, this.active, this.items.length, page);
    const item = this.items[this.active];
    if (to !== undefined) this.go(to);
    else if (event.key === "ArrowRight" && folds(item) && !this.isOpen(item)) this.fold(this.active);
    else if (event.key === "ArrowLeft" && folds(item) && this.isOpen(item)) this.fold(this.active);
    else if (event.key === "ArrowLeft" && this.above >= 0) this.go(this.above);
    else if (event.key === "Enter" || event.key === " ") this.pick(this.active);
    else if (event.key === "Escape") this.shut(true);
    else return;
    taken(event);
  }

  /** The place of the heading that the active row stands under, or -1. */
  get above() {
    const { kind } = this.items[this.active];
    const fits = kind === "turn" ? ({ kind }) => kind === "loop" : folds;
    return kind === "loop" ? -1 : this.items.slice(0, this.active).findLastIndex(fits);
  }

  /** Whether a loop or a turn is unfolded; at first it is where the loop is not long. */
  isOpen(item) {
    if (!this.folds.has(item.seq)) this.folds.set(item.seq, (item.loop ?? item).turns.size <= LONG);
    return this.folds.get(item.seq);
  }

  /** Fold what stands under row `i`, or unfold it. */
  fold(i) {
    const item = this.items[(this.active = i)];
    this.folds.set(item.seq, !this.isOpen(item));
    this.focus(); // so that the list stays where it is read
    this.update();
    this.focus();
  }

  focus() {
    this.redraw();
    this.nodes.get(this.items[this.active]?.seq)?.focus({ preventScroll: true });
  }
}
