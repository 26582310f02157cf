// The flow view: steps between lanes, drawn as they happen. Text of servers and models reaches the page as textContent
// only. The last of the parts that flow_view.py joins to one module.

const GROWS = 500; // milliseconds between two looks at what goes on

class View extends List {
  constructor(store, root) {
    super();
    this.store = store;
    this.root = root;
    this.choice = store.head.title === undefined ? "last" : "all"; // or the number of a call; null: of no known call
    this.shown = undefined; // the call that "last" shows at this moment
    this.made = undefined; // the call that the view was made for
    this.items = [];
    this.nodes = new Map();
    this.folds = new Map(); // whether a loop or a turn is unfolded, by its `seq`
    this.active = 0;
    this.scrolled = 0; // where this view itself has put the scroll bar
    this.away = false; // whether the reader has moved it from the end
    this.version = 0;
    this.isTimed = false;
    this.times = new Times(store);
    this.build();
    this.resized = new ResizeObserver(() => this.later());
    this.resized.observe(this.scroll);
    store.views.add(this);
    this.update();
  }

  close() {
    this.store.views.delete(this);
    this.resized.disconnect();
    cancelAnimationFrame(this.frame);
    clearInterval(this.clock);
  }

  later() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.update();
    });
  }

  build() {
    const lanes = el("div", { class: "lanes", "aria-hidden": "true" });
    this.controls = new Controls(this);
    this.drawing = new Drawing(lanes, this.controls.filters);
    this.pinned = new Detail(this, { isPinned: true });
    this.detail = new Detail(this);
    this.details = el("div", { class: "details" }, this.pinned.node, this.detail.node);
    this.rows = el("div", { class: "rows", role: "listbox" });
    this.empty = el("p", { class: "empty" });
    this.scroll = el("div", { class: "scroll" }, lanes, this.rows, this.empty);
    this.scroll.addEventListener("scroll", () => {
      if (Math.abs(this.scroll.scrollTop - this.scrolled) > 1) this.away = !this.atEnd;
      this.render();
    });
    this.rows.addEventListener("keydown", (event) => this.key(event));
    this.rows.addEventListener("click", (event) => {
      const node = event.target.closest("[role=option]");
      if (node && event.target.closest(".fold")) this.fold(Number(node.dataset.i));
      else if (node) this.pick(Number(node.dataset.i));
    });
    const { top, how, tools, foot, toCopy } = this.controls;
    card(this.root, "labkit-flow", "Flow");
    this.root.setAttribute("role", "region");
    this.root.append(top, how, tools, el("div", { class: "body" }, this.scroll, this.details), foot, toCopy);
  }

  // What is shown

  get group() {
    return this.store.calls.get(this.choice === "last" ? this.shown : this.choice);
  }

  /** What is shown, as the kernel knows it. */
  get call() {
    return this.choice === "all" ? "all" : (this.group?.call ?? null);
  }

  choose(value) {
    this.choice = value === "last" || value === "all" ? value : JSON.parse(value);
    this.controls.newer.hidden = true;
    this.shown = this.store.last;
    this.active = 0;
    this.away = false;
    this.shut();
    this.update();
    this.scrollTo(this.choice === "all" ? this.scroll.scrollHeight : 0);
  }

  /** Whether the reader is busy with what is shown, so that it must not change under their eyes. */
  get held() {
    return Boolean(this.detail.step) || this.rows.contains(document.activeElement) || this.away;
  }

  get atEnd() {
    return this.scroll.scrollTop + this.scroll.clientHeight >= this.scroll.scrollHeight - ROW / 2;
  }

  scrollTo(top) {
    this.scroll.scrollTop = top;
    this.scrolled = this.scroll.scrollTop;
    this.render();
  }

  number(step) {
    return this.choice === "all" ? step.nth : step.n;
  }

  time(step) {
    return duration(this.choice === "all" ? step.at : step.time);
  }

  /** The number that step `n` of the call of `step` has in the list. */
  numberIn(step) {
    const group = this.store.calls.get(step.call);
    return (n) => {
      const other = group?.byN.get(n);
      return other ? figure(this.number(other)) : String(n);
    };
  }

  update() {
    const { store } = this;
    if (this.made === undefined && this.root.dataset.shown) {
      this.made = Number(this.root.dataset.shown);
      if (this.made) return this.choose(this.root.dataset.shown);
    }
    if (this.choice === "last" && this.shown !== store.last) {
      if (this.shown !== undefined && this.held) this.controls.newer.hidden = false;
      else {
        this.shown = store.last;
        this.active = 0;
      }
    }
    if (this.made && this.choice === this.made) this.controls.newer.hidden = store.last === this.made;
    const before = this.items.length;
    const seq = this.items[this.active]?.seq;
    const steps = this.choice === "all" ? store.steps : (this.group?.steps ?? []);
    const title = this.choice === "all" ? (store.head.title ?? "all calls") : (this.group?.title ?? "no call yet");
    const { filters } = this.controls;
    const wanted = filters.wanted(steps);
    this.items = filters.isSearch ? wanted : grouped(wanted, store.calls, (item) => this.isOpen(item));
    this.active = Math.max(0, seq === undefined ? 0 : this.items.findIndex((step) => step.seq === seq));
    this.marks = arrange(this.items);
    this.version++;
    this.controls.show(title, steps, wanted.length);
    this.root.setAttribute("aria-label", `Flow of ${visible(store.head.server || "")}`);
    this.rows.setAttribute("aria-label", `Steps of ${visible(title)}`);
    this.rows.hidden = !this.items.length;
    this.rows.style.height = `${this.items.length * ROW}px`;
    this.empty.hidden = this.items.length > 0;
    const none = "No step fits. Show all, or search for something else.";
    const nothing = store.last > this.choice ? "This call is no longer on record." : "Nothing has happened yet: call a tool.";
    this.empty.textContent = steps.length ? none : nothing;
    this.measure();
    this.render();
    // What was there already is read from its beginning; what happens now is followed to its end, and then read so too.
    const over = this.choice !== "all" && this.group && !this.times.waited(this.group);
    if (before && this.items.length > before && !this.held) this.scrollTo(over ? 0 : this.scroll.scrollHeight);
    for (const detail of [this.detail, this.pinned]) {
      detail.refresh();
      if (detail.step && !folds(detail.step) && detail.fresh()) detail.print();
    }
    const asked = store.steps.findLast(({ seq }) => seq === store.asked);
    if (asked && this.gone !== store.asked) this.goTo(asked);
  }

  // Times

  setMode(mode) {
    this.isTimed = mode === "time";
    this.root.classList.toggle("timed", this.isTimed);
    this.update();
  }

  /** Place the lanes, or the axis of the times; while a call goes on its times grow. */
  measure() {
    const { store, times, drawing, group } = this;
    const running = this.choice === "all" ? store.calls.get(store.last) : group;
    this.controls.showTimes(times, running, this.isTimed);
    if (this.isTimed) {
      const groups = this.choice === "all" ? [...store.calls.values()] : group ? [group] : [];
      const longest = Math.max(1, ...groups.map((each) => (times.now(each) - each.steps[0].time) * 1e6));
      this.scroll.style.setProperty("--whole", longest);
      drawing.axis(axis(longest));
    } else drawing.fit(store.head.wire);
    if (!running || !times.waited(running)) this.clock = clearInterval(this.clock);
    else this.clock ??= setInterval(() => this.grow(), GROWS);
  }

  grow() {
    this.measure();
    if (this.isTimed) this.redraw();
  }

  // Choosing a step

  /** Move to step number `i` of the list; where a step is open, that one is opened in its place. */
  go(i) {
    const top = i * ROW;
    const room = this.scroll.clientHeight - this.drawing.field.offsetHeight;
    this.active = i;
    if (top < this.scroll.scrollTop) this.scrollTo(top);
    else if (top + ROW > this.scroll.scrollTop + room) this.scrollTo(top + ROW - room);
    if (this.detail.step) this.detail.open(this.items[i]);
    this.focus();
  }

  /** Open `step`, whatever is shown: neither another call nor a filter nor a fold keeps it from view. */
  goTo(step) {
    const { filters } = this.controls;
    if (this.choice !== "all" && this.group?.call !== step.call) this.choose(JSON.stringify(step.call));
    this.gone = this.store.asked;
    const isHidden = !filters.wanted([step]).length;
    if (isHidden) filters.clear();
    for (const sample of step.samples) {
      const turn = this.group?.loops.turns.get(sample) ?? this.store.calls.get(step.call).loops.turns.get(sample);
      if (turn) for (const { seq } of [turn, turn.loop]) this.folds.set(seq, true);
    }
    this.update();
    if (isHidden) this.controls.say("Every step is shown again, or this one would be hidden.");
    const from = this.detail.step;
    this.active = Math.max(0, this.items.indexOf(step));
    this.detail.open(step);
    this.reveal();
    this.redraw();
    if (!this.detail.focusOn(from)) this.focus();
  }

  /** Open step number `i` of the list; chosen once more, it is shut. */
  pick(i) {
    this.active = i;
    if (this.detail.step?.seq === this.items[i].seq) this.detail.shut();
    else this.detail.open(this.items[i]);
    this.focus();
    if (this.detail.step) this.reveal();
  }

  /** Bring the opened step and what it holds into view: the list is lower beside an opened step. */
  reveal() {
    const top = this.active * ROW;
    const room = this.scroll.clientHeight - this.drawing.field.offsetHeight;
    if (top < this.scroll.scrollTop) this.scrollTo(top);
    else if (top + ROW > this.scroll.scrollTop + room) this.scrollTo(top + ROW - room);
    this.detail.node.scrollIntoView({ block: "nearest" });
  }

  /** Keep `step` in sight while others are looked at. */
  pin(step) {
    this.detail.shut();
    this.pinned.open(step);
    this.controls.say(`Step ${figure(this.number(step))} is pinned. Choose another to compare them.`);
    this.focus();
  }

  shut(focus = false) {
    this.detail.shut();
    if (focus) this.focus();
    else this.redraw();
  }
}

export default () => {
  let store;
  return {
    initialize({ model }) {
      store = new Store(model);
    },
    render({ el: root }) {
      const view = new View(store, root);
      return () => view.close();
    },
  };
};
