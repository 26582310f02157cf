"""`Faulty`: an answerer that fails, on plan or at random, so that what is around it can be seen to hold."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random
from typing import cast

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import (
    INTERNAL_ERROR,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    TextContent,
)

from labkit.callbacks import TOO_MANY, Answer, hint, name_of
from labkit.numbers import checked_ratio, checked_seconds
from labkit.steps import report

KINDS = {
    "ok": "the callback answers",
    "slow": "the callback answers after half of the deadline",
    "late": "the callback answers after twice the deadline",
    "refuse": "error -1, as when a person says no",
    "429": "error -32603, as when a provider has too many requests; so for any status from 400 to 599",
    "429 after 2": "the same, and it asks to wait two seconds",
    "raise": "it raises a ConnectionError, as when a model goes away",
    "wrong form": "a text that has no form that a server can have asked for",
    "cut": "the first half of the callback's text, stop reason maxTokens",
    "empty": "an answer without any text",
    "two blocks": "a list of two texts, where nobody asked with tools and one block is wanted",
    "block": "it holds the event loop for twice the deadline, as a callback does that forgets to await",
}
"""Each way to fail, and what then comes back."""

FORMLESS = "Well, that depends. There are many ways to look at it, and I would rather not say."
_STATUS = re.compile(r"([45]\d\d)(?: after (\d+(?:\.\d+)?))?")


class Faulty:
    """A sampling callback that fails in the ways of a plan, one after the other, and answers once the plan is over.

        Faulty(TinyModel(), ["429 after 2", "raise", "ok", "cut"])
        Faulty(TinyModel(), {"429": 0.2, "slow": 0.1}, seed=7)  # a fifth fails so, a tenth so, the rest answer

    `KINDS` tells the ways.

    Args:
        callback: Who answers where nothing fails.
        plan: The ways in turn, or the share of each way.
        seed: Of the random numbers; the same seed fails in the same way.
        deadline: The seconds that whoever asks is thought to wait.

    Raises:
        TypeError: `callback` is no callback, or the plan a single text.
        ValueError: There is no such way to fail, or the shares are more than the whole.
    """

    def __init__(
        self,
        callback: SamplingFnT,
        plan: Iterable[str] | Mapping[str, float],
        *,
        seed: int = 0,
        deadline: float = 1.0,
    ) -> None:
        if not callable(callback) or isinstance(callback, type):
            raise TypeError(f"{callback!r} is no sampling callback")
        if isinstance(plan, str):
            raise TypeError(f"a single text is no plan: write Faulty(callback, [{plan!r}])")
        shares = dict(cast("Mapping[str, float]", plan)) if isinstance(plan, Mapping) else dict[str, float]()
        ways = list(shares or cast("Iterable[str]", plan))
        for way in ways:
            if way not in KINDS and not _STATUS.fullmatch(way):
                raise ValueError(f"nothing fails as {way!r}; there are {', '.join(KINDS)}")
        if sum(checked_ratio(way, share) for way, share in shares.items()) > 1 + 1e-9:
            raise ValueError(f"the shares {shares} are more than the whole")
        self._callback = callback
        self.inner = (callback,)
        self._plan = iter([] if shares else ways)
        self._shares, self._random = shares, Random(seed)
        self._deadline = checked_seconds("deadline", deadline)
        self.model = next(
            (name for told in ("model", "name") if isinstance(name := getattr(callback, told, 0), str)), ""
        )
        self.done: Counter[str] = Counter()
        """How often each way was taken so far."""

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Fail in the next way, or answer.

        Raises:
            ConnectionError: The next way is `"raise"`.
        """
        way = self._next()
        self.done[way] += 1
        if way != "ok":
            report(f"fails on purpose: {way}", source="model")
        if way in ("slow", "late"):
            await asyncio.sleep(self._deadline * (0.5 if way == "slow" else 2))
        elif way == "block":
            time.sleep(self._deadline * 2)  # noqa: ASYNC251 - that is the fault
        if way in ("ok", "slow", "late", "block"):
            return await self._callback(context, params)
        if way == "raise":
            raise ConnectionError("The model went away.")
        if way == "refuse":
            return ErrorData(code=-1, message="The user refused this request.")
        if status := _STATUS.fullmatch(way):
            return _busy(int(status[1]), float(status[2] or 0))
        if way == "cut":
            return _cut(await self._callback(context, params))
        said, model = TextContent(text="" if way == "empty" else FORMLESS), self.model or "faulty"
        if way == "two blocks":
            return CreateMessageResultWithTools(
                role="assistant", model=model, content=[said, said], stop_reason="endTurn"
            )
        return CreateMessageResult(role="assistant", model=model, content=said, stop_reason="endTurn")

    def _next(self) -> str:
        if not self._shares:
            return next(self._plan, "ok")
        at = self._random.random()
        for way, share in self._shares.items():
            at -= share
            if at < 0:
                return way
        return "ok"

    def __repr__(self) -> str:
        return f"Faulty({name_of(self._callback)})"


def _busy(status: int, wait: float) -> ErrorData:
    what = "Too many requests" if status == TOO_MANY else "The service has a fault"
    words = f"{what} ({status}).{f' It asks to wait {wait:g} s.' if wait else ''}"
    return ErrorData(code=INTERNAL_ERROR, message=words, data=hint(status, wait))


def _cut(answer: Answer) -> Answer:
    if not isinstance(answer, CreateMessageResult) or not isinstance(answer.content, TextContent):
        return answer
    half = answer.content.model_copy(update={"text": answer.content.text[: len(answer.content.text) // 2]})
    return answer.model_copy(update={"content": half, "stop_reason": "maxTokens"})
