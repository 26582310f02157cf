// The history: a row for each run, which opens it; what is chosen of the runs, and how they are ordered; runs compared.

const AT_FIRST = 30; // rows: a hundred of them would be painted at each run
const LARGEST_FILE = 8_000_000; // what Jupyter lets a page send

const HEADS = [
  ["run", ({ n }) => n], ["tool", ({ name, tool }) => name || tool], ["wire", ({ wire }) => wire], ["who", ({ who }) => who],
  ["dials", ({ dials }) => dials], ["answer", ({ answer }) => answer], ["ended", ({ ended }) => ended[0].word],
  ["tokens", ({ sizes }) => sizes.tokens], ["time", ({ sizes }) => sizes.time],
];

class History {
  constructor(tell, show) {
    this.tell = tell;
    this.chosen = [];
    this.rows = new Map();
    this.runs = [];
    this.order = [0, -1]; // of which head, and up or down
    this.byHand = false;
    this.body = el("tbody");
    this.heads = HEADS.map(([name], i) => el("th", { scope: "col" }, button(name, `Order the runs by ${name}; pressed again, the other way round`, () => this.sort(i))));
    this.list = el("table", { class: "runs" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, heard("compare, pin")), ...this.heads)), this.body);
    this.more = button("", "Show the older runs too", () => { this.all = true; this.choose(); });
    this.none = el("p", { class: "empty" });
    this.compared = new Compared();
    this.filters = new Filters(() => this.choose());
    const save = (form, words) => button(words, `Save these runs as ${words}. No key is in it`, () => this.tell({ do: "export", form, runs: this.chosen }));
    this.file = el("input", { type: "file", accept: ".json,application/json" });
    this.file.hidden = true;
    this.file.addEventListener("change", () => this.take());
    this.what = el("span");
    this.tools = el(
      "div", { class: "bar" }, this.what, save("json", "JSON"), save("mermaid", "Mermaid"), save("html", "HTML"), el("span", { class: "grow" }),
      button("Import …", "Take up runs that were saved as JSON. Nothing in the file is run", () => this.file.click()), this.file,
      this.forget = button("Forget all", "Empty the history; you are asked first", () => this.ask(true)),
    );
    this.sure = el(
      "div", { class: "bar sure", role: "group", "aria-label": "Forget all runs?" }, this.many = el("b"),
      button("Forget them", "They cannot be had back", () => { this.byHand = false; this.tell({ do: "forget" }); this.ask(false); }),
      this.keep = button("Keep them", "Back, and nothing is forgotten", () => this.ask(false)),
    );
    this.sure.hidden = true;
    this.note = el("p", { class: "note", role: "status" });
    this.sure.addEventListener("keydown", (event) => event.key === "Escape" && this.ask(false));
    this.name = el("input", { type: "text", maxlength: 80, placeholder: "a name", "aria-label": "Name of the run" });
    const named = () => this.tell({ do: "rename", number: this.shown, name: this.name.value });
    this.name.addEventListener("change", named);
    this.name.addEventListener("keydown", (event) => event.key === "Enter" && named());
    this.which = el("b");
    this.pin = button("Pin", "A pinned run stays, however many come after it", () => this.pinned(this.shown));
    this.of = [
      this.name, this.pin, button("Use again", "Set everything as it was for this run. Nothing is run", () => this.tell({ do: "again", number: this.shown })),
      button("Its flow", "Show the flow of this run", () => show(0)), button("Its tokens", "Show the tokens of this run's answer", () => show(1)),
    ];
    this.about = el("div", { class: "bar about" }, this.which, ...this.of, el("span", { class: "grow" }), this.compared.only.label);
    this.node = el(
      "div", { class: "history" }, this.filters.node, this.tools, this.sure, this.note, this.none,
      this.lines = el("div", { class: "lines", tabindex: "0", role: "region", "aria-label": "Runs" }, this.list, this.more), this.about,
      this.compared.node,
    );
  }

  /** Ask whether all is to be forgotten, or ask no more. The focus goes to what does no harm, and back. */
  ask(asks) {
    if (asks && !this.runs.length) return;
    this.sure.hidden = !asks;
    this.forget.setAttribute("aria-expanded", asks);
    (asks ? this.keep : this.forget).focus();
  }

  /** Send the file that was chosen. */
  async take() {
    const [file] = this.file.files;
    this.file.value = ""; // so that the same one can be chosen again
    if (!file) return;
    if (file.size > LARGEST_FILE) this.tellNote(`This file is too large: ${file.size.toLocaleString("en-US")} bytes, and ${LARGEST_FILE.toLocaleString("en-US")} are read at most.`);
    else this.tell({ do: "import", text: await file.text() });
  }

  tellNote(note) {
    this.note.textContent = note;
    this.note.hidden = !note;
  }

  draw({ runs, whys }) {
    this.runs = runs;
    this.whys = whys;
    const pinned = runs.filter((run) => run.pinned).length;
    const loose = runs.length - pinned;
    const [all, runWord] = pinned ? [`the other ${loose}`, loose === 1 ? "run" : "runs"] : [loose === 1 ? "this" : `all ${loose}`, loose === 1 ? "run" : "runs"];
    this.many.textContent = `Forget ${all} ${runWord}?${pinned ? ` ${pinned} pinned ${pinned === 1 ? "stays" : "stay"}.` : ""}`;
    const numbers = runs.map(({ n }) => n);
    this.select(this.byHand ? this.chosen.filter((n) => numbers.includes(n)) : numbers.slice(0, 2).reverse());
    // Rows that are as they were stay, with the focus that one of them may have.
    const former = this.rows;
    this.rows = new Map(runs.map((run) => [run.n, this.row(run, former.get(run.n))]));
    this.filters.offer(runs);
    this.choose();
  }

  row(run, former) {
    const now = JSON.stringify(run);
    return former?.now === now ? former : { now, run, ...this.line(run) };
  }

  line({ n, name, pinned, server, tool, wire, who, dials, answer, ended, tokens, time }) {
    const mark = el("input", { type: "checkbox", "aria-label": `Compare run ${n}`, title: "Compare it, or save it" });
    mark.checked = this.chosen.includes(n);
    mark.addEventListener("change", () => {
      this.byHand = true;
      this.select(mark.checked ? [...this.chosen, n].sort((a, b) => a - b) : this.chosen.filter((each) => each !== n));
    });
    const pin = button(pinned ? "★" : "☆", pinned ? `Run ${n} is pinned. Let it go` : `Pin run ${n}: it stays, however many come after it`, () => this.pinned(n));
    pin.classList.add("pin");
    pin.setAttribute("aria-pressed", pinned);
    pin.setAttribute("aria-label", `Pin run ${n}`);
    const open = button(String(n), `Open run ${n}: its flow, its tokens, its result, its program`, () => this.tell({ do: "open", run: n }));
    const cell = (text, title = text) => el("td", { title }, text);
    const hows = ended.map((how) => ({ why: this.whys[how.word], ...how }));
    const called = el("td", { title: `${name ? `${name} · ` : ""}${server} · ${tool}` }, ...(name ? [el("b", {}, name), " · "] : []), tool);
    const node = el(
      "tr", {}, el("td", {}, el("label", { class: "mark" }, mark), pin), el("td", {}, open), called, cell(wire), cell(who), cell(dials), cell(answer),
      el("td", { title: hows.map(({ word, why }) => [word, why].filter(Boolean).join(". ")).join("\n") }, badgeOf(hows[0])), cell(tokens), cell(time),
    );
    node.addEventListener("click", ({ target }) => !target.closest("button, label") && open.click());
    return { node, mark };
  }

  pinned(n) {
    const { run } = this.rows.get(n) ?? {};
    if (run) this.tell({ do: "pin", number: n, pinned: !run.pinned });
  }

  sort(i) {
    this.order = [i, this.order[0] === i ? -this.order[1] : 1];
    this.choose();
  }

  /** Show the runs that fit what was typed and chosen, in their order. */
  choose() {
    const [i, way] = this.order;
    const key = HEADS[i][1];
    const compare = (a, b) => (typeof a === "number" ? a - b : String(a).localeCompare(String(b)));
    const shown = [...this.rows.values()].filter((row) => this.filters.fits(row)).sort((a, b) => way * compare(key(a.run), key(b.run)) || b.run.n - a.run.n);
    const rows = shown.slice(0, this.all ? undefined : AT_FIRST).map(({ node }) => node);
    this.more.hidden = rows.length === shown.length;
    this.more.textContent = `Show all ${shown.length}`;
    // What stays in its place is not touched: with a hundred rows that would be felt at each run.
    const kept = new Set(rows);
    for (const node of [...this.body.children]) if (!kept.has(node)) node.remove();
    let next = this.body.firstChild;
    for (const node of rows) {
      if (node === next) next = next.nextSibling;
      else this.body.insertBefore(node, next);
    }
    this.heads.forEach((node, at) => node.setAttribute("aria-sort", at !== i ? "none" : way > 0 ? "ascending" : "descending"));
    this.none.textContent = this.runs.length ? (rows.length ? "" : "No run fits: show all, or search for something else.") : "No run yet.";
    this.filters.tell(shown.length, this.runs.length);
    this.about.hidden = !this.runs.length;
    this.lines.hidden = !rows.length;
    this.mark();
  }

  /** Say which run is shown on the right side, and what is to be told of the history. */
  shows({ run, name, pinned, note }) {
    this.shown = run;
    this.tellNote(note);
    this.which.textContent = run ? `Run ${run}` : "Choose a row to open its run";
    for (const node of this.of) node.hidden = !run;
    if (document.activeElement !== this.name) this.name.value = name;
    this.pin.textContent = pinned ? "Unpin" : "Pin";
    this.mark();
  }

  mark() {
    for (const [n, { node }] of this.rows) {
      if (n === this.shown) node.setAttribute("aria-current", "true");
      else node.removeAttribute("aria-current");
    }
  }

  /** Show two runs side by side, as if they had been chosen. */
  beside(numbers) {
    this.byHand = true;
    this.select(numbers);
  }

  /** Compare these runs. */
  select(numbers) {
    this.what.textContent = numbers.length ? `Save ${numbers.length} chosen as` : "Save all as";
    if (String(numbers) === String(this.chosen)) return;
    this.chosen = numbers;
    for (const [n, { mark }] of this.rows) mark.checked = numbers.includes(n);
    this.tell({ do: "compare", runs: numbers });
  }

  compare(told) {
    this.compared.draw(told);
  }
}
