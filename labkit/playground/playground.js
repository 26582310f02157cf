// The playground. No logic: what is clicked goes to Python as a message, what is shown comes from Python in words. Text
// of servers and models reaches the page as textContent only. The last of the parts that view.py joins to one module.

class LastSettings {
  constructor(tell) {
    this.note = el("span", { class: "note", role: "status" });
    this.use = button("Use them", "Set everything as it was when the playground was used last. Nothing is run", () => tell({ do: "use_last_settings" }));
    this.fresh = button("Start fresh", "Set everything as it was at first and forget what was kept. The history stays", () => tell({ do: "fresh" }));
    this.nodes = [this.note, this.use, this.fresh];
  }

  draw({ settings_note: note, offered }) {
    this.note.textContent = this.note.title = note;
    this.use.hidden = !offered;
  }
}

const TABS = ["Flow", "Tokens", "History", "Code"];
const WIRE = {
  "2025-11-25": "The server asks while the call is open: sampling/createMessage is a request of its own",
  "2026-07-28": "The server answers input_required and is called again: sampling is part of a result",
  both: "One run on each, to compare them",
};
const QUIET = 250; // ms without a key before what was typed is sent

class Page extends Parts {
  constructor(given) {
    super(given);
    const { model, root, signal } = this;
    card(root, "labkit-playground", "Sampling playground");
    this.id = `labkit-playground-${Math.random().toString(36).slice(2)}`;
    this.tell = (message) => this.send(message);
    this.build();
    const parts = {
      top: (told) => this.drawTop(told),
      form: (told) => this.drawForm(told),
      errors: (told) => this.drawErrors(told),
      work: (told) => this.drawWork(told),
      who: (told) => this.who.draw(told),
      host: (told) => this.duties.draw(told),
      result: (told) => this.result.draw(told),
      question: () => this.drawSheet(),
      history: (told) => this.drawHistory(told),
      shown_run: (told) => this.drawShown(told),
      comparison: (told) => this.history.compare(told),
      code: (told) => { this.code.textContent = told; },
      flows: () => this.drawFlows(),
      tokens: () => this.place("tokens", this.tokenBox),
      together: () => this.place("together", this.result.grouped),
      drawing_note: (note) => { this.tokenNone.textContent = note; },
    };
    for (const [name, draw] of Object.entries(parts)) {
      const drawn = () => draw(model.get(name));
      model.on(`change:${name}`, drawn);
      signal.addEventListener("abort", () => model.off(`change:${name}`, drawn));
      drawn();
    }
    // What Python tells by name; what a page sends by name, view.py does. A name that nobody knows is left alone and logged.
    const answers = {
      export: (message) => this.save(message),
      compare: ({ runs }) => { this.history.beside(runs); this.show(TABS.indexOf("History")); },
    };
    const told = (message) => (answers[message.answer] ?? (() => console.warn("playground: unknown message", message.answer)))(message);
    model.on("msg:custom", told);
    signal.addEventListener("abort", () => model.off("msg:custom", told));
    // Said when the kernel has restarted, and when it is reached again after the network was away.
    const reached = () => this.send({ do: "here" });
    model.on("comm_live_update", reached);
    signal.addEventListener("abort", () => model.off("comm_live_update", reached));
    this.place("dials", this.dialBox);
    this.review();
    this.tell({ do: "here" });
  }

