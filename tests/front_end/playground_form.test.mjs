// The form of the playground: fields as form.py finds them become controls, and what was typed is read by name.

import assert from "node:assert/strict";
import { test } from "node:test";

import { node } from "./dom.mjs";
import { Form, Page, QUIET, standing } from "./playground.mjs";

const field = (name, kind, given = {}) => ({ name, kind, title: name, help: "", hint: "", required: false, shown: given.options, ...given });
const text = (name, given) => field(name, "text", given);
const list = (name, item, given) => field(name, "list", { item, value: [], ...given });
const object = (name, fields, given) => field(name, "object", { fields, optional: false, included: true, ...given });

function form(...fields) {
  const told = [];
  const box = node("div");
  const made = new Form(box, () => told.push(made.read()));
  made.build(fields);
  const named = (name) => made.places.get(name).control;
  const press = (title) => box.all("button").find((each) => each.getAttribute("title") === title).click();
  const mark = (name) => named(name).all("input")[0];
  const check = (name, on) => {
    mark(name).checked = on;
    mark(name).dispatchEvent(new Event("change"));
  };
  return { form: made, box, told, named, press, mark, check };
}

test("what stands in a form is what is read, a text for texts and figures alike", () => {
  const { form: made } = form(
    text("title", { value: "disk\nfull" }), field("hours", "integer", { value: "24" }), field("zero", "integer", { value: "0" }),
    field("share", "number", { value: "0.5" }), field("huge", "integer", { value: "12345678901234567890" }), field("none", "number", { value: "" }),
    field("loud", "boolean", { value: true }), field("soft", "boolean", { value: false }), field("free", "json", { value: '{"a": [1]}' }),
    field("size", "choice", { options: ["small", "large"], value: "large" }), text("empty"),
  );
  assert.deepEqual(made.read(), {
    title: "disk\nfull", hours: "24", zero: "0", share: "0.5", huge: "12345678901234567890", none: "",
    loud: true, soft: false, free: '{"a": [1]}', size: "large", empty: "",
  });
});

test("a choice that is needed offers its options alone, and another one nothing too", () => {
  const offered = (given) => form(field("size", "choice", { options: ["s", "l"], ...given })).named("size").options.map((option) => option.value);
  assert.deepEqual(offered({ required: true, value: "s" }), ["s", "l"]);
  assert.deepEqual(offered({ value: "" }), ["", "s", "l"]);
  assert.equal(form(field("size", "choice", { options: ["s"], value: "" })).form.read().size, "");
});

test("what is typed is read as it stands, also where it is no number", () => {
  const { form: made, named } = form(field("hours", "integer"), text("note"));
  named("hours").value = "three";
  named("note").value = "<b>7</b> ";
  assert.deepEqual(made.read(), { hours: "three", note: "<b>7</b> " });
});

test("a long text and JSON have more lines than a short one", () => {
  const rows = (given) => form(field("note", "text", given)).named("note").getAttribute("rows");
  assert.deepEqual([rows({ value: "short" }), rows({ value: "x".repeat(71) }), rows({ value: "a\nb" }), rows({ kind: "json" })], ["2", "3", "3", "3"]);
});

test("an object without its mark is not sent, whatever stands in it", () => {
  const place = object("place", [text("city", { value: "Delft" }), field("floor", "integer", { value: "1" })], { optional: true, included: false });
  const { form: made, check } = form(place);
  assert.deepEqual(made.read(), { place: null });
  check("place", true);
  assert.deepEqual(made.read(), { place: { city: "Delft", floor: "1" } });
  check("place", false);
  assert.deepEqual(made.read(), { place: null });
});

test("an object that must be there has no mark", () => {
  const { form: made, box } = form(object("place", [text("city", { value: "Delft" })], { required: true }));
  assert.equal(box.all("input").length, 0);
  assert.deepEqual(made.read(), { place: { city: "Delft" } });
});

test("a list grows and shrinks, keeps what was typed, and tells of it", () => {
  const { form: made, named, press, told } = form(list("tags", text("", { required: true }), { value: ["first"] }));
  press("Add one to tags");
  named("tags.1").value = "second";
  press("Add one to tags");
  assert.deepEqual(made.read(), { tags: ["first", "second", ""] });
  press("Remove the last of tags");
  press("Remove the last of tags");
  assert.deepEqual(made.read(), { tags: ["first"] });
  assert.deepEqual([...made.places.keys()], ["tags", "tags.0"]);
  assert.equal(told.length, 4);
});

test("a list of objects, and of lists, keeps what was typed at every depth", () => {
  const place = object("", [text("city"), list("rooms", field("", "integer")), object("owner", [text("name")], { optional: true, included: false })]);
  const { form: made, named, press, check } = form(list("places", place, { value: [{ city: "Delft", rooms: ["1", "2"] }] }));
  const first = { city: "Delft", rooms: ["1", "2"], owner: null };
  assert.deepEqual(made.read(), { places: [first] });
  check("places.0.owner", true);
  named("places.0.owner.name").value = "Ada";
  press("Add one to places");
  assert.deepEqual(made.read(), { places: [{ ...first, owner: { name: "Ada" } }, { city: "", rooms: [], owner: null }] });
});

