// Which runs of the history are shown: those with a text, of a tool, an answerer, a wire, that ended in a way.

const FAILED = "any failure";

/** What the runs can be chosen by: the words for all, and what is told of a run. */
const KINDS = {
  tool: ["any tool", ({ server, tool }) => [`${server} · ${tool}`]],
  who: ["any answerer", ({ who }) => [who]],
  wire: ["either wire", ({ wire }) => [wire]],
  ended: ["however ended", ({ ended, failed }) => [...ended.map(({ word }) => word), ...(failed ? [FAILED] : [])]],
};

class Filters {
  constructor(changed) {
    this.search = el("input", { type: "search", placeholder: "search", title: "Show the runs in whose row this text stands", "aria-label": "Show the runs with this text" });
    this.search.addEventListener("input", changed);
    this.kinds = Object.keys(KINDS).map((kind) => {
      const node = el("select", { "aria-label": `Show the runs: ${KINDS[kind][0]}` });
      node.addEventListener("change", changed);
      return [kind, node];
    });
    this.told = el("span", { role: "status" });
    this.node = el("div", { class: "bar filters" }, this.search, ...this.kinds.map(([, node]) => node), el("span", { class: "grow" }), this.told);
  }

  /** Offer what there is in the runs. */
  offer(runs) {
    for (const [kind, node] of this.kinds) {
      const words = [...new Set(runs.flatMap(KINDS[kind][1]))].sort();
      const options = [["", KINDS[kind][0]], ...words.map((word) => [word, word])];
      if (node.filled === JSON.stringify(options)) continue;
      node.filled = JSON.stringify(options);
      const was = node.value;
      node.replaceChildren(...options.map(([value, text]) => el("option", { value }, text)));
      node.value = words.includes(was) ? was : "";
    }
  }

  fits({ run, now }) {
    const chosen = ([kind, node]) => !node.value || KINDS[kind][1](run).includes(node.value);
    return now.toLowerCase().includes(this.search.value.trim().toLowerCase()) && this.kinds.every(chosen);
  }

  /** Say how many of all the runs are shown. */
  tell(shown, all) {
    this.told.textContent = shown === all ? "" : `${shown} of ${all} runs`;
    this.node.hidden = all < 2;
  }
}
