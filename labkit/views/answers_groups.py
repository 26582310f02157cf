"""Many answers as groups of equal ones: how often each came, in which words they differ, and whether they are true."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from labkit.cutting import cut
from labkit.models.token_reading import Reading
from labkit.models.token_words import Badge
from labkit.models.trace import Trace
from labkit.plain import in_columns, plain, seen
from labkit.views.words import Parts, compared

Rule = Callable[[str], bool | None]
"""A rule: whether an answer is true, and `None` where the rule cannot tell."""

LONGEST = 20_000
"""Characters of an answer that are shown."""

WIDE = 100
"""Letters of a line of text."""

VERDICTS = {True: "✓ true", False: "✗ false", None: "not judged"}


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of many.

    Attributes:
        text: What was said; empty where nobody answered.
        label: Which of the answers it is, `seed 3` or `run 4`.
        note: Why it ended, or what went wrong.
        temperature: The temperature of the draw, where it is known.
        badges: Words about it, such as who answered.
        trace: The choices behind its tokens, or what makes them; `None` where the model shows none.
        opens: Opens it elsewhere on the page, in place of its tokens here.
    """

    text: str
    label: str = ""
    note: str = ""
    temperature: float | None = None
    badges: Sequence[Badge] = ()
    trace: Trace | Callable[[], Awaitable[Trace]] | None = None
    opens: Callable[[], object] | None = None


def answered(answer: "str | Trace | Answered") -> Answered:
    """A text, or an answer with the choices behind it, as one answer of many."""
    if isinstance(answer, Trace):
        label = "" if answer.seed is None else f"seed {answer.seed}"
        heat = answer.dials.temperature if answer.dials else None
        return Answered(answer.text, label, answer.stop_reason, heat, Reading(answer).badges, answer)
    return answer if isinstance(answer, Answered) else Answered(answer)


@dataclass(frozen=True, slots=True)
class Group:
    """Equal answers. `parts` marks in the text what differs from the first group, and `differs` tells it in words."""

    members: Sequence[Answered]
    parts: Parts
    differs: str
    true: bool | None

    @property
    def labels(self) -> str:
        """Which answers they are: `seeds 0, 3, 5`."""
        labels = [member.label for member in self.members if member.label]
        names = {label.partition(" ")[0] for label in labels}
        if len(names) > 1 or len(labels) < 2:
            return ", ".join(dict.fromkeys(labels))
        return f"{names.pop()}s {', '.join(dict.fromkeys(label.partition(' ')[2] for label in labels))}"


class Groups:
    """Answers, grouped. `rows` are the groups, the largest first unless the answers are `still_coming`.

    `heats` are the temperatures in their order, where all answers have one and there are several.
    """

    def __init__(self, answers: Sequence[Answered], true: Rule | None = None, *, still_coming: bool = False) -> None:
        self.answers, self.judged = answers, true is not None
        alike: dict[tuple[str, str], list[Answered]] = {}
        for answer in answers:
            alike.setdefault((answer.text, "" if answer.text else answer.note), []).append(answer)
        found = [*alike.values()] if still_coming else sorted(alike.values(), key=len, reverse=True)
        first = next((_shown(members[0]) for members in found if members[0].text), "")
        self.rows = [
            Group(
                members, *compared(members[0].text and first, _shown(members[0])), self._judged(members[0].text, true)
            )
            for members in found
        ]
        heats = {answer.temperature for answer in answers}
        self.heats = sorted(heat for heat in heats if heat is not None) if None not in heats and len(heats) > 1 else []

    @staticmethod
    def _judged(text: str, true: Rule | None) -> bool | None:
        verdict = true(text) if true and text else None
        return None if verdict is None else bool(verdict)

    def counts(self, members: Sequence[Answered]) -> list[int]:
        """How many of some answers there are at each temperature."""
        return [sum(each.temperature == heat for each in members) for heat in self.heats]

    @property
    def told(self) -> str:
        """`10 answers, 3 different, 7 true`."""
        return f"{len(self.answers)} answer{'' if len(self.answers) == 1 else 's'}, {self.found}"

    @property
    def found(self) -> str:
        """`3 different, 7 true`."""
        true = f", {sum(len(row.members) for row in self.rows if row.true)} true" if self.judged else ""
        return f"{len(self.rows)} different{true}"

    @property
    def head(self) -> str:
        """What was found, and what all answers have in common: the temperature, and who answered."""
        heats = {each.temperature for each in self.answers} - {None}
        who = {badge.text for each in self.answers for badge in each.badges if badge.kind == "model"}
        heat = [f"temperature {heat:g}" for heat in heats if heat is not None and len(heats) == 1]
        return " · ".join([self.told, *heat, *(who if len(who) == 1 else [])])

    def where(self, row: Group) -> str:
        """Where the answers of a group are from: `4 at temperature 0, 1 at temperature 1`, or whose they are."""
        counts = zip(self.counts(row.members), self.heats, strict=True)
        return ", ".join(f"{n} at temperature {heat:g}" for n, heat in counts if n) or row.labels

    def over_heat(self) -> list[list[str]]:
        """A table of figures at each temperature: answers, different ones, true ones; nothing for a single one."""
        true = [each for row in self.rows if row.true for each in row.members]
        by_row = [self.counts(row.members) for row in self.rows]
        rows = {
            "temperature": [f"{heat:g}" for heat in self.heats],
            "answers": self.counts(self.answers),
            "different": [sum(map(bool, column)) for column in zip(*by_row, strict=True)],
            **({"true": self.counts(true)} if self.judged else {}),
        }
        return [[name, *map(str, figures)] for name, figures in rows.items()] if self.heats else []

    def __str__(self) -> str:
        lines = in_columns(self.over_heat())
        for row in self.rows:
            verdict = [VERDICTS[row.true]] if self.judged else []
            told = [f"{len(row.members)} of {len(self.answers)}", *verdict, self.where(row)]
            lines.append(" · ".join(plain(word) for word in told if word))
            for line in [*broken(row.parts, WIDE), *(broken([(row.differs, False)], WIDE) if row.differs else [])]:
                lines.append(f"    {''.join(text for text, _ in line)}".rstrip())
                if any(differs for _, differs in line):
                    lines.append(f"    {''.join((' ^'[differs]) * len(text) for text, differs in line)}".rstrip())
        return "\n".join(lines)


def _shown(answer: Answered) -> str:
    """The text with nothing invisible in it; what went wrong, or that nothing was said, where there is none."""
    return seen(cut(answer.text, LONGEST)) or f"no text: {plain(answer.note) or 'nothing was said'}"


def broken(parts: Parts, width: int) -> list[list[tuple[str, bool]]]:
    """Parts of a text as lines of at most `width` letters, broken between words where there are some."""
    lines, room, glued = [list[tuple[str, bool]]()], width, False
    for text, differs in parts:
        for piece in re.findall(rf"\n|[^\S\n]{{1,{width}}}|\S{{1,{width}}}", text):
            too_long = len(piece) > room + 3 * glued  # a comma does not begin a line
            if piece == "\n" or too_long:
                lines.append([])
                room = width
            if piece != "\n" and not (too_long and piece.isspace()):
                lines[-1].append((piece, differs))
                room -= len(piece)
            glued = not piece.isspace()
    return lines
