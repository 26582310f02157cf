// What came of a run: how it ended, what was sampled, and what the tool made of that; of ten runs all that was answered.

const LOW = 112, STEP = 40; // px: a head and three lines
const USUAL = [LOW, 290]; // for one run, and for several

class Result {
  constructor(signal, tell, go) {
    this.go = go;
    this.meta = el("p", { class: "meta" });
    this.copied = el("span", { class: "copied", role: "status" });
    this.copy = button("Copy", "Copy the result", () => copy(this.answer.textContent, this.copied));
    this.back = button("Back to the last run", "Show the last run again, and what happens now", () => tell({ do: "open", run: null }));
    this.other = button("", "Show this run alone, or all that were made with it", () => { this.all = !this.all; this.arrange(); });
    this.all = true; // of a run that was made with others all are shown, until somebody wants it alone
    this.heights = [...USUAL];
    this.grouped = el("div", { class: "grouped" });
    this.answer = el("div", { class: "answer", tabindex: "0", role: "region", "aria-label": "Result" });
    this.why = el("p", { class: "why", role: "status" });
    this.ended = el("span", { class: "badges" });
    this.sampled = el("div", { class: "sampled", tabindex: "0", role: "region", "aria-label": "Sampled answer" });
    this.made = el("div", { class: "made" }, el("h4", {}, "What the tool made of it"), this.answer);
    this.parts = el("div", { class: "parts" }, this.sampled, this.made);
    this.node = el("div", { class: "result" }, el("div", { class: "line" }, this.ended, el("div", { class: "told", role: "status", "aria-live": "polite" }, this.meta), this.clock = el("span", { class: "clock", "aria-hidden": "true" }), this.copied, this.back, this.other, this.copy), this.why, this.parts, this.grouped);
    this.node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.why.hidden) return;
      taken(event);
      this.ended.querySelector("[aria-expanded=true]")?.click();
    });
    this.edge = el("div", { class: "edge", role: "separator", tabindex: "0", "aria-orientation": "horizontal", "aria-label": "Room for the result", title: "Drag, or press the arrow keys, to give the result more room; a double click gives it back" });
    this.edge.addEventListener("pointerdown", (event) => {
      this.edge.setPointerCapture(event.pointerId);
      this.from = this.at(event) + this.height;
    });
    this.edge.addEventListener("pointermove", (event) => this.edge.hasPointerCapture(event.pointerId) && this.room(this.from - this.at(event)));
    this.edge.addEventListener("dblclick", () => this.room(USUAL[this.together]));
    this.edge.addEventListener("keydown", (event) => {
      const to = { ArrowUp: this.height + STEP, ArrowDown: this.height - STEP, Home: LOW, End: Infinity }[event.key];
      if (to === undefined) return;
      taken(event);
      this.room(to);
    });
    signal.addEventListener("abort", () => clearInterval(this.ticking));
    this.together = 0;
    this.room();
  }

  /** Where the pointer is, in the pixels that styles are told in. */
  at({ clientY }) {
    return clientY / (this.edge.currentCSSZoom ?? 1);
  }

  /** Give the result so many pixels, as far as there are. */
  room(height = this.heights[this.together]) {
    const most = Math.max(LOW, (this.node.parentElement?.clientHeight ?? 0) - 220);
    this.heights[this.together] = height;
    this.height = Math.round(Math.min(most, Math.max(LOW, height)));
    this.node.style.setProperty("--room", `${this.height}px`);
    for (const [name, value] of [["min", LOW], ["max", most], ["now", this.height]]) this.edge.setAttribute(`aria-value${name}`, value);
  }

  draw(told) {
    const now = JSON.stringify(told);
    if (now === this.drawn) return; // what is drawn again is laid out again, and may be scrolled
    this.drawn = now;
    this.told = told;
    const { kind, text, pictures = [], ended = [], answers = [] } = told;
    this.node.className = `result ${kind.replace(" ", "-")}`;
    this.answer.textContent = text || { idle: "Press Run: the server asks, and the answer comes here.", running: "…" }[kind] || "";
    // Only ever the bytes of a PNG, which the kernel has looked at: nothing in them runs or is fetched.
    this.answer.append(...pictures.map((png, n) => el("img", { src: `data:image/png;base64,${png}`, alt: `Picture ${n + 1} of the result` })));
    this.ended.replaceChildren(...ended.map((each) => badgeOf(each, this.why, (step) => this.go(step))));
    this.why.hidden = true;
    this.sampled.hidden = !answers.length;
    this.node.classList.toggle("apart", answers.length > 0);
    this.sampled.replaceChildren(
      ...answers.flatMap(({ who, text, ended: how }) => [
        el("h4", {}, "Sampled answer", who ? ` · ${who}` : "", ...(answers.length > 1 ? [" ", badgeOf(how)] : [])), el("p", {}, text),
      ]),
    );
    if (kind === "running") this.sampled.scrollTop = this.sampled.scrollHeight; // of what grows, the end
    else this.answer.scrollTop = this.sampled.scrollTop = 0;
    this.copied.textContent = "";
    this.arrange();
  }

  /** Show the run alone, or the answers of all that were made with it. */
  arrange() {
    const { meta, text, batch } = this.told;
    this.other.hidden = !batch?.run;
    this.together = Number(this.all && !this.other.hidden);
    this.parts.hidden = this.ended.hidden = this.together;
    this.grouped.hidden = !this.together;
    this.other.textContent = this.together ? `Run ${batch.run} alone` : "All answers";
    this.meta.textContent = this.meta.title = this.together ? batch.meta : meta;
    this.copy.hidden = this.together;
    this.copy.style.visibility = text ? "visible" : "hidden"; // its place stays
    this.room();
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

/** How a run or an answer ended. Pressed it says in `place` why, and what to do, with its step; without, it is no button. */
function badgeOf({ kind, sign, word, why, step }, place, go) {
  const parts = [el("span", { "aria-hidden": "true" }, `${sign} `), word];
  if (!place) return el("span", { class: `badge ${kind}`, title: why }, ...parts);
  const node = el("button", { type: "button", class: `badge ${kind}`, title: why, "aria-expanded": "false" }, ...parts);
  const leave = () => {
    place.hidden = true; // it may lie over the step
    node.setAttribute("aria-expanded", false);
    go(step);
  };
  node.addEventListener("click", () => {
    const opens = place.hidden || place.says !== why;
    place.says = why;
    place.replaceChildren(why, ...(step ? [" ", button(`Step ${step}`, "Open the step in which the model was asked", leave)] : []));
    place.hidden = !opens;
    for (const each of node.parentNode.children) each.setAttribute("aria-expanded", opens && each === node);
  });
  return node;
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
