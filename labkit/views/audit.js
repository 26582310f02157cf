// An audit log: a table with filters, of which a row opens to what else is kept. All words come from Python.

const MARKS = {
  answered: ["✓", "good"],
  refused: ["✗", "bad"],
  "held back": ["◷", "held"],
  failed: ["!", "bad"],
  cancelled: ["–", "none"],
};
const HEAD = ["time (UTC)", "connection", "server", "tool", "decision", "tokens", "seconds"];
const FIGURES = new Set(["tokens", "seconds"]);

class Audit {
  constructor(model, root) {
    this.model = model;
    this.rows = new Map(); // by id: the row, and what is open below it
    this.open = null;
    this.active = null;
    card(root, "labkit-audit", "Audit log");
    root.append(this.head(), this.filters(), this.table());
    this.answered = (told) => this.showTexts(told);
    model.on("msg:custom", this.answered);
    follow(this, model, "change:state");
    const { close } = this;
    this.close = () => {
      model.off("msg:custom", this.answered);
      close();
    };
  }

  // The parts

  head() {
    this.name = el("bdi");
    this.totals = el("span", { class: "totals" });
    this.trouble = el("p", { class: "trouble", role: "alert" });
    const anew = button("Read anew", "Read what other processes wrote", () => this.model.send({ ask: "read" }));
    const title = el("b", {}, "Audit log ", this.name);
    return el("div", {}, el("div", { class: "head" }, title, this.totals, el("span", { class: "grow" }), anew), this.trouble);
  }

  filters() {
    this.choosers = ["connection", "decision", "tool"].map((field) => {
      const select = el("select", {}, el("option", { value: "" }, "all"));
      select.addEventListener("change", () => this.draw());
      return [field, select];
    });
    const labels = this.choosers.map(([field, select]) => el("label", {}, `${field[0].toUpperCase()}${field.slice(1)} `, select));
    return el("div", { class: "tools" }, ...labels);
  }

  table() {
    this.body = el("tbody");
    this.body.addEventListener("keydown", (event) => this.key(event));
    const heads = HEAD.map((word) => el("th", { scope: "col", class: FIGURES.has(word) ? "figure" : null }, word));
    this.empty = el("p", { class: "empty" });
    const table = el("table", { "aria-label": "Samples, the last one first" }, el("thead", {}, el("tr", {}, ...heads)), this.body);
    return el("div", { class: "scroll" }, table, this.empty);
  }

  // What is shown

  draw() {
    const { name, last, trouble, rows } = this.model.get("state");
    this.name.textContent = name;
    this.trouble.hidden = !trouble;
    if (this.trouble.textContent !== trouble) this.trouble.textContent = trouble;
    this.offer(rows);
    const wanted = this.choosers.filter(([, select]) => select.value !== "");
    const shown = rows.filter((row) => wanted.every(([field, select]) => `=${row[field]}` === select.value));
    this.totals.textContent = this.told(shown, rows.length < last ? "" : ` of the last ${figure(last)}`);
    const ids = new Set(shown.map((row) => row.id));
    if (!ids.has(this.active)) this.active = shown[0]?.id;
    for (const [id, { line, below }] of this.rows) {
      if (ids.has(id)) continue;
      line.remove();
      below.remove();
      this.rows.delete(id);
    }
    let before = this.body.firstChild;
    for (const row of shown) {
      const made = this.rows.get(row.id) ?? this.made(row);
      if (made.line === before) before = made.below.nextSibling;
      else this.body.insertBefore(made.line, before), this.body.insertBefore(made.below, before);
      this.mark(row.id);
    }
    this.empty.textContent = shown.length ? "" : rows.length ? "No entry is like that." : "Nothing was asked for yet.";
  }

  told(rows, which) {
    const sum = (field) => rows.reduce((total, row) => total + row[field], 0);
    const decided = Object.keys(MARKS).map((word) => [word, rows.filter((row) => row.decision === word).length]);
    const parts = decided.filter(([, number]) => number).map(([word, number]) => `${figure(number)} ${word}`);
    const guessed = sum("estimated") ? ` (${figure(sum("estimated"))} estimated)` : "";
    return [`${counted(rows.length, "sample")}${which}`, ...parts, counted(sum("tokens"), "token") + guessed].join(" · ");
  }

