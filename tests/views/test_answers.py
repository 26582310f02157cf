"""Many answers: what is alike stands together, what differs is told word by word, and both are stored."""

import asyncio
import json
import re
import threading
from contextlib import redirect_stdout
from io import StringIO
from time import process_time
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData, SamplingMessage, TextContent

from labkit import Scripted
from labkit.dial_table import Settings
from labkit.host.dials import DialState
from labkit.models.tiny import Dials, TinyAnswer, TinyModel
from labkit.models.token_words import TINY
from labkit.models.tracing import as_request, trace
from labkit.views.answers import Answered, Grouped, grouped
from labkit.views.answers_asked import Answers, one_answer
from labkit.views.answers_drawing import DIFFERS, MARK, MOST_ROWS, svg
from labkit.views.answers_groups import Groups, answered, broken
from labkit.views.dials import tune
from labkit.views.token_view import TokenView
from labkit.views.words import compared
from tests.story import answer, until
from tests.views.test_bars import contrast

pytestmark = pytest.mark.anyio

PROMPT = "Explain this log line: what happened, why, and what to do.\n\n[821] ERROR:  deadlock detected"
BOOKS = ["Read Emma first.", "Read Persuasion first.", "Read Emma first.", "Read it."]


def asking(text: str = PROMPT, *, max_tokens: int = 20, **rest: Any) -> CreateMessageRequestParams:
    return CreateMessageRequestParams(
        messages=[SamplingMessage(role="user", content=TextContent(text=text))], max_tokens=max_tokens, **rest
    )


def of(*texts: str) -> Groups:
    return Groups([answered(text) for text in texts])


def differing(first: str, text: str) -> tuple[list[str], str]:
    """What is marked in `text`, and what is said of it."""
    parts, told = compared(first, text)
    assert "".join(part for part, _ in parts) == text
    return [part for part, differs in parts if differs], told


def tokens_of(view: Grouped) -> TokenView:
    """The view of the tokens that are open."""
    assert isinstance(view.opened, TokenView)
    return view.opened


# ---- groups


def test_equal_answers_are_one_group_and_the_largest_comes_first() -> None:
    groups = of("b", "a", "b", "", "", "c")
    assert [len(row.members) for row in groups.rows] == [2, 2, 1, 1]
    assert groups.told == "6 answers, 4 different"
    assert [row.parts[0][0] for row in groups.rows] == ["b", "no text: nothing was said", "a", "c"]
    faults = Groups([Answered("", note="refused (-1): no"), Answered("", note="too late"), Answered("a")])
    assert [row.members[0].note for row in faults.rows] == ["refused (-1): no", "too late", ""]
    assert [row.differs for row in faults.rows] == ["", "", ""]


def test_answers_that_are_still_coming_stay_in_their_places() -> None:
    came = [answered(text) for text in ("a", "b", "b")]
    assert [row.members[0].text for row in Groups(came, still_coming=True).rows] == ["a", "b"]
    assert [row.members[0].text for row in Groups(came).rows] == ["b", "a"]


@pytest.mark.parametrize(
    ("first", "text", "marked", "told"),
    [
        ("821 and 999 met.", "821 and 821 met.", ["821"], "“821” in place of “999”"),
        (
            "each held a lock",
            "each was waiting for a lock",
            ["was waiting for"],
            "“was waiting for” in place of “held”",
        ),
        ("on shop.example now", "on shop.example", [], "lacks “now”"),
        ("it expired.", "it expired on web01.", [" on web01"], "adds “on web01”"),
        ("port 5432, refused", "port 57, lost", ["57, lost"], "“57, lost” in place of “5432, refused”"),
        ("a b", "a  b", ["  "], "other blanks"),
        ("Ärger im Zug", "Arger im Zug", ["Arger"], "“Arger” in place of “Ärger”"),
        ("日本語の回答です", "日本語の返事です", ["返事"], "“返事” in place of “回答”"),
        ("", "x", [], ""),
    ],
)
def test_what_differs_is_marked_word_by_word_and_told(first: str, text: str, marked: list[str], told: str) -> None:
    assert differing(first, text) == (marked, told)


def test_of_many_changes_some_are_told_and_their_number() -> None:
    told = differing("a x b x c x d x e x f", "1 x 2 x 3 x 4 x 5 x 6")[1]
    assert told.endswith("“4” in place of “d”; and 2 more")


@pytest.mark.parametrize(
    ("first", "text"),
    [
        ("a " * 9000, "b a " * 4000),
        ("! " * 9000, "? ! " * 4000),
        ("a!" * 9000, "!a" * 9000),
        ("!" * 20_000, "?" * 20_000),
    ],
)
def test_answers_that_are_made_to_be_hard_to_compare_cost_little(first: str, text: str) -> None:
    start = process_time()
    compared(first, text)
    broken([(text, True)], 100)
    assert process_time() - start < 4  # it takes some hundredths


