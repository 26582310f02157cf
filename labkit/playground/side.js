// The left side below the form: who answers, and the duties of the host.

const title = (text) => el("h3", {}, text);

const FRESH = 2000; // ms in which what the kernel tells may be older than what was chosen by hand

/** A function that shows what the kernel tells of these controls: after a choice by hand only what still holds then. */
function held(controls, show) {
  let told, fresh;
  for (const control of controls) {
    control.addEventListener("change", () => {
      told = undefined;
      clearTimeout(fresh);
      fresh = setTimeout(() => {
        fresh = undefined;
        if (told) show(...told);
      }, FRESH);
    });
  }
  return (...values) => {
    told = values;
    if (!fresh) show(...values);
  };
}

/** A round or square mark with its words. `read(control)` is called when it is changed by hand. */
function choice(type, name, words, note, changed) {
  const control = el("input", { type, name });
  const label = el("label", { class: "choice" }, control, el("span", {}, words), note ? el("small", {}, note) : null);
  control.addEventListener("change", () => changed(control));
  return { label, control };
}

/** A field with its name before it, which tells when it is left or Enter is pressed. */
function setting(name, control, title, send) {
  const id = `labkit-set-${Math.random().toString(36).slice(2)}`;
  control.id = id;
  control.title = title;
  control.addEventListener("change", () => send(control.value));
  return [el("label", { for: id }, name), control];
}

class WhoAnswers {
  constructor(tell) {
    this.tell = tell;
    this.name = `labkit-who-${Math.random().toString(36).slice(2)}`;
    this.list = el("div", { class: "who", role: "radiogroup", "aria-label": "Who answers" });
    this.detail = el("div", { class: "detail-of-who fields" });
    this.node = el("section", { "aria-label": "Who answers" }, title("Who answers"), this.list, this.detail);
  }

  draw(told) {
    if (!this.marks) {
      this.marks = new Map();
      for (const [id, words, what] of told.choices) {
        const mark = choice("radio", this.name, words, " ", () => this.tell({ do: "who", who: id }));
        mark.label.title = mark.control.title = what;
        this.marks.set(id, mark);
        this.list.append(mark.label);
      }
      const marks = [...this.marks];
      this.check = held(marks.map(([, { control }]) => control), (chosen) => marks.forEach(([id, { control }]) => { control.checked = id === chosen; }));
    }
    this.check(told.chosen);
    for (const [id, , , note] of told.choices) {
      this.marks.get(id).label.querySelector("small").textContent = note;
    }
    // What is being typed stays: only another choice draws the fields anew.
    if (this.chosen === told.chosen) {
      this.refresh?.(told);
      return;
    }
    this.chosen = told.chosen;
    this.refresh = undefined;
    const key = told.key.variable ? this.key(told.key) : [];
    if (told.chosen === "own") this.refresh = (now) => this.detail.replaceChildren(...this.say(now));
    this.detail.replaceChildren(...told.settings.flatMap((each) => this.setting(...each)), ...key, ...this.say(told));
  }

  setting(name, words, what, hint, value, lines, choices) {
    const text = { autocomplete: "off", spellcheck: "false", placeholder: hint };
    const control = choices.length
      ? el("select", {}, ...choices.map((each) => el("option", {}, each)))
      : lines ? el("textarea", { rows: 2, ...text }) : el("input", { type: "text", ...text });
    control.value = value;
    return setting(words, control, what, (now) => this.tell({ do: "set", [name]: now }));
  }

  key({ variable, there }) {
    const field = el("input", { type: "password", autocomplete: "off" });
    const give = () => {
      const value = field.value;
      field.value = ""; // at once: it goes to the kernel as a message and stays nowhere on the page
      if (value) this.tell({ do: "key", key: value });
    };
    field.addEventListener("keydown", (event) => event.key === "Enter" && give());
    const hint = (now) => { field.placeholder = now ? "a key is there" : "paste a key"; };
    hint(there);
    this.refresh = ({ key }) => hint(key.there);
    return setting("key", field, `In place of ${variable}. Cleared as soon as it is taken; kept in the kernel's memory only`, give);
  }

  say({ chosen, says, own }) {
    if (chosen !== "own") return says ? [el("p", { class: "say" }, says)] : [];
    return [el("p", { class: "say" }, ...(own ? [el("code", {}, own), " answers. "] : []), "In any cell, write ", el("code", {}, "@playground.callback"), " above your function. Run the cell again, and the new one answers.")];
  }
}

class Duties {
  constructor(tell) {
    this.tell = tell;
    this.rows = new Map();
    this.marks = el("div", { class: "duties" });
    this.set = el("div", { class: "set" });
    this.spent = el("span", { class: "spent" });
    this.share = el("progress", { class: "thin", max: 1, "aria-label": "Share of the budget that is spent" });
    this.node = el("section", { class: "host", "aria-label": "Host" }, title("Host"), this.marks, this.set, el("div", { class: "meter" }, this.spent, this.share));
  }

  /** A mark in the list of duties, and a line with what is set, which is there while the duty is on. */
  row([name, title, what, , , knobs]) {
    const mark = choice("checkbox", "", title, "", ({ checked }) => this.tell({ do: "hold", [name]: checked }));
    mark.label.title = mark.control.title = what;
    const fields = knobs.map(([knob, words, , least, most, step, choices]) => {
      const label = `${title}: ${words}`;
      const control = choices.length
        ? el("select", { "aria-label": label }, ...choices.map(([value, text]) => el("option", { value }, text)))
        : el("input", { type: "number", min: least, max: most, step, class: "figure", "aria-label": label });
      const read = () => (choices.length ? control.value : control.value === "" ? null : Number(control.value));
      control.addEventListener("change", () => this.tell({ do: "hold", [name]: { [knob]: read() } }));
      return [control, el("span", {}, words)];
    });
    const note = el("span");
    const line = el("div", { class: "duty", title: what }, el("b", {}, title), ...fields.flat(), note);
    this.marks.append(mark.label);
    this.set.append(line);
    return { line, note, controls: fields.map(([control]) => control), check: held([mark.control], (on) => { mark.control.checked = on; }) };
  }

  draw({ duties, spent, share, cost }) {
    for (const duty of duties) {
      const [name, , , note, on, knobs] = duty;
      if (!this.rows.has(name)) this.rows.set(name, this.row(duty));
      const row = this.rows.get(name);
      row.check(on);
      row.note.textContent = note;
      row.line.hidden = !on || !(note || knobs.length);
      row.controls.forEach((control, i) => { if (document.activeElement !== control) control.value = knobs[i][2] ?? ""; });
    }
    this.spent.textContent = `Spent: ${spent}${cost ? ` · ${cost}` : ""}`;
    this.share.value = share;
  }
}
