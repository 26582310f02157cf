"""A Lab is one named connection: it calls, it starts, it swaps its callback, and closing it ends everything."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Generator
from contextvars import ContextVar
from time import monotonic
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import (
    CONNECTION_CLOSED,
    CallToolResult,
    CreateMessageRequestParams,
    CreateMessageResult,
    ErrorData,
    Implementation,
    SamplingCapability,
    SamplingToolsCapability,
)

import labkit
import labkit.connection
from labkit import Call, CallTimeout, ConnectError, Lab, LabClosed, LabError, Origin, Scripted, close_all, origin
from labkit.connection import all_tools
from labkit.record import Entry
from labkit.wire import Frame, InMemoryTransport
from tests.host.crowd import crowd
from tests.story import ROOT, WIRES, answer, asked, bookshop, echo, paged, said, until

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Generator[None]:
    yield
    close_all()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("labkit")] == []


def test_what_a_student_can_meet_is_listed_sorted_and_complete() -> None:
    assert labkit.__all__ == sorted(set(labkit.__all__))
    for name in labkit.__all__:
        assert getattr(labkit, name) is not None
    public = {
        name
        for name, value in vars(labkit).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("labkit.")
    }
    assert public <= set(labkit.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = labkit.nonsense  # pyright: ignore[reportAttributeAccessIssue] - that is the point


# Calls


async def test_a_tool_is_called_as_the_sdk_has_it(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=echo, mode=wire)
    result = await lab.call_tool("recommend", {"genre": "noir"})
    assert isinstance(result, CallToolResult)
    assert said(result) == "you asked: recommend noir"
    progress: list[float] = []

    async def progressed(done: float, total: float | None, message: str | None) -> None:
        progress.append(done)

    await lab.call_tool("fetch", progress_callback=progressed)
    assert progress == [0, 1, 2]


async def test_a_call_that_is_started_returns_at_once_and_is_awaited_later(wire: str) -> None:
    gate = asyncio.Event()

    async def callback(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        await gate.wait()
        return answer("at last")

    lab = Lab(bookshop(), sampling_callback=callback, mode=wire)
    call = lab.start("recommend", {"genre": "noir"})
    assert isinstance(call, Call)
    await until(lambda: call.asking)
    assert not call.done
    assert repr(call) == "<Call 1 recommend(genre): in flight>"
    call._runtime.loop.call_soon_threadsafe(gate.set)  # pyright: ignore[reportOptionalMemberAccess]
    assert said(await call) == "at last"
    assert call.done
    assert repr(call) == "<Call 1 recommend(genre): done>"
    assert said(await call) == said(call.result()) == "at last"
    assert not call.cancel()


async def test_anything_else_that_the_client_can_is_run(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    tools = await lab.run(lambda client: client.list_tools())
    assert "recommend" in [tool.name for tool in tools.tools]
    assert lab.flow.title == "client call"
    with pytest.raises(ZeroDivisionError):
        await lab.run(lambda _: 1 / 0)  # pyright: ignore[reportArgumentType] - a student's mistake


async def test_an_error_of_the_protocol_is_the_sdks_own_and_in_no_group(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=refuse, mode=wire)
    with pytest.raises(MCPError, match="not today") as caught:
        await lab.call_tool("recommend", {"genre": "noir"})
    assert caught.value.code == -1


async def refuse(context: object, params: object) -> ErrorData:
    return ErrorData(code=-1, message="not today")


async def test_a_server_that_uses_the_code_of_a_closed_connection_keeps_its_connection(wire: str) -> None:
    shop = bookshop()

    @shop.tool(structured_output=False)
    async def shut() -> str:
        raise MCPError(code=CONNECTION_CLOSED, message="the shop is shut")

    lab = Lab(shop, mode=wire)
    waiting = lab.start("wait_for_delivery")
    with pytest.raises(MCPError, match="the shop is shut"):
        await lab.call_tool("shut")
    assert not waiting.done
    assert said(await lab.call_tool("price", {"title": "Emma"})) == "Emma costs 4"
    assert [flow.title for flow in lab.flows].count("connect") == 1


async def test_many_calls_at_once_each_get_their_own_answer(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=echo, mode=wire)
    calls = [lab.start("recommend", {"genre": str(n)}) for n in range(50)]
    assert [said(await call) for call in calls] == [f"you asked: recommend {n}" for n in range(50)]
    assert [flow.samples for flow in lab.flows[1:]] == [1] * 50


def test_several_threads_call_through_one_lab(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=echo, mode=wire)
    results: list[str] = []

    def work(name: int) -> None:
        results.extend(said(lab.start("recommend", {"genre": f"{name}.{n}"}).result(60)) for n in range(10))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == sorted(f"you asked: recommend {name}.{n}" for name in range(4) for n in range(10))


def test_a_call_may_be_awaited_by_another_loop_than_the_one_that_started_it(wire: str) -> None:
    async def start() -> Any:
        return Lab(bookshop(), sampling_callback=echo, mode=wire).start("recommend", {"genre": "noir"})

    async def finish(call: Call[CallToolResult]) -> str:
        return said(await call)

    assert asyncio.run(finish(asyncio.run(start()))) == "you asked: recommend noir"


def test_a_result_that_is_not_there_in_time_is_waited_for_no_longer_and_the_call_goes_on(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    call = lab.start("wait_for_delivery")
    with pytest.raises(TimeoutError):
        call.result(0.05)
    assert not call.done


async def test_a_call_that_is_cancelled_ends_and_the_server_is_told(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    call = lab.start("wait_for_delivery")
    await until(lambda: len(call.flow.steps) >= 2)
    assert call.cancel()
    assert call.done
    with pytest.raises(asyncio.CancelledError):
        await call
    await until(lambda: any(step.label == "notifications/cancelled" for step in call.flow.steps))
    assert said(await lab.call_tool("price", {"title": "Emma"})) == "Emma costs 4"


async def test_leaving_the_wait_for_a_call_cancels_it(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    call = lab.start("wait_for_delivery")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call, 0.05)
    assert call.done
    await until(lambda: not lab._calls.open)


async def test_a_call_may_be_cancelled_before_it_begins(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    for _ in range(20):
        call = lab.start("price", {"title": "Emma"})
        if call.cancel():
            with pytest.raises(asyncio.CancelledError):
                await call
    await until(lambda: not lab._calls.open)
    assert said(await lab.call_tool("price", {"title": "Emma"})) == "Emma costs 4"


async def test_a_timeout_bounds_the_whole_call_with_its_callback(wire: str) -> None:
    async def slow(context: object, params: object) -> Any:
        await asyncio.Event().wait()

    lab = Lab(bookshop(), sampling_callback=slow, mode=wire, timeout=1)
    start = monotonic()
    with pytest.raises(CallTimeout, match=r"recommend\(genre\) was stopped after timeout=1 s: the sampling callback"):
        await lab.call_tool("recommend", {"genre": "noir"})
    with pytest.raises(CallTimeout, match="the server has not answered"):
        await lab.call_tool("wait_for_delivery")
    with pytest.raises(CallTimeout, match="client call was stopped"):
        await lab.run(lambda client: client.call_tool("wait_for_delivery"))
    assert monotonic() - start < 45
    lab.callback = echo
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend noir"


async def test_a_timeout_counts_all_rounds_together() -> None:
    rounds: list[str] = []

    async def slow(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        rounds.append(asked(params))
        if len(rounds) > 5:
            await asyncio.Event().wait()
        return answer("so far")

    lab = Lab(bookshop(), sampling_callback=slow, mode="auto", timeout=2)
    with pytest.raises(CallTimeout):
        await lab.call_tool("review", {"titles": [str(n) for n in range(9)]})
    assert rounds == [str(n) for n in range(6)]


async def test_what_the_caller_knows_its_callback_knows(wire: str) -> None:
    async def callback(context: object, params: object) -> CreateMessageResult:
        return answer(who.get())

    lab = Lab(bookshop(), sampling_callback=callback, mode=wire)
    for name in ("mira", "jo"):
        who.set(name)
        assert said(await lab.call_tool("recommend", {"genre": "noir"})) == name


who: ContextVar[str] = ContextVar("who", default="nobody")


async def test_a_callback_is_told_which_tool_asks(wire: str) -> None:
    seen: list[Origin | None] = []

    async def callback(context: object, params: object) -> CreateMessageResult:
        seen.append(origin())
        return answer("known")

    lab = Lab(bookshop(), sampling_callback=callback, mode=wire)
    await lab.call_tool("recommend", {"genre": "noir"})
    version = "2026-07-28" if wire == "auto" else "2025-11-25"
    assert seen == [Origin("bookshop", version, "recommend", {"genre": "noir"}, 1)]


# The callback


async def test_a_callback_is_swapped_on_the_running_connection(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=Scripted(["first"]), mode=wire)
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "first"
    lab.callback = Scripted(["second"])
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "second"
    assert [flow.title for flow in lab.flows] == ["connect", "recommend(genre)", "recommend(genre)"]


async def test_the_sample_after_the_swap_is_the_first_that_the_new_one_answers(wire: str) -> None:
    async def first(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        lab.callback = echo
        return answer(f"first of {asked(params)}")

    lab = Lab(bookshop(), sampling_callback=first, mode=wire)
    assert said(await lab.call_tool("review", {"titles": ["a", "b"]})) == "first of a | you asked: b"


async def test_a_callback_that_comes_later_connects_anew_and_says_so_once(
    wire: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = Lab(bookshop(), mode=wire)
    with pytest.raises(MCPError, match="sampling"):
        await lab.call_tool("recommend", {"genre": "noir"})
    waiting = lab.start("wait_for_delivery")
    lab.callback = echo
    lab.callback = Scripted(["a line"])
    assert capsys.readouterr().out == ("bookshop is connected anew: the client that was there declares no sampling.\n")
    with pytest.raises(LabClosed, match="connected anew"):
        await waiting
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "a line"
    assert lab.flow.samples == 1
    assert lab.flow.steps[1].label.startswith("tools/call")


async def test_a_callback_that_is_taken_away_is_a_refusal(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=echo, mode=wire)
    assert lab.callback is echo
    lab.callback = None
    with pytest.raises(MCPError, match="taken away"):
        await lab.call_tool("recommend", {"genre": "noir"})
    lab.callback = echo
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend noir"


async def test_a_callback_may_use_another_lab(wire: str) -> None:
    inner = Lab(bookshop(name="library"), sampling_callback=Scripted(["from the library"]), mode=wire)

    async def callback(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return answer(said(await inner.call_tool("recommend", {"genre": "noir"})))

    outer = Lab(bookshop(), sampling_callback=callback, mode=wire)
    assert said(await outer.call_tool("recommend", {"genre": "noir"})) == "from the library"
    assert (inner.flow.samples, outer.flow.samples) == (1, 1)
    assert (inner.flow.models, outer.flow.models) == (("scripted",), ("bookseller",))
    assert len(inner.flow.steps) == len(outer.flow.steps) + 2


async def test_a_callback_may_make_a_lab_of_its_own(wire: str) -> None:
    async def callback(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        with Lab(bookshop(name="library"), sampling_callback=echo, mode=wire) as inner:
            return answer(said(await inner.call_tool("recommend", {"genre": "inside"})))

    outer = Lab(bookshop(), sampling_callback=callback, mode=wire)
    for _ in range(3):
        assert said(await outer.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend inside"


async def test_a_callback_may_call_the_lab_that_asks_it(wire: str) -> None:
    async def callback(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return answer(said(await lab.call_tool("price", {"title": "Emma"})))

    lab = Lab(bookshop(), sampling_callback=callback, mode=wire)
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "Emma costs 4"
    assert [flow.title for flow in lab.flows] == ["connect", "recommend(genre)", "price(title)"]


# Its name


async def test_a_name_is_the_server_the_wire_and_the_transport(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    assert lab.name == f"bookshop · {wire} · in process"
    assert repr(lab) == f"<Lab bookshop · {wire} · in process>"
    assert Lab(bookshop(), name="mine").name == "mine"


async def test_two_wires_stand_side_by_side() -> None:
    labs = [Lab(bookshop(), sampling_callback=echo, mode=wire) for wire in WIRES]
    for lab in labs:
        assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend noir"


async def test_making_a_lab_again_closes_the_former_and_what_it_does(wire: str) -> None:
    former = Lab(bookshop(), mode=wire)
    waiting = former.start("wait_for_delivery")
    await until(lambda: len(waiting.flow.steps) >= 2)
    lab = Lab(bookshop(), mode=wire)
    with pytest.raises(LabClosed, match="another Lab of this name was made"):
        await waiting
    with pytest.raises(LabClosed, match="Run the cell that makes it again"):
        await former.call_tool("price", {"title": "Emma"})
    former.close()
    assert said(await lab.call_tool("price", {"title": "Emma"})) == "Emma costs 4"
    assert "closed" in repr(former)
    assert "closed" not in repr(lab)


# Its life


async def test_a_lab_that_is_closed_says_so(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    lab.close()
    lab.close()
    for use in (lambda: lab.start("price"), lambda: lab.call_tool("price"), lambda: lab.run(Client.list_tools)):
        with pytest.raises(LabClosed, match="is closed: it was closed"):
            await use()


async def test_a_lab_that_is_closed_still_shows_what_it_saw(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=echo, mode=wire)
    await lab.call_tool("recommend", {"genre": "noir"})
    before = str(lab.flow)
    lab.close()
    assert str(lab.flow) == before
    assert len(lab.flows) == 2
    assert lab.protocol_version == ("2026-07-28" if wire == "auto" else "2025-11-25")


async def test_closing_ends_what_is_under_way_also_when_it_has_only_just_been_started(wire: str) -> None:
    for _ in range(5):
        lab = Lab(bookshop(), mode=wire)
        calls = [lab.start("wait_for_delivery") for _ in range(3)]
        lab.close()
        for call in calls:
            with pytest.raises(LabClosed, match="was under way when the Lab bookshop"):
                await asyncio.wait_for(call, 60)


async def test_a_block_closes_its_lab(wire: str) -> None:
    with Lab(bookshop(), mode=wire) as lab:
        await lab.call_tool("price", {"title": "Emma"})
    with pytest.raises(LabClosed):
        lab.start("price")
    async with Lab(bookshop(), mode=wire) as lab:
        await lab.call_tool("price", {"title": "Emma"})
    with pytest.raises(LabClosed):
        lab.start("price")
    with pytest.raises(LookupError), Lab(bookshop(), mode=wire) as lab:
        raise LookupError
    assert "closed" in repr(lab)


def test_close_all_closes_every_lab_and_the_next_one_starts_anew(wire: str) -> None:
    labs = [Lab(bookshop(), name=name, mode=wire) for name in "abc"]
    close_all()
    assert all("closed" in repr(lab) for lab in labs)
    close_all()
    with Lab(bookshop(), mode=wire) as lab:
        assert said(lab.start("price", {"title": "Emma"}).result(60)) == "Emma costs 4"


def test_a_thread_may_close_what_another_awaits(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    call = lab.start("wait_for_delivery")
    closing = threading.Thread(target=lab.close)
    closing.start()
    with pytest.raises(LabClosed):
        call.result(60)
    closing.join(60)


# What it is given


async def test_options_are_passed_on_to_the_client(wire: str) -> None:
    lab = Lab(
        bookshop(),
        mode=wire,
        sampling_callback=echo,
        sampling_capabilities=SamplingCapability(tools=SamplingToolsCapability()),
        client_info=Implementation(name="a student", version="7"),
        read_timeout_seconds=1.0,  # the handshake must keep to it too
    )
    text = lab.flows[0].to_json()
    assert '"name": "a student"' in text
    assert '"sampling": {"tools": {}}' in text
    with pytest.raises(MCPError, match="timed out"):
        await lab.call_tool("wait_for_delivery")


async def test_options_of_a_call_are_passed_on_to_it(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    with pytest.raises(MCPError, match="timed out"):
        await lab.call_tool("wait_for_delivery", read_timeout_seconds=0.1)


async def test_a_low_level_server_will_do(wire: str) -> None:
    lab = Lab(bookshop()._lowlevel_server, sampling_callback=echo, mode=wire)
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend noir"


async def test_a_transport_will_do_for_one_connection(wire: str) -> None:
    lab = Lab(InMemoryTransport(bookshop()), sampling_callback=echo, mode=wire)
    assert lab.name == f"InMemoryTransport · {wire} · transport"
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend noir"


async def test_a_function_that_makes_a_transport_is_called_for_each_connection(
    wire: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[InMemoryTransport] = []

    def shop() -> InMemoryTransport:
        made.append(InMemoryTransport(bookshop()))
        return made[-1]

    lab = Lab(shop, mode=wire)
    assert lab.name == f"shop · {wire} · transport"
    lab.callback = echo
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend noir"
    assert len(made) == 2


@pytest.mark.parametrize(
    ("server", "options", "says"),
    [
        (42, {}, r"a int is not a server: pass an MCPServer, StdioServerParameters, a URL or a Transport"),
        (None, {}, "a NoneType is not a server"),
        ("shop", {"mode": "2025-11-25"}, "use mode='legacy'"),
        ("shop", {"mode": "nonsense"}, "nonsense"),
        ("shop", {"nonsense": 1}, "unexpected keyword argument 'nonsense'"),
    ],
)
def test_what_is_no_server_or_no_option_is_refused_with_a_sentence(server: Any, options: Any, says: str) -> None:
    with pytest.raises(ConnectError, match=says):
        Lab(bookshop() if server == "shop" else server, **options)


@pytest.mark.parametrize(
    "number", [{"keep": 0}, {"timeout": 0}, {"timeout": "soon"}, {"timeout": float("nan")}], ids=str
)
async def test_a_number_that_cannot_stand_there_is_refused_before_a_former_lab_is_closed(
    number: dict[str, Any],
) -> None:
    [(name, value)] = number.items()
    former = Lab(bookshop(), sampling_callback=echo)
    with pytest.raises(ValueError, match=f"^{name} is {value!r}, and it must be "):
        Lab(bookshop(), **number)
    await former.run(lambda client: client.list_tools())


# Without a notebook

PLAIN = """
from labkit import Lab
from tests.story import bookshop, echo
lab = Lab(bookshop(), sampling_callback=echo, mode="{wire}")
print(lab.start("recommend", {{"genre": "noir"}}).result().content[0].text)
"""
WITH_A_LOOP = """
import asyncio
from labkit import Lab
from tests.story import bookshop, echo
async def main():
    async with Lab(bookshop(), sampling_callback=echo, mode="{wire}") as lab:
        result = await lab.call_tool("recommend", {{"genre": "noir"}})
        print(result.content[0].text)
