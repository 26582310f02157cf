// The approval panel: what is under review, whole, and what may be decided on it. What a server wrote reaches the page
// as textContent only; approval_panel.py and review_reading.py say what there is to read.

const ARMED = 500; // ms before a new review takes a click: one that was meant for the last must not decide on it
const PATIENCE = 3000; // ms after which it is said that the kernel has not taken a decision yet
const WORDS = {
  request: { approve: "Approve", edited: "Approve as edited", refuse: "Refuse", asks: "asks", idle: "Nothing waits for you. What a server asks appears here before a model sees it." },
  answer: { approve: "Send", edited: "Send as edited", refuse: "Withhold", asks: "would get this answer" },
};
const TITLES = {
  request: {
    approve: "Let the model see the request",
    edit: "Change it before the model sees it",
    allow: "Approve, and ask no more about this server in this session",
    refuse: "The model is not asked: error -1 takes the place of its answer",
  },
  answer: {
    approve: "Let the server have the answer",
    edit: "Change it before the server gets it",
    allow: "Send, and ask no more about this server in this session",
    refuse: "The answer is kept back: error -1 takes its place",
  },
};
const LOST = "No longer connected: the kernel was restarted or has ended. Run the cell again that makes this panel.";

/** What all views of one panel share: what is under review, until when, and whether it was decided here. */
class Store {
  constructor(model) {
    this.model = model;
    this.views = new Set();
    this.lost = false;
    this.sent = 0;
    this.fault = model.get("line").fault?.[0];
    model.on("change:review", () => this.begin());
    model.on("change:line", () => this.heard());
    // Said when the kernel has restarted, and when it is reached again after the network was away.
    model.on("comm_live_update", () => this.send({ here: true }));
    this.begin();
  }

  begin() {
    this.review = this.model.get("review");
    this.ends = performance.now() + (this.review.left ?? 0) * 1000;
    this.armed = performance.now() + ARMED;
    this.sent = 0;
    this.said = "";
    for (const view of this.views) view.build();
  }

  heard() {
    const [number, text] = this.model.get("line").fault;
    if (number !== this.fault) {
      this.fault = number;
      this.sent = 0;
      this.said = text;
    }
    this.draw();
  }

  get left() {
    return Math.max(0, this.ends - performance.now());
  }

  get open() {
    return this.review.id != null && !this.lost && !this.sent && this.left > 0 && performance.now() >= this.armed;
  }

  decide(message) {
    if (!this.open) return;
    this.sent = performance.now();
    this.said = "";
    this.clicked = this.review.id;
    this.send({ id: this.review.id, ...message });
  }

  send(message) {
    try {
      this.model.send(message);
      this.lost = false;
    } catch {
      this.lost = true; // a kernel that has restarted does not know this panel
    }
    this.draw();
  }

  /** What is to be said below the buttons. */
  get status() {
    if (this.lost) return LOST;
    if (this.sent && performance.now() - this.sent > PATIENCE) {
      return "The kernel has not taken it yet: it is busy. It will as soon as it can, if the time is not up by then.";
    }
    if (this.said) return this.said;
    if (this.review.id == null) return this.late + this.model.get("line").became;
    if (this.left === 0) return "The time is up.";
    if (this.left < 10_000) return "Less than ten seconds are left.";
    return this.late && this.late + this.model.get("line").became;
  }

  /** Of a click that was made here and crossed with the end of the review: the page showed it as open. */
  get late() {
    const { late } = this.model.get("line");
    return late && late === this.clicked ? "Your click came too late. " : "";
  }

  draw() {
    for (const view of this.views) view.draw();
  }
}

/** A text with what was hidden in it set off. */
const marked = (text) => everySecond(text, /(⟨[^⟩\n]*⟩)/, "mark");

