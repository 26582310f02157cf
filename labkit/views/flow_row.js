// The drawing: where the lanes stand, and one row of it.

const PLACES = [0, 0.2, 0.375, 0.55, 1]; // the last gap is the wire: what crosses it has the longest labels
const CLOSE = [0, 0.25, 0.5, 0.75, 1]; // where there is hardly room for the names of the lanes
const ROW = 30;
const LINE = 20; // where in a row its arrow lies
const SLOT = 18; // the width of a sample's line
const TELLS = /error|fail|refus|raise|cancel/i; // a label that says by itself what went wrong
const TIME = 80; // the width of the times at the right

const draw = (name, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

class Drawing {
  /** `field` is the line of lane names above the rows; `filters` know what is searched for. */
  constructor(field, filters) {
    Object.assign(this, { field, filters });
    this.pen = document.createElement("canvas").getContext("2d");
  }

  /** Place the lanes for the width that there is; returns whether anything moved. */
  fit(wireName) {
    const width = this.field.clientWidth;
    if (!width || (width === this.width && wireName === this.wireName)) return false;
    Object.assign(this, { width, wireName });
    const isNarrow = width < 560;
    const places = width >= 720 ? PLACES : CLOSE;
    this.slots = isNarrow ? 1 : SLOTS;
    this.left = isNarrow ? 30 : 40;
    this.words = width >= 900; // room for words beside the samples
    this.right = width - (isNarrow ? 8 : TIME) - this.slots * SLOT - (this.words ? 148 : 0);
    // Two heads never meet: what is left between the two lanes that are nearest is more than a head.
    const least = Math.min(...places.slice(1).map((place, i) => place - places[i]));
    const chip = Math.floor(Math.min(width >= 1000 ? 88 : 76, (least * (this.right - this.left) - 6) / (1 + least)));
    const [first, last] = [this.left + chip / 2, this.right - chip / 2];
    this.x = Object.fromEntries(LANES.map((lane, i) => [lane, Math.round(first + places[i] * (last - first))]));
    const chips = LANES.map((lane) => this.placed("span", `chip ${lane}`, lane, this.x[lane] - chip / 2, chip));
    const room = this.x.server - this.x.model - chip - 12;
    if (room > 60) chips.push(this.placed("span", "wire", wireName ? `the wire · ${wireName}` : "the wire", this.x.model + chip / 2 + 6, room));
    this.field.classList.toggle("small", chip < 64);
    this.field.parentNode.classList.toggle("narrow", isNarrow);
    this.field.replaceChildren(...chips);
    const style = getComputedStyle(this.field);
    this.fonts = [`12px ${style.fontFamily}`, `11.5px ${style.getPropertyValue("--mono")}`];
    return true;
  }

  placed(tag, name, text, left, width) {
    const node = el(tag, { class: name }, ...[text].flat());
    node.style.left = `${left}px`;
    if (width) node.style.width = `${width}px`;
    return node;
  }

  /** Lanes, bars, arrow and samples of a row; `mark` is what `arrange` found out about it. */
  picture(step, mark) {
    const lanes = LANES.map((lane) => draw("line", { x1: this.x[lane], x2: this.x[lane], y1: 0, y2: ROW, class: "lane" }));
    const parts = [...lanes, ...this.bars(mark.bars), ...this.arrow(step), ...this.samples(mark.lines)];
    return draw("svg", { width: this.width, height: ROW, "aria-hidden": "true" }, ...parts);
  }

  bars(bars) {
    return Object.entries(bars).flatMap(([lane, [above, below]]) => {
      const [y1, y2] = [above ? 0 : LINE, below ? ROW : LINE];
      return draw("rect", { x: this.x[lane] - 3.5, y: y1, width: 7, height: y2 - y1, class: `bar ${lane}` });
    });
  }

  arrow({ source, target, reply, kind }) {
    if (folds({ kind })) return [];
    const [a, b] = [this.x[source], this.x[target]];
    if (a === b) return [draw("rect", { x: a - 5, y: LINE - 8, width: 10, height: 15, rx: 2, class: "ink block" })];
    const way = Math.sign(b - a);
    const dash = reply ? "5 3" : null;
    return [
      draw("line", { x1: a, x2: b - way * 7, y1: LINE, y2: LINE, class: "ink", "stroke-dasharray": dash }),
      draw("path", { d: `M${b} ${LINE}l${-way * 9} -4.5v9z`, class: "ink tip" }),
    ];
  }

  samples(lines) {
    return lines.flatMap(({ slot, sample, above, below, mine }) => {
      const x = this.right + 14 + Math.min(slot, this.slots - 1) * SLOT;
      const line = draw("line", { x1: x, x2: x, y1: above ? 0 : LINE, y2: below ? ROW : LINE, class: "sample" });
      if (!mine) return line;
      const circle = draw("circle", { cx: x, cy: LINE, r: 7.5, class: "sample" });
      return [line, circle, draw("text", { x, y: LINE + 3.5, "text-anchor": "middle" }, sample)];
    });
  }

  /** The label of a step, above the middle of its arrow; that of a frame, above the wire. What folds is told in a line. */
  label(step, { lines }) {
    if (folds(step)) {
      const from = this.left - 4 + (step.kind === "turn" ? 16 : 0);
      const label = this.placed("span", "label", this.marked(step, this.said(step)), from);
      label.style.maxWidth = `${(lines.length ? this.right : this.width - TIME) - from}px`;
      label.title = visible(step.label);
      return label;
    }
    const [a, b] = [this.x[step.source], this.x[step.target]];
    this.pen.font = (step.failed ? "600 " : "") + this.fonts[step.wire ? 1 : 0];
    const said = this.said(step);
    const wanted = this.pen.measureText(said).width + (this.filters.isWithin(step) ? 36 : 12);
    // The room: beside what a party did by itself, before the server for a frame, from edge to edge for the others.
    let [from, to] = [this.left - 4, this.right];
    if (a === b) [from, to] = step.source === "server" ? [from, a - 8] : [a + 8, to];
    else if (step.wire) to = this.x.server - 8;
    else if (Math.min(a, b) === this.x.client) from = this.x.client + 6; // beside the bar that may be there
    const width = Math.min(wanted, to - from);
    let middle = step.wire ? (this.x.model + this.x.server) / 2 : (a + b) / 2;
    if (a === b) middle = step.source === "server" ? to : from;
    const left = Math.max(from, Math.min(middle - width / 2, to - width));
    const label = this.placed("span", a === b ? "label beside" : "label", this.marked(step, said), left, width);
    label.title = step.label;
    return label;
  }

  /** The words of a step, which say that it failed. */
  said({ failed, label }) {
    return (failed ? (TELLS.test(label) ? "✗ " : "✗ failed · ") : "") + visible(label);
  }

  /** Put an axis in the place of the lanes. */
  axis(ticks) {
    this.width = this.field.clientWidth;
    this.wireName = null; // the lanes are to be placed anew
    this.field.replaceChildren(...ticks);
  }

  /** `label` with what is searched for marked, and a sign where that is in the JSON only. */
  marked(step, label) {
    const parts = this.filters.marked(label);
    return this.filters.isWithin(step) ? [el("mark", { title: "It is in the JSON of the step" }, "{ }"), " ", ...parts] : parts;
  }

  /** How a question or an answer crosses the wire, in words beside its sample. */
  aside(step) {
    const words = this.words && crossing(step);
    return words ? this.placed("span", "aside", words, this.right + 10 + this.slots * SLOT) : "";
  }
}
