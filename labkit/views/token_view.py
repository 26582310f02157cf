"""`show_tokens(trace)`: an answer token by token, with the rivals of each. In plain code: `print(table(trace))`."""

from dataclasses import dataclass, replace
from typing import Any

import anywidget
import numpy as np
import traitlets

from labkit.dial_table import STAGES, Dial
from labkit.errors import sentence
from labkit.models.own_logits import own_logits
from labkit.models.sampler import Dials
from labkit.models.stop_reasons import for_reason
from labkit.models.token_reading import DRAWN, FULL, SURE_FROM, Reading, quoted
from labkit.models.token_words import CUT_OFF, confidence_badge
from labkit.models.trace import END, Choice, Trace, TracedToken
from labkit.models.tracing import begun, branch_in_steps, turned
from labkit.plain import marked, seen
from labkit.views.page import read_parts
from labkit.views.placed import Placed
from labkit.views.token_drawing import svg, table
from labkit.work import Latest

__all__ = ["TokenView", "show_tokens", "table"]

PATIENCE = 120.0
"""Seconds that a branch may take."""

MOST_BRANCHES = 20
"""Answers that are kept beside each other, the first among them."""


def show_tokens(trace: Trace) -> "TokenView":
    """An answer of a model that can be traced, token by token; as the last line of a cell.

        show_tokens(TinyModel().trace(prompt, dials=Dials(temperature=0.8, top_p=0.9), seed=7))

    Choose a token with the mouse or with ← → Home End to see what it was drawn from. Turn a dial to see what it would
    have been drawn from, and what the same random number would have drawn. In plain code: `turned(trace, dials)`.
    Take a rival, by mouse or with ↓ and Enter, and the model goes on from there: `branch(trace, i, token)`.

    Args:
        trace: A trace, from the `trace` of a model.

    Raises:
        TypeError: `trace` is no trace.
    """
    if not isinstance(trace, Trace):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
        raise TypeError(f"a {type(trace).__name__} has no tokens to show: write show_tokens(model.trace(prompt))")
    return TokenView(trace)


def _stage(dial: Dial) -> dict[str, Any]:
    """A dial of the draw, as the page shows it."""
    told = ("name", "title", "what", "off", "least", "most", "marks", "drops", "rare", "apis")
    return {name: getattr(dial, name) for name in told} | {"whole": dial.kind == "whole"}