def test_a_rule_tells_true_from_false_and_may_not_know() -> None:
    verdicts = {"yes": True, "no": False, "well": None}
    view = grouped(["yes", "yes", "no", "well", ""], lambda text: verdicts[text])
    assert [row.true for row in view.groups.rows] == [True, False, None, None]
    assert view.status == "5 answers, 4 different, 2 true"
    assert "2 of 5 · ✓ true" in str(view)
    assert "1 of 5 · ✗ false" in str(view)
    assert "not judged" in str(view)
    assert "true" not in str(grouped(["yes"]))
    with pytest.raises(ZeroDivisionError):
        grouped(["yes"], lambda text: bool(len(text) / 0))


def test_answers_of_several_temperatures_are_counted_at_each() -> None:
    told = [Answered(text, temperature=heat) for text, heat in (("a", 0.0), ("b", 1.0), ("a", 1.0), ("c", 2.0))]
    view = grouped(told, lambda text: text == "a")
    assert str(view).splitlines()[:6] == [
        "4 answers, 3 different, 2 true",
        "temperature  0  1  2",
        "answers      1  2  1",
        "different    1  2  1",
        "true         1  1  0",
        "2 of 4 · ✓ true · 1 at temperature 0, 1 at temperature 1",
    ]
    assert view.table["rows"][0]["counts"] == [1, 1, 0]
    assert grouped(told[1:3]).groups.heats == []
    assert grouped(told[1:3]).status.endswith("temperature 1")


async def test_of_a_trace_all_is_told_and_the_first_token_that_differs_is_opened() -> None:
    one = trace(asking(), settings=Settings(temperature=0))
    hot = trace(asking(), TinyModel(), Settings(temperature=2, seed=5))
    view = grouped([one, one, hot, "a text"])
    assert view.table["rows"][1]["members"][0]["label"] == "seed 5"
    assert [row["members"][0]["opens"] for row in view.table["rows"]] == ["Tokens", "Tokens", ""]
    view._pressed(view, {"type": "open", "row": 1, "member": 0}, [])
    await until(lambda: view.opened is not None)
    assert view.place == [1, 0]
    opened = tokens_of(view)
    assert opened.reading.trace is hot
    before = "".join(token.text for token in hot.tokens[: opened.chosen])
    assert one.text.startswith(before)
    assert not one.text.startswith(before + hot.tokens[opened.chosen].text)
    for place in ((2, 0), (9, 0), (0, 9)):
        await view._open(place)
        assert view.opened is None
    view.close()
    view.close()


def test_words_that_a_true_answer_holds_judge_each_group_and_stay_for_the_next_answers() -> None:
    view = grouped(BOOKS)

    def judge(holds: str) -> list[bool | None]:
        view._pressed(view, {"type": "judge", "holds": holds}, [])
        return [row["true"] for row in view.table["rows"]]

    assert (view.holds, view.table["judged"]) == ("", False)
    assert judge(" emma ") == [True, False, False]
    assert view.status == "4 answers, 3 different, 2 true"
    assert "✗ false" in view.stored()["text/plain"]
    view.show([answered("Emma"), answered("Ivanhoe")])
    assert [row["true"] for row in view.table["rows"]] == [True, False]
    assert judge("  ") == [None, None]
    assert judge("password=hunter2! " * 99) == [False, False]
    assert view.holds is not None
    assert "hunter2" not in view.holds
    ruled = grouped(BOOKS, lambda text: "Emma" in text)
    ruled._pressed(ruled, {"type": "judge", "holds": "Persuasion"}, [])
    assert (ruled.holds, ruled.status) == (None, "4 answers, 3 different, 2 true")


def test_an_answer_that_opens_elsewhere_is_marked_where_it_then_stands() -> None:
    opened = list[str]()
    a, b, c = (Answered(text, opens=lambda text=text: opened.append(text)) for text in "aba")
    view = grouped([b, a, c])
    assert [each["opens"] for each in view.table["rows"][0]["members"]] == ["Open", "Open"]
    view._pressed(view, {"type": "open", "row": 1, "member": 0}, [])
    view._pressed(view, {"type": "open", "row": 0, "member": 7}, [])
    assert (opened, view.opened) == (["b"], None)
    view.show([b, a, c], still_coming=True, chosen=c)
    assert view.place == [1, 1]
    view.show([b, a, c])
    assert view.place == [0, 1]
    view.show([a, b])
    assert view.place == []