class Panel {
  constructor(store, root) {
    this.store = store;
    this.root = root;
    // Alone in a cell these keys are Lab's, and run it: there they decide nothing.
    this.keys = Boolean(root.closest(".labkit-playground"));
    card(root, "labkit-approval", "Approval");
    this.who = el("span", { class: "who" });
    this.line = el("span", { class: "badge warning" });
    this.clock = el("span", { class: "clock", role: "timer" });
    this.time = el("progress", { class: "thin", max: 1, "aria-hidden": "true" });
    this.body = el("div", { class: "body quoted", tabindex: "0", role: "region" });
    this.below = el("span", { class: "below" });
    this.approve = button("", "", () => this.decide("approve"));
    this.approve.classList.add("go");
    this.edit = button("Edit", "", () => this.turn(!this.editing));
    this.allow = button("Let this server pass", "", () => this.decide("allow"));
    this.reason = el("input", { type: "text", autocomplete: "off", placeholder: "reason of a refusal", "aria-label": "Reason of a refusal", title: "Whoever made the call reads it; the server learns of it on revision 2025-11-25 alone" });
    this.refuse = button("", "", () => this.decide("refuse"));
    this.buttons = [this.approve, this.edit, this.allow, this.refuse];
    this.status = el("p", { class: "status", role: "status", "aria-live": "polite" });
    root.append(
      el("div", { class: "head" }, el("b", {}, "Approval"), this.who, el("span", { class: "grow" }), this.line, this.clock, this.time),
      this.body,
      el("div", { class: "foot" }, this.approve, this.edit, this.allow, el("span", { class: "grow" }), el("span", { class: "ends" }, this.reason, this.refuse)),
      el("div", { class: "last" }, this.status, el("span", { class: "grow" }), this.below),
    );
    this.body.addEventListener("scroll", () => this.look());
    root.addEventListener("keydown", (event) => {
      if (event.repeat && event.target.closest("button")) event.preventDefault(); // a key held down decides once
      if (event.key === "Escape" && this.editing) this.turn(false);
      if (!this.keys || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      taken(event);
      if (!event.repeat) this.approve.click(); // of a review that has just come, and of one that is cut, nothing
    });
    this.resized = new ResizeObserver(() => this.look());
    this.resized.observe(this.body);
    this.ticking = setInterval(() => this.draw(), 250);
    store.views.add(this);
    this.build();
  }

  close() {
    this.store.views.delete(this);
    this.resized.disconnect();
    clearInterval(this.ticking);
  }

  /** Draw what has come under review, or that nothing is. */
  build() {
    const { review } = this.store;
    const inside = this.root.contains(document.activeElement);
    this.editing = false;
    this.fields = new Map();
    this.reason.value = "";
    const { stage = "request", server, tool } = review;
    this.words = WORDS[stage];
    for (const name of ["approve", "edit", "allow", "refuse"]) this[name].title = TITLES[stage][name];
    if (this.keys) this.approve.title += " (Ctrl + Enter)";
    this.refuse.textContent = this.words.refuse;
    this.root.classList.toggle("idle", review.id == null);
    this.body.setAttribute("aria-label", review.id == null ? "Nothing is under review" : `The ${stage} under review`);
    this.who.replaceChildren(...(review.id == null ? [] : this.asking(server, tool)));
    this.body.replaceChildren(...(review.id == null ? [el("p", { class: "empty" }, this.words.idle)] : this.whole(review)));
    this.body.scrollTop = 0;
    // Whoever decides by keyboard goes on to read; who is elsewhere on the page is left there.
    if (inside && review.id != null) this.body.focus({ preventScroll: true });
    this.draw();
  }

  asking(server, tool) {
    const who = server ? el("bdi", { class: "server" }, server) : "A server";
    const call = tool ? ["for its tool ", el("bdi", { class: "tool" }, tool)] : ["for a tool call that is not known"];
    return [who, ` ${this.words.asks}, `, ...call];
  }

  whole({ facts, remarks, limits, parts, before, called, stage }) {
    const told = facts.map(([kind, text]) => el("span", { class: kind ? `badge ${kind}` : null }, text));
    const nodes = [el("div", { class: "facts" }, ...limits.map((limit) => this.limit(limit)), ...told)];
    for (const remark of remarks) nodes.push(el("p", { class: "remark" }, el("b", {}, "Guard: "), ...marked(remark)));
    nodes.push(...parts.map((part) => this.part(part)));
    if (before.length) nodes.push(this.folded("the request that it answers", before));
    if (called) nodes.push(this.folded("what you called the tool with", [{ title: "arguments", text: called }]));
    return nodes;
  }

  folded(title, parts) {
    return el("details", {}, el("summary", {}, title), ...parts.map((part) => this.part(part)));
  }

  limit([name, word, text, value, stripped]) {
    const shown = el("b", {}, ...(text ? marked(text) : ["–"]));
    const many = name === "stopSequences";
    const control = many ? el("textarea", { rows: 1, title: "One a line" }) : el("input", { type: "text", inputmode: "decimal", autocomplete: "off" });
    this.field(name, control, value, shown, word, stripped);
    return el("span", { class: "limit" }, `${word} `, shown, control);
  }

  part({ title, text, field, edit, stripped, none }) {
    const shown = el("pre", { class: none ? "empty" : null }, ...(none ? [none] : marked(text)));
    const parts = [el("h4", {}, title), shown];
    if (field) {
      const control = el("textarea", { rows: Math.min(12, Math.max(2, edit.split("\n").length + Math.floor(edit.length / 110))) });
      parts.push(control);
      this.field(field, control, edit, shown, title, stripped);
    }
    return el("section", {}, ...parts);
  }

  field(name, control, value, shown, word, stripped = false) {
    control.setAttribute("aria-label", word);
    control.value = value;
    control.hidden = true;
    this.fields.set(name, { control, shown, stripped, was: control.value });
  }

  turn(editing) {
    if (editing && !this.store.open) return;
    this.editing = editing;
    for (const { control, shown, was } of this.fields.values()) {
      control.hidden = !editing;
      shown.hidden = editing;
      if (!editing) control.value = was;
    }
    if (!editing) this.store.said = "";
    this.draw();
    if (!editing) this.edit.focus();
    else [...this.fields.values()].find(({ control }) => control.localName === "textarea" && control.value)?.control.focus();
  }

  decide(decision) {
    if (decision === "approve" && this.editing) {
      const changed = [...this.fields].filter(([, { control, was, stripped }]) => stripped || control.value !== was);
      this.store.decide({ decision: "edit", fields: Object.fromEntries(changed.map(([name, { control }]) => [name, control.value])) });
    } else this.store.decide({ decision, reason: decision === "refuse" ? this.reason.value : "" });
  }

  draw() {
    const { store } = this;
    const { review } = store;
    const running = review.id != null && !store.lost;
    const waiting = running ? (store.model.get("line").waiting ?? 0) : 0;
    put(this.line, waiting ? `${waiting} more wait${waiting === 1 ? "s" : ""}` : "");
    this.line.hidden = !waiting;
    const seconds = Math.ceil(store.left / 1000);
    put(this.clock, running ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left` : "");
    this.clock.hidden = this.time.hidden = !running;
    this.time.value = store.left / 1000 / (review.timeout || 1);
    this.root.classList.toggle("hurry", running && store.left < 10_000);
    put(this.approve, this.editing ? this.words.edited : this.words.approve);
    put(this.edit, this.editing ? "Do not edit" : "Edit");
    const cut = review.whole === false; // what cannot be shown to its end can only be refused
    for (const node of this.buttons) state(node, "aria-disabled", !store.open || (cut && node !== this.refuse));
    state(this.allow, "aria-disabled", !store.open || Boolean(this.editing) || cut);
    this.edit.hidden = review.id != null && !this.fields.size;
    put(this.status, store.status);
    this.status.classList.toggle("wrong", store.lost || Boolean(store.said));
    this.look();
  }

  look() {
    const { scrollHeight, clientHeight, scrollTop } = this.body;
    put(this.below, scrollHeight - clientHeight - scrollTop > 8 ? "goes on below" : "");
  }
}

/** Change what a node says, where it does not say that already: a live region tells every change. */
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function state(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

export default () => {
  let store;
  return {
    initialize({ model }) {
      store = new Store(model);
    },
    render({ el: root }) {
      store.send({ here: true });
      const panel = new Panel(store, root);
      return () => panel.close();
    },
  };
};
