"""Why an answer ended: a word, a sign and a sentence for each stop reason, the same wherever an answer is shown.

The specification names four reasons and lets others through; a result may also name none.
Source: specification 2025-11-25 and 2026-07-28, schema, CreateMessageResult.stopReason.
"""

from dataclasses import dataclass
from typing import Literal

from mcp_types import ErrorData

from labkit.dial_table import CUT
from labkit.plain import short


@dataclass(frozen=True, slots=True)
class Ended:
    """How an answer ended. The sign and the word say what the colour of its `kind` says.

    Attributes:
        kind: The colour's name on a page.
        sign: One character.
        word: In a few words.
        why: What it means, and what to do where more was wanted.
        of_one: Whether that is said of one answer, and may be another of the next that ended so.
    """

    kind: Literal["good", "warning", "bad", "plain"]
    sign: str
    word: str
    why: str
    of_one: bool = False


_KNOWN = {
    "endTurn": Ended("good", "✓", "end of turn", "The model had said all that it wanted to (stop reason endTurn)."),
    "maxTokens": Ended(
        "warning",
        "✂",
        CUT,
        "Its tokens were used up (stop reason maxTokens): it may end in mid-sentence. The server's request, the dial "
        "for max tokens, the callback and the model's own room each set a limit: raise the lowest, or have a shorter "
        "answer asked for.",
    ),
    "stopSequence": Ended(
        "plain",
        "■",
        "stop sequence",
        "The model came to one of the stop sequences (stop reason stopSequence), and what it would have said from "
        "there on is not here. To read on, take the sequence out of the dial, or out of the server's request.",
    ),
    "toolUse": Ended(
        "plain",
        "⚒",
        "uses a tool",
        "The model asks for a tool to be used (stop reason toolUse) and goes on with what that says: the next sample "
        "of the run holds both.",
    ),
}

UNTOLD = Ended("plain", "?", "no reason told", "The answer names no stop reason: whether it is whole is not known.")
NO_ANSWER = Ended("bad", "∅", "no answer", "There was no answer to this request when the run ended.")


def ended(answer: object) -> Ended:
    """How an answer to a sampling request ended: a result, an error, or `None` for no answer."""
    if answer is None:
        return NO_ANSWER
    if isinstance(answer, ErrorData):
        why = f"The server was told an error in place of an answer ({answer.code}): {short(answer.message, 300)}"
        return Ended("bad", "✕", "refused", why)
    return for_reason(getattr(answer, "stop_reason", None))


def for_reason(reason: str | None) -> Ended:
    """How an answer with that stop reason ended."""
    if not reason:
        return UNTOLD
    told = short(reason, 40)
    other = (
        f"The answerer told a stop reason of its own, {told}, which the specification allows: ask its documentation."
    )
    return _KNOWN.get(reason) or Ended("plain", "…", told, other)
