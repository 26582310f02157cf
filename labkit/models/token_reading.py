"""A trace as views show it: what each token was drawn from, in figures and in a sentence. Draws nothing itself."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from labkit.dial_table import DIAL, STAGES, Dial
from labkit.models.tiny import Dials
from labkit.models.token_stages import (
    LISTED,
    Stage,
    has_changed,
    in_stage,
    is_greedy,
    left,
    limits,
    possible_tokens,
    share,
)
from labkit.models.token_words import (
    CUT_OFF,
    END,
    OUT_OF_ITS_DEPTH,
    Badge,
    badge_of,
    confidence_badge,
    mean_log,
    percent,
    spoken,
)
from labkit.models.trace import END as CONTROL_END
from labkit.models.trace import Rival, Trace, TracedToken
from labkit.plain import marked

SURE_FROM = 0.3
"""The probability below which a token is marked as unsure: its underline is dotted."""

FULL = 0.5
"""The share that fills a bar, unless a larger share is beside it."""

DRAWN = 8
"""How many rivals a picture shows."""


@dataclass(frozen=True, slots=True)
class Column:
    """A stage on the way from the model's probabilities to the draw: the name, and the effect in a few words."""

    stage: Stage
    name: str
    note: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A rival at one stage: the share of the draw, 0 to 1; for a rival that is ruled out, the share before.

    `most` is above `share` where these are the bounds of what is known of the share.
    """

    text: str
    share: float
    kept: bool
    most: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """A rival at every stage; `rank` is the model's own, from 1, and `drawn` marks the token that was taken.

    The rank is that `or_later` where the model did not tell of so many. The row with rank 0 stands for all tokens of
    which the sum alone is known. `was` marks the token of the answer, where the turned dials draw another.
    """

    text: str
    rank: int
    drawn: bool
    cells: tuple[Cell, ...]
    or_later: bool = False
    was: bool = False


class Reading:
    """An answer, read.

    Args:
        trace: A trace of a model. What depends on the dials or the seed is left out where the trace has none.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.dials = trace.dials
        self.seed = trace.seed
        self.tokens: Sequence[TracedToken] = trace.tokens

    # The whole answer

    @property
    def count(self) -> str:
        """The number of tokens, as `46 tokens`."""
        return f"{len(self.tokens):,} token{'' if len(self.tokens) == 1 else 's'}"

    @property
    def settings(self) -> str:
        """The dials that are not off and the seed, if known: `temperature 0.8 · top-k 40 · top-p 0.9 · seed 7`."""
        dials, parts = self.dials, list[str]()
        if dials is not None:
            parts = [f"temperature {dials.temperature:g}"]
            parts += [
                f"{dial.title} {value:g}"
                for dial in STAGES
                if dial.off is not None and not dial.is_off(value := dials.values[dial.name])
            ]
        return " · ".join([*parts, *([f"seed {self.seed}"] if self.seed is not None else [])])

    @property
    def parting(self) -> str:
        """Where the turned dials draw another token: `dials turned: another token at 3 of 46 places, at 7 first`."""
        if not self.trace.turned:
            return ""
        places = [i for i, token in enumerate(self.tokens, 1) if token.instead]
        first = f", at {places[0]} first" if places else ""
        return f"dials turned: another token at {len(places)} of {len(self.tokens)} places{first}"

    @cached_property
    def mean_log_probability(self) -> float:
        """The mean natural logarithm of the drawn tokens' probabilities, before any dial; 0 for certainty."""
        return mean_log([token.probability for token in self.tokens])

    @property
    def badges(self) -> list[Badge]:
        """The badges: the answerer, how sure it was, whether it says that it knows nothing here, whether it was cut."""
        sure = [confidence_badge(self.mean_log_probability)] if self.tokens else []
        who = badge_of(self.trace.model) or Badge(
            "model", str(getattr(self.trace.model, "name", "model")), "Who answered."
        )
        cut = [CUT_OFF] if self.trace.stop_reason == "maxTokens" else []
        return [who, *sure, *([OUT_OF_ITS_DEPTH] if self.trace.out_of_depth else []), *cut]

    @cached_property
    def columns(self) -> list[Column]:
        """The stages to show: those of rare dials only where these are set."""
        dials = self.dials
        shown = [dial for dial in STAGES if not dial.rare or self._is_set(dial)]
        return [
            Column("model", "model", "before any dial"),
            *(Column(dial.name, *_heading(dial, dials)) for dial in shown),
        ]

    def _is_set(self, dial: Dial) -> bool:
        if self.dials is not None:
            return not dial.is_off(self.dials.values[dial.name])
        return any(has_changed(token, dial.name) for token in self.tokens)

    @property
    def hesitant(self) -> int:
        """The index of the token over which the model hesitated most, which is where a view opens."""
        return max(range(len(self.tokens)), key=lambda i: self.tokens[i].entropy, default=0)

    # A token of the answer

    def text(self, i: int) -> str:
        """The text of token `i`; `END` for the control token by which the model says that it has finished."""
        return END if self.is_end(i) else self.tokens[i].text

    def is_end(self, i: int) -> bool:
        return i == len(self.tokens) - 1 and self.trace.stop_reason == "endTurn"

    def is_cut(self, i: int) -> bool:
        """Whether token `i`, or its end, was taken off the answer by a stop sequence."""
        return self._cut_from is not None and sum(len(each.text) for each in self.tokens[: i + 1]) > self._cut_from

    @cached_property
    def _cut_from(self) -> int | None:
        """The index in the joined text of the tokens at which a stop sequence cut the answer."""
        whole = "".join(token.text for token in self.tokens)
        # A letter that is spread over tokens is "\ufffd" in each: then the places in the two texts do not agree.
        known = self.trace.stop_reason == "stopSequence" and "\ufffd" not in whole
        return len(self.trace.text) if known else None

    def label(self, i: int) -> str:
        """Token `i` for those who hear it: `7 of 46: “a”, after a space, 41 %`."""
        cut = ", cut off by the stop sequence" if self.is_cut(i) else ""
        return f"{i + 1} of {len(self.tokens)}: {spoken(self.text(i))}, {percent(self.tokens[i].probability, ' ')}{cut}"

    def rows(self, i: int, number: int = LISTED) -> list[Row]:
        """The `number` best rivals of token `i`, the best first. Where the token is not among these, its row is last.

        After the rivals comes the rest, where the model did not tell of all tokens.
        """
        token = self.tokens[i]
        best, now = token.stages["model"][:LISTED], token.instead
        ranks = {rival.id: rank for rank, rival in enumerate(best, 1)} | {token.id: token.rank}
        behind = [Rival(token.id, token.text, token.probability)]
        if now and token.choice and now.id >= 0:
            place = token.choice.ids.index(now.id)
            ranks[now.id] = token.choice.rank(place)
            behind.append(Rival(now.id, now.text, in_stage(token, "model", now.id) or 0.0))
        shown = [rival for rival in best if ranks[rival.id] <= number]
        behind = sorted((each for each in behind if each not in shown), key=lambda each: ranks[each.id])
        rows = [
            Row(
                END if rival.text == CONTROL_END else rival.text,
                ranks[rival.id],
                rival.id == (now or token).id,
                tuple(self._cells(token, rival)),
                or_later=rival.id == token.id and token.rank > token.told > 0,
                was=now is not None and rival.id == token.id,
            )
            for rival in [*shown[: number - len(behind)], *behind]
        ]
        return [*rows, self._rest(token)] if token.rest else rows

    def _rest(self, token: TracedToken) -> Row:
        latest, cells = token.rest["model"], list[Cell]()
        for column in self.columns:
            found = token.rest.get(column.stage)
            latest = found or latest
            text = between(found.least, found.most) if found else "–"
            cells.append(Cell(text, latest.least, found is not None, latest.most))
        return Row(
            f"{token.rest['model'].tokens:,} more", 0, token.instead is not None and token.instead.id < 0, tuple(cells)
        )

    def _cells(self, token: TracedToken, rival: Rival) -> list[Cell]:
        latest, cells = rival.probability, list[Cell]()
        is_drawn = rival.id == token.id
        for column in self.columns:
            found = share(token, column.stage) or None if is_drawn else in_stage(token, column.stage, rival.id)
            latest = latest if found is None else found
            cells.append(Cell("–" if found is None else percent(found), latest, found is not None))
        return cells

    def sentence(self, i: int) -> str:
        """How token `i` came about, from the model's probability to the draw."""
        token = self.tokens[i]
        name = f", {spoken(END)}" if self.is_end(i) else f" “{marked(token.text)}”"
        if token.instead_of:
            name += f", taken by hand in place of {quoted(token.instead_of)}"
        parts = [f"Token {i + 1}{name}: the model gave it {percent(token.probability, ' ')}", self._warmed(token)]
        if not is_greedy(token, self.dials):
            by_hand = token.instead_of and not self.trace.turned
            parts += [self._limited(token)] if by_hand else [self._limited(token), self._drawn(token)]
        said = f"Entropy {token.entropy:.1f} bits, an effective vocabulary of {effective(token.entropy)}."
        return f"{'; '.join(parts)}. {said}{self._untold(token)}"

    def foot(self, i: int, stage: Stage) -> tuple[str, str]:
        """What stage `stage` left of the choice behind token `i`: how many tokens, and how much doubt."""
        token = self.tokens[i]
        kept, bits = token.kept.get(stage, len(token.stages[stage])), token.standing[stage].entropy
        most = "at most " if stage in token.rest and kept < possible_tokens(token) else ""
        return f"{most}{kept:,} left", f"{bits:.1f} bits, effective {effective(bits)}"

    def _untold(self, token: TracedToken) -> str:
        if not token.rest:
            return ""
        before, after = token.rest["model"], token.rest.get(self.columns[-1].stage)
        left = between(after.least, after.most, " ") if after else "nothing"
        after_all = f", and {left} after the last dial" if not is_greedy(token, self.dials) else ""
        return f" {before.tokens:,} tokens of which only the sum is known held {percent(before.share, ' ')}{after_all}."

    def _warmed(self, token: TracedToken) -> str:
        if is_greedy(token, self.dials):
            best = f", {self._instead(token)}" if token.instead else ""
            dropped = _rivals(possible_tokens(token) - 1)
            return f"temperature 0 dropped {dropped} and left rank 1{best}, whatever the seed"
        shifts = [dial for dial in STAGES if not dial.drops and (not dial.rare or self._is_set(dial))]
        return "; ".join(self._shifted(token, dial) for dial in shifts)

    def _instead(self, token: TracedToken) -> str:
        now = token.instead
        if now is None or now.id < 0:
            return "one of those of which only the sum is known"
        return quoted(now.text)

    def _shifted(self, token: TracedToken, dial: Dial) -> str:
        name = f"{dial.title} {self.dials.values[dial.name]:g}" if self.dials else dial.title
        order = list(token.stages)
        before = order[order.index(dial.name) - 1]
        if math.isclose(share(token, before), share(token, dial.name), rel_tol=1e-9):
            return f"{name} left that as it was"
        return f"{name} made that {percent(share(token, dial.name), ' ')}"

    def _limited(self, token: TracedToken) -> str:
        found = limits(token, self.dials)
        if not found:
            return "no dial dropped a rival"
        names, total = _listed([DIAL[stage].title for stage in found]), possible_tokens(token)
        kept = left(token)
        if token.rest.get(self.columns[-1].stage):
            return f"{names} left {kept:,} at most" if kept < total else f"what {names} dropped is not known"
        if kept == total:
            return f"{names} dropped no rival"
        # What is left is scaled up by the same factor to make a whole again, so the best one tells what all of it held.
        order = list(token.stages)
        best = token.stages[order[-1]][0]
        warmed = [stage for stage in order if stage not in DIAL or not DIAL[stage].drops][-1]
        held = percent((in_stage(token, warmed, best.id) or 0) / best.probability, " ")
        return f"{names} dropped {_rivals(total - kept)} and left {kept:,} that held {held}"

    def _drawn(self, token: TracedToken) -> str:
        if left(token) == 1:
            return f"{self._instead(token)} alone is left" if token.instead else "nothing was left to draw"
        if self.trace.turned:
            return f"the same random number draws {self._instead(token) if token.instead else 'it again'}"
        by = f" with seed {self.seed}" if self.seed is not None else ""
        later = " or a later one" if token.rank > token.told > 0 else ""
        return f"the draw{by} took rank {token.rank:,}{later}"


