// The result below the tabs: how it came about, the text itself, how long it takes, and how much room it has.

const LOW = 103, STEP = 40; // px

class Result {
  constructor(signal) {
    this.meta = el("p", { class: "meta" });
    this.copied = el("span", { class: "copied", role: "status" });
    this.copy = button("Copy", "Copy the result", () => copy(this.answer.textContent, this.copied));
    this.answer = el("div", { class: "answer", tabindex: "0", role: "region", "aria-label": "Result" });
    this.node = el("div", { class: "result" }, el("div", { class: "line" }, el("div", { class: "told", role: "status", "aria-live": "polite" }, this.meta), this.clock = el("span", { class: "clock", "aria-hidden": "true" }), this.copied, this.copy), this.answer);
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

  draw({ kind, meta, text }) {
    this.node.className = `result ${kind.replace(" ", "-")}`;
    this.meta.textContent = this.meta.title = meta;
    this.answer.textContent = text || { idle: "Press Run: the server asks, and the answer comes here.", running: "…" }[kind] || "";
    this.answer.scrollTop = 0;
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
