// A form made from the fields that form.py finds in a schema. What is typed is sent as it stands: Python reads it.

const ROOMY = 70; // characters from which a text gets more than one line

/** A field with what `value` says standing in it; nothing stands for an object that is left out. */
function standing(field, value) {
  if (value === undefined) return field;
  if (field.kind !== "object") return { ...field, value };
  const inner = (each) => (value && Object.hasOwn(value, each.name) ? standing(each, value[each.name]) : each);
  return { ...field, included: !field.optional || Boolean(value), fields: field.fields.map(inner) };
}

/** Why the browser does not agree with what stands in a control, in our words and not in the browser's language. */
function objection({ validity, min, max, step }, title) {
  if (validity.badInput) return `${title}: a number is needed, and what stands here is none.`;
  if (validity.valueMissing) return `${title} is needed: the tool cannot be called without it.`;
  if (validity.rangeUnderflow) return `${title}: at least ${min} is needed.`;
  if (validity.rangeOverflow) return `${title}: at most ${max} is allowed.`;
  if (validity.stepMismatch && Number(step) === 1) return `${title}: a whole number is needed.`;
  return `${title}: what stands here cannot be taken.`;
}

class Form {
  constructor(box, changed) {
    this.box = box;
    this.places = new Map();
    this.objected = new Set(); // the controls that were told an objection
    this.id = `labkit-form-${Math.random().toString(36).slice(2)}`;
    this.rows = 0;
    box.addEventListener("input", changed);
    box.addEventListener("input", () => this.objected.size && this.withdraw());
  }

  build(fields) {
    this.places.clear();
    this.objected.clear();
    this.parts = fields.map((field) => [field.name, this.row(field, field.name)]);
    this.box.replaceChildren(...this.parts.flatMap(([, { nodes }]) => nodes));
  }

  /** What was typed, by name. */
  read() {
    return Object.fromEntries(this.parts.map(([name, { read }]) => [name, read()]));
  }

  /** Tell each field what is wrong with it. Returns the first control that has something wrong. */
  tell(errors) {
    let first;
    this.objected.clear();
    for (const [place, { control, message }] of this.places) {
      const error = Object.hasOwn(errors, place) ? errors[place] : "";
      message.textContent = error;
      message.hidden = !error;
      if (error) first ??= control;
      control.setAttribute("aria-invalid", Boolean(error));
    }
    return first;
  }

  row(field, place) {
    const id = `${this.id}-${this.rows++}`; // a name may hold spaces, and an id may not
    const message = el("p", { class: "wrong", id: `${id}-wrong` });
    message.hidden = true;
    if (field.kind === "object" || field.kind === "list") return this.group(field, place, message);
    const control = this.control(field);
    control.id = id;
    const words = [field.hint, field.help].filter(Boolean).join(" · ");
    control.setAttribute("aria-describedby", `${id}-wrong${words ? ` ${id}-hint` : ""}`);
    control.required = field.required && control.type !== "checkbox";
    this.places.set(place, { control, message, title: field.title });
    const hint = words && el("small", { id: `${id}-hint`, class: "what", title: words }, words);
    const label = el("label", { for: id, title: field.title }, field.title, field.required ? el("span", { class: "must", "aria-hidden": "true" }, " *") : "");
    const read = () => (control.type === "checkbox" ? control.checked : control.value);
    return { nodes: [label, el("div", { class: "field" }, control, hint || null, message)], read };
  }

  /** The first control with which the browser does not agree; each says why, at its place. */
  invalid() {
    let first;
    for (const { control, message, title } of this.places.values()) {
      if (!control.offsetParent || !control.willValidate || control.checkValidity()) continue; // what is left out is hidden
      message.textContent = objection(control, title);
      message.hidden = false;
      control.setAttribute("aria-invalid", "true");
      this.objected.add(control);
      first ??= control;
    }
    return first;
  }