asyncio.run(main())
"""
LEFT_BEHIND = """
import asyncio
from labkit import Lab
from tests.story import bookshop, echo
async def main():
    lab = Lab(bookshop(), sampling_callback=echo, mode="{wire}")
    lab.start("wait_for_delivery")
    print((await lab.call_tool("recommend", {{"genre": "noir"}})).content[0].text)
asyncio.run(main())
"""


@pytest.mark.parametrize("script", [PLAIN, WITH_A_LOOP, LEFT_BEHIND], ids=["plain", "with a loop", "left behind"])
def test_a_plain_script_works_and_ends(wire: str, script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script.format(wire=wire)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("you asked: recommend noir\n", "", 0)


async def test_every_page_of_tools_is_read(wire: str) -> None:
    tools = await Lab(paged("second", "third", None), mode=wire).run(all_tools)
    assert [tool.name for tool in tools] == ["first_0", "first_1", "second_0", "second_1", "third_0", "third_1"]


@pytest.mark.parametrize("cursors", [("second", "second"), ("second", "third", "second")])
async def test_pages_of_tools_that_lead_in_a_circle_end_in_a_sentence(wire: str, cursors: tuple[str, ...]) -> None:
    lab = Lab(paged(*cursors), mode=wire)
    with pytest.raises(LabError, match=f"its page {len(cursors)} leads back to an earlier one"):
        await lab.run(all_tools)


async def test_pages_of_tools_without_an_end_are_given_up(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labkit.connection, "PAGES", 3)
    lab = Lab(paged("a", "b", "c", "d", None), mode=wire)
    with pytest.raises(LabError, match="its page 3 has 3 before it and names another"):
        await lab.run(all_tools)


@pytest.mark.parametrize("mode", WIRES)
async def test_a_server_that_asks_for_too_many_samples_at_once_is_refused_the_rest(mode: str) -> None:
    inside, refused, go_on = list[int](), list[str](), asyncio.Event()

    async def patient(context: object, params: object) -> CreateMessageResult:
        inside.append(1)
        await go_on.wait()
        return answer("at last")

    def hear(entry: Entry) -> None:
        if isinstance(entry.item, Frame) and b"at once, not more" in entry.item.json:
            refused.append(entry.item.direction)
            if len(refused) == 3:
                go_on.set()

    with Lab(crowd(), sampling_callback=patient, mode=mode) as lab:
        lab.record.listen(hear)
        lab._room = 5
        asking = lab.call_tool("ask_many", {"number": 8})
        if mode == "legacy":
            assert said(await asking) == "5 answers"
            assert refused == ["to server"] * 3
        else:  # where an answer is an error the SDK ends the call
            with pytest.raises(MCPError, match="The client answers 2,000 requests at once, not more"):
                await asking
        assert len(inside) == 5
        await until(lambda: lab._room == 5)
