"""The dials: what they make of a request, what they say of it, and that the page and the kernel stay free meanwhile."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from typing import Any

import pytest
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ImageContent,
    SamplingMessage,
    TextContent,
)

from labkit import Lab, Scripted
from labkit.dial_table import DIAL, OWN, Settings, turned_model, turned_request
from labkit.host.dials import MEANING, DialState, in_words, read, with_dials
from labkit.models.claude import Claude
from labkit.models.gguf import GGUF
from labkit.models.openai_compatible import OpenAICompatible
from labkit.models.tiny import Dials, TinyModel
from labkit.models.tiny import callback as tiny_callback
from labkit.models.tiny.generation import generate
from labkit.models.trace import Trace
from labkit.models.tracing import as_request, drawing
from labkit.runtime import Runtime
from labkit.steps import HostStep, overhearing
from labkit.views import dials as dials_module
from labkit.views.answers_asked import seeds
from labkit.views.dial_panel import DialPanel
from labkit.views.dials import TunePanel, dials, tune
from labkit.views.token_view import table
from labkit.work import Latest
from tests.story import WIRES, answer, bookshop, until

pytestmark = pytest.mark.anyio

PROMPT = "Explain this log line: what happened, why, and what to do.\n\n[821] ERROR:  deadlock detected"


def asking(text: str = PROMPT, *, max_tokens: int = 20, **rest: Any) -> CreateMessageRequestParams:
    return CreateMessageRequestParams(
        messages=[SamplingMessage(role="user", content=TextContent(text=text))], max_tokens=max_tokens, **rest
    )


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Each test ends with the threads that it began with."""
    before = set(threading.enumerate())
    yield
    Runtime.end()
    assert {thread.name for thread in set(threading.enumerate()) - before} == set()


class Keeper:
    """A sampling callback that keeps what it is asked, and is none of the kit's models."""

    def __init__(self) -> None:
        self.asked: list[CreateMessageRequestParams] = []

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        self.asked.append(params)
        return answer("kept")


async def told(callback: Any, params: CreateMessageRequestParams) -> tuple[Any, list[HostStep]]:
    """What a callback answers, and the steps that it reports meanwhile."""
    steps: list[HostStep] = []
    with overhearing(steps.append):
        return await callback(None, params), steps


# ---- what they make of a request


async def test_dials_that_are_not_turned_change_nothing() -> None:
    keeper, request = Keeper(), asking(temperature=0.2, stop_sequences=["END"], system_prompt="Be brief.")
    _, steps = await told(with_dials(keeper, Settings()), request)
    assert keeper.asked == [request]
    assert steps[0].label == "dials: all as asked"


async def test_dials_take_the_place_of_what_was_asked() -> None:
    keeper = Keeper()
    settings = Settings(temperature=1.5, max_tokens=5, stop_sequences=("\n",), system_prompt="Rhyme.")
    request = asking(temperature=0.2, stop_sequences=["END"], system_prompt="Be brief.")
    _, steps = await told(with_dials(keeper, settings), request)
    used = keeper.asked[0]
    assert (used.temperature, used.max_tokens, used.stop_sequences, used.system_prompt) == (1.5, 5, ["\n"], "Rhyme.")
    assert request.temperature == 0.2
    assert steps[0].label == (
        "dials: temperature 1.5 for 0.2, max tokens 5 for 20, stop ↵ for END, a system prompt of the client's own"
    )
    assert steps[0].data["dials"]["temperature"] == {"asked": 0.2, "used": 1.5, "honoured": "not told"}
    assert set(steps[0].data["dials"]) == set(DIAL)
    assert (steps[0].source, steps[0].target) == ("client", "client")


@pytest.mark.parametrize(("wish", "insist", "used"), [(5, False, 5), (500, False, 20), (500, True, 500), (5, True, 5)])
def test_max_tokens_stays_within_what_was_asked_unless_one_insists(wish: int, insist: bool, used: int) -> None:
    assert turned_request(asking(), Settings(max_tokens=wish, insist=insist)).max_tokens == used


