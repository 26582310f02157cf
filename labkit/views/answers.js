// Many answers, those alike together; with buttons where the kernel can ask for them. All words come from Python.

class Answers {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    card(root, "labkit-answers", "Answers, those alike together");
    const number = model.get("number");
    this.go = button(`Run ${WORDS[number] ?? number} times`, "Answer the same request again and again, each time with the next seed", () => this.send("run"));
    this.go.classList.add("go");
    this.stop = button("Cancel", "Stop; the answers that are there stay", () => this.send("cancel"));
    this.progress = el("progress", { max: number, "aria-label": "Answers drawn" });
    this.status = el("span", { class: "status", role: "status", "aria-live": "polite" });
    this.note = el("span", { class: "note" });
    this.holds = el("input", { type: "text", maxlength: 200, placeholder: "words", title: "An answer that holds these words is true, any other false. Without words none is judged" });
    this.holds.addEventListener("change", () => this.send("judge", { holds: this.holds.value }));
    this.rule = el("label", { class: "rule" }, "true when it holds", this.holds);
    this.heats = el("table", {});
    this.groups = el("div", {});
    this.rows = [];
    this.code = el("pre", { tabindex: "0", "aria-label": "The same in plain code" });
    this.same = el("details", { class: "same" }, el("summary", {}, "The same in plain code"), this.code);
    const asks = number ? [this.go, this.stop, this.progress] : [];
    root.append(el("div", { class: "head" }, ...asks, this.status, this.rule, el("span", { class: "grow" }), this.note), this.heats, this.groups, this.same);
    follow(this, model, "change");
  }

  send(type, more = {}) {
    this.model.send({ type, ...more });
  }

  draw() {
    const [table, running, note, place, holds] = ["table", "running", "note", "place", "holds"].map((name) => this.model.get(name));
    this.go.setAttribute("aria-disabled", running);
    this.stop.setAttribute("aria-disabled", !running);
    this.progress.value = table.total;
    this.progress.hidden = !running && !table.total;
    this.status.textContent = this.model.get("status");
    this.note.textContent = note;
    this.rule.hidden = holds === null;
    if (document.activeElement !== this.holds) this.holds.value = holds ?? "";
    this.code.textContent = this.model.get("code");
    this.same.hidden = !this.model.get("code");
    if (this.table !== table) {
      this.table = table;
      this.root.style.setProperty("--heats", table.heats.length ? `repeat(${table.heats[0].length - 1}, 48px)` : "");
      this.root.classList.toggle("heated", !(this.heats.hidden = !table.heats.length));
      this.heats.replaceChildren(...table.heats.map((row, i) => el("tr", {}, ...row.map((cell, k) => el(i && k ? "td" : "th", { scope: i ? "row" : "col" }, cell)))));
      this.drawGroups(table.rows);
      this.put(place);
    }
    this.rows.forEach(({ opens }, i) => opens.forEach((each, k) => each?.setAttribute("aria-pressed", i === place[0] && k === place[1])));
    const id = this.model.get("opened")?.slice("IPY_MODEL_".length);
    if (id !== this.id) this.show((this.id = id));
  }

  /** Draw the groups. What was open of them stays so, and the focus goes nowhere. */
  drawGroups(rows) {
    const former = new Map(this.rows.map((group) => [group.said, group]));
    this.rows = rows.map((row, i) => this.group(row, i));
    this.rows.forEach((group) => { group.open = former.get(group.said)?.open ?? false; });
    const at = document.activeElement;
    const there = this.rows.map(({ said, controls }) => controls[former.get(said)?.controls.indexOf(at)]).find(Boolean);
    this.groups.replaceChildren(...this.rows);
    there?.focus({ preventScroll: true });
  }

  /** A group, which opens: its answer, what differs, and each of those who gave it. */
  group({ parts, differs, true: verdict, labels, counts, members }, i) {
    const { total, judged, heats } = this.table;
    const size = el("b", {}, `${members.length} of ${total}`);
    const bar = el("i", { "aria-hidden": "true", style: `--share: ${members.length / total}` });
    const word = judged ? el("span", { class: `verdict ${verdict ?? "none"}` }, VERDICTS[verdict ?? "none"]) : null;
    const cells = counts.map((n, k) => el("span", { class: "at", title: `${n} at temperature ${heats[0][k + 1]}` }, n || "·"));
    const said = el("span", { class: "said" }, ...markedParts(parts));
    const told = [differs, heats.length ? "" : labels].filter(Boolean).map((words) => el("span", { class: "told" }, words));
    const summary = el("summary", { title: "Open: who said it, with which settings, and all that is known of it" }, el("span", { class: "size" }, size, bar, word), ...cells, el("span", { class: "answer" }, said, ...told));
    const tokens = el("div", { class: "tokens" });
    const opens = members.map(({ opens, label }, member) => (opens ? button(opens, TITLES[opens](label || "this answer"), () => this.send("open", { row: i, member })) : null));
    const list = members.map(({ label, heat, note, badges: told }, k) => el("li", {}, el("b", {}, label), el("span", {}, [heat, note].filter(Boolean).join(" · ")), ...badges(told), opens[k]));
    const group = el("details", { class: "group" }, summary, el("ul", {}, ...list), tokens);
    summary.addEventListener("click", () => {
      if (!group.open && opens[0] && !tokens.childNodes.length) this.send("open", { row: i, member: 0 });
      requestAnimationFrame(() => group.scrollIntoView({ block: "nearest" }));
    });
    const text = parts.map(([each]) => each).join("");
    return Object.assign(group, { said: text, opens, controls: [summary, ...opens] });
  }

  /** Put the view of the tokens that were opened last into their group. */
  async show(id) {
    this.view?.remove();
    this.view = null;
    if (!id) return;
    const manager = this.model.widget_manager;
    const view = await manager.create_view(await manager.get_model(id));
    if (id !== this.id) return view.remove();
    this.view = view;
    this.put(this.model.get("place"));
  }

  put([row]) {
    if (this.view) this.rows[row]?.lastElementChild.replaceChildren(this.view.el);
  }
}

const WORDS = { 10: "ten" };
const TITLES = {
  Tokens: (which) => `Every token of ${which}, and what could have stood there`,
  Open: (which) => `Open ${which}: its flow, its tokens, its result, its program`,
};
const VERDICTS = { true: "✓ true", false: "✗ false", none: "not judged" };

export default shownAs(Answers);
