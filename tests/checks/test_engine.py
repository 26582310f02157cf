"""A check survives whatever it is given, says one plain sentence, and can be made strict."""

import asyncio
import subprocess
import sys
import threading
from functools import partial
from importlib import import_module
from typing import Any

import anyio
import pytest
from mcp_types import CreateMessageRequestParams, CreateMessageResult, TextContent

from labkit import Lab, close_all
from labkit.checks import CheckFailed, cases, check, examine, quiz, scorecard
from labkit.checks.clock import Clock, in_time
from labkit.checks.engine import CallbackExercise, FunctionExercise, Problem, Request, bounded, called, request
from labkit.checks.quizzes import Question
from labkit.course.entries import entries
from labkit.course.table import lessons
from labkit.errors import CallbackError, CallTimeout
from lessons import build
from tests.story import bookshop, said

pytestmark = pytest.mark.anyio


def answer(text: str = "fine") -> CreateMessageResult:
    return CreateMessageResult(role="assistant", model="test", content=TextContent(text=text))


def says_fine(given: object) -> None:
    if given != answer():
        raise Problem("It should say fine.")


EXERCISE = CallbackExercise("9.1", [Request(request("Are you well?"), says_fine)])


@pytest.fixture(autouse=True)
def _no_lab_thread_is_left():
    yield
    close_all()


async def test_a_good_callback_passes() -> None:
    async def good(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return answer()

    assert str(await EXERCISE.examine(good)) == "PASS 9.1 (2 of 2)"


async def test_a_search_that_found_nothing_is_told_as_what_it_is() -> None:
    """In a coroutine Python makes a RuntimeError of a StopIteration, which says "coroutine" and nothing else."""

    def first_of(numbers: list[int]) -> int:
        return next(iter(numbers))

    async def of_none(function: Any) -> None:
        called(function, [])

    report = await FunctionExercise("9.2", [of_none]).examine(first_of)
    assert report.problem.startswith("Your function raised StopIteration at test_engine.py, line ")
    assert "await" not in report.problem


async def test_a_report_names_the_mistake_for_its_hint_on_whichever_way_it_was_found() -> None:
    async def limited(*_: object) -> None:
        raise Problem("It is too long.", hint="limit")

    def judged(_answer: object) -> None:
        raise Problem("It is too long.", hint="limit")

    plain = await FunctionExercise("9.2", [limited]).examine(good)
    direct = await CallbackExercise("9.1", [Request(request("?"), judged)]).examine(good)
    crossed = await CallbackExercise("9.1", EXERCISE.requests, limited).examine(good)
    assert [report.hint for report in (plain, direct, crossed)] == ["limit"] * 3
    assert (await EXERCISE.examine(good)).hint == ""


async def test_a_problem_that_a_students_code_raises_is_told_like_any_other_error() -> None:
    source = """
from labkit.checks import Problem as Theirs
class Problem(Exception): ...
def kits(text): raise Theirs("I am out of ideas.", hint="limit")
def own(text): raise Problem("I am out of ideas.")
"""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, "<cell>", "exec"), names)  # noqa: S102 - a student's cell

    async def case(function: Any) -> None:
        called(function, "a text")

    for name in ("kits", "own"):
        report = await FunctionExercise("9.2", [case]).examine(names[name])
        assert report.problem.startswith("Your function raised Problem: I am out of ideas.")
        assert report.problem.endswith(f"We called {name}('a text').")
        assert report.hint == "raises"


async def test_a_pass_says_in_one_line_what_was_tried() -> None:
    exercise = CallbackExercise("9.1", EXERCISE.requests, tried="one question")
    assert str(await exercise.examine(good)) == "PASS 9.1 (2 of 2): one question"


async def test_what_is_asked_next_may_follow_from_the_first_answer() -> None:
    def once_more(first: object) -> list[Request]:
        assert first == answer()
        return [Request(request("Really?"), says_fine)] * 2

    exercise = CallbackExercise("9.1", EXERCISE.requests, follow=once_more)
    assert str(await exercise.examine(good)) == "PASS 9.1 (3 of 3)"


async def test_an_object_with_an_async_call_is_a_callback() -> None:
    class Good:
        async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
            return answer()

    assert (await EXERCISE.examine(Good())).status == "PASS"


