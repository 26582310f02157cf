// The history: a row for each run, which opens it; what is chosen of the runs, and how they are ordered; runs compared.

const FAILED = "any failure";
const LARGEST_FILE = 8_000_000; // what Jupyter lets a page send

const HEADS = [
  ["run", ({ n }) => n], ["tool", ({ name, tool }) => name || tool], ["wire", ({ wire }) => wire], ["who", ({ who }) => who],
  ["dials", ({ dials }) => dials], ["answer", ({ answer }) => answer], ["ended", ({ ended }) => ended[0].word],
  ["tokens", ({ sizes }) => sizes.tokens], ["time", ({ sizes }) => sizes.time],
];

/** What the runs can be chosen by: the words for all, and what is told of a run. */
const KINDS = {
  tool: ["any tool", ({ server, tool }) => [`${server} · ${tool}`]],
  who: ["any answerer", ({ who }) => [who]],
  wire: ["either wire", ({ wire }) => [wire]],
  ended: ["however ended", ({ ended, failed }) => [...ended.map(({ word }) => word), ...(failed ? [FAILED] : [])]],
};

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
    this.none = el("p", { class: "empty" });
    this.only = choice("checkbox", "", "only what differs", "", () => this.compare());
    this.only.control.checked = true;
    this.sides = el("table", { class: "sides" });
    this.search = el("input", { type: "search", placeholder: "name, answer …", "aria-label": "Show the runs with this text" });
    this.search.addEventListener("input", () => this.choose());
    this.kinds = Object.keys(KINDS).map((kind) => {
      const node = el("select", { "aria-label": `Show the runs: ${KINDS[kind][0]}` });
      node.addEventListener("change", () => this.choose());
      return [kind, node];
    });
    this.fit = el("span", { role: "status" });
    this.filters = el("div", { class: "bar filters" }, this.search, ...this.kinds.map(([, node]) => node), el("span", { class: "grow" }), this.fit);
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
    this.name.addEventListener("change", () => this.tell({ do: "rename", number: this.shown, name: this.name.value }));
    this.which = el("b");
    this.about = el(
      "div", { class: "bar about" }, this.which, this.name, this.pin = button("Pin", "A pinned run stays, however many come after it", () => this.pinned(this.shown)),
      button("Use again", "Set everything as it was for this run. Nothing is run", () => this.tell({ do: "again", number: this.shown })),
      button("Its flow", "Show the flow of this run", () => show(0)), button("Its tokens", "Show the tokens of this run's answer", () => show(1)),
      el("span", { class: "grow" }), this.only.label,
    );
    this.node = el(
      "div", { class: "history" }, this.filters, this.tools, this.sure, this.note, this.none,
      el("div", { class: "lines", tabindex: "0", role: "region", "aria-label": "Runs" }, this.list), this.about,
      el("div", { class: "compared", tabindex: "0", role: "region", "aria-label": "Runs side by side" }, this.sides),
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

  draw({ runs }) {
    this.runs = runs;
    const pinned = runs.filter((run) => run.pinned).length;
    const loose = runs.length - pinned;
    const [all, runWord] = pinned ? [`the other ${loose}`, loose === 1 ? "run" : "runs"] : [loose === 1 ? "this" : `all ${loose}`, loose === 1 ? "run" : "runs"];
    this.many.textContent = `Forget ${all} ${runWord}?${pinned ? ` ${pinned} pinned ${pinned === 1 ? "stays" : "stay"}.` : ""}`;
    const numbers = runs.map(({ n }) => n);
    this.select(this.byHand ? this.chosen.filter((n) => numbers.includes(n)) : numbers.slice(0, 2).reverse());
    // Rows that are as they were stay, with the focus that one of them may have.
    const former = this.rows;
    this.rows = new Map(runs.map((run) => [run.n, this.row(run, former.get(run.n))]));
    for (const [kind, node] of this.kinds) {
      const words = [...new Set(runs.flatMap(KINDS[kind][1]))].sort();
      const options = [["", KINDS[kind][0]], ...words.map((word) => [word, word])];
      if (node.filled === JSON.stringify(options)) continue;
      node.filled = JSON.stringify(options);
      const was = node.value;
      node.replaceChildren(...options.map(([value, text]) => el("option", { value }, text)));
      node.value = words.includes(was) ? was : "";
    }
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
    const called = el("td", { title: `${name ? `${name} · ` : ""}${server} · ${tool}` }, ...(name ? [el("b", {}, name), " · "] : []), tool);
    const node = el(
      "tr", {}, el("td", {}, mark, pin), el("td", {}, open), called, cell(wire), cell(who), cell(dials), cell(answer),
      el("td", { title: ended.map(({ word, why }) => `${word}. ${why}`).join("\n") }, badgeOf(ended[0])), cell(tokens), cell(time),
    );
    node.addEventListener("click", ({ target }) => !target.closest("button, input") && open.click());
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
    const text = this.search.value.trim().toLowerCase();
    const wanted = this.kinds.filter(([, node]) => node.value);
    const fits = ({ run, now }) => now.toLowerCase().includes(text) && wanted.every(([kind, node]) => KINDS[kind][1](run).includes(node.value));
    const [i, way] = this.order;
    const key = HEADS[i][1];
    const compare = (a, b) => (typeof a === "number" ? a - b : String(a).localeCompare(String(b)));
    const shown = [...this.rows.values()].filter(fits).sort((a, b) => way * compare(key(a.run), key(b.run)) || b.run.n - a.run.n);
    const rows = shown.map(({ node }) => node);
    if (rows.length !== this.body.children.length || rows.some((node, at) => node !== this.body.children[at])) this.body.replaceChildren(...rows);
    this.heads.forEach((node, at) => node.setAttribute("aria-sort", at !== i ? "none" : way > 0 ? "ascending" : "descending"));
    this.none.textContent = this.runs.length ? (rows.length ? "" : "No run fits: show all, or search for something else.") : "No run yet.";
    this.fit.textContent = rows.length === this.runs.length ? "" : `${rows.length} of ${this.runs.length} runs`;
    this.filters.hidden = this.runs.length < 2;
    this.list.hidden = !rows.length;
    this.mark();
  }

  /** Say which run is shown on the right side, and what is to be told of the history. */
  shows({ run, name, pinned, note }) {
    this.shown = run;
    this.tellNote(note);
    this.which.textContent = `Run ${run}`;
    if (document.activeElement !== this.name) this.name.value = name;
    this.pin.textContent = pinned ? "Unpin" : "Pin";
    this.about.hidden = !run;
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

  compare(told = this.told) {
    this.told = told;
    const { runs = [], heads = [], rows = [] } = told ?? {};
    const shown = rows.filter(([, differs]) => differs || runs.length < 2 || !this.only.control.checked);
    const head = el("tr", {}, el("th", { scope: "col" }, heard("what")), ...heads.map((text) => el("th", { scope: "col" }, text)));
    const body = shown.map(([name, differs, values]) =>
      el("tr", { class: differs ? "differs" : null }, el("th", { scope: "row" }, name, ...(differs ? [el("i", { "aria-hidden": "true" }, " ≠"), heard(" (differs)")] : [])), ...values.map((value) => el("td", {}, ...value.map(([text, marked]) => (marked ? el("mark", {}, text) : text))))),
    );
    const same = runs.length > 1 && !shown.length ? [el("tr", {}, el("td", {}, "Nothing differs."))] : [];
    this.sides.replaceChildren(...(runs.length ? [el("thead", {}, head), el("tbody", {}, ...body, ...same)] : []));
  }
}
