"""What a model could have said instead: an answer with the choice behind each of its tokens, whoever drew it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    SamplingMessage,
)

from labkit.dial_table import Dialled
from labkit.models import sampler
from labkit.models.sampler import Dials, Logits

END = "<|end|>"
"""The text of the control token with which a model ends an answer, whatever the model's file calls that token."""

LISTED = 10
"""How many rivals are listed at each stage, at most."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A token that could have been drawn, with the probability at one point of the way."""

    id: int
    text: str
    probability: float


class Standing(NamedTuple):
    """The standing of the drawn token among its rivals at one point of the way.

    `probability` is the token's share of the draw, above 0 up to 1. `rank` is the token's place among those that are
    left, 1 for the best; of equal ones the lower id goes first. `entropy` is that of the whole distribution, in bits:
    0 where one token is left, and log2(n) where n are equally likely. Where there is a `Rest`, the entropy counts it
    as if its tokens were equally likely, which gives the most that the entropy can be.
    """

    probability: float
    rank: int
    entropy: float


class Rest(NamedTuple):
    """The tokens at one point of the way of which the model tells no more than the sum.

    `tokens` is their number, at most so many after a dial that may have ruled out some. Together they hold a share of
    the draw from `least` to `most`; before any dial the two are equal. The shares that stand beside a rest are those
    for the middle of its bounds.
    """

    tokens: int
    least: float
    most: float

    @property
    def share(self) -> float:
        """The middle of the bounds, 0 to 1."""
        return (self.least + self.most) / 2


@dataclass(frozen=True, slots=True)
class Choice:
    """The choice behind a token before any dial: enough to turn the dials again, without the model.

    The random number of a draw falls on the shares of the tokens, laid side by side in the order of the `logits`. Those
    that were not told lie behind them. Of a draw whose number is not told it is the middle of the drawn token's share.
    """

    ids: Sequence[int]
    """The id of each token that is told; those of all tokens in turn, where all are told. [told]"""
    logits: Logits
    """The natural logarithms of their weights; of their probabilities where not all are told. [told]"""
    place: int
    """The drawn token's place among these."""
    uses: Mapping[int, int]
    """How often a frequency penalty counts a token that was used before, by its place."""
    chance: float
    """The random number of the draw, 0 to 1."""
    text_of: Callable[[int], str]
    untold: int = 0
    """The number of the other tokens."""
    others: int = 0
    """How often a frequency penalty counts the most frequent of the others."""
    beyond: bool = False
    """Whether the drawn token, the last one then, is none of the likeliest."""

    def rank(self, place: int) -> int:
        """The model's own rank of the token at `place`, 1 for the best; of equal ones the earlier goes first."""
        own = self.logits[place]
        better, equal = self.logits > own, self.logits[:place] == own
        return 1 + int(np.count_nonzero(better) + np.count_nonzero(equal))


@dataclass(frozen=True, slots=True)
class TracedToken:
    """One drawn token and the choice from which it was drawn.

        token = TinyModel().trace("...", dials=Dials(temperature=1.5, top_p=0.9)).tokens[0]
        token.probability, token.standing["temperature"].probability, token.standing["top_p"].probability
        token.stages["top_p"], token.kept["top_p"]

    Each dictionary has the same keys: "model", which is before any dial, then after each dial in its turn
    "frequency_penalty", "temperature", "top_k", "top_p" and "min_p". A dial that is off leaves everything as it was.

    `stages` holds the ten best rivals, the best first, and where they are left the model's ten best; a token that a
    dial rules out is not among them. `standing` holds the drawn token's own probability, rank and entropy, listed
    or not. `kept` says how many tokens each stage left in all, or at most where there is a `rest`.

    A model that tells of its likeliest tokens alone says in `told` of how many. `rest` then holds, for each stage that
    leaves something of the others, what is known of them; a drawn token that is one of them has the rank `told` + 1,
    which means that or later.
    """

    id: int
    text: str
    stages: dict[str, list[Rival]]
    standing: dict[str, Standing]
    kept: dict[str, int] = field(default_factory=dict[str, int])
    rest: dict[str, Rest] = field(default_factory=dict[str, Rest])
    told: int = 0
    choice: Choice | None = field(default=None, repr=False, compare=False)
    instead: Rival | None = None
    """With other dials than it was drawn with: what the same random number draws now, where that is another token."""
    instead_of: str = ""
    """The text of the token that was drawn here, where somebody has put this one into its place."""

    @property
    def probability(self) -> float:
        """The token's probability by the model, before any dial, 0 to 1."""
        return self.standing["model"].probability

    @property
    def rank(self) -> int:
        """The token's rank by the model, before any dial; 1 is the best."""
        return self.standing["model"].rank

    @property
    def entropy(self) -> float:
        """The entropy of the model's own distribution, before any dial, in bits."""
        return self.standing["model"].entropy


