"""`Loop`: samples that go on with one conversation while a model uses a server's tools, and how it is told."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from labkit.cutting import cut
from labkit.plain import LABEL, LINE, short
from labkit.secret_forms import may_hold, redacted

MOST_USES = 12
"""Uses of one turn that are told; of more it is said how many."""

MOST_TURNS = 12
"""Turns of a loop that a text tells; of a longer one the first and the last half of so many."""

MOST_LOOPS = 20
"""Loops that a text tells."""

MARGIN = 4_000
"""Characters behind those that are told in which the end of a secret is looked for."""

LONGEST = 1_200
"""Characters of an input, a result or an answer that an opened turn shows."""

ALLOWED = {"none": ", no tool allowed", "required": ", a tool demanded"}


@dataclass(slots=True)
class Use:
    """A use of a tool: what was asked for, and what the server says that it gave.

    Attributes:
        id: What the use and its result have in common.
        name: The name of the tool; empty for a result that belongs to no use.
        input: The input as JSON.
        result: The text of the result; `None` where there is none.
        is_error: Whether the server says that the tool failed.
        is_lost: Whether the record cannot tell the result: the request was kept in part.
    """

    id: str
    name: str
    input: str
    result: str | None = None
    is_error: bool = False
    is_lost: bool = False

    def line(self, width: int = LABEL) -> str:
        """`grep_log {"word": "disk"} → 3 lines`, with so many characters of the input and of the result."""
        what = f"{_on_a_line(self.name, 40)} {_on_a_line(self.input, width)}" if self.name else "a result without a use"
        return f"{what} → {_on_a_line(self.told, width)}"

    @property
    def told(self) -> str:
        """The result, or why there is none."""
        if self.result is None:
            return "the record does not hold it" if self.is_lost else "no result"
        return f"{'error: ' if self.is_error else ''}{self.result}"


@dataclass(slots=True)
class Turn:
    """A sample of a loop.

    Attributes:
        number: Its place in the loop, from 1.
        sample: The number of the sample in the flow.
        step: The number of the step that asks.
        choice: What the server allows: `auto`, `required` or `none`.
        uses: What the model asks for.
        added: Uses and results in the request for which no model asked.
        said: The model's words.
        end: Why there is no answer, also where the model refuses.
        tokens: Tokens of the answer, where the answerer told them.
        is_answered: Whether the model answered.
        is_changed: Whether the conversation in the request is not the one of the turn before.
    """

    number: int
    sample: int
    step: int
    choice: str = "auto"
    uses: list[Use] = field(default_factory=list[Use])
    added: list[Use] = field(default_factory=list[Use])
    said: str = ""
    end: str = ""
    tokens: int | None = None
    is_answered: bool = False
    is_changed: bool = False

    @property
    def title(self) -> str:
        """`turn 3 (sample 5), no tool allowed`."""
        sample = "" if self.sample == self.number else f" (sample {self.sample})"
        return f"turn {self.number}{sample}{ALLOWED.get(self.choice, '')}"


@dataclass(slots=True)
class Loop:
    """Samples that go on with one conversation.

    Attributes:
        number: The loop's place in the flow, from 1.
        is_whole: Whether the flow holds all that a model was asked in its call, from the beginning.
        turns: The turns; where a view goes on without an end, the last two.
        count: How many turns there were.
        names: How often each tool was asked for.
        added: How many uses and results no model asked for.
        tokens: Tokens of all answers, where the answerers told them.
        is_cut: Whether a frame of the loop was too large, so that the record holds a part of it.
    """

    number: int
    is_whole: bool
    turns: list[Turn] = field(default_factory=list[Turn])
    count: int = 0
    names: Counter[str] = field(default_factory=Counter[str])
    added: int = 0
    tokens: int | None = None
    is_cut: bool = False

    @property
    def unasked(self) -> str:
        """What is said of a use that no answer of the flow asks for."""
        return f"nobody {'' if self.is_whole and not self.is_cut else 'on record '}asked for"

    def __str__(self) -> str:
        """`3 turns, 4 uses (search ×3, read ×1)`."""
        names = self.names.most_common(5)
        told = [f"{_on_a_line(name, 30)} ×{count:,}" for name, count in names]
        told += [f"{len(self.names) - len(names):,} more"] if len(self.names) > len(names) else []
        uses = f"{_counted(self.names.total(), 'use')} ({', '.join(told)})" if told else "no use of a tool"
        added = f", {self.added:,} that {self.unasked}" if self.added else ""
        tokens = "" if self.tokens is None else f" · {_counted(self.tokens, 'token')}"
        return f"{_counted(self.count, 'turn')}, {uses}{added}{tokens}"

    def line(self, turn: Turn, width: int = LABEL) -> str:
        """A turn in a line: `turn 1: grep_log {"word": "disk"} → 3 lines`, with so many characters of each text."""
        parts = ["the server changed what was said before"] if turn.is_changed else []
        parts += [f"! {self.unasked} {use.line(width)}" for use in turn.added[:2]]
        parts += [use.line(width) for use in turn.uses[:3]]
        more = len(turn.added[2:]) + len(turn.uses[3:])
        parts += [_counted(more, "more use")] if more else []
        parts += [f"“{_on_a_line(turn.said, width)}”"] if turn.said else []
        parts += [_on_a_line(turn.end, width)] if turn.end else []
        tokens = "" if turn.tokens is None else f" · {_counted(turn.tokens, 'token')}"
        return f"{turn.title}: {'; '.join(parts) or ('nothing' if turn.is_answered else 'no answer yet')}{tokens}"

    def parts(self, turn: Turn) -> list[tuple[str, str]]:
        """An opened turn: who says something, and what; a mark `!` stands before what no model asked for."""
        told = [("!", "The conversation in this request is not the one of the turn before.")] if turn.is_changed else []
        for use in turn.added[:MOST_USES]:
            told.append((f"! {self.unasked}", f"{use.name} {use.input}" if use.name else f"a use {use.id}"))
            told.append(("the server says it gave", use.told))
        for use in turn.uses[:MOST_USES]:
            told += [("the model asks for", f"{use.name} {use.input}"), ("the server answers", use.told)]
        if more := len(turn.added[MOST_USES:]) + len(turn.uses[MOST_USES:]):
            told.append(("and", _counted(more, "more use")))
        told += [("the model says", turn.said)] if turn.said else []
        told += [("no answer", turn.end)] if turn.end else []
        told += [("tokens", f"{turn.tokens:,}")] if turn.tokens is not None else []
        return [(who, cut(what, LONGEST)) for who, what in told]


def lines_of(loops: Sequence[Loop]) -> list[tuple[int, str]]:
    """Loops as lines, a heading for each and below it one for each turn, each with the step at which it begins."""
    lines: list[tuple[int, str]] = []
    for loop in loops[:MOST_LOOPS]:
        lines.append((loop.turns[0].step, short(f"loop{f' {loop.number}' if len(loops) > 1 else ''}: {loop}", LINE)))
        many = len(loop.turns) - MOST_TURNS
        for place, turn in enumerate(loop.turns):
            if many <= 0 or not MOST_TURNS // 2 <= place < len(loop.turns) - MOST_TURNS // 2:
                lines.append((turn.step, f"  {short(loop.line(turn, 45), LINE - 2)}"))
            elif place == MOST_TURNS // 2:
                lines.append((turn.step, f"  … {_counted(many, 'more turn')}"))
    if len(loops) > MOST_LOOPS:
        lines.append((loops[MOST_LOOPS].turns[0].step, f"… {_counted(len(loops) - MOST_LOOPS, 'more loop')}"))
    return lines


def _on_a_line(text: str, width: int) -> str:
    """The beginning of `text`, with a mark in place of each secret: a notebook stores what a flow prints and draws."""
    told = text[: 4 * width + MARGIN]
    told = redacted(told, Counter()) if may_hold(told) else told
    return short((told if len(text) <= 4 * width + MARGIN else told[:-MARGIN]).replace("\n", " ↵ "), width)


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
