// The scorecard: a list of cases, and beside the one that is opened what was sent, what came back, why and how to mend it.
// All words come from Python; what a callback said reaches the page as textContent only.

const STATES = {
  PASS: ["✓", "passed", "good"],
  FAIL: ["✗", "failed", "bad"],
  TODO: ["✎", "to be written", "todo"],
  "N/A": ["–", "not applicable", "none"],
  running: ["▸", "running", "now"],
  waiting: ["·", "waiting", "none"],
};

const hasFailed = (state) => state === "FAIL" || state === "TODO";

class Panel {
  /** `kept` is what stays when the cell is run again: the filter and the case that is open. */
  constructor(model, root, kept) {
    this.model = model;
    this.kept = kept;
    this.root = root;
    this.options = new Map();
    const { name, cases } = model.get("card");
    this.cases = cases;
    card(root, "labkit-scorecard", `Scorecard of ${name}`);
    root.append(this.head(name), this.tools(), this.list(), this.foot());
    follow(this, model, "change:run");
  }

  // The parts

  head(name) {
    this.counts = el("span", { class: "badges" });
    this.progress = el("progress", { max: this.cases.length, "aria-label": "Cases examined" });
    this.said = el("span", { class: "said", role: "status", "aria-live": "polite" });
    const title = el("b", {}, name);
    return el("div", { class: "head" }, title, this.counts, el("span", { class: "grow" }), this.said, this.progress);
  }

  tools() {
    this.filters = { all: "all cases", mend: "to mend", changed: "changed" };
    const set = segments(el("legend", {}, "Show"), Object.entries(this.filters), this.kept.filter, (value) => {
      this.kept.filter = value;
      this.draw();
    });
    this.words = [...set.querySelectorAll("span")];
    return el("div", { class: "tools" }, set);
  }

