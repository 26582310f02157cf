"""A flow is drawn three ways, and in none of them is a text of a server or a model anything but text."""

import re
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labkit import Flow, Step
from labkit.diagram import BAD, BAD_CARD, BAD_TINT, COLOURS, TELLS
from labkit.plain import marked, plain, seen, short
from labkit.redacting import redact_drawing
from labkit.secret_forms.hidden import HIDDEN, hidden
from labkit.steps import LANES, Lane
from labkit.views import flow_view
from tests.secret_forms.what_hides import HONEST
from tests.secret_forms.what_hides import HOSTILE as WHAT_HIDES

SVG = "{http://www.w3.org/2000/svg}"

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</text><script>alert(1)</script>",
    "]]><svg onload=alert(1)>",
    '" onload="alert(1)',
    "a\nclient->>server: forged",
    "a\r%%{init: {'theme': 'x'}}%%",
    "end; client->>server: forged",
    "#lt;script#gt; &lt;b&gt; &#60;",
    "ﬂ°°60¶ßscript",
    "javascript:alert(1)",
    "\x00\x07\x1b[31mred\x7f\x9b",
    "\u202eesrever\u202c \u2066isolate\u2069",
    "zero\u200bwidth\u200c\u200d\ufeff\u2060",
    "line\u2028separator\u2029and\x85next",
    "fillers \u3164\u115f\u2800\uffa0 and selectors \ufe0f\U000e0101",
    "tags \U000e0041\U000e0042",
    "surrogate \ud800 \udfff, no character \uffff\ufdd0",
    "no-break\xa0space\u3000and\u2003more",
    "x" * 10_000,
]


def step(n: int, label: str, source: Lane = "server", target: Lane = "client", **more: Any) -> Step:
    return Step(n, source, target, label, "response", {}, **more)


def flow_with(text: str) -> Flow:
    """A flow that has `text` in every place in which a text of somebody else can stand."""
    data = {"params": {"inputResponses": {"q": {"model": text}}}}
    steps = (
        step(1, text),
        step(2, text, "model", "model", samples=(1,)),
        Step(3, "client", "server", text, "answer", data, (2,), 1),
    )
    return Flow(text, text, text, text, steps)


def is_seen(text: str) -> bool:
    joints = re.compile(rf"(?!\r){HIDDEN}")  # such as hold an emoji together, where `hidden` finds nothing
    return hidden(text) == 0 and joints.sub("", text).isprintable()


hostile = st.sampled_from(HOSTILE) | st.text(st.characters(), max_size=30)


def every_hostile(test: Any) -> Any:
    for text in HOSTILE:
        test = example(text)(test)
    return settings(max_examples=60)(given(hostile)(test))


@every_hostile
def test_whatever_is_not_seen_is_shown_as_an_escape(text: str) -> None:
    assert is_seen(plain(text))
    assert plain(plain(text)) == plain(text)


def test_ordinary_text_stays_as_it_is() -> None:
    for text in ("Emma costs 4 €", "größer · 日本語 · العربية · e\u0301", "1 ≤ 2 → “quoted” 🦊"):
        assert plain(text) == text


@pytest.mark.parametrize("what", HONEST)
def test_every_script_and_emoji_stays_as_it_is_on_its_line(what: str) -> None:
    text = re.sub(r"[^\S ]+", " ", HONEST[what])
    assert plain(text) == seen(text) == text
    assert marked(text) == text.replace(" ", "·")
    assert is_seen(short(text * 9))


@pytest.mark.parametrize("what", WHAT_HIDES)
def test_what_hides_is_an_escape_on_a_line(what: str) -> None:
    assert plain(WHAT_HIDES[what]) != WHAT_HIDES[what]
    assert is_seen(plain(WHAT_HIDES[what]))
    assert is_seen(short(WHAT_HIDES[what] * 9))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\n", r"a\tb\n"),
        ("\u202eabc", r"\u202eabc"),
        ("\u200b", r"\u200b"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\U000e0101", r"\U000e0101"),
    ],
)
def test_an_escape_tells_which_character_it_was(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_long_text_is_cut_and_says_so() -> None:
    assert short("x" * 60) == "x" * 60
    assert short("x" * 61) == "x" * 59 + "…"
    assert len(short("\n" * 60)) == 60


@every_hostile
def test_the_table_has_one_line_for_a_step_and_one_at_each_end(text: str) -> None:
    flow = flow_with(text)
    lines = str(flow).split("\n")
    assert len(lines) == len(flow.steps) + 2
    assert all(is_seen(line) for line in lines)
    assert [line.split()[0] for line in lines[1:-1]] == ["1", "2", "3"]


@every_hostile
def test_the_drawing_is_sound_xml_in_which_a_text_is_only_a_text(text: str) -> None:
    drawing = flow_with(text).to_svg()
    drawing.encode("utf-8")
    root = ET.fromstring(drawing)  # noqa: S314 - it was drawn here
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "rect", "line", "path", "text",
    }  # fmt: skip
    for element in root.iter():
        assert not [name for name in element.attrib if name.startswith("on") or "href" in name]
        assert is_seen(element.text or "")
        assert all(is_seen(value) for value in element.attrib.values())
        assert not (element.tail or "").strip()