class TokenView(Placed, anywidget.AnyWidget):
    """The widget that `show_tokens` makes. `chosen` is the index of the token whose rivals are shown.

    Args:
        trace: A trace, from the `trace` of a model.
        steady: Whether the text keeps its height whatever is shown next.
        dialled: Whether it has dials of its own.
    """

    _esm = read_parts(
        "page.js", "token_dials.js", "token_words.js", "token_strip.js", "token_branches.js", "token_view.js"
    )
    _css = read_parts("page.css", "token_view.css", "token_strip.css", "token_branches.css")

    answer = traitlets.Dict().tag(sync=True)
    stages = traitlets.List([_stage(dial) for dial in STAGES]).tag(sync=True)
    steady = traitlets.Bool().tag(sync=True)
    dialled = traitlets.Bool(True).tag(sync=True)
    # The traits that the browser writes, and code may.
    chosen = traitlets.Int().tag(sync=True)
    turned = traitlets.Dict().tag(sync=True)
    """The dials that stand elsewhere than those of the draw, by name."""

    shown = traitlets.Int().tag(sync=True)
    """The number of the branch that is shown; 0 for the answer itself."""
    compared = traitlets.Bool().tag(sync=True)
    """Whether the branches stand beside each other."""
    tree = traitlets.List().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)

    def __init__(self, trace: Trace, *, steady: bool = False, dialled: bool = True) -> None:
        self.branches, self._dropped = [Branch(trace)], 0
        super().__init__(**self._now(), chosen=Reading(trace).hesitant, steady=steady, dialled=dialled)
        self._going: Latest[tuple[Trace, int, int]] = Latest("the branch", self._go_on, PATIENCE, self._failed)
        self.observe(self._changed, "shown")
        self.on_msg(self._heard)

    @property
    def trace(self) -> Trace:
        """The answer that is shown, or the branch of it."""
        return self.branches[min(max(self.shown, 0), len(self.branches) - 1)].trace

    def show(self, trace: Trace) -> None:
        """Show another answer in place of this one and its branches. From any thread.

        The same token stays chosen where the two agree up to it; else the one where the model hesitated most is.
        """
        self._going.cancel()
        agree = [token.id for token in self.trace.tokens[: self.chosen + 1]]
        self.branches, self._dropped = [Branch(trace)], 0
        with self.hold_sync():
            if [token.id for token in trace.tokens[: self.chosen + 1]] != agree:
                self.chosen = Reading(trace).hesitant
            self.shown, self.note, self.compared = 0, "", False
            self._draw()

    def take(self, i: int, token: int) -> None:
        """Have the model go on from the rival with id `token` in place of token number `i` (from 0), as a branch.

        Returns at once. Where there is such a branch, that is shown.
        """
        known = [each.id for each in self.trace.tokens[:i]] + [token]
        for number, branch in enumerate(self.branches):
            if [each.id for each in branch.trace.tokens[: i + 1]] == known:
                self.shown = number
                return
        try:
            word = quoted(begun(self.trace, i, token)[-1].text)
        except (LookupError, ValueError) as error:
            self._failed(error)
            return
        self.note = f"The model goes on from {word} …"
        self._going.ask((self.trace, i, token))

    def draw_from(self, text: str) -> None:
        """Show the draw of a token from logits that somebody wrote down, with the dials as they stand.

        In plain code: `own_logits(text, dials, seed)`.
        """
        try:
            trace = own_logits(text, self.reading.dials, self.trace.seed or 0)
        except ValueError as error:
            self._failed(error)
            return
        self._add(Branch(trace, own=True), 0)

    def _add(self, branch: "Branch", chosen: int) -> None:
        self.branches.append(branch)
        note = self._drop() if len(self.branches) > MOST_BRANCHES else ""
        with self.hold_sync():
            self.note, self.chosen, self.shown = note, chosen, len(self.branches) - 1
            self._draw()

    def _drop(self) -> str:
        """Drop the oldest branch, and say so. What parted from it parts from what it came from."""
        gone, self._dropped = self.branches.pop(1), self._dropped + 1
        for n, each in enumerate(self.branches):
            if each.parent == 1:
                self.branches[n] = replace(each, parent=gone.parent, at=min(each.at, gone.at))
            elif each.parent > 1:
                self.branches[n] = replace(each, parent=each.parent - 1)
        return f"Dropped: {gone.name}, the oldest; {MOST_BRANCHES} are kept, with the answer."

    async def _go_on(self, what: tuple[Trace, int, int]) -> None:
        whole, i, token = what
        former = self.branches
        trace = await branch_in_steps(whole, i, token)
        if former is not self.branches:
            return  # another answer is shown since
        parent = next((n for n, each in enumerate(former) if each.trace is whole), None)
        if parent is None:
            raise LookupError("what it was to part from was dropped meanwhile")
        self._add(Branch(trace, parent, i), i)

    def _failed(self, error: Exception) -> None:
        late = f"The model did not go on within {PATIENCE:g} s."
        why = str(error) if isinstance(error, ValueError | LookupError) else sentence(error)
        self.note = late if isinstance(error, TimeoutError) else f"Not taken: {why}."

    def _heard(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if "take" in message:
            i, token = message["take"]
            self.take(int(i), int(token))
        elif "logits" in message:
            self.draw_from(str(message["logits"]))

    def _changed(self, _: object) -> None:
        with self.hold_sync():
            self._draw()

    def _draw(self) -> None:
        for name, value in self._now().items():
            setattr(self, name, value)

    def _now(self) -> dict[str, Any]:
        """What the page is told of the answer that is shown."""
        return {"answer": _answer(self.trace), "turned": {}, "tree": [branch.told for branch in self.branches]}

    def close(self) -> None:
        """Stop what is being drawn and take the view off the page. More than once does no harm."""
        self._going.cancel()
        super().close()

    def turn(self, dials: Dials) -> None:
        """Have the dials stand elsewhere, without a draw. From any thread."""
        own = (self.trace.dials or Dials(1.0)).values
        self.turned = {name: value for name, value in dials.values.items() if value != own[name]}

    @property
    def reading(self) -> Reading:
        """The answer as it is shown, with the dials as they stand."""
        try:
            return Reading(
                turned(self.trace, (self.trace.dials or Dials(1.0)).but(**self.turned)) if self.turned else self.trace
            )
        except (TypeError, ValueError):  # the page may send what no dial can be
            return Reading(self.trace)

    def to_svg(self) -> str:
        """The shown answer as a drawing, for where no kernel runs."""
        return svg(self.reading, self.chosen, self._beside())

    def __repr__(self) -> str:
        return f"<TokenView {self.reading.count}, {marked(self.trace.stop_reason)}>"

    def stored(self) -> dict[str, str]:
        # In a notebook that JupyterLab does not trust it draws no SVG, and shows the table.
        reading = self.reading
        beside = self._beside()
        text = "\n".join([table(reading.trace), *beside])
        return {"text/plain": text, "image/svg+xml": svg(reading, self.chosen, beside)}

    def _beside(self) -> list[str]:
        """The branches, a line for each, and how many were dropped."""
        lines = [branch.line(shown=branch.trace is self.trace) for branch in self.branches] if self.branches[1:] else []
        return [*lines, *([f"  and {self._dropped:,} that were dropped, the oldest"] if self._dropped else [])]


@dataclass(frozen=True, slots=True)
class Branch:
    """An answer, or a branch of one: that of number `parent`, from token number `at` on (from 0)."""

    trace: Trace
    parent: int = -1
    at: int = -1
    own: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """The branch as the page has it."""
        reading = Reading(self.trace)
        badge = confidence_badge(reading.mean_log_probability) if self.trace.tokens else None
        sure, why = (badge.text, badge.title) if badge else ("", "")
        tokens = [[seen(reading.text(i)), round(token.probability, 4)] for i, token in enumerate(reading.tokens)]
        return {"name": self.name, "parent": self.parent, "at": self.at, "sure": sure, "why": why, "tokens": tokens}

    @property
    def name(self) -> str:
        """`token 7: “the”`, or `answer`."""
        if self.own:
            return "own logits"
        return "answer" if self.at < 0 else f"token {self.at + 1}: {quoted(seen(self.trace.tokens[self.at].text))}"

    def line(self, *, shown: bool) -> str:
        """The branch in a line of text; the mark stands where it parts from its parent."""
        texts = [marked(token.text).replace("·", " ") for token in self.trace.tokens if token.text != END]
        before, after = "".join(texts[: max(self.at, 0)]), "".join(texts[max(self.at, 0) :])
        of = f" of {self.parent}" if self.parent > 0 else ""
        return f"{'▸' if shown else ' '} {self.name}{of}: {before}{' ↳' if self.at >= 0 else ''}{after}"


def _ended(reading: Reading) -> list[list[str]]:
    """The badge of the stop reason, as everywhere on the page."""
    how = for_reason(reading.trace.stop_reason)
    return [[how.kind, f"{how.sign} {how.word}", how.why]]


def _answer(trace: Trace) -> dict[str, Any]:
    """The answer as the browser needs it: what there was to choose from, and what the dials do not change in words."""
    reading = Reading(trace)
    choices = [token.choice or _guess(token) for token in trace.tokens]
    texts = {token: choice.text_of for choice in choices for token in choice.ids}
    return {
        "count": reading.count,
        "branches": bool(trace.asked),
        "badges": [
            *([badge.kind, badge.text, badge.title] for badge in reading.badges if badge is not CUT_OFF),
            *_ended(reading),
        ],
        "dials": dict((trace.dials or Dials(1.0)).values),
        "seed": trace.seed,
        "sure_from": SURE_FROM,
        "full": FULL,
        "most": DRAWN,
        "texts": {str(token): seen(text_of(token)) for token, text_of in texts.items()},
        "tokens": [_token(reading, i, choice) for i, choice in enumerate(choices)],
    }


def _token(reading: Reading, i: int, choice: Choice) -> dict[str, Any]:
    token = reading.tokens[i]
    return {
        "text": seen(reading.text(i)),
        "own": seen(token.text),
        "instead_of": seen(token.instead_of),
        "label": reading.label(i),
        "share": round(token.probability, 4),
        "end": reading.is_end(i),
        "cut": reading.is_cut(i),
        # As bytes, which reach the browser as they are; where each place is an id, none is sent.
        "ids": None if isinstance(choice.ids, range) else np.asarray(choice.ids, "<u4").tobytes(),
        "logits": choice.logits.astype("<f4").tobytes(),
        "place": choice.place,
        "uses": [*choice.uses.items()],
        "chance": choice.chance,
        "untold": choice.untold,
        "others": choice.others,
        "beyond": choice.beyond,
    }


def _guess(token: TracedToken) -> Choice:
    """The choice behind a token that somebody wrote down without one: its rivals are all there were."""
    known = {rival.id: (rival.text, rival.probability) for rival in token.stages["model"]}
    known.setdefault(token.id, (token.text, token.probability))
    ids, logits = list(known), np.log([max(share, 1e-9) for _, share in known.values()])
    return Choice(ids, logits, ids.index(token.id), {}, 0.5, lambda each: known[each][0])
