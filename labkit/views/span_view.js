// A waterfall of spans: rows with bars along the time, of which one opens to all that is known of it. All words come from
// Python. Times are microseconds; a bar knows its own, and the list knows how many it is wide.

const MANY = 120; // rows beyond which calls are folded at first

class Spans {
  constructor(model, root) {
    this.model = model;
    this.nodes = new Map(); // by a row's id
    this.folds = new Map(); // whether a row is folded, where the reader has said so
    this.open = null;
    this.active = null;
    card(root, "labkit-spans", "Waterfall of calls");
    root.setAttribute("role", "region");
    root.append(this.head(), this.list(), this.detail());
    this.answered = (told) => told.answer === "detail" && this.showDetail(told);
    model.on("msg:custom", this.answered);
    follow(this, model, "change:state");
    const { close } = this;
    this.close = () => {
      clearInterval(this.clock);
      model.off("msg:custom", this.answered);
      close();
    };
  }

  // The parts

  head() {
    this.sum = el("span", { class: "sum" });
    this.choosers = ["call", "server"].map((field) => {
      const select = el("select", {}, el("option", { value: "" }, "all"));
      select.addEventListener("change", () => this.draw());
      return [field, select, el("label", {}, `${field[0].toUpperCase()}${field.slice(1)} `, select)];
    });
    const looks = Object.entries(this.model.get("looks")).map(([kind, words]) => el("span", {}, stretch([kind]), words));
    const pale = el("span", {}, stretch(["waits"]), "waits for another row");
    const top = el("div", { class: "head" }, el("b", {}, "Waterfall"), this.sum, el("span", { class: "grow" }), ...this.choosers.map(([, , label]) => label));
    return el("div", {}, top, el("div", { class: "legend" }, ...looks, pale));
  }

  list() {
    this.axis = el("div", { class: "axis", "aria-hidden": "true" });
    this.lines = el("div", { class: "rows", role: "listbox", "aria-label": "Spans" });
    this.lines.addEventListener("keydown", (event) => this.key(event));
    this.lines.addEventListener("click", (event) => {
      const id = event.target.closest(".row")?.dataset.id;
      if (id && event.target.closest(".fold")) this.fold(id);
      else if (id) this.pick(id);
    });
    this.empty = el("p", { class: "empty" }, "Nothing was called yet.");
    this.scroll = el("div", { class: "scroll" }, this.axis, this.lines, this.empty);
    this.scroll.addEventListener("scroll", () => (this.away = this.scroll.scrollTop + this.scroll.clientHeight < this.scroll.scrollHeight - 30));
    return this.scroll;
  }

  detail() {
    this.below = el("div", { class: "below", role: "region", tabindex: "0", "aria-label": "The chosen span" });
    this.below.hidden = true;
    this.below.addEventListener("keydown", (event) => event.key === "Escape" && this.pick(this.open));
    return this.below;
  }

  // What is shown

  draw() {
    const { head, rows } = this.model.get("state");
    this.told = performance.now();
    this.sum.textContent = head;
    this.offer(rows);
    const [call, server] = this.choosers.map(([, select]) => select.value);
    const servers = new Map(rows.filter((row) => !row.depth).map((row) => [row.call, row.server]));
    const wanted = rows.filter((row) => (!call || `=${row.call}` === call) && (!server || `=${servers.get(row.call)}` === server));
    let deep = Infinity;
    this.shown = wanted.filter((row, i) => {
      if (row.depth > deep) return false;
      row.folds = wanted[i + 1]?.depth > row.depth;
      row.isFolded = row.folds && (this.folds.get(row.id) ?? (wanted.length > MANY && !row.depth));
      deep = row.isFolded ? row.depth : Infinity;
      return true;
    });
    if (!this.shown.some((row) => row.id === this.active)) this.active = this.shown[0]?.id;
    const former = this.nodes.size;
    const ids = new Set(this.shown.map((row) => row.id));
    for (const [id, node] of this.nodes) if (!ids.has(id)) node.remove(), this.nodes.delete(id);
    let before = this.lines.firstChild;
    for (const row of this.shown) {
      const node = this.nodes.get(row.id) ?? this.made(row);
      if (node === before) before = before.nextSibling;
      else this.lines.insertBefore(node, before);
      this.fill(node, row);
    }
    this.empty.hidden = this.shown.length > 0;
    this.base = call ? Math.min(...this.shown.map((row) => row.start)) : 0;
    this.measure();
    // What was there already is read from its beginning; what happens now is followed to its end.
    if (former && this.nodes.size > former && !this.away && !this.lines.contains(document.activeElement)) this.scroll.scrollTop = this.scroll.scrollHeight;
    const isOpen = this.shown.some((row) => row.open);
    if (isOpen) this.clock ??= setInterval(() => this.measure(), 200);
    else this.clock = clearInterval(this.clock);
  }

