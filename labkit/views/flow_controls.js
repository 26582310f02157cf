// What stands above and below the steps: whose they are, which of them are shown, copies, and the legend.

const WAITS = {
  model: "the model answers",
  person: "waits for a person",
  turn: "waits for its turn",
  host: "the host is at work",
  server: "the server works",
  wire: "waits for the wire",
};

class Controls {
  /** `view` is told what is wanted: `view.choose(call)`, `view.later()`. */
  constructor(view) {
    this.view = view;
    this.filters = new Filters(() => view.later());
    this.title = el("b");
    this.server = el("span");
    this.revision = el("span", { class: "revision", title: "The wire: the protocol revision that both sides speak" });
    this.transport = el("span");
    this.sum = el("span", { class: "sum" });
    this.how = el("p", { class: "how" });
    this.status = el("span", { class: "status", role: "status", "aria-live": "polite" });
    this.toCopy = el("textarea", { class: "copy", readonly: "", rows: 6, "aria-label": "What is copied" });
    this.toCopy.hidden = true;
    const newer = "A newer call has begun. The view stays where you read.";
    this.newer = button("Show the newer call", newer, () => view.choose("last"));
    this.newer.hidden = true;
    const grow = () => el("span", { class: "grow" });
    this.top = el("div", { class: "top" }, this.title, this.server, this.revision, this.transport, grow(), this.sum);
    const { side, searching, opener, more } = this.filters;
    const modes = [["steps", "Steps", "Who sends what to whom"], ["time", "Time", "How long each step takes, and who is waited for"]];
    const mode = segments(el("legend", { class: "heard" }, "View"), modes, "steps", (value) => view.setMode(value));
    this.looks = Object.entries(view.store.model.get("looks")).map(([kind, words]) => {
      const sum = el("b");
      return { kind, sum, node: el("span", {}, stretch([kind]), words, sum) };
    });
    this.kinds = el("span", { class: "legend" }, ...this.looks.map(({ node }) => node));
    this.now = el("span", { class: "now", role: "timer" });
    this.legend = legend();
    this.tools = el("div", { class: "tools" }, this.calls(), mode, side, searching, opener, grow(), this.copies(), el("span", { class: "break" }), ...more);
    this.failed = button("", "Open the step that failed; once more, the next one", () => this.goToFailure());
    this.failed.classList.add("failure");
    this.foot = el("div", { class: "foot" }, this.failed, this.now, this.legend, this.kinds, grow(), this.status, this.newer);
  }

  calls() {
    const options = [el("option", { value: "last" }, "last call"), el("option", { value: "all" }, "all calls")];
    this.select = el("select", { title: "Which call is shown" }, ...options);
    this.select.addEventListener("change", () => this.view.choose(this.select.value));
    return (this.chooser = el("label", {}, "Call ", this.select));
  }

  copies() {
    const title = (form) => `Copy the steps of the chosen call as ${form}`;
    const buttons = ["JSON", "Mermaid"].map((form) => button(form, title(form), () => this.copy(form)));
    return el("span", { class: "forms", role: "group", "aria-label": "Copy as" }, el("span", {}, "Copy as"), ...buttons);
  }

  /** Say what is shown: `steps` of them in all, `count` after filter and search. */
  show(title, steps, count) {
    const { store } = this.view;
    this.title.textContent = visible(title);
    this.server.textContent = visible(store.head.server || "");
    this.revision.textContent = store.head.wire || "";
    this.transport.textContent = store.head.transport || "";
    this.how.textContent = HOW[wireOf(store.head)] || "";
    const samples = new Set(steps.flatMap((step) => step.samples.map((sample) => `${step.call} ${sample}`)));
    const told = steps.filter((step) => step.tokens != null);
    const parts = [counted(steps.length, "step"), counted(samples.size, "sample")];
    if (told.length) parts.push(counted(told.reduce((sum, step) => sum + step.tokens, 0), "token"));
    if (steps.length) parts.push(this.view.time(steps.at(-1)));
    this.sum.textContent = parts.join(" · ");
    this.filters.offer(steps);
    this.failures = steps.filter((step) => step.failed);
    this.failed.hidden = !this.failures.length;
    const words = `✗ ${counted(this.failures.length, "failure")} · go to ${this.failures.length > 1 ? "the next" : "it"}`;
    if (this.failed.textContent !== words) this.failed.textContent = words;
    const fit = count === steps.length ? "" : `${figure(count)} of ${counted(steps.length, "step")}`;
    if (fit !== this.fit) this.status.textContent = this.fit = fit;
    this.offer(store);
  }

