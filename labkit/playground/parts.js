// The widgets of the kit that stand inside the playground: flows, tokens, dials, and the sheet with a review.

const LOST = "No longer connected: the kernel was restarted or has ended. Run the cell again that makes this playground.";

class Parts {
  constructor({ model, el: root, host, signal }) {
    Object.assign(this, { model, root, host, signal });
  }

  /** Send to Python, and say so where it is no longer there. */
  send(message) {
    let lost = false;
    try {
      this.model.send(message);
    } catch {
      lost = true; // a kernel that has restarted does not know this playground
    }
    if (lost && !this.off) this.lose();
    else if (!lost && this.off) this.find();
  }

  /** What needs the kernel cannot be used; what is on the page can still be read and copied. */
  lose() {
    const places = [this.top, this.left, this.history.node, this.result.grouped, this.sheet];
    const controls = places.flatMap((place) => [...place.querySelectorAll("button, input, select, textarea")]);
    this.off = controls.filter((control) => !control.disabled);
    for (const control of this.off) control.disabled = true;
    this.root.classList.remove("running");
    this.result.run(false);
    this.status.className = "status lost";
    this.status.textContent = this.status.title = "not connected";
    this.fault.textContent = LOST;
  }

  /** It was only out of reach. */
  find() {
    for (const control of this.off) control.disabled = false;
    this.off = undefined;
    this.drawTop(this.model.get("top"));
    this.drawWork(this.model.get("work"));
  }

  /** Put the widget of trait `name` into `holder`, in place of what was there. */
  async place(name, holder, ref = this.model.get(name)) {
    holder.placed?.abort();
    const placed = (holder.placed = new AbortController());
    this.signal.addEventListener("abort", () => placed.abort());
    const node = el("div");
    holder.replaceChildren(...(ref ? [node] : []));
    if (!ref) return;
    const widget = await this.host.getWidget(ref);
    if (!placed.signal.aborted) await widget.render({ el: node, signal: placed.signal });
  }

  drawFlows() {
    const refs = this.model.get("flows");
    const names = this.model.get("flow_names");
    for (const box of this.flowBoxes ?? []) box.placed?.abort();
    this.flowBoxes = refs.map(() => el("div", { class: "flow-of" }));
    const choose = (shown) => {
      this.flowBoxes.forEach((box, i) => { box.hidden = i !== shown; });
      marks.forEach((mark, i) => mark.setAttribute("aria-pressed", i === shown));
    };
    const marks = names.length > 1 ? names.map((name, i) => button(name, `The flow on revision ${name}`, () => choose(i))) : [];
    const bar = marks.length ? [el("div", { class: "bar wires" }, el("span", {}, "Flow on"), ...marks)] : [];
    this.flowBox.replaceChildren(...bar, ...this.flowBoxes);
    choose(names.length - 1);
    refs.forEach((ref, i) => this.place("flows", this.flowBoxes[i], ref));
  }

  /** Whoever presses Run wants to see that run, also where a step of the last one is open. */
  watch() {
    const watcher = new MutationObserver((changes) => {
      const newer = changes.map(({ target }) => target).find((node) => node.localName === "button" && !node.hidden && node.closest(".foot"));
      if (!newer || !this.follow) return;
      this.follow = false;
      newer.click();
    });
    watcher.observe(this.flowBox, { subtree: true, attributes: true, attributeFilter: ["hidden"] });
    this.signal.addEventListener("abort", () => watcher.disconnect());
  }

  // A person is needed

  async review() {
    this.place("approval", this.reviewBox);
    this.panel = await this.host.getModel(this.model.get("approval"));
    this.panel.on("change:review", () => this.drawSheet());
    this.drawSheet();
  }

  drawSheet() {
    const asked = this.question.draw(this.model.get("question"));
    const review = this.panel?.get("review")?.id != null;
    const was = this.sheet.hidden ? null : this.sheet.dataset.kind;
    const kind = asked ? "question" : review ? "review" : null;
    this.question.node.hidden = !asked;
    this.reviewBox.hidden = asked || !review;
    this.sheet.hidden = !kind;
    this.sheet.dataset.kind = kind ?? "";
    this.float();
    if (!kind) {
      if (was && (document.activeElement === document.body || this.sheet.contains(document.activeElement))) this.go.focus({ preventScroll: true });
      return;
    }
    // Whoever has pressed Run goes on here with the keyboard; who is elsewhere is left there.
    if (kind !== was && this.root.contains(document.activeElement)) {
      requestAnimationFrame(() => (asked ? this.question.text : this.reviewBox.querySelector(".body"))?.focus({ preventScroll: true }));
    }
  }

  /** Let the sheet be seen wherever the page is scrolled to, since its clock runs: over the lower edge of the notebook. */
  float() {
    const { sheet } = this;
    // What moves between the press and the release of a button gets no click.
    if (!sheet.isConnected || (!sheet.hidden && sheet.matches(":active"))) return;
    const place = sheet.parentElement.getBoundingClientRect();
    const scrolls = (node) => node.scrollHeight > node.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(node).overflowY);
    let view = this.root;
    while (view !== document.documentElement && !scrolls(view)) view = view.parentElement;
    const { top, bottom } = view.getBoundingClientRect();
    const { height } = sheet.getBoundingClientRect();
    const seen = place.bottom < bottom + 2 && place.bottom - height > top - 2;
    const floats = !sheet.hidden && place.width > 0 && !seen;
    const pixels = (number) => (floats ? `${number / (sheet.currentCSSZoom ?? 1)}px` : "");
    Object.assign(sheet.style, { left: pixels(place.left), width: pixels(place.width), bottom: pixels(innerHeight - Math.max(bottom, height)) });
    sheet.togglePopover(floats);
  }

  /** Look again whether the sheet is in view, whatever has scrolled or changed its size. */
  keepInView() {
    const { signal } = this;
    document.addEventListener("scroll", ({ target }) => target.contains(this.root) && !this.sheet.hidden && this.float(), { capture: true, passive: true, signal });
    const sized = new ResizeObserver(() => { this.float(); this.result.room(); });
    for (const node of [this.root, this.sheet]) sized.observe(node);
    signal.addEventListener("abort", () => sized.disconnect());
  }
}
