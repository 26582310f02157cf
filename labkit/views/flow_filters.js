// Which steps are shown: by side, direction, method, lane and text, and those that failed. And where the text is found.

const FILTERS = {
  all: ["all", "Every step", () => true],
  wire: ["wire only", "Only the frames that crossed the wire", (step) => step.wire],
  host: ["host only", "Only what happened on the client's side", (step) => !step.wire],
  samples: ["samples", "Only the steps that are about a sample", (step) => step.samples.length > 0],
  failures: ["failures", "Only what failed: errors, refusals, faults on the wire", (step) => step.failed],
};

const WAYS = [["to", "to the server"], ["from", "from the server"]];
const isThat = {
  way: (step, way) => step.wire && (step.target === "server") === (way === "to"),
  method: (step, method) => step.methods.includes(method),
  lane: (step, lane) => step.source === lane || step.target === lane,
};

/** The methods that a frame is about, of which a response names none: that of its request, and what is asked inside. */
function methodsOf(step, group) {
  if (!step.wire || step.kind === "fault") return [];
  const told = step.kind === "notification" ? /"method": ?"([^"]*)"/.exec(step.text)?.[1] : undefined; // or its label
  const own = step.reply ? (group.byN.get(step.replyTo)?.methods ?? []) : [told ?? step.label.split(/ · id | ×/)[0]];
  return [...new Set([...own, ...(step.samples.length ? ["sampling/createMessage"] : [])])];
}

class Filters {
  /** `changed` is called when other steps are wanted. */
  constructor(changed) {
    this.changed = changed;
    this.chosen = { way: "", method: "", lane: "" };
    this.filter = "all";
    this.query = "";
    const options = Object.entries(FILTERS).map(([value, [text, title]]) => [value, text, title]);
    this.side = segments(el("legend", {}, "Show"), options, this.filter, (value) => {
      this.filter = value;
      changed();
    });
    this.failures = this.side.lastElementChild.lastElementChild;
    const title = "Shows the steps whose label or JSON (its first 16,000 characters) holds this text";
    this.search = el("input", { type: "search", placeholder: "label or JSON", title });
    this.search.addEventListener("input", () => {
      this.query = this.search.value.trim().toLowerCase();
      changed();
    });
    this.searching = el("label", { class: "searching" }, "Search ", this.search);
    const names = { way: "Direction", method: "Method", lane: "Lane" };
    this.selects = Object.fromEntries(Object.keys(names).map((name) => [name, this.select(name)]));
    const fields = Object.entries(names).map(([name, words]) => el("label", {}, `${words} `, this.selects[name]));
    const clear = button("Clear", "Show every step again", () => this.clear() || this.opener.focus());
    this.more = [...fields, clear];
    this.opener = button("Filter", "By direction, method and lane", () => this.open(this.opener.getAttribute("aria-expanded") === "false"));
    this.open(false);
  }

  select(name) {
    const select = el("select", {});
    select.addEventListener("change", () => {
      this.chosen[name] = select.value;
      this.changed();
    });
    return select;
  }

  open(isOpen) {
    for (const node of this.more) node.hidden = !isOpen;
    this.opener.setAttribute("aria-expanded", isOpen);
  }

  /** Want every step again. */
  clear() {
    this.filter = "all";
    this.side.querySelector("input").checked = true;
    this.search.value = this.query = "";
    for (const name of Object.keys(this.chosen)) this.chosen[name] = this.selects[name].value = "";
    this.changed();
  }

  /** Whether steps are looked for wherever they are, also in what is folded. */
  get isSearch() {
    return Boolean(this.query) || this.filter === "failures" || Object.values(this.chosen).some(Boolean);
  }

  /** Those of `steps` that are wanted. */
  wanted(steps) {
    const tests = Object.entries(this.chosen).filter(([, value]) => value);
    if (this.filter === "all" && !this.isSearch) return [...steps];
    const fits = FILTERS[this.filter][2];
    const holds = this.query ? this.holds() : () => true;
    return steps.filter((step) => fits(step) && tests.every(([name, value]) => isThat[name](step, value)) && holds(step));
  }

  holds() {
    // As it is printed below, and as it may have been sent: without a space behind each mark.
    const close = this.query.replaceAll('": ', '":');
    const inJson = [this.query, close, close.replaceAll(", ", ",")];
    return ({ label, text }) => {
      const [said, sent] = [label.toLowerCase(), text.toLowerCase()];
      return said.includes(this.query) || inJson.some((query) => sent.includes(query));
    };
  }

  /** Offer what there is among `steps`, and say how many are of a kind. */
  offer(steps) {
    const failed = steps.filter((step) => step.failed).length;
    const words = `failures ${figure(failed)}`;
    if (this.failures.textContent !== words) this.failures.textContent = words;
    this.side.classList.toggle("failing", failed > 0);
    const methods = new Map();
    for (const step of steps) for (const method of step.methods) methods.set(method, (methods.get(method) ?? 0) + 1);
    const { method } = this.chosen;
    if (method && !methods.has(method)) methods.set(method, 0);
    offer(this.selects.way, WAYS);
    offer(this.selects.method, [...methods].map(([name, count]) => [name, `${visible(name)} · ${figure(count)}`]));
    offer(this.selects.lane, LANES.map((lane) => [lane, lane]));
    const set = [this.filter !== "all", this.query, ...Object.values(this.chosen)].filter(Boolean).length;
    this.opener.textContent = set ? `Filter · ${set}` : "Filter";
  }

  /** `text` as nodes, in which what is searched for is marked. */
  marked(text) {
    if (!this.query || !text) return [text];
    const spelled = this.query.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&").replace(/":\s*/g, '":\\s*').replace(/,\s*/g, ",\\s*");
    return everySecond(text, new RegExp(`(${spelled})`, "gi"), "mark");
  }

  /** Whether what is searched for is in the JSON of `step` and not in its label. */
  isWithin({ label }) {
    return Boolean(this.query) && !label.toLowerCase().includes(this.query);
  }
}