@every_hostile
def test_mermaid_gets_lines_of_its_own_grammar_and_nothing_else(text: str) -> None:
    flow = flow_with(text)
    first, comment, *lines = flow.to_mermaid().split("\n")
    assert first == "sequenceDiagram"
    assert comment.startswith("  %% ")
    label = r"(?:[^\W_]|[ .,·/()\-_=→≤…×]|#\d+;)*"
    sound = re.compile(rf"  participant \w+|  \w+-?->>\w+: {label}|  Note over \w+: {label}")
    assert all(sound.fullmatch(line) for line in lines), lines
    assert re.fullmatch(rf"  %% {label}", comment)
    assert len(lines) == 3 + len(flow.steps)


def test_hostile_text_is_still_readable_in_each_form() -> None:
    flow = flow_with("<b> & \n")
    assert r"<b> & \n" in str(flow)
    assert r"&lt;b&gt; &amp; \n" in flow.to_svg()
    assert "#60;b#62; #38; #92;n" in flow.to_mermaid()


def test_the_drawing_says_in_words_what_it_shows() -> None:
    flow = Flow("recommend(genre)", "bookshop", "2026-07-28", "stdio", (step(1, "asks", "you", "client"),))
    root = ET.fromstring(flow.to_svg())  # noqa: S314 - it was drawn here
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{SVG}title") == "recommend(genre) · bookshop · 2026-07-28 · stdio"
    assert root.findtext(f"{SVG}desc") == "1. you to client: asks. 0 samples."


def test_a_long_flow_is_told_in_part_and_drawn_whole() -> None:
    flow = Flow("t", "s", "w", "in process", tuple(step(n, f"step {n}") for n in range(1, 201)))
    root = ET.fromstring(flow.to_svg())  # noqa: S314 - it was drawn here
    words = root.findtext(f"{SVG}desc") or ""
    assert "40. server to client: step 40. 160 more steps." in words
    assert len(words) <= 4000
    assert [text.text for text in root.iter(f"{SVG}text")].count("step 200") == 1


def test_no_form_tells_a_time() -> None:
    slow = Flow("t", "s", "w", "p", (step(1, "asks", time=1.25), step(2, "answers", time=99.75, size=4711)))
    quick = Flow("t", "s", "w", "p", (step(1, "asks"), step(2, "answers", size=4711)))
    assert (str(slow), slow.to_svg(), slow.to_mermaid()) == (str(quick), quick.to_svg(), quick.to_mermaid())


def test_what_crossed_the_wire_is_told_from_what_stayed() -> None:
    host = Step(1, "you", "client", "asks", "host", {})
    flow = Flow("t", "s", "w", "p", (host, step(2, "result", reply=True)))
    assert str(flow).split("\n")[1:3] == ["1     you ─▶ client  asks", "2  server ═▶ client  result"]
    assert "  you->>client: asks\n  server-->>client: result" in flow.to_mermaid()
    assert flow.to_svg().count("stroke-dasharray") == 1


FAILURES = {
    "an error": Step(1, "server", "client", "error -32603: it broke", "response", {"error": {"code": -32603}}),
    "a refusal": Step(2, "callback", "client", "no", "host", {"error": "no"}, reply=True),
    "a tool that failed": Step(3, "server", "client", "result", "response", {"result": {"isError": True}}),
    "a log of the server": Step(4, "server", "client", "log", "notification", {"params": {"level": "critical"}}),
    "a fault": Step(5, "server", "server", "no JSON", "fault", {}),
    "a status": Step(6, "client", "client", "HTTP 503", "host", {"status": 503}),
}


@pytest.mark.parametrize("what", FAILURES)
def test_a_stored_failure_looks_like_one_by_colour_sign_and_word(what: str) -> None:
    fine = step(0, "fine")
    flow = Flow("t", "s", "w", "p", (fine, FAILURES[what], fine))
    said = "✗ error -32603: it broke" if what == "an error" else f"✗ failed · {FAILURES[what].label}"
    for each in (flow, redact_drawing(flow), replace(flow, steps=tuple(each.without_data() for each in flow.steps))):
        assert [said in line for line in str(each).split("\n")[1:-1]] == [False, True, False]
        drawing = ET.fromstring(each.to_svg())  # noqa: S314 - it was drawn here
        [label] = [text for text in drawing.iter(f"{SVG}text") if text.text == said]
        assert (label.attrib["fill"], label.attrib["font-weight"]) == (BAD, "600")
        assert [rect.attrib["y"] for rect in drawing.iter(f"{SVG}rect") if rect.attrib["fill"] == BAD_CARD] == ["72"]
        assert f"Failed: {FAILURES[what].label}." in (drawing.findtext(f"{SVG}desc") or "")
        before, line, after = re.split(rf"  rect {re.escape(BAD_TINT)}\n|\n  end\n", each.to_mermaid())
        assert said.replace("✗", "#10007;").replace(":", "#58;") in line
        assert "fine" in before
        assert "fine" in after
    long = replace(FAILURES["a tool that failed"], label="long " * 20, source="client", target="you", samples=(12, 13))
    root = ET.fromstring(Flow("t", "s", "w", "p", (step(1, "x", samples=(13,)), long)).to_svg())  # noqa: S314
    [told] = [text for text in root.iter(f"{SVG}text") if (text.text or "").startswith("✗ failed")]
    assert int(told.attrib["x"]) - 3.6 * len(told.text or "") > 27  # beside the number of the step
    assert "✗" not in f"{Flow('t', 's', 'w', 'p', (fine,))}{Flow('t', 's', 'w', 'p', (fine,)).to_mermaid()}"


