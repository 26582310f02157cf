// What folds in the JSON of a step, by mouse and by keyboard.

/** What folds an object or a list: its sign stands before it, and a note says what is folded. */
class Fold {
  constructor(name) {
    this.name = name === undefined ? "" : `${visible(String(name))}: `;
    this.inner = el("span", {});
    this.note = el("span", { class: "folded" });
    this.button = el("button", { type: "button", class: "fold", "aria-expanded": "true" });
    this.button.addEventListener("click", () => this.set(this.inner.hidden));
    this.button.fold = this;
    this.holds(0, true);
  }

  holds(count, isObject) {
    this.held = counted(count, isObject ? "field" : "item");
    this.button.setAttribute("aria-label", `${this.name}${isObject ? "object" : "list"}, ${this.held}`);
    this.button.title = "Fold it, or unfold it: also the left and the right arrow key";
  }

  set(isOpen) {
    this.inner.hidden = !isOpen;
    this.note.textContent = isOpen ? "" : ` … ${this.held} `; // what is unfolded is the JSON and nothing more
    this.button.setAttribute("aria-expanded", isOpen);
  }
}

/** Let the arrow keys move among what folds in `node`, which is one stop of the Tab key, and fold it. */
function foldByKeys(node) {
  node.addEventListener("keydown", (event) => {
    const { fold } = event.target;
    if (!fold || isForOthers(event)) return;
    const all = [...node.querySelectorAll("button.fold")].filter((each) => !each.closest("[hidden]"));
    const to = keyedTo(event, all.indexOf(event.target), all.length);
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") fold.set(event.key === "ArrowRight");
    else if (to !== undefined) focusOnly(all, all[to]);
    else return;
    taken(event);
  });
  node.addEventListener("focusin", ({ target }) => target.fold && rove(node.querySelectorAll("button.fold"), target));
}

const rove = (all, one) => all.forEach((each) => (each.tabIndex = each === one ? 0 : -1));

function focusOnly(all, one) {
  rove(all, one);
  one.focus();
}