  /** Let each chooser offer what there is. */
  offer(rows) {
    const roots = rows.filter((row) => !row.depth);
    const told = { call: roots.map((row) => [`=${row.call}`, row.label]), server: roots.filter((row) => row.server).map((row) => [`=${row.server}`, row.server]) };
    for (const [field, select, label] of this.choosers) {
      const options = [...new Map(told[field])];
      label.hidden = options.length < 2;
      offer(select, options);
    }
  }

  made(row) {
    const node = el("div", { role: "option", "data-id": row.id, "data-lm-suppress-shortcuts": "true" });
    this.nodes.set(row.id, node);
    return node;
  }

  fill(node, row) {
    const told = JSON.stringify(row);
    node.className = `row${row.depth ? "" : " root"}${row.fault ? " bad" : ""}`;
    this.mark(node, row.id);
    if (node.told === told) return;
    node.told = told;
    const fold = el("span", { class: row.folds ? "fold" : "" }, row.folds ? (row.isFolded ? "▸" : "▾") : "");
    const label = el("span", { class: "label", title: row.label }, fold, el("bdi", {}, row.label));
    label.style.paddingLeft = `${8 + 12 * Math.min(row.depth, 8)}px`;
    const parts = row.parts.map(stretch);
    node.last = row.open ? parts.at(-1) : null;
    node.time = el("span", { class: "time" }, row.beside[0]);
    node.setAttribute("aria-label", row.said + (row.folds ? (row.isFolded ? " Folded." : " Unfolded.") : ""));
    node.replaceChildren(label, el("span", { class: "bar bars" }, ...parts), node.time, el("span", { class: "most", title: row.beside[1] }, row.beside[1]));
  }

  mark(node, id) {
    node.tabIndex = id === this.active ? 0 : -1;
    node.setAttribute("aria-selected", id === this.open);
  }

  /** Let what goes on grow to this moment, and the axis with it. */
  measure() {
    const since = (performance.now() - this.told) * 1000;
    let longest = 1;
    for (const row of this.shown) {
      const end = row.end + (row.open ? since : 0);
      longest = Math.max(longest, end - this.base);
      if (!row.open) continue;
      const { last, time } = this.nodes.get(row.id);
      last?.style.setProperty("--b", end);
      time.textContent = `${lasting(end - row.start)} …`;
    }
    this.scroll.style.setProperty("--base", this.base);
    this.scroll.style.setProperty("--whole", longest);
    this.axis.replaceChildren(...axis(longest, this.base));
  }

  // Opening a row

  showDetail({ id, sections }) {
    if (id !== this.open) return;
    const go = (text, to) => button(text, "Go to this row", () => this.goTo(to));
    const lines = (rows) => rows.flatMap(([name, text, to]) => [el("dt", {}, el("bdi", {}, name)), el("dd", {}, this.nodes.has(to) ? go(text, to) : el("bdi", {}, text))]);
    const half = (isFirst) => sections.filter(([title]) => (title === "Events" || title === "Attributes") !== isFirst).flatMap(([title, rows]) => [el("h4", {}, title), el("dl", {}, ...lines(rows))]);
    this.below.replaceChildren(el("div", {}, ...half(true)), el("div", {}, ...half(false)));
    if (this.below.hidden) {
      this.below.hidden = false;
      this.nodes.get(id)?.scrollIntoView({ block: "nearest" });
    }
  }

  goTo(id) {
    if (this.open !== id) this.pick(id);
    this.nodes.get(id)?.scrollIntoView({ block: "nearest" });
  }

  pick(id) {
    this.open = this.open === id ? null : id;
    if (this.open) this.model.send({ ask: "detail", id });
    else this.below.hidden = true;
    this.go(id);
  }

  fold(id) {
    this.folds.set(id, !this.shown.find((row) => row.id === id).isFolded);
    this.active = id;
    this.draw();
    this.go(id);
  }

  go(id) {
    this.active = id;
    for (const [each, node] of this.nodes) this.mark(node, each);
    this.nodes.get(id)?.focus({ preventScroll: true });
    this.nodes.get(id)?.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    if (isForOthers(event)) return;
    const at = this.shown.findIndex((row) => row.id === this.active);
    const row = this.shown[at];
    const to = keyedTo(event, at, this.shown.length, 10);
    if (to !== undefined) {
      const { id } = this.shown[to];
      if (this.open && this.open !== id) this.pick(id);
      else this.go(id);
    } else if (event.key === "ArrowRight" && row.isFolded) this.fold(row.id);
    else if (event.key === "ArrowLeft" && row.folds && !row.isFolded) this.fold(row.id);
    else if (event.key === "ArrowLeft" && row.depth) this.go(this.shown.slice(0, at).findLast(({ depth }) => depth < row.depth).id);
    else if (event.key === "Enter" || event.key === " ") this.pick(row.id);
    else if (event.key === "Escape" && this.open) this.pick(this.open);
    else return;
    taken(event);
  }
}

export default shownAs(Spans);