  /** Take back what was told of controls with which the browser agrees by now; Python would tell anew what it finds. */
  withdraw() {
    for (const { control, message } of this.places.values()) {
      if (!this.objected.has(control) || !control.checkValidity()) continue;
      message.textContent = "";
      message.hidden = true;
      control.setAttribute("aria-invalid", "false");
      this.objected.delete(control);
    }
  }

  control({ kind, options, shown, required, value, least, most }) {
    if (kind === "boolean") {
      const box = el("input", { type: "checkbox" });
      box.checked = Boolean(value);
      return box;
    }
    if (kind === "choice") {
      const empty = required ? [] : [el("option", { value: "" }, "–")];
      const select = el("select", {}, ...empty, ...options.map((option, i) => el("option", { value: option }, shown[i])));
      select.value = value ?? "";
      return select;
    }
    if (kind === "integer" || kind === "number") {
      const input = el("input", { type: "number", min: least, max: most, step: kind === "integer" ? 1 : "any", autocomplete: "off", class: "figure" });
      input.value = value ?? "";
      return input;
    }
    const text = String(value ?? "");
    const area = el("textarea", { rows: text.length > ROOMY || text.includes("\n") || kind === "json" ? 3 : 2, spellcheck: "false" });
    area.value = text;
    return area;
  }

  group(field, place, message) {
    const must = field.required ? el("span", { class: "must", "aria-hidden": "true" }, " *") : "";
    const legend = el("legend", { title: field.title }, field.title, must);
    const box = el("fieldset", { class: "group" }, legend, field.help ? el("small", { class: "what", title: field.help }, field.help) : "");
    box.tabIndex = -1;
    box.setAttribute("aria-describedby", message.getAttribute("id"));
    this.places.set(place, { control: box, message });
    const read = field.kind === "object" ? this.object(field, place, box, legend) : this.list(field, place, box);
    box.append(message);
    return { nodes: [box], read };
  }

  object(field, place, box, legend) {
    const parts = field.fields.map((inner) => [inner.name, this.row(inner, `${place}.${inner.name}`)]);
    const inside = el("div", { class: "fields" }, ...parts.flatMap(([, { nodes }]) => nodes));
    box.append(inside);
    const values = () => Object.fromEntries(parts.map(([name, { read }]) => [name, read()]));
    if (!field.optional) return values;
    // Without the mark it is not sent at all, whatever stands in it.
    const mark = el("input", { type: "checkbox" });
    const draw = () => {
      inside.hidden = !mark.checked;
      box.classList.toggle("without", !mark.checked);
    };
    mark.checked = field.included;
    mark.addEventListener("change", draw);
    legend.replaceChildren(el("label", { class: "choice" }, mark, el("span", {}, field.title)));
    draw();
    return () => (mark.checked ? values() : null);
  }

  list(field, place, box) {
    let items = [];
    const holder = el("div", { class: "fields" });
    const draw = (filled) => {
      // Its items alone: a field beside it may be named "tags.x".
      const isItem = (known) => known.startsWith(`${place}.`) && /^\d+(\.|$)/.test(known.slice(place.length + 1));
      for (const known of [...this.places.keys()].filter(isItem)) this.places.delete(known);
      items = filled.map((value, i) => this.row(standing({ ...field.item, name: String(i), title: `${i + 1}`, required: false }, value), `${place}.${i}`));
      holder.replaceChildren(...items.flatMap(({ nodes }) => nodes));
      fewer.hidden = !items.length;
    };
    const values_now = () => items.map(({ read }) => read());
    const told = () => this.box.dispatchEvent(new Event("input"));
    const more = button("Add", `Add one to ${field.title}`, () => { draw([...values_now(), undefined]); told(); });
    const fewer = button("Remove last", `Remove the last of ${field.title}`, () => { draw(values_now().slice(0, -1)); told(); });
    draw(field.value ?? []);
    box.append(holder, el("div", { class: "buttons" }, more, fewer));
    return values_now;
  }
}
