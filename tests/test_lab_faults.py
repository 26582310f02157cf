"""Callbacks that hang, loop, raise and lie: each ends in time, in one sentence, and the Lab works afterwards."""

import asyncio
import contextlib
import logging
import threading
import warnings
from collections.abc import Awaitable, Callable, Generator
from time import monotonic
from typing import Any

import anyio
import pytest
from mcp import MCPDeprecationWarning, MCPError
from mcp.server.mcpserver import Context
from mcp_types import INTERNAL_ERROR, CreateMessageRequestParams, CreateMessageResult, ErrorData, TextContent
from pydantic import BaseModel

import labkit.runtime
from labkit import CallbackError, CallTimeout, ConnectError, Lab, LabClosed, LabError, Scripted, ScriptEnded, close_all
from labkit.call import Patience
from labkit.callbacks import name_of
from labkit.host import with_approval
from labkit.lab import NO_ANSWER
from labkit.runtime import GRACE
from tests.story import answer, bookshop, create_message, echo, question, said, until

pytestmark = pytest.mark.anyio

TIMEOUT = 0.3
SLACK = 30.0
"""Seconds that a busy machine may take beyond what is promised."""

Callback = Callable[..., Any]


@pytest.fixture(autouse=True)
def nothing_stays_open(gate: threading.Event) -> Generator[None]:
    yield
    gate.set()
    close_all()
    for thread in [thread for thread in threading.enumerate() if thread.name.startswith("labkit")]:
        thread.join(GRACE + SLACK)
        assert not thread.is_alive()