def effective(bits: float) -> str:
    """How many equally likely tokens would be as hard to choose from: exp of the entropy, which is told in bits."""
    number = 2**bits
    return f"{number:.1f}" if number < 99.95 else f"{number:,.0f}"


def quoted(text: str) -> str:
    """The text of a token within a sentence."""
    return spoken(END) if text == CONTROL_END else f"“{marked(text)}”"


def full_share(rows: Sequence[Row]) -> float:
    """The share that fills a bar beside these rivals: the same at every stage, so that the bars can be compared."""
    return max([FULL, *(max(cell.share, cell.most) for row in rows for cell in row.cells)])


def between(least: float, most: float, space: str = "") -> str:
    """Two bounds as text: `4–52%`, or `4%` where the two round to the same."""
    low, high = percent(least, space), percent(most, space)
    return high if low == high else f"{low.removesuffix(f'{space}%')}–{high}"


def _rivals(number: int) -> str:
    return f"{number:,} rival{'' if number == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _heading(dial: Dial, dials: Dials | None) -> tuple[str, str]:
    """The name of a stage with where its dial stands, and what that does."""
    if dials is None:
        return dial.title, dial.effect(None)
    value = dials.values[dial.name]
    return (f"{dial.title} off", "keeps all") if dial.is_off(value) else (f"{dial.title} {value:g}", dial.effect(value))
