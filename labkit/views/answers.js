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
    this.heats = el("table", {});
    this.groups = el("div", {});
    this.code = el("pre", { tabindex: "0", "aria-label": "The same in plain code" });
    this.same = el("details", { class: "same" }, el("summary", {}, "The same in plain code"), this.code);
    const asks = number ? [this.go, this.stop, this.progress] : [];
    root.append(el("div", { class: "head" }, ...asks, this.status, el("span", { class: "grow" }), this.note), this.heats, this.groups, this.same);
    follow(this, model, "change");
  }

  send(type, more = {}) {
    this.model.send({ type, ...more });
  }

  draw() {
    const [table, running, note, place] = ["table", "running", "note", "place"].map((name) => this.model.get(name));
    this.go.setAttribute("aria-disabled", running);
    this.stop.setAttribute("aria-disabled", !running);
    this.progress.value = table.total;
    this.progress.hidden = !running && !table.total;
    this.status.textContent = this.model.get("status");
    this.note.textContent = note;
    this.code.textContent = this.model.get("code");
    this.same.hidden = !this.model.get("code");
    if (this.table !== table) {
      this.table = table;
      this.root.style.setProperty("--heats", table.heats.length ? `repeat(${table.heats[0].length - 1}, 48px)` : "");
      this.heats.hidden = !table.heats.length;
      this.heats.replaceChildren(...table.heats.map((row, i) => el("tr", {}, ...row.map((cell, k) => el(i && k ? "td" : "th", { scope: i ? "row" : "col" }, cell)))));
      this.rows = table.rows.map((row, i) => this.group(row, i));
      this.groups.replaceChildren(...this.rows);
    }
    const id = this.model.get("opened")?.slice("IPY_MODEL_".length);
    if (id !== this.id) this.show((this.id = id), place);
  }

  /** A group, which opens: its answer, what differs, and each of those who gave it. */
  group({ parts, differs, true: verdict, labels, counts, members }, i) {
    const { total, judged, heats } = this.table;
    const size = el("b", {}, `${members.length} of ${total}`);
    const bar = el("i", { "aria-hidden": "true", style: `--share: ${members.length / total}` });
    const word = judged ? el("span", { class: `verdict ${verdict ?? "none"}` }, VERDICTS[verdict ?? "none"]) : null;
    const cells = counts.map((n, k) => el("span", { class: "at", title: `${n} at temperature ${heats[0][k + 1]}` }, n || "·"));
    const said = el("span", { class: "said" }, ...parts.map(([text, other]) => (other ? el("mark", {}, text) : text)));
    const told = [differs, heats.length ? "" : labels].filter(Boolean).map((words) => el("span", { class: "told" }, words));
    const summary = el("summary", { title: "Open: who said it, with which settings, and the tokens" }, el("span", { class: "size" }, size, bar, word), ...cells, el("span", { class: "answer" }, said, ...told));
    const tokens = el("div", { class: "tokens" });
    const list = members.map((each, member) => {
      const title = `Every token of ${each.label || "this answer"}, and what could have stood there`;
      const open = each.tokens ? button("Tokens", title, () => this.send("open", { row: i, member })) : null;
      return el("li", {}, el("b", {}, each.label), el("span", {}, [each.heat, each.note].filter(Boolean).join(" · ")), ...badges(each.badges), open);
    });
    const group = el("details", { class: "group" }, summary, el("ul", {}, ...list), tokens);
    group.addEventListener("toggle", () => group.open && members[0].tokens && !tokens.childNodes.length && this.send("open", { row: i, member: 0 }));
    return group;
  }

  /** Put the view of the tokens that were opened last into their group. */
  async show(id, place) {
    this.view?.remove();
    this.view = null;
    if (!id) return;
    const manager = this.model.widget_manager;
    const view = await manager.create_view(await manager.get_model(id));
    const group = this.rows[place[0]];
    if (id !== this.id || !group) return view.remove();
    this.view = view;
    group.querySelectorAll("li button").forEach((each, k) => each.setAttribute("aria-pressed", k === place[1]));
    group.querySelector(".tokens").replaceChildren(view.el);
  }
}

const WORDS = { 10: "ten" };
const VERDICTS = { true: "✓ true", false: "✗ false", none: "not judged" };

export default shownAs(Answers);