  /** Let each filter offer what there is, and what was chosen though it is gone. */
  offer(rows) {
    for (const [field, select] of this.choosers) {
      const there = new Map();
      for (const row of rows) {
        const [, number] = row.cells;
        if (!there.has(row[field])) there.set(row[field], { number, names: new Set() });
        there.get(row[field]).names.add(row.server);
      }
      const words = (value, { number, names }) =>
        field === "connection" ? `${number}: ${[...names].filter(Boolean).slice(0, 3).join(", ") || "no name"}` : value || "not known";
      const options = [...there].map(([value, of]) => [`=${value}`, words(value, of)]).sort(([, a], [, b]) => a.localeCompare(b, "en", { numeric: true }));
      const chosen = select.value;
      const isGone = chosen && !options.some(([value]) => value === chosen);
      offer(select, isGone ? [[chosen, select.selectedOptions[0].textContent], ...options] : options);
    }
  }

  made(row) {
    const [time, connection, server, tool, decision, tokens, seconds] = row.cells;
    const [mark, kind] = MARKS[row.decision];
    const opener = el("button", { type: "button", class: "opener" }, time);
    opener.addEventListener("click", () => this.toggle(row.id));
    const line = el(
      "tr",
      { class: "row" },
      el("td", {}, opener),
      ...[connection, server, tool].map((text) => el("td", { title: text }, el("bdi", {}, text))),
      el("td", { class: kind, title: decision }, el("span", { "aria-hidden": "true" }, `${mark} `), el("bdi", {}, decision)),
      el("td", { class: "figure" }, tokens),
      el("td", { class: "figure" }, seconds),
    );
    line.addEventListener("click", (event) => event.target.closest("button") || this.toggle(row.id));
    const facts = row.facts.flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, el("bdi", {}, text))]);
    const texts = row.texts ? el("div", { class: "texts quoted", tabindex: "0", role: "region", "aria-label": "The texts" }) : null;
    const below = el("tr", { class: "below" }, el("td", { colspan: HEAD.length }, el("dl", {}, ...facts), texts));
    const made = { line, below, opener, texts };
    this.rows.set(row.id, made);
    return made;
  }

  mark(id) {
    const { line, below, opener } = this.rows.get(id);
    const isOpen = id === this.open;
    below.hidden = !isOpen;
    line.classList.toggle("open", isOpen);
    opener.setAttribute("aria-expanded", isOpen);
    opener.tabIndex = id === this.active ? 0 : -1;
  }

  showTexts({ answer, id, texts }) {
    const place = answer === "texts" && this.rows.get(id)?.texts;
    if (place) place.replaceChildren(...texts.flatMap(([path, text]) => [el("h4", {}, el("bdi", {}, path)), el("pre", {}, text)]));
  }

  // Opening a row

  toggle(id) {
    this.open = this.open === id ? null : id;
    this.active = id;
    for (const each of this.rows.keys()) this.mark(each);
    if (this.open && this.rows.get(id).texts) this.model.send({ ask: "texts", id });
    const { opener, line, below } = this.rows.get(id);
    for (const part of [below, line]) part.scrollIntoView({ block: "nearest" });
    opener.focus({ preventScroll: true });
  }

  key(event) {
    if (isForOthers(event) || !event.target.matches(".opener")) return;
    const ids = [...this.body.querySelectorAll(".opener")];
    const to = keyedTo(event, ids.indexOf(event.target), ids.length);
    if (to !== undefined) {
      const next = ids[to];
      this.active = [...this.rows].find(([, { opener }]) => opener === next)[0];
      for (const each of this.rows.keys()) this.mark(each);
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Escape" && this.open) this.toggle(this.open);
    else return;
    taken(event);
  }
}

export default shownAs(Audit);