  build() {
    this.wires = el("span");
    this.server = this.select("server", "Server", "Who offers the tools", (name) => this.chooseServer(name));
    this.over = this.select("over", "Over", "How the server is reached", (transport) => this.tell({ do: "transport", transport }));
    this.address = el("input", { type: "text", class: "address", autocomplete: "off", spellcheck: "false" });
    this.address.addEventListener("keydown", (event) => event.key === "Enter" && this.connect());
    this.join = button("Connect", "Connect to this server", () => this.connect());
    this.addressBox = el("span", { class: "address-box" }, this.address, this.join);
    this.status = el("span", { class: "status", role: "status", "aria-live": "polite", id: `${this.id}-status` });
    this.again = button("Connect again", "Make the connection anew", () => this.tell({ do: "reconnect" }));
    this.top = el("div", { class: "top" }, el("h2", {}, "Sampling playground"), ...[this.server, this.over].map(({ nodes }) => el("span", { class: "pair" }, ...nodes)), this.wires, this.addressBox, el("span", { class: "grow" }), this.status);

    this.tool = this.select("tool", "Tool", "", (name) => this.tell({ do: "tool", name }));
    this.toolWhat = el("p", { class: "what" });
    this.sample = this.select("sample", "Sample", "Other arguments to try, filled in below", (name) => name && this.tell({ do: "sample", name }));
    this.fields = el("div", { class: "fields" });
    this.note = el("p", { class: "note-of-tool" });
    this.form = new Form(this.fields, () => this.typed());
    this.go = button("Run", "Call the tool (Ctrl + Enter)", () => this.run(false));
    this.go.classList.add("go");
    this.many = button("Run ×10", "Call it ten times and count the answers that are alike; without a seed of yours, each run of the embedded model has its own", () => this.run(true));
    this.stop = button("Cancel", "Stop what is under way", () => this.tell({ do: "cancel" }));
    this.fault = el("p", { class: "fault", role: "status", "aria-live": "polite", id: `${this.id}-fault` });
    this.barred = el("p", { class: "barred", id: `${this.id}-barred` });
    for (const node of [this.go, this.many]) node.setAttribute("aria-describedby", ["fault", "barred", "status"].map((name) => `${this.id}-${name}`).join(" "));
    this.lastSettings = new LastSettings(this.tell);
    const hint = el("span", { class: "keys" }, /Mac/.test(navigator.platform) ? "⌘ Enter" : "Ctrl + Enter");
    const call = el("section", { class: "call", "aria-label": "Call a tool" }, el("div", { class: "first" }, title("Call a tool"), ...this.lastSettings.nodes), el("div", { class: "fields" }, ...this.tool.nodes, this.toolWhat, ...this.sample.nodes), this.note, this.fields, el("div", { class: "run" }, this.go, this.many, this.stop, hint, this.fault, this.barred, this.again));
    this.root.tabIndex = -1; // or a click on an empty place would give the keys to Lab
    this.root.addEventListener("keydown", (event) => {
      // On the sheet it sends what is typed there. Lab's own meaning, to run the cell, would end the playground.
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      taken(event);
      if (!this.sheet.contains(event.target)) this.run(false);
    });

    this.who = new WhoAnswers(this.tell);
    this.duties = new Duties(this.tell);
    this.dialBox = el("section", { class: "dials", "aria-label": "Dials" });
    this.left = el("div", { class: "left" }, call, this.who.node, this.dialBox, this.duties.node);

    this.history = new History(this.tell, (i) => this.show(i));
    this.code = el("pre", { tabindex: "0", "aria-label": "The present settings as a program" });
    this.copied = el("span", { role: "status" });
    const take = this.take = button("Copy", "Copy the program", () => copy(this.code.textContent, this.copied));
    const keep = this.keep = button("Save as .py", "Save the program", () => this.save({ name: "sampling.py", text: this.code.textContent }));
    this.flowBox = el("div", { class: "flow-box" });
    this.watch();
    this.tokenBox = el("div", { class: "token-box" });
    this.tokenNone = el("p", { class: "empty" });
    this.flowNone = el("p", { class: "empty" });
    const panels = [
      [this.flowNone, this.flowBox],
      [this.tokenNone, this.tokenBox],
      [this.history.node],
      [el("div", { class: "bar" }, this.codeOf = el("span"), el("span", { class: "grow" }), this.copied, take, keep), this.code],
    ];
    this.tabs = TABS.map((name, i) => this.tab(name, i));
    this.panels = panels.map((nodes, i) => el("div", { class: `panel ${TABS[i].toLowerCase()}`, role: "tabpanel", id: `${this.id}-panel-${i}`, "aria-labelledby": `${this.id}-tab-${i}` }, ...nodes));
    this.tabList = el("div", { class: "tabs", role: "tablist", "aria-label": "What is shown" }, ...this.tabs);
    this.result = new Result(this.signal, this.tell, (step) => { this.show(0); this.tell({ do: "step", step }); });
    this.question = new Question(this.tell);
    this.reviewBox = el("div", { class: "review-box" });
    this.sheet = el("div", { class: "sheet", popover: "manual" }, this.question.node, this.reviewBox);
    this.sheet.hidden = true;
    const toFlow = () => this.tabs[this.openTab].focus();
    const skip = leap("Skip to the flow", toFlow);
    this.go.parentElement.insertBefore(leap("Skip to the flow", toFlow), this.many.nextSibling.nextSibling);
    this.right = el("section", { class: "right", "aria-label": "Flow and result" }, el("div", { class: "inner" }, this.tabList, ...this.panels, this.result.edge, this.result.node, this.sheet));
    this.root.append(skip, this.top, el("div", { class: "cols" }, this.left, this.right));
    this.keepInView();
    this.show(0);
  }