@pytest.fixture
def gate() -> threading.Event:
    """Opens at the end of a test and lets go whatever blocks."""
    return threading.Event()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watchdog that gives blocking code less time than two seconds: what it does then is the same."""
    monkeypatch.setattr(labkit.runtime, "GRACE", 0.3)


async def works(lab: Lab) -> None:
    lab.callback, lab.timeout = echo, SLACK
    assert (
        said(await asyncio.wait_for(lab.call_tool("recommend", {"genre": "noir"}), 60)) == "you asked: recommend noir"
    )


async def failure(work: Awaitable[object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - each test says what it must be
        await asyncio.wait_for(work, 50)
    error = caught.value
    assert not isinstance(error, BaseExceptionGroup)
    assert "\n" not in str(error)
    return error


# What returns or raises at once


async def raises(context: object, params: object) -> Any:
    raise KeyError("title")


async def returns_nothing(context: object, params: object) -> Any:
    pass


async def returns_text(context: object, params: object) -> Any:
    return "a good book"


def is_plain(context: object, params: object) -> Any:
    return answer("a good book")


async def takes_one(params: object) -> Any:
    return answer("a good book")


async def takes_three(context: object, params: object, more: object) -> Any:
    return answer("a good book")


async def leaves(context: object, params: object) -> Any:
    raise SystemExit(3)


async def interrupts(context: object, params: object) -> Any:
    raise KeyboardInterrupt


async def cancels_itself(context: object, params: object) -> Any:
    raise asyncio.CancelledError


async def awaits_what_is_cancelled(context: object, params: object) -> Any:
    task = asyncio.ensure_future(asyncio.Event().wait())
    task.cancel()
    await task


async def calls_itself(context: object, params: object) -> Any:
    return await calls_itself(context, params)


async def raises_a_group(context: object, params: object) -> Any:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(raises, context, params)


class MuteError(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError


async def raises_what_cannot_speak(context: object, params: object) -> Any:
    raise MuteError


async def spoils_its_answer(context: object, params: object) -> Any:
    spoilt = answer("a good book")
    spoilt.model = 3  # pyright: ignore[reportAttributeAccessIssue] - that is the point
    return spoilt


async def answers_with_nothing_inside(context: object, params: object) -> Any:
    return CreateMessageResult.model_construct(role="assistant", model="m", content=None)


async def answers_for_nobody(context: object, params: object) -> Any:
    return CreateMessageResult.model_construct(role="nobody", model="m", content=TextContent(text="t"))


async def runs_a_loop(context: object, params: object) -> Any:
    work = asyncio.sleep(0)
    try:
        asyncio.run(work)
    finally:
        work.close()


@pytest.mark.parametrize(
    ("callback", "says"),
    [
        (raises, "raises raised KeyError: 'title' at {file}: `raise KeyError(\"title\")`"),
        (returns_nothing, "returns_nothing returned nothing: is a `return` missing? The client needs a Create"),
        (returns_text, "returns_text returned a str. The client needs a CreateMessageResult, or ErrorData(code=-1"),
        (is_plain, "is_plain is a plain function, and the client awaits it. Write `async def is_plain(context, par"),
        (takes_one, "The client calls takes_one(context, params). Give it these two parameters."),
        (takes_three, "The client calls takes_three(context, params). Give it these two parameters."),
        (leaves, "leaves raised SystemExit: 3 at {file}: `raise SystemExit(3)`"),
        (interrupts, "interrupts raised KeyboardInterrupt at {file}: `raise KeyboardInterrupt`"),
        (cancels_itself, "cancels_itself raised CancelledError at {file}: `raise asyncio.CancelledError`"),
        (awaits_what_is_cancelled, "awaits_what_is_cancelled raised CancelledError at {file}: `await task`"),
        (calls_itself, "calls_itself raised RecursionError: maximum recursion depth exceeded"),
        (raises_a_group, "raises_a_group raised KeyError: 'title' at {file}"),
        (raises_what_cannot_speak, "raises_what_cannot_speak raised MuteError at {file}: `raise MuteError`"),
        (spoils_its_answer, "spoils_its_answer returned a CreateMessageResult whose model is wrong: Input should be"),
        (answers_with_nothing_inside, "returned a CreateMessageResult whose content"),
        (answers_for_nobody, "returned a CreateMessageResult whose role is wrong"),
        (runs_a_loop, "runs_a_loop raised RuntimeError: asyncio.run() cannot be called from a running event loop"),
        (3, "int cannot be called. Give the Lab the function itself, without brackets behind it."),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_a_callback_that_does_not_answer_is_told_in_one_sentence(
    wire: str, callback: Any, says: str, recwarn: pytest.WarningsRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    lab = Lab(bookshop(), sampling_callback=callback, mode=wire)
    start = monotonic()
    with caplog.at_level(logging.WARNING):
        error = await failure(lab.call_tool("recommend", {"genre": "noir"}))
    assert isinstance(error, CallbackError)
    for part in says.split("{file}"):
        assert part in str(error)
    if "{file}" in says:
        assert "test_lab_faults.py, line " in str(error)
    assert str(error) in [step.label for step in lab.flow.steps]
    assert monotonic() - start < SLACK
    await works(lab)
    assert [flow.title for flow in lab.flows].count("connect") == 1
    assert not recwarn.list
    assert not caplog.records


OWN = "the key of mira"


class Tells:
    def __repr__(self) -> str:
        return OWN


class Needs(BaseModel):
    number: int


class Exits(BaseException):
    pass


async def raises_its_own(context: object, params: object) -> Any:
    raise OSError(OWN)


async def raises_from_its_own(context: object, params: object) -> Any:
    raise CallTimeout("too late") from OSError(OWN)


async def raises_the_protocols(context: object, params: object) -> Any:
    raise MCPError(code=-1, message=OWN, data=OWN)


async def raises_several(context: object, params: object) -> Any:
    raise ExceptionGroup(OWN, [OSError(OWN), KeyError(OWN)])


async def exits(context: object, params: object) -> Any:
    raise SystemExit(OWN)


async def exits_in_its_way(context: object, params: object) -> Any:
    raise Exits(OWN)


async def cancels_with_a_word(context: object, params: object) -> Any:
    raise asyncio.CancelledError(OWN)


async def validates(context: object, params: object) -> Any:
    Needs.model_validate({"number": OWN})


async def returns_what_tells(context: object, params: object) -> Any:
    return Tells()


async def spoils_the_model(context: object, params: object) -> Any:
    (spoilt := answer("fine")).model = Tells()  # type: ignore[assignment]
    return spoilt


async def spoils_the_metadata(context: object, params: object) -> Any:
    (spoilt := answer("fine")).meta = {"told": Tells()}
    return spoilt


async def spoils_the_refusal(context: object, params: object) -> Any:
    return ErrorData(code=-1, message="not today", data=Tells())


def raises_at_a_review(request: object) -> Any:
    raise OSError(OWN)


@pytest.mark.parametrize(
    "callback",
    [
        raises_its_own, raises_from_its_own, raises_the_protocols, raises_several, exits, exits_in_its_way,
        cancels_with_a_word, validates, returns_what_tells, spoils_the_model, spoils_the_metadata, spoils_the_refusal,
        takes_one, with_approval(echo, ask=raises_at_a_review),
    ],
    ids=name_of,
)  # fmt: skip
async def test_the_server_is_told_that_no_answer_came_and_nothing_of_why(wire: str, callback: Any) -> None:
    lab = Lab(bookshop(), sampling_callback=callback, mode=wire)
    error = await failure(lab.call_tool("recommend", {"genre": "noir"}))
    assert isinstance(error, LabError)
    assert lab.fault is error
    assert str(error) in [step.label for step in lab.flow.steps]
    sent = [step.data for step in lab.flow.steps if step.wire and step.source == "client"]
    told = [frame["error"] for frame in sent if "error" in frame]
    assert told == [{"code": INTERNAL_ERROR, "message": NO_ANSWER}] * (wire == "legacy")
    assert not any(word in str(sent) for word in (OWN, "Tells", "test_lab_faults", callback.__name__))
    await works(lab)


async def test_a_refusal_that_a_callback_returns_passes_word_for_word() -> None:
    async def refuses(context: object, params: object) -> ErrorData:
        return ErrorData(code=-1, message="not today", data={"until": "Monday"})

    lab = Lab(bookshop(), sampling_callback=refuses, mode="legacy")
    await failure(lab.call_tool("recommend", {"genre": "noir"}))
    (told,) = [step.data["error"] for step in lab.flow.steps if step.target == "server" and "error" in step.data]
    assert told == {"code": -1, "message": "not today", "data": {"until": "Monday"}}
    assert lab.fault is None


async def test_where_the_server_makes_a_result_of_the_callbacks_error_the_lab_keeps_the_line() -> None:
    shop = bookshop()

    @shop.tool(structured_output=False)
    async def insist(ctx: Context) -> str:
        try:
            return said(await create_message(ctx, question("Emma")))
        except MCPError as error:
            raise ValueError(str(error)) from error

    lab = Lab(shop, sampling_callback=raises, mode="legacy")
    call = lab.start("insist")
    result = await call
    assert result.is_error
    assert isinstance(call.fault, CallbackError)
    assert lab.fault is call.fault
    assert '`raise KeyError("title")`' in str(lab.fault)
    await works(lab)
    assert lab.fault is None


async def test_what_answers_something_else_than_a_sample_is_kept_from_the_server_too(wire: str) -> None:
    async def raises_it(*given: object) -> Any:
        raise OSError(OWN)

    lab = Lab(bookshop(), mode=wire, elicitation_callback=raises_it)
    error = await failure(lab.call_tool("order", {"title": "Emma"}))
    assert isinstance(error, CallbackError)
    assert str(error).startswith(f"raises_it raised OSError: {OWN} at test_lab_faults.py")
    sent = [step.data for step in lab.flow.steps if step.wire and step.source == "client"]
    assert OWN not in str(sent)


async def test_an_error_of_the_kit_is_the_same_on_both_wires(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=Scripted([]), mode=wire)
    error = await failure(lab.call_tool("recommend", {"genre": "noir"}))
    assert isinstance(error, ScriptEnded)
    lab.callback = times_out
    with pytest.raises(CallTimeout, match="the library"):
        await lab.call_tool("recommend", {"genre": "noir"})
    await works(lab)


async def times_out(context: object, params: object) -> Any:
    raise CallTimeout("the library was stopped")


async def test_one_of_several_samples_that_fails_fails_the_call_with_its_own_sentence(wire: str) -> None:
    async def callback(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        if "style" in str(params.messages):
            raise KeyError("style")
        return answer("fine")

    lab = Lab(bookshop(), sampling_callback=callback, mode=wire)
    error = await failure(lab.call_tool("compare", {"title": "Emma"}))
    assert isinstance(error, CallbackError)
    assert "callback raised KeyError: 'style'" in str(error)
    await works(lab)


async def test_several_that_fail_at_once_are_one_sentence(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=raises, mode=wire)
    error = await failure(lab.call_tool("compare", {"title": "Emma"}))
    assert str(error).count("raises raised KeyError") == 1
    await works(lab)


async def test_a_refusal_is_no_fault_of_the_callback(wire: str) -> None:
    async def refuses(context: object, params: object) -> ErrorData:
        return ErrorData(code=-1, message="not today")

    lab = Lab(bookshop(), sampling_callback=refuses, mode=wire)
    assert isinstance(await failure(lab.call_tool("recommend", {"genre": "noir"})), MCPError)
    await works(lab)


async def test_a_surrogate_in_an_answer_is_told_and_harms_nobody(wire: str) -> None:
    async def odd(context: object, params: object) -> CreateMessageResult:
        return answer("\ud800")

    lab = Lab(bookshop(), sampling_callback=odd, mode=wire)
    error = await failure(lab.call_tool("recommend", {"genre": "noir"}))
    assert "odd returned a CreateMessageResult that cannot be sent: " in str(error)
    str(lab.flow).encode()
    lab.flow.to_svg().encode()
    await works(lab)


# What hangs


async def never_ends(context: object, params: object) -> Any:
    await asyncio.Event().wait()


async def swallows_its_cancellation(context: object, params: object) -> Any:
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


async def swallows_and_yields(context: object, params: object) -> Any:
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)


async def waits_in_a_thread(context: object, params: object) -> Any:
    await asyncio.get_running_loop().run_in_executor(None, blocker.wait, 60)


blocker = threading.Event()


@pytest.mark.parametrize(
    ("callback", "line"),
    [
        (never_ends, "await asyncio.Event().wait()"),
        (swallows_its_cancellation, "await asyncio.Event().wait()"),
        (swallows_and_yields, "await asyncio.sleep(0)"),
        (waits_in_a_thread, "await asyncio.get_running_loop().run_in_executor(None, blocker.wait, 60)"),
    ],
)
async def test_a_callback_that_waits_for_ever_is_stopped_and_its_line_is_told(
    wire: str, callback: Callback, line: str
) -> None:
    lab = Lab(bookshop(), sampling_callback=callback, mode=wire, timeout=TIMEOUT)
    start = monotonic()
    error = await failure(lab.call_tool("recommend", {"genre": "noir"}))
    assert monotonic() - start < TIMEOUT + 1 + SLACK
    assert isinstance(error, CallTimeout | CallbackError)
    assert f"`{line}`" in str(error)
    await works(lab)
    start = monotonic()
    lab.close()
    assert monotonic() - start < SLACK
    blocker.set()
    blocker.clear()


async def test_a_callback_may_use_timeouts_of_its_own_as_often_as_it_likes(wire: str) -> None:
    async def patient(context: object, params: object) -> CreateMessageResult:
        for _ in range(30):
            with anyio.move_on_after(0):
                await asyncio.Event().wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), 0.001)
        return answer("at last")

    lab = Lab(bookshop(), sampling_callback=patient, mode=wire)
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "at last"


async def test_a_callback_may_clean_up_when_it_is_stopped(wire: str) -> None:
    cleaned: list[str] = []

    async def tidy(context: object, params: object) -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
            cleaned.append("up")

    lab = Lab(bookshop(), sampling_callback=tidy, mode=wire, timeout=TIMEOUT)
    assert isinstance(await failure(lab.call_tool("recommend", {"genre": "noir"})), CallTimeout)
    await until(lambda: cleaned)
    await works(lab)


# What holds the lab thread


async def loops(context: object, params: object) -> Any:
    while True:
        pass


async def loops_and_catches(context: object, params: object) -> Any:
    while True:
        try:
            while True:
                pass
        except Exception:  # noqa: BLE001, S110 - a student's
            pass


async def computes(context: object, params: object) -> Any:
    return answer(str(sum(n % 7 for n in range(10**12))))


@pytest.mark.parametrize("callback", [loops_and_catches, computes])
async def test_a_callback_that_loops_is_broken_and_its_line_is_told(wire: str, callback: Callback) -> None:
    lab = Lab(bookshop(), sampling_callback=callback, mode=wire, timeout=TIMEOUT)
    start = monotonic()
    error = await failure(lab.call_tool("recommend", {"genre": "noir"}))
    assert monotonic() - start < TIMEOUT + 1 + SLACK
    assert isinstance(error, CallbackError)
    assert "test_lab_faults.py, line " in str(error)
    assert "await asyncio.to_thread(...)" in str(error)
    await works(lab)
    assert [flow.title for flow in lab.flows].count("connect") == 1


async def test_a_callback_that_blocks_costs_the_thread_and_every_lab_goes_on(wire: str, gate: threading.Event) -> None:
    async def blocks(context: object, params: object) -> Any:
        gate.wait(60)

    lab = Lab(bookshop(), sampling_callback=blocks, mode=wire, timeout=TIMEOUT)
    other = Lab(bookshop(name="library"), sampling_callback=echo, mode=wire)
    under_way = other.start("wait_for_delivery")
    await until(lambda: len(under_way.flow.steps) >= 2)
    start = monotonic()
    (left_behind,) = [thread for thread in threading.enumerate() if thread.name == "labkit"]
    call = lab.start("recommend", {"genre": "noir"})
    await until(lambda: call.asking)
    not_begun = other.start("price", {"title": "Emma"})
    error = await failure(call)
    assert monotonic() - start < TIMEOUT + 1 + GRACE + SLACK
    assert isinstance(error, CallbackError)
    assert "`gate.wait(60)`" in str(error)
    assert "the lab left that thread behind; the next call starts anew" in str(error)
    assert said(await asyncio.wait_for(not_begun, 60)) == "Emma costs 4"
    lost = await failure(under_way)
    assert isinstance(lost, ConnectError)
    assert "wait_for_delivery() was lost: other code held the lab thread at" in str(lost)
    await works(other)
    await works(lab)
    start = monotonic()
    lab.close()
    assert monotonic() - start < SLACK
    gate.set()
    left_behind.join(GRACE + SLACK)
    assert not left_behind.is_alive()
    assert said(await not_begun) == "Emma costs 4"
    assert [step.label for step in not_begun.flow.steps].count("price(title)") == 1
    await works(other)


async def test_a_loop_in_one_lab_does_not_end_the_calls_of_another(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=loops, mode=wire, timeout=TIMEOUT)
    other = Lab(bookshop(name="library"), sampling_callback=echo, mode=wire)
    under_way = other.start("wait_for_delivery")
    await until(lambda: len(under_way.flow.steps) >= 2)
    assert isinstance(await failure(lab.call_tool("recommend", {"genre": "noir"})), CallbackError)
    assert not under_way.done
    await works(other)
    assert not under_way.done


@pytest.mark.usefixtures("impatient")
async def test_a_tool_that_blocks_the_lab_thread_is_told_too(wire: str, gate: threading.Event) -> None:
    lab = Lab(bookshop(gate), sampling_callback=echo, mode=wire, timeout=TIMEOUT)
    start = monotonic()
    error = await failure(lab.call_tool("count_stock"))
    assert monotonic() - start < TIMEOUT + 1 + GRACE + SLACK
    assert isinstance(error, CallbackError)
    assert "at story.py, line " in str(error)
    await works(lab)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
async def test_a_tool_that_ends_the_program_ends_only_its_connection(wire: str, error: type[BaseException]) -> None:
    shop = bookshop()

    @shop.tool(structured_output=False)
    async def quit_the_program() -> str:
        raise error

    other = Lab(bookshop(name="library"), sampling_callback=echo, mode=wire)
    under_way = other.start("wait_for_delivery")
    lab = Lab(shop, sampling_callback=echo, mode=wire, timeout=TIMEOUT)
    await failure(lab.call_tool("quit_the_program"))
    await works(lab)
    await works(other)
    assert not under_way.done


# What a student cancels


@pytest.mark.parametrize("callback", [never_ends, swallows_its_cancellation, loops])
async def test_a_call_is_cancelled_at_once_whatever_its_callback_does(wire: str, callback: Callback) -> None:
    lab = Lab(bookshop(), sampling_callback=callback, mode=wire)
    call = lab.start("recommend", {"genre": "noir"})
    await until(lambda: call.asking)
    start = monotonic()
    assert call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert monotonic() - start < SLACK
    await works(lab)
    assert monotonic() - start < 1 + SLACK


@pytest.mark.usefixtures("impatient")
async def test_a_call_that_blocks_is_cancelled_at_once_too(wire: str, gate: threading.Event) -> None:
    async def blocks(context: object, params: object) -> Any:
        gate.wait(60)

    lab = Lab(bookshop(), sampling_callback=blocks, mode=wire)
    call = lab.start("recommend", {"genre": "noir"})
    await until(lambda: call.asking)
    start = monotonic()
    assert call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert monotonic() - start < SLACK
    await works(lab)
    assert monotonic() - start < 1 + GRACE + SLACK


# What a callback does to its own Lab


async def test_a_callback_may_close_its_own_lab(wire: str) -> None:
    async def closes(context: object, params: object) -> CreateMessageResult:
        lab.close()
        return answer("closed")

    lab = Lab(bookshop(), sampling_callback=closes, mode=wire)
    error = await failure(lab.call_tool("recommend", {"genre": "noir"}))
    assert isinstance(error, LabClosed)
    again = Lab(bookshop(), sampling_callback=echo, mode=wire)
    await works(again)


async def test_a_callback_may_close_every_lab(wire: str) -> None:
    asked: list[object] = []

    async def closes(context: object, params: object) -> CreateMessageResult:
        asked.append(params)
        if len(asked) < 2:
            await asyncio.Event().wait()
        close_all()
        return answer("closed")

    labs = [Lab(bookshop(), name=name, sampling_callback=closes, mode=wire) for name in "ab"]
    calls = [lab.start("recommend", {"genre": "noir"}) for lab in labs]
    for call in calls:
        assert isinstance(await failure(call), LabClosed)
    await works(Lab(bookshop(), sampling_callback=echo, mode=wire))


async def test_a_callback_that_blocks_on_its_own_call_is_told_to_await(wire: str) -> None:
    async def blocks_on_itself(context: object, params: object) -> CreateMessageResult:
        return answer(said(lab.start("price", {"title": "Emma"}).result()))

    lab = Lab(bookshop(), sampling_callback=blocks_on_itself, mode=wire)
    error = await failure(lab.call_tool("recommend", {"genre": "noir"}))
    assert "price(title) cannot go on while its thread waits for it: write `await call`" in str(error)
    await works(lab)


async def test_a_callback_that_stops_the_loop_stops_nothing(wire: str) -> None:
    async def stops(context: object, params: object) -> CreateMessageResult:
        asyncio.get_running_loop().stop()
        return answer("stopped")

    lab = Lab(bookshop(), sampling_callback=stops, mode=wire)
    assert said(await asyncio.wait_for(lab.call_tool("recommend", {"genre": "noir"}), 60)) == "stopped"
    await works(lab)


async def test_a_view_that_fails_harms_no_call(wire: str, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: object) -> None:
        raise LookupError("the view is gone")

    lab = Lab(bookshop(), sampling_callback=echo, mode=wire)
    lab.record.listen(broken)
    await works(lab)
    assert "the view is gone" in caplog.text


async def test_a_flood_while_no_call_is_open_is_read_slowly_and_told_once() -> None:
    told: list[str] = []
    calls: list[int] = []
    patience = Patience(lambda: not calls, told.append)
    for _ in range(Patience.BURST):
        assert patience.turn() is None
        patience.heard(0)
    for size in (100, 20_000_000):  # as much as two thousand small ones
        patience.heard(size)
    for _ in range(2):
        with anyio.move_on_after(0.01) as waited:
            waiting = patience.turn()
            assert waiting is not None
            await waiting
        assert waited.cancelled_caught
    assert told == [
        "the server goes on sending although no call is open: 100 messages a second are read, until the next call"
    ]
    waiting = patience.turn()
    assert waiting is not None
    calls.append(1)
    with anyio.fail_after(30):
        await waiting
    patience.heard(100)
    assert patience.turn() is None


async def test_a_server_that_floods_after_a_call_is_made_to_wait_and_the_next_call_is_answered() -> None:
    flooding: list[asyncio.Task[None]] = []
    sent = 0
    shop = bookshop()

    @shop.tool(structured_output=False)
    async def flood(ctx: Context) -> str:
        async def on() -> None:
            nonlocal sent
            while True:
                await ctx.session.send_log_message("info", f"again {sent}")  # pyright: ignore[reportDeprecated]
                sent += 1

        flooding.append(asyncio.get_running_loop().create_task(on()))
        return "it begins"

    with Lab(shop, mode="legacy") as lab, warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        await lab.call_tool("flood")
        await until(lambda: any("goes on sending" in step.label for step in lab.flows[0].steps))
        before = sent
        assert said(await lab.call_tool("price", {"title": "Emma"})) == "Emma costs 4"
        assert before < 5_000
        lab._connection.runtime.post(flooding[0].cancel)