def test_the_twins_say_what_the_page_says() -> None:
    view = grouped(BOOKS, lambda text: "Emma" in text)
    data = view.stored()
    assert data["text/plain"] == (
        "4 answers, 3 different, 2 true\n2 of 4 · ✓ true\n    Read Emma first.\n1 of 4 · ✗ false\n"
        "    Read Persuasion first.\n         ^^^^^^^^^^\n    “Persuasion” in place of “Emma”\n1 of 4 · ✗ false\n"
        "    Read it.\n         ^^\n    “it” in place of “Emma first”"
    )
    drawn = ET.fromstring(data["image/svg+xml"])  # noqa: S314 - our own
    texts = ["".join(node.itertext()) for node in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if text.startswith("Read")] == [
        "Read Emma first.",
        "Read Persuasion first.",
        "Read it.",
    ]
    spans = list(drawn.iter("{http://www.w3.org/2000/svg}tspan"))
    assert [(node.text, node.get("text-decoration")) for node in spans] == [
        ("Persuasion", "underline"),
        ("it", "underline"),
    ]
    assert texts.count("✗ false") == 2
    assert min(contrast(colour, "#ffffff") for colour in (*MARK.values(), DIFFERS)) >= 4.5
    assert svg("head", of(*map(str, range(20)))).count(f"and {20 - MOST_ROWS} groups more, 8 answers") == 1
    assert repr(view) == "<Grouped 4 answers, 3 different, 2 true>"
    assert str(grouped([])) == "0 answers, 0 different"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two, three", ["one two, ", "three"]),
        ("def f():\n    return 1", ["def f():", "    ", "return 1"]),
        ("12345678901234", ["12345678", "901234"]),
        ("a\n\nb", ["a", "", "b"]),
    ],
)
def test_a_text_is_broken_between_words_and_keeps_its_own_lines(text: str, lines: list[str]) -> None:
    assert ["".join(part for part, _ in line) for line in broken([(text, False)], 8)] == lines


# ---- a request answered many times


async def drawn(answers: Answers) -> Answers:
    """`answers`, once they are there."""
    answers.run()
    assert answers.running
    await until(lambda: not answers.running, 60)
    return answers


def badges(answers: Answers) -> list[list[str]]:
    return [[badge.text for badge in each.badges] for each in answers.answers]


async def test_ten_answers_have_ten_seeds_and_say_how_many_differ() -> None:
    panel = tune(asking(), TinyModel(), Settings(temperature=1.5, seed=3))
    answers = await drawn(panel.answers)
    expected = [TinyModel().trace(PROMPT, max_tokens=20, dials=Dials(1.5), seed=seed).text for seed in range(3, 13)]
    assert answers.texts == expected
    assert answers.status == f"10 of 10 answers, {len(set(expected))} different"
    assert answers.note == "temperature 1.5 · seeds 3 to 12"
    assert "tiny model" in badges(answers)[0]
    await answers._open((0, 0))
    assert tokens_of(answers).reading.trace.text == answers.groups.rows[0].members[0].text
    panel.close()


async def test_at_temperature_0_all_answers_are_one_group() -> None:
    panel = tune(asking(max_tokens=4), settings=Settings(temperature=0))
    answers = await drawn(panel.answers)
    assert answers.status == "10 of 10 answers, 1 different"
    assert answers.table["rows"][0]["labels"] == f"seeds {', '.join(map(str, range(10)))}"
    assert [each[-1] for each in badges(answers)] == ["cut at max tokens"] * 10
    panel.close()