async def test_the_clients_own_dials_reach_the_tiny_model_and_leave_it_as_it_was() -> None:
    model = TinyModel(seed=1, top_p=0.95, min_p=0.01)
    request = asking(temperature=1.5)
    turned, _ = await told(with_dials(model, Settings(top_k=7, top_p=0.8, seed=5)), request)
    same, _ = await told(TinyModel(seed=5, top_k=7, top_p=0.8, min_p=0.01), request)
    assert turned == same
    assert (model.seed, model.dials) == (1, Dials(0.2, top_k=0, top_p=0.95, min_p=0.01))


def test_the_clients_own_dials_reach_models_that_are_elsewhere_and_leave_them_as_they_were() -> None:
    local = OpenAICompatible(top_k=3)
    turned = turned_model(local, Settings(seed=7, top_p=0.9))
    assert isinstance(turned, OpenAICompatible)
    assert turned.dials == dict.fromkeys(OWN) | {"top_p": 0.9, "top_k": 3, "seed": 7}
    assert local.dials == dict.fromkeys(OWN) | {"top_k": 3}
    file = GGUF("model.gguf", top_k=3, seed=5)
    greedy = turned_model(file, Settings(top_k=1))
    assert isinstance(greedy, GGUF)
    assert greedy.dials == file.dials | {"top_k": 1}
    assert (file.dials["top_k"], greedy.dials["seed"]) == (3, 5)
    claude = Claude()
    assert turned_model(claude, Settings(temperature=1.0)) is claude


