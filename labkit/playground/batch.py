"""The runs of one press of "Run ×10" as answers that can be grouped: `labkit.views.answers` counts and shows them."""

from collections.abc import Callable, Sequence
from functools import partial

from mcp_types import ErrorData

from labkit.models.token_words import CUT_OFF, Badge, badge_of
from labkit.playground.export import without_keys
from labkit.playground.runs import Run
from labkit.redacting import redact_shown
from labkit.views.answers_groups import LONGEST, Answered


def batch_of(runs: Sequence[Run], run: Run | None) -> list[Run]:
    """The runs that were made with one press, by number, `run` among them; none where it was made alone."""
    alike = [each for each in runs if run and run.batch and each.batch == run.batch]
    return sorted(alike, key=lambda each: each.n)


def as_answers(
    batch: Sequence[Run], keys: Sequence[str], open_run: Callable[[int], object] | None = None
) -> list[Answered]:
    """What came of each run that gave an answer or failed, without a key and without what looks like a secret.

    Args:
        batch: The runs.
        keys: The keys that must not be in it.
        open_run: Opens a run, by number; the page's.
    """
    wires = {run.wire for run in batch}
    over = [run for run in batch if run.outcome not in ("running", "cancelled")]
    return [_answered(run, keys, run.wire if len(wires) > 1 else "", open_run) for run in over]


def _answered(run: Run, keys: Sequence[str], wire: str, open_run: Callable[[int], object] | None) -> Answered:
    """The sampled answers of a run, joined; where the tool asked for none its result, and else why there is none."""
    said = [sample for sample in run.samples if sample.answer and not isinstance(sample.answer, ErrorData)]
    text = "\n".join(sample.text for sample in said) if run.samples else run.result
    text = "" if run.outcome == "failed" else text
    last = said[-1] if said else None
    heat = next((each.used for each in last.dials if each.dial == "temperature"), None) if last else None
    seed = f"seed {last.drawing.seed}" if last and last.drawing else ""
    note = " · ".join(filter(None, (wire, seed, *(each.word for each in run.ended)))) if text else run.result
    who = badge_of(last.answer) if last else None
    if last and last.said_by and who is None:
        who = Badge("model", _clean(last.said_by, keys), "Answered by this model.")
    return Answered(
        _clean(text, keys),
        f"run {run.n}",
        _clean(note, keys),
        float(heat) if isinstance(heat, int | float) else None,
        [*([who] if who else []), *([CUT_OFF] if run.cut else [])],
        opens=partial(open_run, run.n) if open_run else None,
    )


def _clean(text: str, keys: Sequence[str]) -> str:
    return without_keys(redact_shown(text, LONGEST), keys)