async def test_answers_can_be_cancelled_while_the_model_is_at_work() -> None:
    gate, begun = asyncio.Event(), threading.Event()

    async def slow(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        if begun.is_set():
            await gate.wait()
        begun.set()
        return answer("quick")

    answers = Answers(DialState(slow), asking)
    answers.run()
    await until(lambda: len(answers.texts) == 1)
    answers.run()  # it runs already
    answers.cancel()
    await until(lambda: not answers.running)
    assert answers.status == "stopped after 1 of 10 answers, 1 different"
    assert answers.texts == ["quick"]
    answers.cancel()
    answers.close()


async def test_an_answer_that_fails_or_refuses_says_so() -> None:
    async def broken_one(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise LookupError("no such book")

    async def shy(context: object, params: CreateMessageRequestParams) -> ErrorData:
        return ErrorData(code=-1, message="not today\u202e")

    for callback, note in ((broken_one, "raised LookupError: no such book"), (shy, "refused (-1): not today\\u202e")):
        answers = await drawn(Answers(DialState(callback), asking, number=2))
        assert note in answers.answers[0].note
        assert badges(answers) == [[], []]
        assert note in str(answers)


async def test_an_answer_that_was_cut_is_marked_as_out_of_its_depth_too() -> None:
    state = DialState(TinyModel(), Settings(max_tokens=3))
    answers = await drawn(Answers(state, lambda: asking("Who wrote Hamlet?"), number=1))
    assert ("out of its depth" in badges(answers)[0]) == answers.texts[0].startswith("I am")
    answers.close()


async def test_the_code_of_the_answers_gives_the_same_answers_and_needs_no_widget() -> None:
    request = asking(max_tokens=6, system_prompt="Be terse.", stop_sequences=["."])
    panel = tune(request, TinyModel(top_p=0.9), Settings(temperature=1.5, seed=3))
    before = panel.answers.code
    answers = await drawn(panel.answers)
    assert answers.code == before
    assert "labkit.views" not in answers.code
    said = StringIO()
    with redirect_stdout(said):
        exec(answers.code, {})  # noqa: S102 - that it runs as it stands is what is tested
    told = [f"{each.label}, {each.note}: {each.text}" for each in answers.answers]
    assert said.getvalue() == "\n".join(["tiny model, temperature 1.5", *told, ""])
    panel.state.turn(temperature=0.5)
    assert answers.code == before  # it tells what is shown
    panel.close()


def test_the_code_of_the_answers_follows_the_dials_until_there_are_some() -> None:
    panel = tune(asking(max_tokens=2))
    panel.state.turn(temperature=1.5, seed=4)
    assert "temperature 1.5" in panel.answers.code
    assert "range(4, 14)" in panel.answers.code
    panel.close()
    assert Answers(DialState(Scripted(["Emma"])), asking).code == ""  # no code can name another callback
    assert Answers(DialState(TinyModel()), lambda: asking(" ")).code == ""


async def test_the_answers_are_stored_as_text_and_as_a_drawing() -> None:
    panel = tune(asking(max_tokens=4), settings=Settings(temperature=0))
    assert "no answer yet" in str(panel.answers)
    assert str(panel.answers) not in str(panel)
    answers = await drawn(panel.answers)
    bundle = answers._repr_mimebundle_()
    assert bundle is not None
    data = bundle[0]
    assert data["text/plain"] == str(answers)
    assert data["image/svg+xml"] == answers.to_svg() == answers.to_svg()
    lines = str(answers).splitlines()
    assert lines[0] == "10 of 10 answers, 1 different · temperature 0 · seeds 0 to 9 · tiny model"
    assert lines[1] == "10 of 10 · seeds 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert str(panel).endswith(str(answers))
    assert not re.search("0x[0-9a-f]{4}", json.dumps(data))
    panel.close()


async def test_hostile_answers_are_stored_as_text_that_forges_nothing() -> None:
    text = 'a <script>b()</script>\n9 of 3 · tiny model\x07\u202e]]>&"' + " long" * 300

    async def spiteful(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return answer(text, "tiny")

    answers = await drawn(Answers(DialState(spiteful), asking, number=3))
    assert badges(answers) == [[]] * 3
    assert [line for line in str(answers).splitlines() if line.startswith("9 of 3")] == []
    assert "tiny model" not in str(answers).splitlines()[0]
    for stored in (str(answers), answers.to_svg(), json.dumps(answers.table, ensure_ascii=False)):
        assert "\u202e" not in stored
        assert "\x07" not in stored
    assert "<script" not in answers.to_svg()
    ET.fromstring(answers.to_svg())  # noqa: S314 - our own


async def test_the_tiny_model_is_marked_also_where_another_callback_hands_its_answer_on() -> None:
    async def handing_on(context: object, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
        return await TinyModel(name="mine")(context, params)

    answers = await drawn(Answers(DialState(handing_on), lambda: asking(max_tokens=3), number=1))
    assert badges(answers)[0][0] == TINY.text == TinyAnswer.shown_as
    assert not answers.table["rows"][0]["members"][0]["opens"]  # this callback shows none


async def test_the_buttons_of_the_page_run_and_cancel() -> None:
    answers = Answers(DialState(Scripted(lambda params: str(params.max_tokens))), asking, number=3)
    answers._pressed(answers, {"type": "run"}, [])
    await until(lambda: not answers.running)
    assert answers.texts == ["20"] * 3
    answers._pressed(answers, {"type": "cancel"}, [])
    assert repr(answers) == "<Answers 3 answers, 1 different>"


async def test_an_answer_without_an_end_is_cut_and_drawn_in_time() -> None:
    async def endless(context: object, params: object) -> CreateMessageResult:
        return answer("x" * 20_000_000)

    start = process_time()
    one = await one_answer(endless, Settings(), as_request("hi"))
    assert one.text.endswith("⟨… 19,980,000 characters more⟩")
    assert "…</text>" in svg("head", Groups([one]))
    assert process_time() - start < 4  # it takes a hundredth, and took minutes
