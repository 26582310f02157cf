"""What llama.cpp tells of its draws, read as the kit's own trace: each token with its rivals at every stage."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from labkit.models import sampler
from labkit.models.convert import Refused
from labkit.models.llama_cpp import Engine
from labkit.models.partial import retold
from labkit.models.sampler import Dials
from labkit.models.trace import END, Choice, TracedToken, traced

TOLD = 200
"""The likeliest tokens of each draw that llama.cpp is asked for: nearly free, where all of them cost a second."""

Drawn = dict[str, Any]
"""A draw as llama.cpp tells it: `id`, `bytes`, `logprob`, and these of the likeliest tokens in `top_logprobs`."""


@dataclass(frozen=True, slots=True)
class Draws:
    """The draws of one answer.

    Args:
        engine: The engine that drew the tokens.
        prompt: The ids of the prompt, which llama.cpp counts for a frequency penalty as it does what it drew.
        dials: The dials with which the tokens were drawn.
        told: The draws as they came.
        ended: Whether the last draw ended the answer by itself.
        merged: How many draws were not told, being pieces of a letter that the next told draw completes.
    """

    engine: Engine
    prompt: Sequence[int]
    dials: Dials
    told: Sequence[Drawn]
    ended: bool
    merged: int

    def tokens(self) -> list[TracedToken]:
        """The drawn tokens, each with the likeliest there was to draw, and the rest of these."""
        return [self._token(i, drawn) for i, drawn in enumerate(self.told)]

    def again(self, i: int, *, begun: int = 0) -> TracedToken:
        """Draw number `i` once more, with every token that the model knows: about a second, and 5 MB on the way.

        `begun` tokens, which were not drawn, stand before the first draw.

        Raises:
            ValueError: The draw cannot be repeated.
        """
        if i < begun:
            raise ValueError("this token stood in another answer before this one began: ask that one")
        i -= begun
        if self.merged and i:
            raise ValueError("letters of this answer are made of several tokens each, so its draws cannot be repeated")
        heard: list[dict[str, Any]] = []

        def hear(chunk: dict[str, Any]) -> bool:
            heard.append(chunk)
            return False

        before, vocabulary = self._before(i), self.engine.vocabulary
        body = {"prompt": before, "max_tokens": 1, "temperature": 0.0, "n_probs": vocabulary, "cache_prompt": True}
        try:
            self.engine.loaded().handle_completions(body, hear)
            told: list[Drawn] = heard[-1]["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        except (Refused, RuntimeError, LookupError, TypeError) as error:
            raise ValueError(f"llama.cpp could not repeat the draw: {error}") from None
        logits = np.full(vocabulary, -np.inf)
        for each in told:
            logits[each["id"]] = each["logprob"]
        chosen: int = self.told[i]["id"]
        turned = sampler.turn(logits, self.dials, before)
        # What was drawn was there to draw, where llama.cpp's sums and ours disagree in the last digits.
        for (_, earlier), (_, later) in pairwise([("model", logits), *turned]):
            if later[chosen] == -np.inf:
                later[chosen] = earlier[chosen]
        return traced(logits, turned, chosen, self._texts(i, told))

    def _before(self, i: int) -> list[int]:
        return [*self.prompt, *(drawn["id"] for drawn in self.told[:i])]

    def _texts(self, i: int, told: Sequence[Drawn]) -> Callable[[int], str]:
        """The text of each id that is told; a control token has no letters, and stands between signs."""
        drawn = self.told[i]
        # Of a letter that several tokens make the drawn one has the whole; among its rivals it has its own piece.
        letters: dict[int, list[int]] = {each["id"]: each["bytes"] for each in told} | {drawn["id"]: drawn["bytes"]}
        ends = {self.engine.end, drawn["id"] if self.ended and i == len(self.told) - 1 else self.engine.end}

        def text_of(token: int) -> str:
            return END if token in ends else bytes(letters[token]).decode("utf-8", "replace") or f"<|{token}|>"

        return text_of

    def _token(self, i: int, drawn: Drawn) -> TracedToken:
        likeliest: list[Drawn] = drawn["top_logprobs"]
        ids: list[int] = [each["id"] for each in likeliest]
        logits: list[float] = [each["logprob"] for each in likeliest]
        chosen: int = drawn["id"]
        beyond = chosen not in ids
        if beyond:
            ids, logits = [*ids, chosen], [*logits, drawn["logprob"]]
        place = ids.index(chosen)
        places, uses = {token: at for at, token in enumerate(ids)}, Counter(self._before(i))
        choice = Choice(
            ids, np.array(logits), place, {places[token]: times for token, times in uses.items() if token in places},
            0.0, self._texts(i, likeliest), self.engine.vocabulary - len(ids),
            max((times for token, times in uses.items() if token not in places), default=0), beyond,
        )  # fmt: skip
        return retold(choice, self.dials, drawn=True)
