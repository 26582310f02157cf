"""`replay(call)`, `replay(sample)`: the same once more, with other dials or another callback.

    call = lab.start("recommend", {"genre": "noir"})
    await call
    again = replay(call.samples[0], temperature=1.5)  # its callback is asked alone, the server is not
    print(await again)
    compare(call, again)

What is replayed is a call of its own: it has a number, a flow, and what is awaited. A call is made anew, with what that
does on the server; a sample is asked of the callback with all its duties, so that a person may be asked again.
"""

from typing import Any

from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.call import Call
from labkit.callbacks import name_of
from labkit.dial_table import DIAL, Settings
from labkit.host.dials import read, with_dials
from labkit.lab import Lab
from labkit.sampled import Sample, samples_of


def replay(of: Call[Any] | Sample, *, callback: SamplingFnT | None = None, **dials: Any) -> Call[Any]:
    """Make a call of a tool again, or ask one of its samples again. Returns at once: `await` it for what comes.

    Args:
        of: The call, or the sample: `call.samples[0]`.
        callback: Who answers; the Lab's own callback where none is given.
        **dials: Dials that are turned for it, by the names of `Settings`: `temperature=1.5`.

    Raises:
        TypeError: `of` is neither, or there is no such dial.
        ValueError: A dial cannot stand there or would change nothing, nobody could answer, or the request was too large
            to be kept whole.
    """
    lab = of.lab if isinstance(of, Call | Sample) else None  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook
    if lab is None:
        raise TypeError(f"a {type(of).__name__} cannot be replayed: write replay(call) or replay(call.samples[0])")
    if dials:
        answerer = callback or lab.callback
        if answerer is None:
            raise ValueError("no callback has dials to turn: write replay(..., callback=...)")
        settings = Settings(**dials)
        _check(answerer, settings, of.params if isinstance(of, Sample) else None)
        callback = with_dials(answerer, settings)
    return lab.again(of, callback)


def _check(answerer: SamplingFnT, settings: Settings, asked: CreateMessageRequestParams | None) -> None:
    """Refuse dials that would leave the answer as it was, before anybody is asked.

    Raises:
        ValueError: There are such; the sentence names them.
    """
    lost = [reading.title for reading in read(answerer, settings, asked) if reading.in_vain]
    if lost:
        raise ValueError(
            f"{' and '.join(lost)} would change nothing: {name_of(answerer)} does not take it, or is a function that "
            "hides who does. Leave it out, or name a model: write replay(..., callback=TinyModel())"
        )
    most = settings.max_tokens
    if asked is not None and most is not None and most > asked.max_tokens and not settings.insist:
        raise ValueError(
            f"{DIAL['max_tokens'].title} would stay at {asked.max_tokens:,}, for which the server asked: a client must "
            "not give more. Write insist=True to do it all the same"
        )


def replay_step(lab: Lab, seq: int, *, callback: SamplingFnT | None = None, **dials: Any) -> Call[Any]:
    """Replay what a step of the record belongs to, by its number there: its sample, where it is of one, else its call.

    Raises:
        LookupError: The step, or what is to be replayed, is no longer on record.
    """
    entries = lab.record.entries()
    found = next((entry for entry in entries if entry.seq == seq), None)
    if found is None:
        raise LookupError("this step is no longer on record")
    flow = lab.flow_of(found.call)
    step = flow.steps[[entry.seq for entry in entries if entry.call == found.call].index(seq)]
    asked = samples_of(flow.steps, flow.title, lab)
    called = next((each.data["params"] for each in flow.steps if each.label.startswith("tools/call ")), None)
    sample = next((each for each in asked if each.number in step.samples or called is None), None)
    if sample is not None:
        return replay(sample, callback=callback, **dials)
    if called is None:
        raise LookupError("what was called is no longer on record")
    return replay(Call(0, flow.title, called["name"], called.get("arguments"), lab), callback=callback, **dials)
