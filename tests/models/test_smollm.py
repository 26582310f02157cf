"""SmolLM, with the real file: its words are never compared, its seeds, figures and refusals are."""

import asyncio
import math
import re
from importlib.util import find_spec

import numpy as np
import pytest
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData, SamplingMessage, TextContent

from labkit import SmolLM
from labkit.models import partial, sampler, smollm
from labkit.models.llama_cpp import Engine
from labkit.models.tiny import Dials
from labkit.models.trace import Choice, Trace
from labkit.models.tracing import branch_in_steps, trace, turned
from labkit.steps import HostStep, Origin, listening
from labkit.views.token_view import TokenView, table

if not (find_spec(smollm.PACKAGE) and find_spec("xllamacpp")):
    pytest.skip("set up with --small, or on a platform without xllamacpp", allow_module_level=True)

pytestmark = pytest.mark.anyio

PROMPT = "Explain this log line in one sentence: ERROR: deadlock detected"
HOT = Dials(1.5, top_p=0.9, frequency_penalty=0.5)


@pytest.fixture(scope="module")
def model():
    model = SmolLM(temperature=0.8)
    yield model
    model.close()


@pytest.fixture(scope="module")
def traced(model: SmolLM) -> Trace:
    return model.trace(PROMPT, dials=HOT, seed=5, max_tokens=12)


def asks(text: str = PROMPT, max_tokens: int = 12, **fields: object) -> CreateMessageRequestParams:
    said = [SamplingMessage(role="user", content=TextContent(text=text))]
    return CreateMessageRequestParams.model_validate({"messages": said, "max_tokens": max_tokens, **fields})


async def text_of(model: SmolLM, params: CreateMessageRequestParams) -> str:
    result = await model(None, params)
    assert isinstance(result, CreateMessageResult), result
    assert isinstance(result.content, TextContent)
    return result.content.text


async def test_two_requests_at_once_draw_what_each_draws_alone(model: SmolLM) -> None:
    first, second = (model.turned({"seed": seed}) for seed in (1, 2))
    alone = [await text_of(first, asks()), await text_of(second, asks("Why is the sky blue?"))]
    both = await asyncio.gather(text_of(first, asks()), text_of(second, asks("Why is the sky blue?")))
    assert both == alone


async def test_what_it_did_is_reported_with_its_name_and_tokens(model: SmolLM) -> None:
    steps: list[HostStep] = []
    with listening(steps.append, Origin("server", "modern")):
        result = await model(None, asks(max_tokens=3))
    assert isinstance(result, CreateMessageResult)
    assert (result.model, result.stop_reason) == ("SmolLM2-135M-Instruct", "maxTokens")
    assert [step.label for step in steps] == ["asks SmolLM2-135M-Instruct", "answers with 3 tokens"]
    assert steps[1].data["input_tokens"] > 10


async def test_a_prompt_beyond_its_context_is_refused_with_both_numbers(model: SmolLM) -> None:
    refused = await model(None, asks("log " * 5000))
    assert isinstance(refused, ErrorData)
    assert "reads 4096 at most" in refused.message
    with pytest.raises(ValueError, match="reads 4096 at most"):
        model.trace("log " * 5000)


async def test_without_its_file_it_says_what_to_do() -> None:
    model = SmolLM()
    model._engine = Engine(smollm.Path("none.gguf"), 64, 1, model.install, model.missing)
    refused = await model(None, asks())
    assert isinstance(refused, ErrorData)
    assert refused.message.startswith("[FIX] SmolLM2-135M-Instruct is not installed here: close JupyterLab and type")
    with pytest.raises(ValueError, match="not installed here"):
        model.trace("hello")


async def test_a_trace_says_what_the_callback_says_with_the_same_dials(model: SmolLM, traced: Trace) -> None:
    same = model.turned({**HOT.values, "seed": 5})
    assert await text_of(same, asks(temperature=1.5)) == traced.text
    assert "".join(token.text for token in traced.tokens) == traced.text
    assert await model.trace_in_steps(PROMPT, dials=HOT, seed=5, max_tokens=12) == traced


