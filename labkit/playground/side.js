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

class Who {
  constructor(tell) {
    this.tell = tell;
    this.name = `labkit-who-${Math.random().toString(36).slice(2)}`;
    this.list = el("div", { class: "who", role: "radiogroup", "aria-label": "Who answers" });
    this.detail = el("div", { class: "detail-of-who fields" });
    this.node = el("section", {}, title("Who answers"), this.list, this.detail);
  }

  draw(told) {
    if (!this.marks) {
      this.marks = new Map();
      for (const [id, words, what] of told.choices) {
        const mark = choice("radio", this.name, words, " ", () => this.tell({ do: "who", name: id }));
        mark.label.title = what;
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

  say({ chosen, says }) {
    if (chosen !== "own") return says ? [el("p", { class: "say" }, says)] : [];
    return [el("p", { class: "say" }, "In any cell, write ", el("code", {}, "@playground.callback"), " above your function. Run the cell again, and the new one answers.")];
  }
}

class Host {
  constructor(tell) {
    this.tell = tell;
    this.approval = choice("checkbox", "", "Ask me first", "", ({ checked }) => tell({ do: "hold", approval: checked }));
    this.guard = choice("checkbox", "", "Guard", " ", ({ checked }) => tell({ do: "hold", guard: checked }));
    this.limited = choice("checkbox", "", "Budget", "", () => this.limit());
    this.approval.label.title = "You review every request before the model sees it, and every answer before the server does";
    this.guard.label.title = "Looks at every request and answer for what the SDK lets through: sizes, hidden characters, keys";
    this.limited.label.title = "Hold back what the server asks beyond these; without it, everything is only counted";
    this.check = [this.approval, this.guard, this.limited].map(({ control }) => held([control], (on) => { control.checked = on; }));
    const number = (label) => el("input", { type: "number", min: 0, step: 1, class: "figure", "aria-label": label, title: `${label}; changed, the count begins anew` });
    [this.samples, this.tokens] = ["samples that may be asked", "tokens that may be used"].map(number);
    for (const field of [this.samples, this.tokens]) field.addEventListener("change", () => this.limit());
    this.spent = el("span", { class: "spent" });
    this.share = el("progress", { class: "thin", max: 1, "aria-label": "Share of the budget that is spent" });
    this.node = el(
      "section", { class: "host" }, el("div", { class: "duties" }, title("Host"), this.approval.label, this.guard.label),
      el("div", { class: "budget" }, this.limited.label, this.samples, el("span", {}, "samples"), this.tokens, el("span", {}, "tokens")),
      el("div", { class: "meter" }, this.spent, this.share),
    );
  }

  limit() {
    const on = this.limited.control.checked;
    const figure = ({ value }) => (on && value !== "" ? Math.max(0, Math.floor(Number(value))) : null);
    this.tell({ do: "limit", samples: figure(this.samples), tokens: figure(this.tokens) });
  }

  draw({ approval, guard, rules, noted, limited, samples, tokens, spent, share, cost }) {
    this.check.forEach((check, i) => check([approval, guard, limited][i]));
    this.guard.label.querySelector("small").textContent = `${rules} rules${noted ? ` · ${noted} noted` : ""}`;
    for (const [field, value, usual] of [[this.samples, samples, 100], [this.tokens, tokens, 20000]]) {
      if (document.activeElement !== field) field.value = value ?? (field.value || usual);
      field.disabled = !limited;
    }
    this.spent.textContent = `Spent: ${spent}${cost ? ` · ${cost}` : ""}`;
    this.share.value = share;
  }
}
