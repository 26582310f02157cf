// What is told of the settings of last time, and the way back to those of the beginning.

class Past {
  constructor(tell) {
    this.note = el("span", { class: "note", role: "status" });
    this.use = button("Use them", "Set everything as it was when the playground was used last. Nothing is run", () => tell({ do: "past" }));
    this.fresh = button("Start fresh", "Set everything as it was at first and forget what was kept. The history stays", () => tell({ do: "fresh" }));
    this.nodes = [this.note, this.use, this.fresh];
  }

  draw({ past, offered }) {
    this.note.textContent = this.note.title = past;
    this.use.hidden = !offered;
  }
}