  list() {
    this.rows = el("div", { class: "rows", role: "listbox", "aria-label": "Cases" });
    this.groups = this.model.get("card").groups.map((group) => {
      const name = group.replace("-", " ");
      const node = el("div", { role: "group", "aria-label": name }, el("div", { class: "group", "aria-hidden": "true" }, name));
      for (const each of this.cases.filter((other) => other.group === group)) {
        const option = el("div", { role: "option", tabindex: "-1", "data-id": each.id });
        this.options.set(each.id, option);
        node.append(option);
      }
      this.rows.append(node);
      return node;
    });
    this.rows.addEventListener("keydown", (event) => this.key(event));
    this.rows.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.pick(option.dataset.id);
    });
    this.empty = el("p", { class: "empty" });
    return el("div", { class: "scroll" }, this.rows, this.empty);
  }

  foot() {
    this.detail = el("div", { class: "detail", role: "region", "aria-label": "The case" });
    this.detail.addEventListener("keydown", (event) => event.key === "Escape" && this.pick(this.kept.open));
    return this.detail;
  }

  // What is shown

  state(id) {
    const { rows, at } = this.model.get("run");
    return rows[id] ?? [id === at ? "running" : "waiting", "", ""];
  }

  isShown(id) {
    const [state, , change] = this.state(id);
    return { all: true, mend: hasFailed(state), changed: Boolean(change) }[this.kept.filter];
  }

  get shown() {
    return this.cases.map((each) => each.id).filter((id) => this.isShown(id));
  }

  draw() {
    const { done, over, said } = this.model.get("run");
    const all = this.cases.map((each) => this.state(each.id));
    const count = (...states) => all.filter(([state]) => states.includes(state)).length;
    const numbers = [["PASS", count("PASS")], ["FAIL", count("FAIL")], ["TODO", count("TODO")], ["N/A", count("N/A")]];
    const told = numbers.filter(([state, number]) => number || state === "PASS" || state === "FAIL");
    this.counts.replaceChildren(...told.map(([state, number]) => this.counted(state, number)));
    this.progress.value = done;
    this.progress.hidden = over;
    if (this.said.textContent !== said) this.said.textContent = said;
    // While it runs the figure changes many times a second; who hears the page is told the end of it.
    this.said.setAttribute("aria-live", over ? "polite" : "off");
    const figures = { all: all.length, mend: count("FAIL", "TODO"), changed: all.filter(([, , change]) => change).length };
    Object.entries(this.filters).forEach(([value, text], i) => { this.words[i].textContent = `${text} ${figures[value]}`; });
    const { shown } = this;
    if (!shown.includes(this.kept.active)) this.kept.active = shown[0];
    for (const each of this.cases) this.drawOption(each, shown.includes(each.id));
    for (const group of this.groups) group.hidden = !group.querySelector("[role=option]:not([hidden])");
    this.rows.hidden = !shown.length;
    this.empty.hidden = shown.length > 0;
    this.empty.textContent = this.kept.filter === "changed" ? "Nothing has changed since the last run." : "There is nothing to mend.";
    this.drawDetail();
  }

  counted(state, number) {
    const [mark, words, kind] = STATES[state];
    return el("span", { class: `badge ${number ? kind : "none"}` }, el("span", { "aria-hidden": "true" }, `${mark} `), `${number} ${words}`);
  }

  drawOption({ id, title }, isShown) {
    const option = this.options.get(id);
    const [state, , change] = this.state(id);
    const [mark, words, kind] = STATES[state];
    const isOpen = this.kept.open === id;
    option.hidden = !isShown;
    option.tabIndex = id === this.kept.active ? 0 : -1;
    option.setAttribute("aria-selected", isOpen);
    const key = JSON.stringify([state, change]);
    if (option.drawn === key) return;
    option.drawn = key;
    option.className = `row ${kind}`;
    option.replaceChildren(
      el("span", { class: "mark", "aria-hidden": "true" }, mark),
      el("span", { class: "title" }, title),
      el("span", { class: "id", "aria-hidden": "true" }, id),
      el("span", { class: "change" }, change),
      el("span", { class: "state" }, words),
    );
  }

  drawDetail() {
    const each = this.cases.find(({ id }) => id === this.kept.open);
    this.detail.hidden = !each;
    if (!each) return;
    const [state, cameBack, change] = this.state(each.id);
    const key = JSON.stringify([each.id, state, cameBack, change]);
    if (this.detail.drawn === key) return;
    this.detail.drawn = key;
    const [mark, words, kind] = STATES[state];
    const heading = el("h4", {}, el("span", { class: kind }, `${mark} ${words}`), ` · ${each.title}`, change && ` · ${change}`);
    const back = cameBack || (state === "PASS" ? "What it should." : "Nothing yet.");
    const source = el("span", { class: "source" }, each.source);
    this.detail.replaceChildren(
      heading,
      el("dl", {}, ...this.told("sent", each.sent), ...this.told("came back", back)),
      el("dl", {}, ...this.told("why it matters", each.why, source), ...this.told("how to mend it", each.mend)),
    );
  }

  told(word, text, ...more) {
    return [el("dt", {}, word), el("dd", {}, ...prose(text), ...more)];
  }

  // Choosing a case

  key(event) {
    if (isForOthers(event)) return;
    const { shown } = this;
    const to = keyedTo(event, shown.indexOf(this.kept.active), shown.length);
    if (to !== undefined) this.go(shown[to]);
    else if (event.key === "Enter" || event.key === " ") this.pick(this.kept.active);
    else if (event.key === "Escape" && this.kept.open) this.pick(this.kept.open);
    else return;
    taken(event);
  }

  /** Move to a case; where one is open, that one is opened in its place. */
  go(id) {
    this.kept.active = id;
    if (this.kept.open) this.kept.open = id;
    this.focus();
  }

  /** Open a case; chosen once more, it is shut. */
  pick(id) {
    this.kept.active = id;
    this.kept.open = this.kept.open === id ? null : id;
    this.focus();
  }

  focus() {
    this.draw();
    const option = this.options.get(this.kept.active);
    option?.focus({ preventScroll: true });
    option?.scrollIntoView({ block: "nearest" });
  }
}

export default () => {
  const kept = { filter: "all", active: null, open: null };
  return {
    render({ model, el: root }) {
      const panel = new Panel(model, root, kept);
      return () => panel.close();
    },
  };
};
