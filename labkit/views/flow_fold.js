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
    if (!fold || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = [...node.querySelectorAll("button.fold")].filter((each) => !each.closest("[hidden]"));
    const at = all.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") fold.set(event.key === "ArrowRight");
    else if (to !== undefined) focusOnly(all, all[Math.max(0, Math.min(to, all.length - 1))]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  node.addEventListener("focusin", ({ target }) => target.fold && rove(node.querySelectorAll("button.fold"), target));
}

const rove = (all, one) => all.forEach((each) => (each.tabIndex = each === one ? 0 : -1));

function focusOnly(all, one) {
  rove(all, one);
  one.focus();
}