  /** Say how long each kind of time took in the call that is shown, and who is waited for now. */
  showTimes(times, group, isTimed) {
    this.legend.hidden = isTimed;
    this.kinds.hidden = !isTimed;
    const sums = new Map(isTimed && group ? times.sums(group) : []);
    for (const { kind, sum, node } of this.looks) {
      sum.textContent = sums.has(kind) ? lasting(sums.get(kind) * 1e6) : "";
      node.classList.toggle("none", !sums.has(kind));
    }
    const waited = group && times.waited(group);
    this.now.hidden = !waited;
    if (!waited) return;
    const [kind, seconds] = waited;
    if (this.now.kind !== kind) this.now.replaceChildren(stretch([kind]), el("span", {}, `now: ${WAITS[kind]}`), el("b", {}));
    this.now.kind = kind;
    this.now.lastChild.textContent = lasting(seconds * 1e6);
  }

  /** Open the first failure; where one is open, the next. */
  goToFailure() {
    const at = this.failures.indexOf(this.view.detail.step);
    this.view.goTo(this.failures[(at + 1) % this.failures.length]);
  }

  /** Offer every call that is on record. */
  offer({ calls, head }) {
    this.chooser.hidden = head.title !== undefined;
    const offered = new Map();
    for (const option of [...this.select.options].slice(2)) {
      if (calls.has(option.value === "null" ? null : Number(option.value))) offered.set(option.value, option);
      else option.remove();
    }
    for (const { call, title } of calls.values()) {
      const text = visible([head.names ? head.names[call] : call, title].filter(Boolean).join(" · "));
      const option = offered.get(String(call)) ?? el("option", { value: String(call) });
      if (option.textContent !== text) option.textContent = text;
      if (!option.parentNode) this.select.append(option);
    }
    this.select.value = String(this.view.choice);
  }

  /** It stays until another number of steps is shown: the line may make the view draw itself anew. */
  say(text) {
    this.status.textContent = text;
  }

  async copy(form) {
    this.say(`Asking the kernel for the ${form} …`);
    this.toCopy.hidden = true;
    let text;
    try {
      ({ text } = await this.view.store.ask({ ask: "copy", form, call: this.view.call }));
    } catch {
      return this.say("Not copied: the kernel has not answered. It is busy, or it was restarted.");
    }
    if (text === null) return this.say("Not copied: the Lab of this view is gone. Run its cell again.");
    this.give(text, `the flow as ${form}`);
  }

  /** Hand `text`, which is `what`, to the clipboard, or to the box where the browser does not allow that. */
  async give(text, what) {
    this.toCopy.hidden = true;
    try {
      await navigator.clipboard.writeText(text);
      this.say(`Copied ${what}.`);
    } catch {
      this.toCopy.value = text;
      this.toCopy.hidden = false;
      this.toCopy.focus();
      this.toCopy.select();
      this.say(`The browser lets no page copy here. Take ${what} from the box below.`);
    }
  }
}

function legend() {
  const line = (attributes) => draw("line", { x1: 1, x2: 25, y1: 6, y2: 6, class: "ink", ...attributes });
  const sign = (text, ...shapes) =>
    el("span", {}, draw("svg", { width: 26, height: 12, "aria-hidden": "true" }, ...shapes), text);
  return el(
    "span",
    { class: "legend" },
    sign("crossed the wire", line({ class: "ink heavy" })),
    sign("client's side", line({})),
    sign("a reply", line({ "stroke-dasharray": "5 3" })),
    sign("a request is open here", draw("rect", { x: 10, y: 0, width: 7, height: 12, class: "bar" })),
    sign(
      "a sample, from question to answer",
      line({ class: "sample" }),
      draw("circle", { cx: 13, cy: 6, r: 5, class: "sample" }),
    ),
  );
}