async def test_the_end_of_an_answer_is_a_token_of_its_own(model: SmolLM) -> None:
    told = model.trace("Say hi.", dials=Dials(0.0), max_tokens=60)
    assert told.stop_reason == "endTurn"
    assert told.tokens[-1].text == "<|end|>"
    assert "".join(token.text for token in told.tokens[:-1]) == told.text


def test_a_trace_that_is_cut_by_a_stop_sequence_ends_before_it(model: SmolLM, traced: Trace) -> None:
    stop = traced.text[8:11]
    cut = model.trace(PROMPT, dials=HOT, seed=5, max_tokens=12, stop_sequences=[stop])
    assert (cut.text, cut.stop_reason) == (traced.text[: traced.text.index(stop)], "stopSequence")


def test_letters_of_several_tokens_are_told_as_one(model: SmolLM) -> None:
    told = model.trace("Write only this sign: 🌟🌟🌟🌟", dials=Dials(0.0), max_tokens=12)
    if told.merged:  # with whichever words it answers
        assert len(told.tokens) + told.merged == 12
        with pytest.raises(ValueError, match="cannot be repeated"):
            told.all(1)


def test_dials_are_turned_without_another_draw_and_back_again(traced: Trace) -> None:
    told = turned(traced, Dials(0.0))
    for token, drawn in zip(told.tokens, traced.tokens, strict=True):
        assert (token.instead or token).id == drawn.stages["model"][0].id
    back = turned(told, HOT)
    # Of an unlikely token nobody but llama.cpp, which drew it, knows whether top-p leaves it.
    known = [(token, was) for token, was in zip(back.tokens, traced.tokens, strict=True) if was.rank < 50]
    assert len(known) > 2
    for token, was in known:
        assert token.standing == was.standing
        assert token.instead is None


async def test_an_answer_goes_on_from_another_token(traced: Trace) -> None:
    rival = traced.tokens[3].stages["model"][1]
    other = await branch_in_steps(traced, 3, rival.id)
    assert other.tokens[:3] == traced.tokens[:3]
    assert (other.tokens[3].id, len(other.tokens)) == (rival.id, 12)
    assert other.tokens[3].instead_of == traced.tokens[3].text
    assert other.text == "".join(token.text for token in other.tokens)
    assert other.prompt_tokens == traced.prompt_tokens
    whole = other.all(5)  # what is told of a draw after the branch fits what it was drawn after
    assert whole.probability == pytest.approx(other.tokens[5].probability, rel=1e-3)
    with pytest.raises(ValueError, match="stood in another answer"):
        other.all(1)
    ends = await branch_in_steps(traced, 11, traced.tokens[11].stages["model"][0].id)
    assert (len(ends.tokens), ends.stop_reason) == (12, "maxTokens")


@pytest.mark.parametrize("i", [0, 6])
def test_the_draw_with_all_tokens_lies_within_the_bounds_told_of_the_rest(traced: Trace, i: int) -> None:
    token, whole = traced.tokens[i], traced.all(i)
    assert (token.told, whole.told, whole.rest) == (200, 0, {})
    assert (whole.id, whole.kept["model"]) == (token.id, 49_152)
    assert whole.probability == pytest.approx(token.probability, rel=1e-3)
    for stage, rivals in token.stages.items():
        rest = token.rest.get(stage)
        off = (rest.most - rest.least) / 2 if rest else 0.0
        known = {rival.id: rival.probability for rival in whole.stages[stage]}
        for rival in rivals[:5]:
            assert known[rival.id] == pytest.approx(rival.probability, rel=2 * off + 2e-3), stage


