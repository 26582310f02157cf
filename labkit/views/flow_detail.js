// An opened step: its JSON, and beside it what its fields mean.

class Detail {
  /** `view` numbers steps and tells their times, as the list above does. */
  constructor(view, onEscape) {
    this.view = view;
    this.node = el("div", { class: "detail", role: "region" });
    this.node.hidden = true;
    this.node.addEventListener("keydown", (event) => event.key === "Escape" && onEscape());
  }

  shut() {
    this.step = null;
    this.node.hidden = true;
  }

  open(step) {
    const { node, view } = this;
    if (folds(step)) return this.openTurns(step);
    const number = view.numberIn(step);
    this.step = step;
    this.json = el("pre", { tabindex: "0", "aria-label": "JSON of the step" });
    this.facts = el("p", { class: "facts" });
    this.notes = el("div", {});
    const heading = el("h4", {}, `${number(step.n)} · ${meaning(step, number)}`);
    const note = el("div", { class: "note", tabindex: "0", role: "group", "aria-label": "What it means" });
    note.append(heading, this.facts, (this.http = el("table", { class: "http" })), this.notes);
    node.setAttribute("aria-label", `Step ${number(step.n)}`);
    node.replaceChildren(this.json, note);
    node.hidden = false;
    this.refresh();
    this.print();
    if (!step.whole && !step.cut) this.fetch(step);
    if (step.wire && view.store.head.transport === "http") this.fetchHttp(step);
  }

  /** The facts change while the call goes on: a request is answered. */
  refresh() {
    const { step, view } = this;
    if (step && folds(step)) this.printTurns(step);
    if (!step || folds(step)) return;
    const number = view.numberIn(step);
    const parts = step.size ? [`${figure(step.size)} bytes`] : [];
    parts.push(`${view.time(step)} after the first step`);
    if (step.replyTo) parts.push(`answers step ${number(step.replyTo)}`);
    const group = view.store.calls.get(step.call);
    const by = (group?.steps ?? []).filter((other) => other.replyTo === step.n);
    if (by.length) parts.push(`answered in step ${listed(by.map((other) => number(other.n)))}`);
    else if (isRequest(step)) parts.push("not answered yet");
    if (step.samples.length) parts.push(samplesOf(step));
    this.facts.textContent = parts.join(" · ");
  }

  openTurns(item) {
    this.step = item;
    this.version = undefined;
    this.json = el("div", { class: "turns", tabindex: "0", role: "group", "aria-label": "Who said what" });
    this.button = button("", "Also the left and the right arrow key, in the list", () => {
      this.view.fold(this.view.items.indexOf(item));
    });
    this.notes = el("div", {});
    const note = el("div", { class: "note", tabindex: "0", role: "group", "aria-label": "What it means" });
    note.append(this.notes, this.button);
    this.node.setAttribute("aria-label", `The ${item.kind}`);
    this.node.replaceChildren(this.json, note);
    this.node.hidden = false;
    this.printTurns(item);
  }

  printTurns(item) {
    this.button.textContent = `${this.view.isOpen(item) ? "Fold" : "Unfold"} the ${item.kind}`;
    if (item.version === this.version) return;
    this.version = item.version;
    this.json.replaceChildren(...toldTurns(item));
    const about = [ABOUT[item.kind], ...(item.odd ? [ABOUT.odd] : [])].map((text) => el("p", {}, text));
    this.notes.replaceChildren(el("h4", {}, visible(item.kind === "loop" ? item.label : item.loop.label)), ...about);
  }

  print() {
    const { json, step } = this;
    const { head, model } = this.view.store;
    const fields = model.get("fields");
    const revision = wireOf(head);
    json.replaceChildren();
    const text = step.text || given(step, this.view.store.calls.get(step.call)?.steps ?? []);
    if (!text) json.textContent = step.wire ? visible(step.label) : "There is nothing more to this step.";
    const found = printJson(text, json, fields, step.reply && (answers(step) || !step.text), revision);
    if (step.cut) json.append(`\n… ${step.cut}`);
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
    return el("p", {}, el("code", {}, visible(isShort ? `${name}: ${values[0]}` : name)), " – ", ...parts);
  }

  /** Ask for the request over HTTP that carried a frame: its answer may have come since. */
  async fetchHttp(step) {
    const { http } = await this.view.store.ask({ ask: "http", seq: step.seq }).catch(() => ({}));
    if (!http || this.step !== step) return;
    const rows = (what, headers) => [what, ...Object.entries(headers)].map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, visible(name)), el("td", {}, visible(value))));
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
}