  select(name, words, hint, changed) {
    const id = `${this.id}-${name}`;
    const node = el("select", { id, title: hint });
    node.addEventListener("change", () => changed(node.value));
    const choose = held([node], (chosen) => { node.value = chosen; });
    const fill = (options, chosen) => {
      const now = JSON.stringify(options);
      if (node.filled !== now) {
        const was = node.value;
        node.filled = now;
        node.replaceChildren(...options.map(([value, text, off]) => {
          const option = el("option", { value, title: off || null }, text);
          option.disabled = Boolean(off);
          return option;
        }));
        node.value = options.some(([value]) => value === was) ? was : chosen;
      }
      choose(chosen);
    };
    return { nodes: [el("label", { for: id }, words), node], node, fill };
  }

  // Tabs

  tab(name, i) {
    const node = el("button", { type: "button", role: "tab", id: `${this.id}-tab-${i}`, "aria-controls": `${this.id}-panel-${i}` }, name);
    node.addEventListener("click", () => this.show(i));
    node.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: TABS.length - 1 }[event.key];
      if (to === undefined) return;
      taken(event);
      this.show((to + TABS.length) % TABS.length);
      this.tabs[this.openTab].focus();
    });
    return node;
  }

  show(open) {
    this.openTab = open;
    this.tabs.forEach((node, i) => {
      node.setAttribute("aria-selected", i === open);
      node.tabIndex = i === open ? 0 : -1;
      this.panels[i].hidden = i !== open;
    });
  }

  // The first line

  drawTop({ servers, server, transports, transport, wires, wire, state, fault, address, settings_note, offered }) {
    if (this.serverWas !== server || this.addressWas !== address || state === "connecting") this.pending = "";
    this.addressWas = address;
    this.server.fill(servers, this.pending || server);
    this.over.fill(this.pending ? transports.map(([name, words]) => [name, words, name === OWN[this.pending].over ? "" : "a server of your own is reached so alone"]) : transports, OWN[this.pending]?.over ?? transport);
    if (!this.wireMarks) {
      const set = segments(el("legend", { class: "heard" }, "Wire"), wires.map((name) => [name, name, WIRE[name]]), wire, (name) => this.tell({ do: "wire", wires: name }));
      this.wires.replaceWith(set);
      const marks = [...set.querySelectorAll("input")];
      this.wireMarks = held(marks, (now) => marks.forEach((control) => { control.checked = control.value === now; }));
    }
    this.wireMarks(wire);
    if (this.serverWas !== server) {
      this.serverWas = server;
      this.ask(server);
      this.address.value = address;
    }
    this.lastSettings.draw({ settings_note, offered });
    this.again.hidden = this.pending || !["failed", "lost", "not connected"].includes(state);
    this.fault.textContent = fault;
    this.drawConnection();
  }

  /** Say how the connection stands, where it is chosen and where it is needed. */
  drawConnection() {
    const work = this.model.get("work");
    const { kind, words, about, why } = connection(this.model.get("top"), work, this.pending);
    this.status.className = `status ${kind}`;
    this.status.textContent = words;
    this.status.title = about;
    this.barred.textContent = why;
    const empty = kind.startsWith("connect") || kind === "lost" ? "Press Run: every message between you, the client, the model and the server is drawn here." : "There is no connection to a server yet.";
    if (this.flowNone.textContent !== empty) this.flowNone.textContent = empty;
    this.busy(work.running);
  }

  /** Show the field for a server of one's own, where that is chosen. */
  ask(server) {
    const own = OWN[server];
    this.addressBox.hidden = !own;
    this.address.placeholder = own?.like ?? "";
    this.address.setAttribute("aria-label", own?.label ?? "");
  }

  chooseServer(name) {
    this.ask(name);
    this.pending = OWN[name] ? name : "";
    if (this.pending) {
      this.address.value = "";
      this.address.focus();
      this.drawTop({ ...this.model.get("top"), fault: "" });
    } else {
      this.drawConnection();
      this.tell({ do: "server", name });
    }
  }

  connect() {
    this.tell({ do: "server", name: this.server.node.value, text: this.address.value });
  }

  // The form

  drawForm({ number, tools, tool, fields, note, samples }) {
    this.note.textContent = note;
    this.tool.fill(tools.map(([name, shown]) => [name, shown]), tool);
    this.toolWhat.textContent = this.toolWhat.title = tools.find(([name]) => name === tool)?.[2] ?? "";
    for (const node of this.sample.nodes) node.hidden = !samples.length;
    this.sample.fill([["", "choose one …"], ...samples.map((name) => [name, name])], "");
    if (number === this.formNumber) return;
    this.formNumber = number;
    clearTimeout(this.typing);
    const controls = () => [...this.fields.querySelectorAll("input, select, textarea")];
    const at = controls().indexOf(document.activeElement); // who is quicker than the answer goes on typing
    this.form.build(fields);
    if (at >= 0) (controls()[at] ?? this.tool.node).focus({ preventScroll: true });
  }

  drawErrors(errors) {
    const first = this.form.tell(errors);
    this.busy(this.model.get("work").running);
    if (first && this.asked) first.focus();
    this.asked = false;
  }

  typed() {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.tell({ do: "type", values: this.form.read() }), QUIET);
  }

  run(many) {
    if (this.go.getAttribute("aria-disabled") === "true") return;
    clearTimeout(this.typing);
    const invalid = this.form.invalid();
    if (invalid) return invalid.focus();
    this.asked = this.follow = true;
    if (many) this.result.all = true;
    const below = this.right.offsetTop >= this.left.offsetTop + this.left.offsetHeight;
    (below ? this.right : this.root).scrollIntoView({ block: "nearest" }); // now, and not when the answer comes
    this.tell({ do: "run", values: this.form.read(), many });
    // Told before Python is: a second click must not be one for the next run.
    this.busy(true);
    setTimeout(() => this.busy(this.model.get("work").running), 1000);
  }

  busy(running) {
    const { ready } = this.model.get("work"); // while it connects, what is shown is of the connection before
    const { barred } = connection(this.model.get("top"), this.model.get("work"), this.pending);
    for (const node of [this.go, this.many]) node.setAttribute("aria-disabled", running || barred);
    for (const node of [this.take, this.keep]) node.setAttribute("aria-disabled", !ready);
    this.stop.setAttribute("aria-disabled", !running);
  }

  drawWork({ running, at, of, fresh }) {
    this.flowNone.hidden = !fresh;
    this.flowBox.hidden = fresh;
    this.drawConnection();
    this.root.classList.toggle("running", running);
    this.result.run(running);
    this.go.textContent = running && of > 1 ? `${at} / ${of}` : "Run";
  }

  // The right side

  drawHistory(told) {
    this.history.draw(told);
    this.tabs[2].textContent = told.runs.length ? `History ${told.runs.length}` : "History";
  }

  /** Everything on the right side is of one run. */
  drawShown(told) {
    const { run, opened } = told;
    const of = opened ? ` · run ${run}` : "";
    for (const i of [0, 1, 3]) this.tabs[i].textContent = `${TABS[i]}${of}`;
    this.codeOf.textContent = `The ${opened ? `settings of run ${run}` : "present settings"} as a program of plain mcp`;
    this.result.back.hidden = !opened;
    this.history.shows(told);
  }

  save({ name, text }) {
    const link = el("a", { download: name, href: URL.createObjectURL(new Blob([text], { type: "text/plain" })) });
    this.root.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}

export default {
  render(given) {
    new Page(given);
  },
};