test("a text that is put into a field of a list may be empty, false or zero", () => {
  assert.equal(standing(text("a", { value: "default" }), "").value, "");
  assert.equal(standing(field("a", "boolean", { value: true }), false).value, false);
  assert.equal(standing(text("a", { value: "default" }), undefined).value, "default");
});

test("names of methods are names of fields", () => {
  const names = ["constructor", "toString", "hasOwnProperty", "value"];
  const { form: made } = form(object("inside", names.map((name) => text(name, { value: name }))));
  assert.deepEqual(made.read().inside, Object.fromEntries(names.map((name) => [name, name])));
  assert.deepEqual(standing(object("a", names.map((name) => text(name))), {}).fields.map(({ value }) => value), Array(4).fill(undefined));
  assert.equal(made.tell({}), undefined);
});

test("each fault stands at its field, and the first of them is told", () => {
  const { form: made, named, box } = form(text("title"), object("place", [field("floor", "integer")]), list("tags", text(""), { value: ["a", "b"] }));
  const wrong = () => box.all("p").filter((each) => !each.hidden).map((each) => each.textContent);
  const first = made.tell({ "tags.1": "Needed.", "place.floor": "A whole number is needed.", nowhere: "?" });
  assert.equal(first, named("place.floor"));
  assert.deepEqual(wrong(), ["A whole number is needed.", "Needed."]);
  assert.deepEqual(["title", "place.floor", "tags.1"].map((place) => named(place).getAttribute("aria-invalid")), ["false", "true", "true"]);
  assert.equal(made.tell({}), undefined);
  assert.deepEqual(wrong(), []);
});

test("an objection of the browser is told in our words at its field, and taken back when there is none", () => {
  const { form: made, box, named } = form(text("title", { required: true }), field("floor", "integer"), text("note"));
  const objects = (place, validity, more = {}) => Object.assign(named(place), { offsetParent: box, willValidate: true, validity, ...more, checkValidity: () => !Object.values(validity).some(Boolean) });
  const told = (place) => box.all("p").filter((each) => !each.hidden && each.getAttribute("id") === named(place).getAttribute("aria-describedby")).map((each) => each.textContent);
  for (const place of ["title", "floor", "note"]) objects(place, {}, { validationMessage: "Füllen Sie dieses Feld aus." });
  assert.equal(made.invalid(), undefined);
  for (const [place, validity, more, words] of [
    ["title", { valueMissing: true }, {}, "title is needed: the tool cannot be called without it."],
    ["floor", { badInput: true }, {}, "floor: a number is needed, and what stands here is none."],
    ["floor", { rangeUnderflow: true }, { min: "1" }, "floor: at least 1 is needed."],
    ["floor", { rangeOverflow: true }, { max: "9" }, "floor: at most 9 is allowed."],
    ["floor", { stepMismatch: true }, { step: "1" }, "floor: a whole number is needed."],
    ["note", { tooLong: true }, {}, "note: what stands here cannot be taken."],
  ]) {
    const control = objects(place, validity, more);
    assert.equal(made.invalid(), control);
    assert.deepEqual(told(place), [words]);
    assert.equal(control.getAttribute("aria-invalid"), "true");
    box.dispatchEvent(new Event("input"));
    assert.deepEqual(told(place), [words]); // it is still wrong
    objects(place, {});
    box.dispatchEvent(new Event("input"));
    assert.deepEqual(told(place), []);
    assert.equal(control.getAttribute("aria-invalid"), "false");
  }
});

test("fields whose names have points are told apart from those inside others", () => {
  const { form: made, named, press } = form(list("tags", text(""), { value: ["a"] }), text("tags.x", { value: "apart" }));
  press("Add one to tags");
  assert.equal(made.tell({ "tags.x": "Wrong." }), named("tags.x"));
  assert.deepEqual(made.read(), { tags: ["a", ""], "tags.x": "apart" });
});

test("every control has a label and says where its hint and its fault stand", () => {
  const { form: made, box, named } = form(text("title", { hint: "2 to 10", required: true }));
  const control = named("title");
  assert.equal(box.all("label")[0].getAttribute("for"), control.id);
  assert.equal(control.getAttribute("aria-describedby"), `${control.id}-wrong ${control.id}-hint`);
  assert.equal(control.required, true);
  assert.equal(made.places.get("title").message.getAttribute("id"), `${control.id}-wrong`);
  const { form: other, box: inside } = form(object("place", [text("city")]), list("tags", text("")));
  const groups = inside.all("fieldset").map((each) => each.getAttribute("aria-describedby"));
  assert.deepEqual(groups, ["place", "tags"].map((place) => other.places.get(place).message.getAttribute("id")));
});

test("keys in a row send nothing until they rest, and then what stands in the form goes once", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  const { form: made, box, named } = form(text("log_line"));
  const page = { form: made, tell: (message) => sent.push(message) };
  box.addEventListener("input", () => Page.prototype.typed.call(page));
  const type = (value, wait) => {
    named("log_line").value = value;
    box.dispatchEvent(new Event("input"));
    t.mock.timers.tick(wait);
  };
  for (const value of ["d", "di", "dis"]) type(value, QUIET - 1);
  assert.deepEqual(sent, []);
  type("disk", QUIET);
  t.mock.timers.tick(60_000);
  assert.deepEqual(sent, [{ do: "type", values: { log_line: "disk" } }]);
});
