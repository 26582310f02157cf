// The last part of every module: puts a widget where its picture is. What placed.py marks as a widget's place is found
// here, whoever draws it and whenever, and a view of the widget takes the picture's place as long as there is a model.

const MARK = /labkit-at-([0-9a-f]{32})(?:-(\w+))?/;
const MARKED = 'img[src*="labkit-at-"], [class*="labkit-at-"]'; // JupyterLab draws an SVG as an image

class Places {
  managers = new Set();
  taken = new Map(); // by the node of an output: the widget's id, and its view

  constructor() {
    new MutationObserver((changes) => this.see(changes)).observe(document.body, { childList: true, subtree: true });
  }

  see(changes) {
    for (const { addedNodes } of changes) for (const node of addedNodes) if (node.querySelectorAll) this.look(node);
    for (const [at, { view }] of this.taken) if (view && isGone(at)) view.remove();
  }

  /** Put widgets at the marks in `node`. */
  look(node) {
    const marks = [...node.querySelectorAll(MARKED)];
    if (node.matches?.(MARKED)) marks.push(node);
    for (const mark of marks) {
      const [, id, shown] = MARK.exec(mark.getAttribute("src") ?? mark.className) ?? [];
      const at = mark.closest(".jp-OutputArea-output, .output_subarea") ?? mark;
      // Where JupyterLab does not trust a notebook it draws no widget, and neither is one put there.
      if (at.matches(".jp-OutputArea-output:not(.jp-mod-trusted)")) this.taken.get(at)?.view?.remove();
      else if (id) this.take(at, id, shown);
    }
  }

  async take(at, id, shown) {
    const former = this.taken.get(at);
    if (former?.id === id) return; // the picture was drawn anew
    const manager = [...this.managers].find((each) => each.has_model(id) && hasKernel(each));
    if (!manager) return;
    former?.view?.remove();
    const place = { id };
    this.taken.set(at, place);
    const model = await manager.get_model(id);
    const view = model.comm_live ? await manager.create_view(model) : null;
    const current = this.taken.get(at) === place;
    if (!view && current) this.taken.delete(at);
    if (!view || !current) return view?.remove();
    place.view = view;
    const stand = document.createElement("div");
    stand.className = "lm-Widget jp-OutputArea-output";
    if (shown) view.el.dataset.shown = shown; // which a view may read as soon as it is in its place
    stand.append(view.el);
    view.once("remove", () => {
      stand.remove();
      at.style.removeProperty("display");
      if (this.taken.get(at) === place) this.taken.delete(at);
    });
    at.style.setProperty("display", "none", "important");
    at.after(stand);
  }
}

/** Whether there is a kernel: JupyterLab keeps the models of a notebook that was closed. */
function hasKernel(manager) {
  try {
    return !("kernel" in manager) || Boolean(manager.kernel);
  } catch {
    return false; // with its notebook the manager has lost what it asks for the kernel
  }
}

/** Whether an output was taken away for good: a cell that only is out of sight keeps its outputs. */
function isGone(at) {
  let top = at;
  while (top.parentElement) top = top.parentElement;
  return top !== document.documentElement && !top.classList.contains("jp-Cell");
}

/** `widget`, which also takes its places on the page as soon as there is a model. */
function placed(widget) {
  return async () => {
    const made = typeof widget === "function" ? await widget() : widget;
    return {
      ...made,
      initialize(given) {
        // Each module is loaded by itself: what all of them share hangs on the page.
        const places = (globalThis[Symbol.for("labkit.places")] ??= new Places());
        places.managers.add(given.model.widget_manager);
        places.look(document.body);
        return made.initialize?.(given);
      },
    };
  };
}