@dataclass(frozen=True, slots=True)
class Trace:
    """An answer with the choice behind each of its tokens, the end token included where it was drawn.

    `dials` and `seed` are those of the draw, `model` is the name of the answerer. `read` says whether there was text to
    read: where there was none, the answer is a fixed sentence, no prompt token was read and no token was drawn, so
    `tokens` is empty. `out_of_depth` says that the model owns not to know the subject. `merged` counts drawn tokens
    that are not among `tokens`, since several of them make a letter and the last stands for all. `turned` says that
    the tokens were not drawn with the `dials`, which `tracing.turned` has turned since. `asked` holds the arguments of
    the model's `trace` but for dials and seed, so that the answer can go on from another token (`tracing.branch`).
    """

    text: str
    stop_reason: str
    prompt_tokens: int
    tokens: list[TracedToken]
    dials: Dials | None = None
    seed: int | None = None
    read: bool = True
    out_of_depth: bool = False
    model: object = field(default=None, repr=False, compare=False)
    merged: int = 0
    turned: bool = False
    asked: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)
    again: Callable[[int], TracedToken] | None = field(default=None, repr=False, compare=False)

    def all(self, i: int) -> TracedToken:
        """Token number `i` (from 0) with every token that there was to draw; a model that told few is asked again.

        Raises:
            IndexError: The answer has no such token.
            ValueError: The draw cannot be repeated.
        """
        token = self.tokens[i]
        return self.again(i % len(self.tokens)) if self.again and token.rest else token


class Traceable(Dialled, Protocol):
    """A model that shows what it could have said instead."""

    @property
    def as_code(self) -> tuple[str, str]:
        """The code of the model: what a program has to import (and `Dials`), and the expression that makes it."""
        ...

    async def __call__(
        self, context: Any, params: CreateMessageRequestParams
    ) -> CreateMessageResult | CreateMessageResultWithTools | ErrorData:
        """Answer a sampling request."""
        ...

    def trace(
        self,
        prompt: str | Sequence[SamplingMessage],
        *,
        system_prompt: str = "",
        max_tokens: int = 100,
        stop_sequences: Sequence[str] = (),
        dials: Dials | None = None,
        seed: int | None = None,
        begin: Sequence[TracedToken] = (),
    ) -> Trace:
        """An answer with the choice behind each of its tokens; it begins with those of `begin`."""
        ...

    async def trace_in_steps(self, prompt: str | Sequence[SamplingMessage], **options: Any) -> Trace:
        """`trace` with turns for the event loop, so that the trace can be cancelled."""
        ...


def traced(
    logits: Logits,
    turned: Sequence[tuple[str, Logits]],
    chosen: int,
    text_of: Callable[[int], str],
    choice: Choice | None = None,
) -> TracedToken:
    """The drawn token with its choice, of a draw of which every token is known.

    Args:
        logits: The model's own logits. [vocabulary]
        turned: The logits after each dial, from `sampler.turn`.
        chosen: The id that was drawn.
        text_of: The text of an id.
        choice: The same, to turn the dials again.
    """
    view = _view(logits, chosen, text_of)
    before, likeliest = logits, [rival.id for rival in view[0]]
    views = {"model": view}
    for name, stage in turned:
        # A dial that changes nothing gives back the logits that it was given, so the view before it holds.
        view = view if stage is before else _view(stage, chosen, text_of, likeliest)
        views[name], before = view, stage
    return TracedToken(
        id=chosen,
        text=text_of(chosen),
        stages={name: view[0] for name, view in views.items()},
        standing={name: view[1] for name, view in views.items()},
        kept={name: view[2] for name, view in views.items()},
        choice=choice,
    )


def _view(
    logits: Logits, chosen: int, text_of: Callable[[int], str], likeliest: Sequence[int] = ()
) -> tuple[list[Rival], Standing, int]:
    """The best tokens that are not ruled out, how the chosen one stands, and how many are left in all."""
    ids = np.flatnonzero(logits > -np.inf)
    left = logits[ids]
    shares = sampler.softmax(left)
    best = [(int(ids[i]), float(shares[i])) for i in sampler.best(left, LISTED)]
    behind = {i for i in likeliest if logits[i] > -np.inf} - {i for i, _ in best}
    best += [(i, float(shares[np.searchsorted(ids, i)])) for i in sorted(behind, key=lambda i: (-logits[i], i))]
    at = int(np.searchsorted(ids, chosen))
    # A token is better with a higher logit, or with an equal one and a lower id.
    rank = 1 + int(np.count_nonzero(left > left[at]) + np.count_nonzero(left[:at] == left[at]))
    standing = Standing(float(shares[at]), rank, sampler.entropy(shares))
    return [Rival(i, text_of(i), share) for i, share in best], standing, len(ids)