@pytest.mark.parametrize(
    ("dial", "says"),
    [
        ({"temperature": -0.1}, "temperature is -0.1, and it must be a number, 0 or more"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"max_tokens": 0}, "needs at least 1"),
        ({"top_p": 0.0}, "above 0 and at most 1"),
        ({"top_p": 1.1}, "above 0 and at most 1"),
        ({"top_k": -1}, "top-k is -1"),
        ({"seed": -1}, "seed is -1"),
        ({"min_p": 1.5}, "min-p is 1.5, and it must be from 0 to 1"),
        ({"frequency_penalty": -2.5}, "frequency penalty is -2.5, and it must be from -2 to 2"),
        ({"top_k": 1.5}, "top-k is 1.5, and it must be a whole number"),
        ({"seed": 0.5}, "seed is 0.5"),
        ({"seed": "x"}, "seed is 'x'"),
        ({"temperature": "hot"}, "temperature is 'hot', and it must be a number, 0 or more"),
        ({"max_tokens": 1.5}, "max tokens is 1.5"),
        ({"stop_sequences": "END"}, "stop sequences is 'END', and it must be a tuple of texts"),
    ],
)
def test_a_dial_that_cannot_stand_there_says_so(dial: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        Settings(**dial)


def test_dials_are_turned_of_a_callback_and_by_settings_and_of_nothing_else() -> None:
    for callback, settings, says in [
        ("tiny", Settings(), "'tiny' is no sampling callback"),
        (TinyModel, Settings(), "TinyModel'> is no sampling callback"),
        (TinyModel(), {"seed": 7}, r"\{'seed': 7\} tells no dials: write Settings"),
    ]:
        with pytest.raises(TypeError, match=says):
            with_dials(callback, settings)  # pyright: ignore[reportArgumentType] - that is the point
    with pytest.raises(TypeError, match="TinyModel'> is no sampling callback"):
        dials(TinyModel)  # pyright: ignore[reportArgumentType] - that is the point


# ---- what they say: asked, used, honoured


def honoured(callback: Any) -> dict[str, str]:
    return {reading.dial: reading.honoured for reading in read(callback, Settings(), None)}


def test_each_model_declares_what_it_honours() -> None:
    everything = dict.fromkeys(DIAL, "yes") | {"max_tokens": "must"}
    assert honoured(TinyModel()) == everything
    assert honoured(GGUF("model.gguf")) == everything
    assert honoured(Claude()) == everything | dict.fromkeys(("temperature", *OWN), "no")
    older = {"min_p": "no", "frequency_penalty": "no", "seed": "no"}
    assert honoured(Claude("claude-sonnet-4-5")) == everything | older
    assert honoured(OpenAICompatible())["seed"] == "sent on"
    assert set(honoured(Scripted([])).values()) == {"no"}
    unknown = honoured(Keeper())
    assert (unknown["temperature"], unknown["seed"], unknown["max_tokens"]) == ("not told", "no", "must")
    assert {word for model in (TinyModel(), Claude(), Keeper()) for word in honoured(model).values()} <= set(MEANING)


def test_a_reading_tells_asked_and_used_and_the_protocol_has_no_field_for_some() -> None:
    request = asking(temperature=0.2, stop_sequences=[], system_prompt="")
    readings = read(TinyModel(seed=3), Settings(temperature=0.8, top_p=0.9), request)
    shown = {
        each.title: (in_words(each.dial, each.asked), in_words(each.dial, each.used), each.turned) for each in readings
    }
    assert shown == {
        "temperature": ("0.2", "0.8", True),
        "max tokens": ("20", "20", False),
        "top-p": ("–", "0.9", True),
        "top-k": ("–", "off", False),
        "min-p": ("–", "off", False),
        "frequency penalty": ("–", "off", False),
        "stop": ("–", "–", False),
        "seed": ("–", "3", False),
        "system prompt": ("–", "–", False),
    }


def test_the_dials_of_a_model_in_a_file_are_shown_with_its_name_and_where_they_stand() -> None:
    panel = dials(GGUF("folder/smol.gguf", top_p=0.9, seed=4), Settings(top_k=1))
    assert panel.badges[0][1] == "smol"
    assert panel.steps["top_p"]["words"] == "its own, 0.9"
    used = {row[0]: row[2] for row in panel.readings}
    assert (used["temperature"], used["top_p"], used["top_k"], used["seed"]) == ("0.2", "0.9", "1", "4")
    assert seeds(panel.state.model, Settings(), 2) == range(4, 6)
    assert dials(partial(Keeper(), "model")).badges[0][1] == "Keeper"  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("mode", WIRES)
async def test_in_a_lab_the_panels_callback_answers_and_the_flow_has_the_dials(mode: str) -> None:
    panel = dials(Scripted(lambda params: f"{params.max_tokens} tokens at {params.temperature}"))
    panel.state.turn(temperature=0.8, max_tokens=9)
    with Lab(bookshop(), name=f"dials {mode}", mode=mode, sampling_callback=panel.callback) as lab:
        result = await lab.call_tool("recommend", {"genre": "romance"})
        content = result.content[0]
        assert isinstance(content, TextContent)
        assert content.text == "9 tokens at 0.8"
        steps = [step for step in lab.flow.steps if step.label.startswith("dials: ")]
        assert [step.label for step in steps] == ["dials: temperature 0.8 (not taken), max tokens 9 for 50 (not taken)"]
    assert panel.readings[1][:3] == ["max_tokens", "50", "9"]
    assert panel.limit == 50


async def test_a_request_that_the_panel_cannot_draw_is_answered_all_the_same() -> None:
    panel = tune(PROMPT)
    picture = ImageContent(data="aGk=", mime_type="image/png")
    request = CreateMessageRequestParams(messages=[SamplingMessage(role="user", content=picture)], max_tokens=5)
    said, _ = await told(panel.callback, request)
    assert isinstance(said, CreateMessageResult)
    assert "no text to answer" in panel.dials.fault
    panel.close()


# ---- the panel


def move(panel: DialPanel, **wishes: Any) -> None:
    """Do to a panel what the browser does when a dial is moved."""
    panel.wishes = {**panel.wishes, **wishes}


def test_a_dial_that_is_moved_on_the_page_turns_the_settings() -> None:
    panel = dials()
    move(panel, temperature=1.5)
    move(panel, seed=7, stop_sequences="END\\n", system_prompt="Rhyme.")
    assert panel.state.settings == Settings(temperature=1.5, seed=7, stop_sequences=("END\n",), system_prompt="Rhyme.")
    assert panel.readings[0] == ["temperature", "–", "1.5", "yes", MEANING["yes"], True]
    move(panel, temperature=None, seed=None, stop_sequences="", system_prompt="")
    assert panel.state.settings == Settings()


@pytest.mark.parametrize(
    ("wish", "says"),
    [({"seed": -7}, "seed is -7"), ({"seed": 1.5}, "no whole number"), ({"top_k": "x"}, "no number"), ({"nob": 1}, "")],
)
def test_a_wish_that_cannot_be_is_not_used_and_the_panel_says_why(wish: dict[str, Any], says: str) -> None:
    panel = dials(settings=Settings(seed=3))
    move(panel, **wish)
    assert panel.wrong.keys() == wish.keys()
    assert panel.wrong[next(iter(wish))].startswith("Not used: ")
    assert says in panel.wrong[next(iter(wish))]
    assert panel.state.settings == Settings(seed=3)
    move(panel, **dict.fromkeys(wish), temperature=0.5)
    assert panel.state.settings.temperature == 0.5 or "nob" in wish
    move(panel, temperature=0.8)
    assert panel.wrong == {}


def test_a_dial_that_code_turns_moves_on_the_page() -> None:
    panel = dials()
    panel.state.turn(temperature=0.7, stop_sequences=("\n",))
    assert (panel.wishes["temperature"], panel.wishes["stop_sequences"]) == (0.7, "\\n")
    assert panel.steps["temperature"]["marks"][3:5] == [[0.7, "0.7"], [0.8, "0.8"]]
    assert [mark for mark, _ in panel.steps["temperature"]["marks"]] == [0.0, 0.2, 0.5, 0.7, 0.8, 1.0, 1.5, 2.0]


def test_a_stop_sequence_of_code_survives_another_dial_that_is_moved() -> None:
    panel = dials()
    panel.state.turn(stop_sequences=("one", "two"))
    move(panel, temperature=0.5)
    assert panel.state.settings.stop_sequences == ("one", "two")


def test_a_model_with_dials_of_its_own_can_be_left_to_them() -> None:
    panel = dials(TinyModel(top_p=0.9))
    top_p, top_k = panel.steps["top_p"], panel.steps["top_k"]
    assert (top_p["marks"][-1], top_p["marks"][top_p["at"]], top_p["words"]) == (
        [1.0, "off"], [0.9, "0.9"], "its own, 0.9",
    )  # fmt: skip
    assert (top_k["marks"][top_k["at"]], top_k["words"]) == ([0, "off"], "off")


def test_a_dial_that_nobody_has_turned_stands_where_the_request_asks_it() -> None:
    state = DialState(TinyModel(), request=asking(temperature=0.3))
    scale = DialPanel(state).steps["temperature"]
    assert (scale["marks"][scale["at"]], scale["words"]) == ([0.3, "0.3"], "as asked")
    scale = DialPanel(DialState(Keeper())).steps["temperature"]  # nobody says at what
    assert scale["at"] == 0


def test_a_panel_is_stored_as_a_table_without_an_address() -> None:
    panel = dials(Claude(), Settings(temperature=0.8))
    bundle = panel._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["text/plain"] == str(panel)
    assert re.search(r"^temperature +– +0.8 +no$", str(panel), re.MULTILINE)
    assert repr(panel) == "<DialPanel temperature 0.8>"
    assert repr(dials()) == "<DialPanel as asked>"
    assert panel.badges[0][1] == "claude-haiku-5-5"


# ---- an answer that follows the dials


class Gated(TinyModel):
    """The tiny model, which draws no answer while its gate is closed."""

    def __init__(self, *, seed: int) -> None:
        super().__init__(seed=seed)
        self.gate = threading.Event()
        self.gate.set()

    async def trace_in_steps(self, *args: Any, **options: Any) -> Trace:
        await until(self.gate.is_set)
        return await super().trace_in_steps(*args, **options)


async def test_moving_a_dial_draws_the_answer_anew_and_the_handler_does_not_wait_for_it() -> None:
    model = Gated(seed=1)
    panel = tune(asking(), model)
    before = panel.text
    model.gate.clear()
    move(panel.dials, temperature=1.5, seed=9)
    assert panel.text == before  # and this line is reached while the answer cannot be drawn
    model.gate.set()
    await until(lambda: panel.tokens.reading.seed == 9)
    expected = TinyModel().trace(PROMPT, max_tokens=20, dials=Dials(1.5), seed=9)
    assert panel.text == expected.text
    assert (panel.tokens.answer["dials"]["temperature"], panel.tokens.turned) == (1.5, {})
    panel.close()


class Endless(TinyModel):
    """The tiny model, whose answer with `SEED` never ends; it counts the steps of it, and how often it was broken off.

    The steps are those of the model itself: what draws an answer at once would draw this one for ever.
    """

    SEED = 13

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(seed=1)
        self.steps = self.given_up = 0
        self.goes_on = True  # to the end of a test that fails

        def tokens(model: Any, tokenizer: Any, prompt: Any, dials: Any, seed: int, *, begin: Any = ()) -> Iterator[Any]:
            while seed == self.SEED and self.goes_on and self.steps < 1_000_000:
                self.steps += 1
                yield None
            yield from generate(model, tokenizer, prompt, dials, seed, begin=begin)

        monkeypatch.setattr(tiny_callback, "generate", tokens)

    async def trace_in_steps(self, *args: Any, **options: Any) -> Trace:
        try:
            return await super().trace_in_steps(*args, **options)
        except asyncio.CancelledError:
            self.given_up += 1
            raise


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endless]:
    model = Endless(monkeypatch)
    yield model
    model.goes_on = False


