// What came of a run: its result, the history of runs, and what comes up when a person is needed meanwhile.

const LOW = 103, STEP = 40; // px

class Result {
  constructor(signal, tell) {
    this.meta = el("p", { class: "meta" });
    this.copied = el("span", { class: "copied", role: "status" });
    this.copy = button("Copy", "Copy the result", () => copy(this.answer.textContent, this.copied));
    this.back = button("Back to the last run", "Show the last run again, and what happens now", () => tell({ do: "open", run: null }));
    this.answer = el("div", { class: "answer", tabindex: "0", role: "region", "aria-label": "Result" });
    this.node = el("div", { class: "result" }, el("div", { class: "line" }, el("div", { class: "told", role: "status", "aria-live": "polite" }, this.meta), this.clock = el("span", { class: "clock", "aria-hidden": "true" }), this.copied, this.back, this.copy), this.answer);
    this.edge = el("div", { class: "edge", role: "separator", tabindex: "0", "aria-orientation": "horizontal", "aria-label": "Room for the result", title: "Drag, or press the arrow keys, to give the result more room; a double click gives it back" });
    this.edge.addEventListener("pointerdown", (event) => {
      this.edge.setPointerCapture(event.pointerId);
      this.from = this.at(event) + this.height;
    });
    this.edge.addEventListener("pointermove", (event) => this.edge.hasPointerCapture(event.pointerId) && this.room(this.from - this.at(event)));
    this.edge.addEventListener("dblclick", () => this.room(LOW));
    this.edge.addEventListener("keydown", (event) => {
      const to = { ArrowUp: this.height + STEP, ArrowDown: this.height - STEP, Home: LOW, End: Infinity }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      this.room(to);
    });
    signal.addEventListener("abort", () => clearInterval(this.ticking));
    this.room(LOW);
  }

  /** Where the pointer is, in the pixels that styles are told in. */
  at({ clientY }) {
    return clientY / (this.edge.currentCSSZoom ?? 1);
  }

  /** Give the result so many pixels, as far as there are. */
  room(height) {
    const most = Math.max(LOW, (this.node.parentElement?.clientHeight ?? 0) - 220);
    this.height = Math.round(Math.min(most, Math.max(LOW, height)));
    this.node.style.height = `${this.height}px`;
    for (const [name, value] of [["min", LOW], ["max", most], ["now", this.height]]) this.edge.setAttribute(`aria-value${name}`, value);
  }

  draw({ kind, meta, text, pictures = [] }) {
    this.node.className = `result ${kind.replace(" ", "-")}`;
    this.meta.textContent = this.meta.title = meta;
    this.answer.textContent = text || { idle: "Press Run: the server asks, and the answer comes here.", running: "…" }[kind] || "";
    // Only ever the bytes of a PNG, which the kernel has looked at: nothing in them runs or is fetched.
    this.answer.append(...pictures.map((png, n) => el("img", { src: `data:image/png;base64,${png}`, alt: `Picture ${n + 1} of the result` })));
    this.answer.scrollTop = kind === "running" ? this.answer.scrollHeight : 0; // of what grows, the end
    this.copy.style.visibility = text ? "visible" : "hidden"; // its place stays
    this.copied.textContent = "";
  }

  /** Tell how long a run takes, once it is long enough to ask. */
  run(running) {
    if (running === Boolean(this.ticking)) return;
    clearInterval(this.ticking);
    this.clock.textContent = "";
    const from = performance.now();
    const tick = () => { this.clock.textContent = `${Math.round((performance.now() - from) / 1000)} s`; };
    this.ticking = running ? setInterval(tick, 1000) : undefined;
  }
}

/** Copy `text`, and say so in `told` for a moment. */
function copy(text, told) {
  const say = (words) => {
    told.textContent = words;
    clearTimeout(told.ends);
    told.ends = setTimeout(() => { told.textContent = ""; }, 4000);
  };
  navigator.clipboard.writeText(text).then(() => say("Copied."), () => say("The browser does not let it be copied."));
}

const HEADS = ["", "run", "tool", "wire", "who", "dials", "answer", "tokens", "time", "outcome"];

class History {
  constructor(tell) {
    this.tell = tell;
    this.chosen = [];
    this.rows = new Map();
    this.byHand = false;
    this.body = el("tbody");
    const heads = HEADS.map((name) => el("th", { scope: "col" }, name || heard("compare")));
    this.list = el("table", { class: "runs" }, el("thead", {}, el("tr", {}, ...heads)), this.body);
    this.none = el("p", { class: "empty" }, "No run yet.");
    this.only = choice("checkbox", "", "only what differs", "", () => this.compare());
    this.only.control.checked = true;
    this.sides = el("table", { class: "sides" });
    const save = (form, words) => button(words, `Save these runs as ${words}. No key is in it`, () => this.tell({ do: "export", form, runs: this.chosen }));
    this.tools = el(
      "div", { class: "bar" }, el("span", {}, "Choose runs to compare"), this.only.label, el("span", { class: "grow" }),
      el("span", {}, "Save"), save("json", "JSON"), save("mermaid", "Mermaid"), save("html", "HTML"),
      this.forget = button("Forget all", "Empty the history; you are asked first", () => this.ask(true)),
    );
    this.sure = el(
      "div", { class: "bar sure", role: "group", "aria-label": "Forget all runs?" }, this.many = el("b"),
      button("Forget them", "They cannot be had back", () => { this.byHand = false; this.tell({ do: "forget" }); this.ask(false); }),
      this.keep = button("Keep them", "Back, and nothing is forgotten", () => this.ask(false)),
    );
    this.sure.hidden = true;
    this.sure.addEventListener("keydown", (event) => event.key === "Escape" && this.ask(false));
    this.node = el("div", { class: "history" }, this.tools, this.sure, this.none, el("div", { class: "lines", tabindex: "0", role: "region", "aria-label": "Runs" }, this.list), el("div", { class: "compared", tabindex: "0", role: "region", "aria-label": "Runs side by side" }, this.sides));
  }

