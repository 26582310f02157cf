// As much of a page as the forms and lists of the front end ask for: nodes with attributes, children and listeners.

class Classes extends Set {
  toggle(name, on = !this.has(name)) {
    this[on ? "add" : "delete"](name);
  }
}

class Node {
  attributes = new Map();
  childNodes = [];
  classList = new Classes();
  dataset = {};
  style = { setProperty: (name, value) => { this.style[name] = value; } };
  #listeners = [];
  #value;

  constructor(localName) {
    this.localName = localName;
  }

  setAttribute(name, value) {
    this.attributes.set(name, String(value));
  }

  getAttribute(name) {
    return this.attributes.get(name) ?? null;
  }

  removeAttribute(name) {
    this.attributes.delete(name);
  }

  get firstChild() {
    return this.childNodes[0] ?? null;
  }

  get nextSibling() {
    return this.parent.childNodes[this.parent.childNodes.indexOf(this) + 1] ?? null;
  }

  insertBefore(child, next) {
    if (child.parent?.childNodes.includes(child)) child.remove();
    child.parent = this;
    this.childNodes.splice(next ? this.childNodes.indexOf(next) : this.childNodes.length, 0, child);
  }

  get type() {
    return this.getAttribute("type") ?? "";
  }

  get children() {
    return this.childNodes.filter((child) => child instanceof Node);
  }

  get parentNode() {
    return this.parent ?? null;
  }

  get lastElementChild() {
    return this.children.at(-1) ?? null;
  }

  get options() {
    return this.children;
  }

  append(...children) {
    for (const child of children) if (child instanceof Node) child.parent = this;
    this.childNodes.push(...children.map((child) => (child instanceof Node ? child : String(child))));
  }

  remove() {
    this.parent.childNodes = this.parent.childNodes.filter((child) => child !== this);
  }

  replaceChildren(...children) {
    this.childNodes = [];
    this.append(...children);
  }

  get textContent() {
    return this.childNodes.map((child) => child.textContent ?? child).join("");
  }

  set textContent(text) {
    this.childNodes = text ? [String(text)] : [];
  }

  get value() {
    return this.#value ?? this.getAttribute("value") ?? "";
  }

  /** A select can stand at its options alone. */
  set value(value) {
    const options = this.options.map((option) => option.value);
    this.#value = this.localName === "select" && !options.includes(String(value)) ? "" : String(value);
  }

  addEventListener(type, action) {
    this.#listeners.push([type, action]);
  }

  dispatchEvent(event) {
    for (const [type, action] of this.#listeners) if (type === event.type) action(event);
  }

  click() {
    this.dispatchEvent(new Event("click"));
  }

  querySelector(name) {
    return this.all(name)[0] ?? null;
  }

  querySelectorAll(name) {
    return this.all(name);
  }

  focus() {}

  /** Every node below this one, in order. */
  all(localName) {
    return this.children.flatMap((child) => [child, ...child.all()]).filter((node) => !localName || node.localName === localName);
  }
}

globalThis.document = { createElement: (name) => new Node(name), createElementNS: (_, name) => new Node(name) };

export const node = (name) => new Node(name);