async def test_while_an_answer_is_drawn_other_labs_go_on(endless: Endless) -> None:
    panel = tune(asking(max_tokens=4), endless)
    move(panel.dials, seed=Endless.SEED)
    await until(lambda: endless.steps)
    with Lab(bookshop(), name="another", sampling_callback=Scripted(["Emma"] * 3)) as lab:
        for _ in range(3):
            before = endless.steps
            result = await lab.call_tool("recommend", {"genre": "romance"})
            assert not result.is_error
            assert endless.steps > before  # and the answer went on meanwhile
        assert (panel.tokens.reading.seed, endless.given_up) == (1, 0)
    endless.goes_on = False
    await until(lambda: panel.tokens.reading.seed == Endless.SEED)
    panel.close()


async def test_a_dial_that_is_moved_on_breaks_off_the_answer_that_nobody_waits_for(endless: Endless) -> None:
    panel = tune(asking(max_tokens=4), endless)
    move(panel.dials, seed=Endless.SEED)
    await until(lambda: endless.steps)
    move(panel.dials, seed=9)
    await until(lambda: panel.tokens.reading.seed == 9)
    await until(lambda: endless.given_up == 1)
    assert panel.dials.fault == ""
    panel.close()


async def test_a_panel_that_is_closed_draws_no_further(endless: Endless) -> None:
    panel = tune(asking(max_tokens=4), endless)
    move(panel.dials, seed=Endless.SEED)
    await until(lambda: endless.steps)
    panel.close()
    await until(lambda: endless.given_up == 1)