  /** Ask whether all is to be forgotten, or ask no more. The focus goes to what does no harm, and back. */
  ask(asks) {
    if (asks && !this.count) return;
    this.sure.hidden = !asks;
    this.forget.setAttribute("aria-expanded", asks);
    (asks ? this.keep : this.forget).focus();
  }

  draw({ runs }) {
    this.count = runs.length;
    this.many.textContent = `Forget ${runs.length === 1 ? "this run" : `all ${runs.length} runs`}?`;
    const numbers = runs.map(([n]) => n);
    this.chosen = this.chosen.filter((n) => numbers.includes(n));
    if (!this.byHand) this.choose(numbers.slice(0, 2).reverse());
    this.none.hidden = runs.length > 0;
    // Rows that are as they were stay, with the focus that one of them may have.
    const former = this.rows;
    this.rows = new Map(runs.map((run) => [run[0], this.row(run, former.get(run[0]))]));
    const rows = [...this.rows.values()].map(({ node }) => node);
    if (rows.length !== this.body.children.length || rows.some((node, i) => node !== this.body.children[i])) this.body.replaceChildren(...rows);
    this.shows(this.shown, this.opened);
  }

  row(run, former) {
    const now = JSON.stringify(run);
    return former?.now === now ? former : { now, ...this.line(run) };
  }

  /** Say in its row which run is shown. */
  shows(shown, opened) {
    Object.assign(this, { shown, opened });
    for (const [n, { node }] of this.rows) {
      if (n === shown) node.setAttribute("aria-current", "true");
      else node.removeAttribute("aria-current");
    }
  }

  line([n, tool, wire, who, dials, answer, tokens, time, outcome]) {
    const mark = el("input", { type: "checkbox", "aria-label": `Compare run ${n}` });
    mark.checked = this.chosen.includes(n);
    mark.addEventListener("change", () => {
      this.byHand = true;
      this.choose(mark.checked ? [...this.chosen, n].sort((a, b) => a - b) : this.chosen.filter((each) => each !== n));
    });
    const open = button(String(n), `Open run ${n}: its flow, its tokens, its result, its program`, () => this.tell({ do: "open", run: n }));
    const cells = [tool, wire, who, dials, answer, tokens, time, outcome];
    const node = el("tr", {}, el("td", {}, mark), el("td", {}, open), ...cells.map((text) => el("td", { title: text }, text)));
    node.addEventListener("click", ({ target }) => !target.closest("button, input") && open.click());
    return { node, mark };
  }

  choose(numbers) {
    if (String(numbers) === String(this.chosen)) return;
    this.chosen = numbers;
    for (const [n, { mark }] of this.rows) mark.checked = numbers.includes(n);
    this.tell({ do: "compare", runs: numbers });
  }

  compare(told = this.told) {
    this.told = told;
    const { runs = [], heads = [], rows = [] } = told ?? {};
    const shown = rows.filter(([, differs]) => differs || runs.length < 2 || !this.only.control.checked);
    const head = el("tr", {}, el("th", { scope: "col" }, heard("what")), ...runs.map((n, i) => el("th", { scope: "col" }, heads[i], button("Use again", `Set everything as it was for run ${n}. Nothing is run`, () => this.tell({ do: "again", number: n })))));
    const body = shown.map(([name, differs, values]) =>
      el("tr", { class: differs ? "differs" : null }, el("th", { scope: "row" }, name, ...(differs ? [el("i", { "aria-hidden": "true" }, " ≠"), heard(" (differs)")] : [])), ...values.map((value) => el("td", {}, value))),
    );
    const same = runs.length > 1 && !shown.length ? [el("tr", {}, el("td", {}, "Nothing differs."))] : [];
    this.sides.replaceChildren(...(runs.length ? [el("thead", {}, head), el("tbody", {}, ...body, ...same)] : []));
  }
}

class Question {
  constructor(tell) {
    this.tell = tell;
    this.who = el("span", { class: "asking" });
    this.parts = el("div", { class: "asked quoted", tabindex: "0", role: "region", "aria-label": "What the server asks" });
    this.text = el("textarea", { rows: 2, "aria-label": "Your answer", placeholder: "type the answer" });
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.answer();
    });
    this.node = el(
      "div", { class: "question", role: "group", "aria-label": "You are the model" },
      el("div", { class: "head" }, el("b", {}, "You are the model"), this.who), this.parts,
      el("div", { class: "foot" }, this.text, this.button("Answer", "Send it to the server (Ctrl + Enter)", "go", () => this.answer()), this.button("Refuse", "Answer with error -1", "", () => this.send(null))),
    );
  }

  button(words, title, kind, action) {
    const node = button(words, title, action);
    if (kind) node.classList.add(kind);
    return node;
  }

  answer() {
    this.send(this.text.value);
  }

  send(text) {
    if (this.id === undefined) return;
    this.tell({ do: "answer", number: this.id, text });
    this.id = undefined;
  }

  /** Whether there is a question, which is then shown. */
  draw({ id, server, tool, limit, parts = [] }) {
    if (id === undefined) {
      this.id = this.drawn = undefined;
      return false;
    }
    if (id === this.drawn) return true;
    this.id = this.drawn = id;
    this.who.textContent = `${server || "A server"} asks${tool ? `, for its tool ${tool}` : ""}: at most ${limit} tokens`;
    this.parts.replaceChildren(...parts.flatMap(([name, text]) => [el("h4", {}, name), el("pre", {}, text || "none")]));
    this.text.value = "";
    return true;
  }
}
