"""`Faulty`: each way to fail looks as it does in the field, on plan or as often as was said."""

import time
from typing import Any

import pytest
from mcp import MCPError
from mcp_types import CreateMessageResult, CreateMessageResultWithTools, ErrorData

from labkit import CallbackError, Faulty, Lab
from labkit.callbacks import uses_tools
from labkit.host import with_tools
from labkit.models.faulty import KINDS
from tests.host.crowd import Model, answered, labels
from tests.host.virtual import now, run
from tests.story import WIRES, bookshop, echo, question, said

pytestmark = pytest.mark.anyio


def way(name: str) -> tuple[Any, float]:
    """What comes of a way to fail, and after how many seconds."""

    async def main() -> tuple[Any, float]:
        try:
            return (await answered(Faulty(Model(), [name], deadline=4), question("plot")))[0], now()
        except ConnectionError as error:
            return error, now()

    return run(main())


@pytest.mark.parametrize(
    ("name", "text", "stop", "seconds"),
    [
        ("ok", "Read Chandler.", "endTurn", 0),
        ("slow", "Read Chandler.", "endTurn", 2),
        ("late", "Read Chandler.", "endTurn", 8),
        ("cut", "Read Ch", "maxTokens", 0),
        ("empty", "", "endTurn", 0),
    ],
)
def test_a_way_that_ends_in_an_answer(name: str, text: str, stop: str, seconds: float) -> None:
    told, took = way(name)
    assert (said(told), told.stop_reason, told.model, took) == (text, stop, "m", seconds)


def test_two_blocks_come_as_one_answer() -> None:
    told, _ = way("two blocks")
    assert isinstance(told, CreateMessageResultWithTools)
    assert [block.type for block in told.content_as_list] == ["text", "text"]


@pytest.mark.parametrize(
    ("name", "code", "data"),
    [
        ("refuse", -1, None),
        ("429", -32603, {"status": 429}),
        ("429 after 2", -32603, {"status": 429, "retryAfter": 2}),
        ("503 after 0.5", -32603, {"status": 503, "retryAfter": 0.5}),
    ],
)
def test_a_way_that_ends_in_an_error(name: str, code: int, data: Any) -> None:
    told, _ = way(name)
    assert isinstance(told, ErrorData)
    assert (told.code, told.data) == (code, data)
    assert ("429" in told.message) == name.startswith("429")


def test_the_others() -> None:
    assert isinstance(way("raise")[0], ConnectionError)
    formless = said(way("wrong form")[0])
    assert len(formless) > 20
    assert not formless.startswith(("{", "["))
    before = time.monotonic()
    told, took = run_blocking()
    assert (said(told), took) == ("Read Chandler.", 0)  # the loop's own clock stood still
    assert time.monotonic() - before >= 0.02


def run_blocking() -> tuple[Any, float]:
    async def main() -> tuple[Any, float]:
        return await Faulty(Model(), ["block"], deadline=0.01)(None, question("plot")), now()  # pyright: ignore[reportArgumentType]

    return run(main())


def test_the_ways_come_in_turn_and_after_them_answers() -> None:
    async def main() -> None:
        faulty, told = Faulty(echo, ["refuse", "ok", "empty"]), list[Any]()
        for _ in range(5):
            each, steps = await answered(faulty, question("plot"))
            told.append((each.code if isinstance(each, ErrorData) else said(each), labels(steps)))
        said_by_echo = ("you asked: plot", [])
        assert told[0] == (-1, ["fails on purpose: refuse"])
        assert told[2] == ("", ["fails on purpose: empty"])
        assert [told[1], *told[3:]] == [said_by_echo] * 3
        assert faulty.done == {"refuse": 1, "ok": 3, "empty": 1}

    run(main())


def test_a_client_declares_the_tools_of_the_callback_that_it_holds() -> None:
    using = with_tools(echo)
    assert uses_tools(Faulty(using, []))
    assert not uses_tools(Faulty(echo, []))


def test_at_random_each_way_comes_as_often_as_was_said_and_the_same_with_the_same_seed() -> None:
    async def ways(seed: int) -> list[bool]:
        faulty = Faulty(echo, {"refuse": 0.2, "empty": 0.1}, seed=seed)
        told = [isinstance(await faulty(None, question("plot")), CreateMessageResult) for _ in range(1000)]  # pyright: ignore[reportArgumentType]
        assert 150 < faulty.done["refuse"] < 250
        assert 60 < faulty.done["empty"] < 140
        return told

    assert run(ways(7)) == run(ways(7)) != run(ways(8))


@pytest.mark.parametrize(
    ("callback", "plan", "options", "sentence"),
    [
        (echo, ["quietly"], {}, "nothing fails as 'quietly'; there are ok, slow, late"),
        (echo, ["429 after"], {}, "nothing fails as '429 after'"),
        (echo, ["200"], {}, "nothing fails as '200'"),
        (echo, {"429": 0.7, "raise": 0.6}, {}, "more than the whole"),
        (echo, {"429": 7}, {}, "429 is 7, and it must be from 0 to 1"),
        (echo, "429", {}, r"write Faulty\(callback, \['429'\]\)"),
        (echo, [], {"deadline": 0}, "deadline is 0"),
        ("echo", [], {}, "'echo' is no sampling callback"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_made(callback: Any, plan: Any, options: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        Faulty(callback, plan, **options)


@pytest.mark.parametrize("mode", WIRES)
async def test_on_both_wires_a_lab_tells_each_way_apart(mode: str) -> None:
    ways = [each for each in KINDS if each not in ("late", "slow", "block")]
    with Lab(bookshop(), sampling_callback=Faulty(Model(), ways), mode=mode) as lab:
        told: list[str] = []
        for _ in ways:
            try:
                told.append(said(await lab.call_tool("recommend", {"genre": "crime"})))
            except (CallbackError, MCPError) as error:
                told.append(str(error))
    assert len(set(told)) == len(ways)
    assert sum("429" in each for each in told) == 2
    assert any("raised ConnectionError: The model went away." in each for each in told)