async def test_an_answer_that_takes_too_long_is_broken_off_and_the_panel_says_so(
    endless: Endless, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dials_module, "PATIENCE", 0.2)
    monkeypatch.setattr("labkit.call.TICK", 30.0)  # so long after that the watchdog looks: it is not what is tested
    panel = tune(asking(max_tokens=4), endless)
    move(panel.dials, seed=Endless.SEED)
    await until(lambda: panel.dials.fault)
    assert panel.dials.fault == "The answer was not drawn within 0.2 s: that of the former dials is shown."
    await until(lambda: endless.given_up == 1)
    assert panel.tokens.reading.seed == 1
    panel.close()


async def test_an_answer_that_cannot_be_drawn_is_told_and_the_next_one_takes_the_sentence_away() -> None:
    class Broken(TinyModel):
        async def trace_in_steps(self, *args: Any, **options: Any) -> Trace:
            if options["seed"] == 13:
                raise LookupError("no weights")
            return await super().trace_in_steps(*args, **options)

    panel = tune(asking(max_tokens=4), Broken())
    move(panel.dials, seed=13)
    await until(lambda: panel.dials.fault)
    assert panel.dials.fault == "LookupError: no weights"
    panel.state.turn(seed=14)
    await until(lambda: panel.tokens.reading.seed == 14)
    assert panel.dials.fault == ""
    panel.close()


async def test_the_answer_of_the_panel_is_the_answer_of_its_callback() -> None:
    request = asking(temperature=1.0, stop_sequences=["."], system_prompt="You are a site reliability engineer.")
    panel = tune(request, TinyModel(seed=4, top_p=0.9), Settings(top_k=12))
    said, _ = await told(panel.callback, request)
    assert isinstance(said, CreateMessageResult)
    assert isinstance(said.content, TextContent)
    assert (panel.text, panel.tokens.reading.trace.stop_reason) == (said.content.text, said.stop_reason)
    panel.close()


async def test_given_to_a_lab_the_panel_goes_on_to_what_its_server_asks() -> None:
    panel = tune(PROMPT)
    with Lab(bookshop(), name="tuned", sampling_callback=panel.callback) as lab:
        await lab.call_tool("recommend", {"genre": "romance"})
        await until(lambda: panel.text == TinyModel().trace("recommend romance", max_tokens=50).text)
    assert panel.dials.prompt == "recommend romance"
    panel.close()