async def good(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    return answer()


class Reader:
    """Each of its methods can be awaited, and is `async def` or not."""

    async def read(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return answer()

    def __call__(self, context: object, params: CreateMessageRequestParams) -> Any:
        return self.read(context, params)


def configured(model: str, context: object, params: CreateMessageRequestParams, *, tries: int) -> Any:
    return asyncio.ensure_future(good(context, params))


AWAITABLE = {
    "partial of an async def": partial(good),
    "partial of a partial": partial(partial(configured, "tiny"), tries=2),
    "object with a plain call": Reader(),
    "method": Reader().read,
    "lambda": lambda context, params: good(context, params=params),
    "plain def that returns a future": partial(configured, "tiny", tries=1),
}


@pytest.mark.parametrize("callback", AWAITABLE.values(), ids=AWAITABLE.keys())
async def test_whatever_the_client_can_await_is_a_callback(callback: Any) -> None:
    assert str(await EXERCISE.examine(callback)) == "PASS 9.1 (2 of 2)"
    shapes = {case.id: case for case in cases() if case.id in {"messages.shape", "wires.modern", "wires.legacy"}}
    for case in shapes.values():
        row = await case.examine(callback)
        assert row.status == "PASS", row


def at_once(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    return answer()


class Plain:
    def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return answer()


PLAIN = {
    "at_once is a plain function, and the client awaits it. Write `async def at_once(context, params):`.": at_once,
    "at_once is a plain function, and the client awaits it.": partial(at_once),
    "Plain.__call__ is a plain method, and the client awaits it. Write `async def __call__(self, context, params):`.": (
        Plain()
    ),
    "Plain is a class, and the client awaits what it calls. Pass an object of it: Plain(...).": Plain,
}


@pytest.mark.parametrize(("said", "callback"), PLAIN.items(), ids=["def", "partial", "object", "class"])
async def test_what_returns_its_result_directly_is_told_plainly(said: str, callback: Any) -> None:
    report = await EXERCISE.examine(callback)
    assert report.problem.startswith(said)
    assert report.passed == 0
    card = await scorecard(callback)
    assert [row.came_back for row in card.failed] == [report.problem]


async def test_a_plain_def_that_is_not_written_yet_is_a_todo() -> None:
    def stub(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise NotImplementedError

    assert (await EXERCISE.examine(stub)).status == "TODO"


async def test_what_would_end_the_event_loop_ends_nothing_when_the_shape_is_seen() -> None:
    def leaves(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise SystemExit(3)

    report = await EXERCISE.examine(leaves)
    assert report.problem.startswith('We sent "Are you well?". leaves raised SystemExit: 3')


ENDS = [SystemExit, KeyboardInterrupt, asyncio.CancelledError, GeneratorExit]
EXERCISES: dict[str, CallbackExercise | FunctionExercise] = {
    number: exercise
    for lesson in build.lessons()
    if lesson.stem[0].isdigit()
    for number, exercise in import_module(f"labkit.checks.lesson_{lesson.stem[:2]}").EXERCISES.items()
}


@pytest.mark.parametrize("number", EXERCISES)
@pytest.mark.parametrize("ends", ENDS)
async def test_no_exercise_lets_what_would_end_the_kernel_reach_it(ends: type[BaseException], number: str) -> None:
    def leaves(*_arguments: object, base_url: str = "", **_options: object) -> object:
        raise ends

    report = await EXERCISES[number].examine(leaves)
    assert report.status == "NOT YET"
    wants_async = "Write `async def" in report.problem  # told before it is called
    assert wants_async or f"raised {ends.__name__} at test_engine.py" in report.problem


async def test_what_would_end_the_kernel_is_told_after_an_await_too() -> None:
    async def calls(function: Any) -> None:
        await asyncio.gather(*(function() for _ in range(3)))

    async def leaves() -> None:
        await asyncio.sleep(0)
        raise SystemExit(3)

    report = await FunctionExercise("9.2", [calls]).examine(leaves)
    assert report.problem.startswith("Your function raised SystemExit: 3 at test_engine.py")
    assert (await EXERCISE.examine(good)).status == "PASS"  # the lab's thread goes on


async def test_a_factory_that_would_end_the_kernel_is_a_row_of_the_scorecard() -> None:
    def make(base_url: str) -> Any:
        raise SystemExit(base_url)

    row = await next(iter(cases())).examine(make)
    assert row.came_back.startswith("The factory made no callback. Your function raised SystemExit:")


async def test_what_cannot_be_called_is_told_to_pass_the_function_itself() -> None:
    report = await EXERCISE.examine(answer())
    assert "Pass the function itself" in report.problem
    assert report.passed == 0


async def test_a_stub_is_a_todo_also_behind_a_decision() -> None:
    async def stub(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        if params.max_tokens:
            raise NotImplementedError
        return answer()

    report = await EXERCISE.examine(stub)
    assert str(report) == "TODO 9.1: write the body of the function, run its cell, then run this one again."


async def test_a_callback_that_never_gives_control_back_is_stopped() -> None:
    async def forever() -> None:
        while True:
            pass

    with pytest.raises(CallbackError, match="did not give the lab back"):
        await bounded(forever, 0.2)


async def test_a_callback_that_waits_for_ever_is_stopped() -> None:
    with pytest.raises(CallTimeout, match=r"had not answered after 0\.2 s"):
        await bounded(asyncio.Event().wait, 0.2)


def lost(*looks: tuple[float, float], most: float = 100.0, imports: int = 0) -> list[float]:
    """What a clock says at each look, of seconds that went by and those in which this process computed.

    Up to each look so many modules more were loaded as `imports` says.
    """
    clock = Clock(
        most,
        iter([0.0, *(went for went, _ in looks)]).__next__,
        iter([0.0, *(had for _, had in looks)]).__next__,
        iter(range(0, 100, imports) if imports else [0] * 9).__next__,
    )
    return [clock.lost() for _ in looks]


def test_time_in_which_others_had_the_processor_is_not_counted_and_time_of_waiting_is() -> None:
    assert lost((10, 10)) == [0]  # it computes, alone
    assert lost((10, 2), (20, 4)) == [8, 8]  # it computes, among others
    assert lost((10, 0.01)) == [0]  # it waits
    assert lost((10, 20)) == [0]  # it computes on two processors
    assert lost((10, 2), (20, 4), (30, 6), most=12) == [8, 4, 0]


def test_an_import_is_not_counted_and_a_wait_beside_one_is() -> None:
    assert lost((2, 2), (4, 3), imports=7) == [2, 2]
    assert lost((10, 0.01), imports=7) == [0]
    assert lost((10, 10), (20, 20), most=12, imports=7) == [10, 2]


async def test_a_call_through_a_server_is_stopped_in_time_unless_others_had_the_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, looks = threading.Event(), iter(range(100))

    async def late(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        await anyio.to_thread.run_sync(gate.wait, abandon_on_cancel=True)
        return answer()

    def others(_: Clock) -> float:
        if next(looks) == 8:  # a look each quarter of the time there is
            gate.set()
        return 1.0

    with Lab(bookshop(), name="late", sampling_callback=late) as lab:
        with pytest.raises(CallTimeout, match=r"after timeout=0\.2 s: the sampling callback has not answered"):
            await in_time(lab.start("recommend", {"genre": "rain"}), 0.2)
        monkeypatch.setattr(Clock, "lost", others)
        result = await in_time(lab.start("recommend", {"genre": "rain"}), 0.2)
    assert said(result) == "fine"
    assert next(looks) > 8


AT_WORK = """
import asyncio, sys
from labkit.checks import examine
async def my_groups(papers, ask, k=3):
    print("jsonschema" in sys.modules)
    raise NotImplementedError
asyncio.run(examine("7.1", my_groups))
"""


def test_what_the_client_imports_for_a_structured_result_is_there_before_the_clock_starts() -> None:
    command = [sys.executable, "-c", AT_WORK]
    ran = subprocess.run(command, cwd=build.ROOT, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert (ran.stdout, ran.stderr) == ("True\n", "")


async def test_a_check_cannot_be_fooled_by_changing_its_request() -> None:
    async def vandal(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        params.messages.clear()
        return answer()

    for _ in range(2):
        report = await EXERCISE.examine(vandal)
        assert report.problem.startswith('We sent "Are you well?", and afterwards the request was another.')


async def test_a_check_prints_and_does_not_raise(capsys: pytest.CaptureFixture[str]) -> None:
    await check("1.1", None)
    assert "NOT YET 1.1 (0 of 9)" in capsys.readouterr().out


async def test_a_strict_check_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_STRICT", "1")
    with pytest.raises(CheckFailed, match="NOT YET"):
        await check("1.1", None)


@pytest.mark.parametrize("number", ["1.99", "77.1", "one", "1", "../../x"])
async def test_an_exercise_that_does_not_exist_is_told_in_a_sentence(number: str) -> None:
    with pytest.raises(LookupError, match="There is no"):
        await examine(number, None)


def test_a_quiz_asks_and_answers_back(capsys: pytest.CaptureFixture[str]) -> None:
    quiz("0.1")
    question, *choices = capsys.readouterr().out.splitlines()
    assert question.endswith("Which sampling is meant?")
    assert choices == ["  a  MCP sampling", "  b  decoding"]
    for letter, reply in ((" B ", "Right: "), ("a", "Not quite: "), ("z", "'z' is no choice here: ")):
        quiz("0.1", letter)
        *asked, said = capsys.readouterr().out.splitlines()
        assert asked == [question, *choices]
        assert said.startswith(reply)


@pytest.mark.parametrize("answer", [None, 3, ["a"], 1.5, b"a", "x" * 1000])
def test_what_is_no_letter_is_told_in_a_sentence(answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    quiz("0.1", answer)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.endswith(' is no choice here: answer with "a" or "b".')
    assert len(said) < 120


def test_a_number_without_quotes_is_a_number_too(capsys: pytest.CaptureFixture[str]) -> None:
    number: Any = 0.1
    quiz(number)
    assert "Which sampling is meant?" in capsys.readouterr().out
    number = 1
    with pytest.raises(LookupError, match=r'There is no lesson for "1"\. A number looks like "1\.2"\.'):
        quiz(number)


QUESTIONS = [Question(**told) for lesson in lessons() for told in entries("quiz", lesson.number).values()]


def test_every_question_has_a_reply_to_every_choice() -> None:
    for question in QUESTIONS:
        assert question.replies.keys() == question.choices.keys()
        assert question.right in question.choices


def test_no_letter_is_right_more_often_than_chance_has_it() -> None:
    right = [question.right for question in QUESTIONS]
    assert all(len(right) / 4 <= right.count(letter) <= len(right) * 2 / 5 for letter in "abc")
