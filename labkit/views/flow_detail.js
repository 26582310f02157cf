// An opened step: its JSON, and beside it what its fields mean. One that is pinned stays while others are looked at.

const MOST_LINKS = 12; // steps of its samples that an opened step leads to

class Detail {
  /** `view` numbers steps and tells their times, as the list above does. */
  constructor(view, { isPinned = false } = {}) {
    this.view = view;
    this.isPinned = isPinned;
    this.node = el("div", { class: isPinned ? "kept" : "detail", role: "region" });
    this.node.hidden = true;
    this.node.addEventListener("keydown", (event) => event.key === "Escape" && this.leave());
  }

  shut() {
    this.step = null;
    this.node.hidden = true;
  }

  leave() {
    this.shut();
    this.view.focus();
  }

  open(step) {
    const { node, view } = this;
    if (folds(step)) return this.openTurns(step);
    const number = view.numberIn(step);
    this.step = step;
    this.json = el("pre", { tabindex: "0", "aria-label": "JSON of the step" });
    foldByKeys(this.json);
    this.facts = el("p", { class: "facts" });
    this.notes = el("div", { class: "note", tabindex: "0", role: "group", "aria-label": "What it means" });
    const heading = el("h4", {}, `${number(step.n)} · ${meaning(step, number)}`);
    this.line = "";
    this.fresh();
    node.setAttribute("aria-label", `${this.isPinned ? "Pinned: step" : "Step"} ${number(step.n)}`);
    node.replaceChildren(el("div", { class: "about" }, el("div", { class: "title" }, heading, ...this.actions()), this.facts, (this.http = el("table", { class: "http" }))), this.json, this.notes);
    node.hidden = false;
    this.refresh();
    this.print();
    if (!step.whole && !step.cut) this.fetch(step);
    if (step.wire && view.store.head.transport === "http") this.fetchHttp(step);
  }

  actions() {
    const { view, isPinned } = this;
    const copy = button("Copy", "Copy the JSON of this step", () => this.copy());
    const pin = isPinned
      ? button("Unpin", "Take this step away", () => this.leave())
      : button("Pin", "Keep this step in sight while others are looked at, to compare them", () => view.pin(this.step));
    const again = button("Replay", "Ask once more, as this step did", () => view.store.model.send({ ask: "replay", seq: this.step.seq }));
    return [copy, ...(view.store.model.get("replays") && isAsking(this.step) && !isPinned ? [again] : []), pin];
  }

  /** The facts change while the call goes on: a request is answered. */
  refresh() {
    const { step, view } = this;
    if (step && folds(step)) this.printTurns(step);
    if (!step || folds(step)) return;
    const number = view.numberIn(step);
    const steps = view.store.calls.get(step.call)?.steps ?? [];
    const link = (words, other) => ({ words, to: other });
    const parts = step.size ? [[`${figure(step.size)} bytes`]] : [];
    parts.push([`${view.time(step)} after the first step`]);
    const to = step.replyTo && steps.find(({ n }) => n === step.replyTo);
    if (step.replyTo) parts.push([to ? link(`answers step ${number(step.replyTo)}`, to) : `answers step ${number(step.replyTo)}`]);
    const by = steps.filter((other) => other.replyTo === step.n);
    if (by.length) parts.push(by.flatMap((other, i) => [...(i ? [" and "] : []), link(`answered in step ${number(other.n)}`, other)]));
    else if (isRequest(step)) parts.push([steps.at(-1).target === "you" && steps.at(-1).reply ? "never answered" : "not answered yet"]);
    for (const sample of step.samples) {
      const of = steps.filter(({ samples }) => samples.includes(sample));
      const most = Math.max(4, Math.floor(MOST_LINKS / step.samples.length));
      const more = of.length > most ? [" …"] : [];
      parts.push([`sample ${sample}: steps`, ...of.slice(0, most).flatMap((other) => [" ", other === step ? number(other.n) : link(number(other.n), other)]), ...more]);
    }
    const first = step.failed && steps.find(({ failed }) => failed);
    if (first && first !== step) parts.push([link(`it began with step ${number(first.n)}`, first)]);
    const line = parts.map((part) => part.map((each) => each.words ?? each).join("")).join(" · ");
    if (line === this.line) return; // a link that has the focus stays
    this.line = line;
    const nodes = parts.flatMap((part, i) => [...(i ? [" · "] : []), ...part.map((each) => (each.to ? this.link(each) : each))]);
    this.facts.replaceChildren(...nodes);
  }

  link({ words, to }) {
    const node = button(words, `Go to step ${this.view.numberIn(to)(to.n)}: ${visible(to.label)}`, () => this.view.goTo(to));
    node.classList.add("link");
    node.to = to;
    return node;
  }

  /** Give the focus to the link that leads back to `step`; returns whether there is one. */
  focusOn(step) {
    const back = step && [...this.facts.querySelectorAll(".link")].find(({ to }) => to === step);
    back?.focus({ preventScroll: true });
    return Boolean(back);
  }