def whole_draw(vocabulary: int, seed: int) -> sampler.Logits:
    """Logarithms of probabilities as a language model has them: few likely tokens and a long tail. [vocabulary]"""
    logits = np.random.default_rng(seed).normal(0, 3, vocabulary)
    return np.sort(logits - math.log(np.exp(logits).sum()))[::-1].copy()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "dials",
    [
        *(Dials(heat) for heat in (0.0, 0.3, 1.0, 1.7)),
        *(Dials(1.3, top_k=k) for k in (5, 150, 600)),
        *(Dials(heat, top_p=p) for heat in (0.7, 1.0, 1.6) for p in (0.3, 0.97)),
        *(Dials(1.2, min_p=p) for p in (0.2, 0.0001)),
        *(
            Dials(0.9, frequency_penalty=p, top_k=k, top_p=0.95, min_p=0.001)
            for p in (1.0, -1.0, -2.0)
            for k in (0, 40, 300)
        ),
    ],
    ids=repr,
)
def test_what_is_not_told_lies_within_its_bounds_after_every_dial(dials: Dials, seed: int) -> None:
    told, used = 200, [0, 3, 3, 700, 700, 900]
    whole = whole_draw(2000, seed)
    uses = {token: used.count(token) for token in used if token < told}
    choice = Choice(range(told), whole[:told], 0, uses, 0.5, str, untold=len(whole) - told, others=2)
    draw = partial.told(choice)
    for name, logits in sampler.turn(whole, dials, used):
        draw = partial.STAGES[name](draw, dials.values[name], choice)
        shares = sampler.softmax(logits)
        least, most = (draw.rest.least, draw.rest.most) if draw.rest else (0.0, 0.0)
        left = draw.logits > -np.inf
        assert least - 1e-9 <= 1 - shares[:told][left].sum() <= most + 1e-9, name
        assert left.sum() <= (logits > -np.inf).sum() <= draw.kept, name
        own = np.exp(draw.logits[left]) / np.exp(draw.logits[left]).sum()
        assert (own * (1 - most) <= shares[:told][left] * (1 + 1e-9) + 1e-12).all(), name
        assert (own * (1 - least) >= shares[:told][left] * (1 - 1e-9) - 1e-12).all(), name


def test_each_dial_of_the_draw_has_its_function_for_a_draw_known_in_part() -> None:
    assert list(partial.STAGES) == list(Dials().values)


def test_a_drawn_token_beyond_those_told_stays_where_every_dial_left_it() -> None:
    whole = whole_draw(2000, 1)
    logits = np.append(whole[:200], whole[500])
    choice = Choice([*range(200), 500], logits, 200, {}, 0.5, str, untold=1799, beyond=True)
    draw = partial.told(choice)
    for name, value in Dials(1.4, top_k=900, top_p=0.99).values.items():
        draw = partial.STAGES[name](draw, value, choice)
        assert draw.logits[choice.place] > -np.inf
        assert draw.rest


def test_the_token_view_shows_the_rest_as_one_bar_with_its_bounds(traced: Trace) -> None:
    shown = TokenView(traced)
    row = shown.reading.rows(0)[-1]
    assert (row.text, row.rank, row.drawn) == ("48,952 more", 0, False)
    assert all(cell.most > cell.share for cell in row.cells if cell.kept and "–" in cell.text)
    assert shown.answer["tokens"][0]["untold"] == 48_952
    assert shown.answer["badges"][0][1] == "SmolLM2"
    said = table(traced, token=1)
    assert "48,952 more" in said
    assert "48,952 tokens of which only the sum is known held " in said
    assert re.search(r"48,95[12] more", shown.to_svg())  # one less where the token shown is none of those told


def test_trace_takes_any_model_that_shows_its_draws(model: SmolLM) -> None:
    assert trace(asks(max_tokens=2), model).model.shown_as == "SmolLM2"  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="a function does not show what it draws from"):
        trace("hello", asks)  # pyright: ignore[reportArgumentType]
