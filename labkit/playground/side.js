// The left side below the form: who answers, and the duties of the host.

const ANSWERS = {
  tiny: "The small model of the kit: seeded, no key, no network",
  own: "The function below @playground.callback",
  claude: "Anthropic's API, with a key",
  local: "Ollama, LM Studio, llama.cpp, vLLM on this machine",
  script: "Answers that are written down beforehand",
  hand: "You read the request and type the answer",
};

const title = (text) => el("h3", {}, text);

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
      for (const [id, words] of told.choices) {
        const mark = choice("radio", this.name, words, " ", () => this.tell({ do: "who", name: id }));
        mark.label.title = ANSWERS[id];
        this.marks.set(id, mark);
        this.list.append(mark.label);
      }
    }
    for (const [id, , note] of told.choices) {
      const { label, control } = this.marks.get(id);
      control.checked = id === told.chosen;
      label.querySelector("small").textContent = id === "own" && told.own ? told.own : note;
    }
    // What is being typed stays: only another choice draws the fields anew.
    if (this.chosen === told.chosen) {
      this.refresh?.(told);
      return;
    }
    this.chosen = told.chosen;
    this.refresh = undefined;
    const build = { claude: () => this.claude(told), local: () => this.local(told), script: () => this.script(told), own: () => this.own(), hand: () => this.hand() }[told.chosen];
    this.detail.replaceChildren(...(build ? build() : []));
  }

  set(name) {
    return (value) => this.tell({ do: "set", [name]: value });
  }

  claude(told) {
    const models = el("select", {}, ...told.models.map((name) => el("option", {}, name)));
    models.value = told.claude_model;
    const key = el("input", { type: "password", autocomplete: "off", placeholder: told.key ? "a key is there" : "paste a key" });
    const give = () => {
      const value = key.value;
      key.value = ""; // at once: it goes to the kernel as a message and stays nowhere on the page
      if (value) this.tell({ do: "key", key: value });
    };
    key.addEventListener("keydown", (event) => event.key === "Enter" && give());
    this.refresh = (now) => { key.placeholder = now.key ? "a key is there" : "paste a key"; };
    return [...setting("model", models, "Which Claude is asked", this.set("claude_model")), ...setting("key", key, "Cleared as soon as it is taken; kept in the kernel's memory only", give)];
  }

  local(told) {
    const url = el("input", { type: "text", autocomplete: "off", spellcheck: "false" });
    const model = el("input", { type: "text", autocomplete: "off", placeholder: "the first it lists" });
    url.value = told.local_url;
    model.value = told.local_model;
    return [...setting("address", url, "Of Ollama, LM Studio, llama.cpp, vLLM: up to and with /v1", this.set("local_url")), ...setting("model", model, "Its name on that server", this.set("local_model"))];
  }

  script(told) {
    const area = el("textarea", { rows: 2, spellcheck: "false" });
    area.value = told.script;
    return setting("answers", area, "One a line, in turn; \\n stands for a new line in an answer", this.set("script"));
  }

  own() {
    return [el("p", { class: "say" }, "In any cell, write ", el("code", {}, "@playground.callback"), " above your function. Run the cell again, and the new one answers.")];
  }

  hand() {
    return [el("p", { class: "say" }, "Run, read what the server asks, and type the answer.")];
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
    const number = (label) => el("input", { type: "number", min: 0, step: 1, class: "figure", "aria-label": label, title: `${label}; changed, the count begins anew` });
    [this.samples, this.tokens] = ["samples that may be asked", "tokens that may be used"].map(number);
    for (const field of [this.samples, this.tokens]) field.addEventListener("change", () => this.limit());
    this.spent = el("span", { class: "spent" });
    this.share = el("progress", { max: 1, "aria-label": "Share of the budget that is spent" });
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
    this.approval.control.checked = approval;
    this.guard.control.checked = guard;
    this.guard.label.querySelector("small").textContent = `${rules} rules${noted ? ` · ${noted} noted` : ""}`;
    this.limited.control.checked = limited;
    for (const [field, value, usual] of [[this.samples, samples, 100], [this.tokens, tokens, 20000]]) {
      if (document.activeElement !== field) field.value = value ?? (field.value || usual);
      field.disabled = !limited;
    }
    this.spent.textContent = `Spent: ${spent}${cost ? ` · ${cost}` : ""}`;
    this.share.value = share;
  }
}
