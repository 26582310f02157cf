"""A call or a sample once more: with what was asked, of whom, and what stands on record of it."""

from collections.abc import Generator, Mapping
from typing import Any

import pytest
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData

from labkit import CallbackError, Lab, Scripted, Settings, close_all, replay
from labkit.dial_table import honouring
from labkit.host import with_budget, with_cache, with_dials, with_retry, with_timeout
from labkit.host.dials import DialState
from labkit.record import Entry
from labkit.views.replaying import replay_step
from tests.story import answer, asked, bookshop, echo, said

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Generator[None]:
    yield
    close_all()


class Seeded:
    """A model that notes the seeds with which it is asked, and says how warm that was."""

    honours = honouring("yes", max_tokens="must")

    def __init__(self, seen: list[int | None], seed: int | None = None) -> None:
        self.seen, self.defaults = seen, {"seed": seed, "temperature": 0.0}

    def turned(self, wishes: Mapping[str, Any]) -> "Seeded":
        return Seeded(self.seen, wishes.get("seed"))

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        self.seen.append(self.defaults["seed"])
        return await warm(context, params)


async def warm(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    """A callback that says how warm it was asked."""
    return answer(f"{asked(params)} at {params.temperature}")


async def test_a_call_is_made_again_with_its_arguments_and_options(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire, sampling_callback=Scripted(["first", "second"]))
    heard: list[float] = []

    async def progressed(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    call = lab.start("recommend", {"genre": "noir"}, progress_callback=progressed)
    assert said(await call) == "first"
    again = replay(call)
    assert said(await again) == "second"
    assert (again.number, again.title, again.arguments, again.options) == (2, call.title, call.arguments, call.options)
    assert [step.kind for step in again.flow.steps] == [step.kind for step in call.flow.steps]


async def test_a_call_is_answered_by_another_callback_and_with_other_dials_and_the_lab_keeps_its_own(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire, sampling_callback=echo)
    call = lab.start("recommend", {"genre": "noir"})
    await call
    assert said(await replay(call, callback=warm, temperature=1.5)) == "recommend noir at 1.5"
    assert "dials: temperature 1.5" in str(lab.flow)
    assert said(await replay(call)) == said(await call) == "you asked: recommend noir"


def chains(seen: list[int | None]) -> dict[str, Any]:
    """Callbacks around a model that notes with which seed it is asked."""
    model = Seeded(seen)
    return {
        "a model": model,
        "duties": with_budget(with_timeout(with_cache(model), 30), samples=9),
        "dials": with_dials(with_retry(model), Settings(seed=1, temperature=0.1)),
        "a panel": DialState(model, Settings(seed=1)).callback,
        "a duty around a panel": with_budget(DialState(with_retry(model), Settings(seed=1)).callback),
    }


@pytest.mark.parametrize("chain", chains([]))
async def test_dials_of_the_clients_own_reach_the_model_through_whatever_the_lab_has(wire: str, chain: str) -> None:
    seen: list[int | None] = []
    lab = Lab(bookshop(), mode=wire, sampling_callback=chains(seen)[chain])
    call = lab.start("recommend", {"genre": "noir"})
    await call
    for seed in (7, 8):
        again = replay(call.samples[0], seed=seed, temperature=1.5)
        assert said(await again) == "recommend noir at 1.5"
        assert f"dials: temperature 1.5, seed {seed}" in str(again.flow)
    assert seen == [1 if "dials" in chain or "panel" in chain else None, 7, 8]
    assert said(await replay(call, seed=9)).startswith("recommend noir at ")
    assert seen[3:] == [9]


async def test_a_dial_that_would_change_nothing_is_refused_before_anybody_is_asked(wire: str) -> None:
    model = Seeded([])

    async def hides(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return await model(context, params)

    for callback in (hides, with_budget(hides), Scripted(["first"] * 9)):
        lab = Lab(bookshop(), mode=wire, sampling_callback=callback)
        call = lab.start("recommend", {"genre": "noir"})
        await call
        asked_so_far, calls = len(model.seen), lab.calls
        who = "Scripted" if isinstance(callback, Scripted) else "hides"
        for of in (call, call.samples[0]):
            with pytest.raises(
                ValueError, match=f"^seed would change nothing: {who} does not take it, or is a function"
            ):
                replay(of, seed=3)
        with pytest.raises(ValueError, match=r"top-k and seed would change nothing"):
            replay(call, seed=3, top_k=2)
        assert (len(model.seen), lab.calls) == (asked_so_far, calls)
    # What a request has a field for reaches a function, too.
    lab.callback = hides
    assert said(await replay(call, temperature=1.5)) == "recommend noir at 1.5"
    with pytest.raises(ValueError, match="max tokens would stay at 50, for which the server asked"):
        replay(call.samples[0], max_tokens=101)
    assert said(await replay(call.samples[0], max_tokens=101, insist=True)) == "recommend noir at None"
    # Outside of a replay nobody is refused, and the flow says it.
    lab.callback = with_dials(hides, Settings(seed=3, temperature=0.5))
    await lab.call_tool("recommend", {"genre": "noir"})
    assert "dials: temperature 0.5, seed 3 (not taken)" in str(lab.flow)


async def test_a_sample_is_asked_alone_and_its_flow_has_no_server(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire, sampling_callback=echo)
    call = lab.start("compare", {"title": "Emma"})
    await call
    first, second, third = call.samples
    assert [asked(each.params) for each in (first, second, third)] == [
        "plot of Emma",
        "style of Emma",
        "ending of Emma",
    ]
    assert said(second.answer) == "you asked: style of Emma"
    again = replay(second, callback=warm, temperature=0.7)
    assert said(await again) == "style of Emma at 0.7"
    assert again.flow.title == "sample 2 of compare(title), again"
    lanes = {lane for step in again.flow.steps for lane in (step.source, step.target)}
    assert lanes == {"you", "client", "callback"}
    assert not any(step.wire for step in again.flow.steps)
    assert [step.samples for step in again.flow.steps if "callback" in (step.source, step.target)] == [(1,), (1,)]
    assert again.flow.samples == 1
    (sample,) = again.samples
    assert sample.params.temperature is None  # as the server asked; the dials are a step of their own
    assert (asked(sample.params), said(sample.answer)) == ("style of Emma", "style of Emma at 0.7")
    more = replay(sample)
    assert said(await more) == "you asked: style of Emma"
    assert more.flow.title == again.flow.title
    assert lab.calls == 3


async def test_a_refusal_is_an_answer_too(wire: str) -> None:
    async def refuses(context: object, params: CreateMessageRequestParams) -> ErrorData:
        return ErrorData(code=-1, message="no")

    async def fails(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise RuntimeError("no idea")

    lab = Lab(bookshop(), mode=wire, sampling_callback=refuses)
    call = lab.start("recommend", {"genre": "noir"})
    with pytest.raises(Exception, match="no"):
        await call
    (sample,) = call.samples
    assert sample.answer == ErrorData(code=-1, message="no")  # on the newer wire no frame holds it
    with pytest.raises(CallbackError, match="fails raised RuntimeError: no idea"):
        await replay(sample, callback=fails)
    again = replay(sample)
    assert await again == again.samples[0].answer == ErrorData(code=-1, message="no")


@pytest.mark.parametrize("of", ["sample", "question", "asked of the callback", "call", "again"])
async def test_a_step_is_replayed_as_its_sample_or_else_as_its_call(wire: str, of: str) -> None:
    lab = Lab(bookshop(), mode=wire, sampling_callback=echo)
    await lab.call_tool("recommend", {"genre": "noir"})
    if of == "again":
        await replay_step(lab, seq_of(lab, "endTurn"))
    seq = seq_of(lab, {"call": "recommend(", "question": "sampling/", "again": ", again"}.get(of, "1 message"))
    again = replay_step(lab, seq)
    result = await again
    assert said(result) == "you asked: recommend noir"
    assert again.title == ("recommend(genre)" if of == "call" else "sample 1 of recommend(genre), again")


def seq_of(lab: Lab, label: str) -> int:
    """The number of the last step of the record whose label holds `label`."""
    known: dict[Any, list[Entry]] = {}
    for entry in lab.record.entries():
        known.setdefault(entry.call, []).append(entry)
    flows = zip(known.values(), lab.flows, strict=True)
    return max(
        entry.seq
        for entries, flow in flows
        for entry, step in zip(entries, flow.steps, strict=True)
        if label in step.label
    )


async def test_what_cannot_be_replayed_is_said_in_a_sentence(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    with pytest.raises(TypeError, match=r"a Lab cannot be replayed: write replay\(call\) or replay\(call.samples"):
        replay(lab)  # pyright: ignore[reportArgumentType]
    call = lab.start("price", {"title": "Emma"})
    await call
    with pytest.raises(ValueError, match="no callback has dials to turn"):
        replay(call, temperature=1)
    with pytest.raises(ValueError, match="temperature"):
        replay(call, callback=echo, temperature=-1)
    with pytest.raises(LookupError, match="no longer on record"):
        replay_step(lab, 99)
    lab.callback = echo
    large = lab.start("recommend", {"genre": "x" * 100_000})
    await large
    with pytest.raises(ValueError, match="too large to be kept whole"):
        replay(large.samples[0])
    await lab.run(lambda client: client.list_tools())
    with pytest.raises(LookupError, match="what was called is no longer on record"):
        replay_step(lab, lab.record.added)
    lab.close()
    with pytest.raises(Exception, match="is closed"):
        replay(call)