@pytest.mark.parametrize(
    "request_",
    [
        asking(system_prompt="You are terse.", stop_sequences=["\n"], temperature=0.8),
        CreateMessageRequestParams(
            messages=[
                SamplingMessage(role=role, content=TextContent(text=f'{role}: it\'s "so"'))
                for role in ("user", "assistant", "user")
            ],
            max_tokens=5,
        ),
    ],
    ids=["one message", "a conversation"],
)
def test_the_code_of_a_panel_says_the_same_without_a_widget(request_: CreateMessageRequestParams) -> None:
    panel = tune(request_, settings=Settings(top_p=0.9, seed=5))
    said = StringIO()
    with redirect_stdout(said):
        exec(panel.code, {})  # noqa: S102 - that it runs as it stands is what is tested
    assert said.getvalue() == f"{panel.text}\n{table(panel.tokens.reading.trace)}\n"
    assert panel.dials.code == panel.code
    panel.close()


def test_a_panel_is_stored_as_a_table_its_answer_and_a_drawing() -> None:
    panel = tune(asking(max_tokens=5))
    bundle = panel.to_bundle()
    assert bundle["text/plain"] == str(panel)
    assert str(panel.dials) in str(panel)
    assert panel.text in str(panel)
    assert "tiny model" in str(panel)
    assert bundle["image/svg+xml"] == panel.tokens.to_svg()
    assert repr(panel) == "<TunePanel temperature 0.2 · seed 0>"
    assert not re.search("0x[0-9a-f]{4}", json.dumps(bundle))
    panel.close()


def test_only_the_tiny_model_can_be_tuned_and_only_with_text() -> None:
    with pytest.raises(TypeError, match=r"Claude does not show its tokens: write dials\(Claude\)"):
        tune(PROMPT, Claude())  # pyright: ignore[reportArgumentType] - the mistake that is tested
    with pytest.raises(ValueError, match="no text to answer"):
        tune(" ")
    with pytest.raises(ValueError, match="max_tokens is 0"):
        tune(asking(max_tokens=0))


def test_a_temperature_that_makes_no_sense_is_what_the_model_makes_of_it() -> None:
    drawn = drawing(TinyModel(), asking(temperature=99.0), Settings())
    assert drawn.dials.temperature == 2.0
    assert as_request(PROMPT).max_tokens == 100


# ---- work on the lab thread


async def test_of_what_is_asked_at_once_only_the_last_is_done() -> None:
    gate, done = asyncio.Event(), list[int]()

    async def work(number: int) -> None:
        await gate.wait()
        done.append(number)

    latest = Latest("numbers", work, 10)
    for number in range(100):
        latest.ask(number)
    Runtime.current().post(gate.set)
    await until(lambda: done)
    assert done == [99]


async def test_work_goes_on_after_work_that_failed_and_after_the_lab_thread_was_ended() -> None:
    begun, done = list[int](), list[int]()

    async def work(number: int) -> None:
        begun.append(number)
        if number == 1:
            raise LookupError("one")
        if number == 2:
            await asyncio.Event().wait()
        done.append(number)

    latest = Latest("numbers", work, 10)
    for number in (0, 1, 2):
        latest.ask(number)
        await until(lambda number=number: begun[-1:] == [number])
    Runtime.end()
    latest.ask(3)
    await until(lambda: done == [0, 3])
    latest.ask(2)
    await until(lambda: begun[-1] == 2)
    latest.cancel()


async def test_what_the_end_of_the_last_lab_breaks_off_is_begun_anew() -> None:
    gate, begun, done = threading.Event(), list[int](), list[int]()

    async def work(number: int) -> None:
        begun.append(number)
        for _ in iter(gate.is_set, True):
            await asyncio.sleep(0)
        done.append(number)

    latest = Latest("numbers", work, 60)
    with Lab(bookshop(), name="the last", sampling_callback=Scripted(["Emma"])):
        latest.ask(1)
        await until(lambda: begun == [1])
    await until(lambda: begun == [1, 1])
    gate.set()
    await until(lambda: done == [1])


def test_a_panel_is_closed_more_than_once_without_harm() -> None:
    panel: TunePanel = tune(asking(max_tokens=2))
    panel.close()
    panel.close()