def test_the_live_view_and_the_stored_one_say_a_failure_in_the_same_words_and_colour() -> None:
    views = Path(flow_view.__file__).parent
    assert f"const TELLS = /{TELLS.pattern}/i;" in (views / "flow_row.js").read_text(encoding="utf-8")
    assert f"--bad: {BAD};" in (views / "page.css").read_text(encoding="utf-8")
    assert (luminance(BAD_CARD) + 0.05) / (luminance(BAD) + 0.05) >= 4.5


def test_samples_are_named_only_where_there_are_several() -> None:
    one = Flow("t", "s", "w", "p", (step(1, "asks", samples=(1,)),))
    two = Flow("t", "s", "w", "p", (step(1, "asks", samples=(1, 2)), step(2, "answers", samples=(2,))))
    assert "[sample" not in str(one)
    assert "asks  [samples 1, 2]" in str(two)
    assert "answers  [sample 2]" in str(two)
    assert str(two).endswith("\n2 samples")


@pytest.mark.parametrize("lanes", [LANES[:1], LANES[:2], LANES[:3], LANES, (LANES[1], LANES[4])])
def test_every_lane_has_its_place_and_colour_in_the_drawing(lanes: tuple[Lane, ...]) -> None:
    flow = Flow("t", "s", "w", "p", tuple(step(n, lane, lane, lane) for n, lane in enumerate(lanes, 1)))
    root = ET.fromstring(flow.to_svg())  # noqa: S314 - it was drawn here
    heads = [text for text in root.iter(f"{SVG}text") if text.attrib.get("font-weight")]
    assert [text.text for text in heads] == list(lanes)
    assert [text.attrib["fill"] for text in heads] == [COLOURS[lane] for lane in lanes]
    places = [int(text.attrib["x"]) for text in heads]
    assert places == sorted(set(places))
    assert all(46 <= place <= 880 - 46 for place in places)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("lane", LANES)
def test_every_colour_is_read_on_the_light_card(lane: Lane) -> None:
    for card in ("#ffffff", "#f4f5f7"):
        assert (luminance(card) + 0.05) / (luminance(COLOURS[lane]) + 0.05) >= 4.5


@pytest.mark.parametrize("text", ["x " * 10_000_000, "\x00" * 20_000_000], ids=["words", "controls"])
def test_a_label_is_cut_before_it_is_made_plain(text: str) -> None:
    start = process_time()
    flow = flow_with(text)
    for _ in range(20):
        for form in (short(text), str(flow), flow.to_mermaid(), flow.to_svg()):
            assert len(form) < 40_000
    assert process_time() - start < 10  # it takes some hundredths of a second, and took minutes


def test_text_that_is_seen_is_told_line_by_line() -> None:
    assert seen("a b\n\tc\x00\r\n") == "a b\n\tc\\x00\\r\n"


def test_a_table_and_a_mermaid_diagram_of_a_long_flow_say_what_they_leave_out() -> None:
    flow = Flow("t", "s", "w", "in process", tuple(step(n, f"step {n}") for n in range(1, 10_001)))
    for form, lines in ((str(flow), 1_003), (flow.to_mermaid(), 1_005)):
        assert form.count("\n") + 1 == lines
        assert "9,000 more steps" in form.replace("#44;", ",")
        for kept in (1, 500, 9_501, 10_000):
            assert f"step {kept}" in form
        for left_out in (501, 9_500):
            assert f"step {left_out}" not in form


def test_no_step_of_a_long_flow_costs_a_look_at_all_others() -> None:
    looked = 0

    class Counted(tuple[Step, ...]):
        __slots__ = ()

        def __iter__(self) -> Any:
            nonlocal looked
            looked += len(self)
            return super().__iter__()

    flow = Flow("t", "s", "w", "in process", Counted(step(n, "asks", samples=(n,)) for n in range(1, 501)))
    for form in (flow.to_svg, flow.to_mermaid, flow.__str__):
        looked = 0
        form()
        assert 0 < looked <= 20 * 500
