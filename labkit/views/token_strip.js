// The dials of the token view, in the order in which they work, then the draw.

/** What a provider's API makes of a value that it does not take, in words; else nothing. */
function clamp(api, ends, value, { off }) {
  if (value === off) return "";
  if (!ends) return `${api}'s API has no such dial`;
  return value >= ends[0] && value <= ends[1] ? "" : `${api}'s API takes ${short(ends[0])}–${short(ends[1])}`;
}

class Strip {
  /** `turn` is told the dials that stand elsewhere than at the draw, by name. */
  constructor(stages, turn) {
    this.turn = turn;
    this.cells = stages.map((dial, i) => this.cell(dial, i));
    this.chance = el("span", { class: "chance" });
    this.back = button("As drawn", "Put every dial back to where it stood at the draw", () => this.turn({}));
    this.told = el("span", { role: "status" });
    const draw = el("div", { class: "dial" }, el("span", { class: "name" }, `${stages.length + 1} draw`), this.chance);
    const dials = el("div", { class: "dials" }, ...this.cells.map(({ node }) => node), draw);
    this.node = el("div", { class: "strip", role: "group", "aria-label": "Dials, in the order in which they work" }, dials, el("div", { class: "turned" }, this.back, this.told));
  }

  cell(dial, i) {
    const { name, title, what, least, most, whole } = dial;
    const range = el("input", { type: "range", min: 0, step: 1, title: what, "aria-label": `${title}, in steps` });
    const typed = el("input", { type: "number", min: least, max: most, step: whole ? 1 : "any", title: what, "aria-label": title });
    const cell = { dial, range, typed };
    range.addEventListener("input", () => this.set(name, cell.places[range.value]));
    typed.addEventListener("input", () => {
      const value = typed.value === "" ? NaN : Number(typed.value);
      const wrong = !(value >= least && value <= (most ?? Infinity)) || (whole && value % 1);
      typed.setAttribute("aria-invalid", Boolean(wrong));
      if (!wrong) this.set(name, value);
    });
    cell.node = el("div", { class: "dial" }, el("span", { class: "name" }, `${i + 1} ${title}`), typed, range);
    return cell;
  }

  set(name, value) {
    this.stands = { ...this.stands, [name]: value };
    this.turn(Object.fromEntries(Object.entries(this.stands).filter(([dial, at]) => at !== this.drawn[dial])));
  }

  draw(stands, drawn) {
    Object.assign(this, { stands, drawn });
    let turned = false;
    for (const cell of this.cells) {
      const { dial, range, typed, node } = cell;
      const value = stands[dial.name];
      const places = [...dial.marks];
      for (const at of [drawn[dial.name], value]) {
        if (places.includes(at)) continue;
        const next = places.findIndex((mark) => mark > at);
        places.splice(next >= 0 ? next : places.length - (places.at(-1) === dial.off ? 1 : 0), 0, at);
      }
      cell.places = places;
      range.max = places.length - 1;
      range.value = places.indexOf(value);
      const words = value === dial.off ? "off" : short(value);
      range.setAttribute("aria-valuetext", words);
      if (document.activeElement !== typed || Number(typed.value) !== value) typed.value = short(value);
      typed.setAttribute("aria-invalid", "false");
      const moved = value !== drawn[dial.name];
      node.classList.toggle("moved", moved);
      const clamps = Object.entries(dial.apis).map(([api, ends]) => clamp(api, ends, value, dial)).filter(Boolean);
      node.dataset.clamp = clamps.join("; ");
      typed.setAttribute("aria-description", clamps.join("; "));
      node.dataset.stands = moved ? `drawn at ${drawn[dial.name] === dial.off ? "off" : short(drawn[dial.name])}` : value === dial.off ? "off" : "";
      turned ||= moved;
    }
    this.back.setAttribute("aria-disabled", !turned);
  }

  /** The random number of the chosen token, 0 to 1; one that is not told is the middle of the token's share. */
  number(chance, guessed) {
    this.chance.textContent = `${guessed ? "≈ " : ""}${chance.toFixed(3)}`;
    const why = guessed ? "The model keeps its random number to itself: this is the middle of the drawn token's share" : "The random number of this draw";
    this.chance.title = `${why}, on the shares laid side by side from 0 to 1`;
  }

  say(words) {
    if (this.told.textContent !== words) this.told.textContent = words;
  }
}