  openTurns(item) {
    this.step = item;
    this.version = undefined;
    this.facts = el("p", { class: "facts" });
    this.json = el("div", { class: "turns", tabindex: "0", role: "group", "aria-label": "Who said what" });
    this.button = button("", "Also the left and the right arrow key, in the list", () => {
      this.view.fold(this.view.items.indexOf(item));
    });
    this.heading = el("h4", {});
    this.notes = el("div", { class: "note", tabindex: "0", role: "group", "aria-label": "What it means" });
    this.node.setAttribute("aria-label", `The ${item.kind}`);
    this.node.replaceChildren(el("div", { class: "about" }, el("div", { class: "title" }, this.heading, this.button)), this.json, this.notes);
    this.node.hidden = false;
    this.printTurns(item);
  }

  printTurns(item) {
    this.button.textContent = `${this.view.isOpen(item) ? "Fold" : "Unfold"} the ${item.kind}`;
    if (item.version === this.version) return;
    this.version = item.version;
    this.json.replaceChildren(...toldTurns(item));
    const about = [ABOUT[item.kind], ...(item.odd ? [ABOUT.odd] : [])].map((text) => el("p", {}, text));
    this.heading.textContent = visible(item.kind === "loop" ? item.label : item.loop.label);
    this.notes.replaceChildren(...about);
  }

  /** Whether what is searched for is another than when the JSON was printed. */
  fresh() {
    const { query } = this.view.controls.filters;
    const was = this.query;
    this.query = query;
    return was !== query;
  }

  print() {
    const { json, step, view } = this;
    const { head, model } = view.store;
    const fields = model.get("fields");
    const revision = wireOf(head);
    json.replaceChildren();
    const text = step.text || given(step, view.store.calls.get(step.call)?.steps ?? []);
    if (!text) json.textContent = step.wire ? visible(step.label) : "There is nothing more to this step.";
    const answer = step.reply && (answers(step) || !step.text);
    const found = printJson(text, json, { fields, answer, revision, marked: (part) => view.controls.filters.marked(part) });
    rove(json.querySelectorAll("button.fold"), json.querySelector("button.fold"));
    if (step.cut) json.append(`\n… ${step.cut}`);
    const mark = json.querySelector("mark");
    if (mark) json.scrollTop = mark.offsetTop - json.clientHeight / 3;
    const order = Object.keys(fields.fields);
    const entries = [...found].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
    this.notes.replaceChildren(...entries.map(([entry, { name, values }]) => this.note(fields, entry, name, values, revision)));
  }

  note(fields, entry, name, values, revision) {
    const isShort = values.length === 1 && values[0].length <= 24;
    const meanings = fields.values[entry] || {};
    const known = [...new Set(values)].filter((value) => Object.hasOwn(meanings, value));
    const text = [lineOf(fields.fields[entry], revision), ...known.map((value) => meanings[value])].join(" ");
    const words = text.split(/\b(MUST|MAY)\b/);
    const parts = words.map((word) => (word === "MUST" || word === "MAY" ? el("strong", {}, word) : word));
    const [clause] = Object.entries(fields.clauses).find(([, names]) => names.includes(entry)) ?? [];
    const link = clause && el("a", { href: fields.specification + clause, target: "_blank", rel: "noopener noreferrer", title: `The specification, ${clause}` }, "specification");
    return el("p", {}, el("code", {}, visible(isShort ? `${name}: ${values[0]}` : name)), " – ", ...parts, " ", link || null);
  }

  /** Ask for the request over HTTP that carried a frame: its answer may have come since. */
  async fetchHttp(step) {
    const { http } = await this.view.store.ask({ ask: "http", seq: step.seq }).catch(() => ({}));
    if (!http || this.step !== step) return;
    const row = ([name, value], i) => el("tr", { class: i ? null : "way" }, el("th", { scope: "row" }, visible(name)), el("td", {}, visible(value)));
    const rows = (what, headers) => [what, ...Object.entries(headers)].map(row);
    const came = http.status === null ? "no answer yet" : String(http.status);
    this.http.replaceChildren(el("caption", {}, "HTTP"), ...rows(["request", http.method], http.sent), ...rows(["status", came], http.received));
  }

  /** Ask for the JSON of a step that was too long to come with its row. */
  async fetch(step) {
    this.json.append("\n… the rest is on its way");
    let failed = false;
    try {
      const { text, whole } = await this.view.store.ask({ ask: "text", seq: step.seq });
      if (text === null) step.cut = "the rest is no longer on record";
      else if (!whole) step.cut = `the rest is left out here; the step has ${figure(step.size ?? text.length)} bytes`;
      if (text !== null) Object.assign(step, { text, whole });
    } catch {
      failed = true;
    }
    if (this.step !== step) return;
    this.print();
    if (failed) this.json.append("\n… the kernel has not answered: it is busy, or it was restarted");
  }

  /** Copy the JSON as it was sent, as far as it is here. */
  copy() {
    const { step, view } = this;
    const text = step.text || given(step, view.store.calls.get(step.call)?.steps ?? []) || step.label;
    const part = step.whole ? "" : ", in part";
    view.controls.give(text, `step ${view.numberIn(step)(step.n)}${part}`);
  }
}
