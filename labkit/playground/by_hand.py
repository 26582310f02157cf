"""The answerers of the playground's own, beside the table's: a person who types, and the student's callback."""

import asyncio
import concurrent.futures
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData, TextContent

from labkit.answering import ask
from labkit.callbacks import Answer, name_of
from labkit.errors import CallbackError
from labkit.models.answerers import ANSWERERS
from labkit.steps import Origin, origin, report, waiting_for

HAND = "by hand"
"""The name of the model in an answer that a person typed."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question that a person is asked to answer in place of a model."""

    number: int
    params: CreateMessageRequestParams
    origin: Origin | None
    said: "concurrent.futures.Future[str | None]"


class ByHand:
    """A sampling callback for answers that a person types. Several questions stand in line.

    Args:
        changed: Called whenever another question is first in line, or none.
    """

    model = HAND

    def __init__(self, changed: Callable[[], object]) -> None:
        self._changed = changed
        self._numbers = count(1)
        self._line: list[Question] = []
        self.attended = False
        """Whether a page was opened on which an answer can be typed. Without a page, every question is refused."""

    @property
    def open(self) -> Question | None:
        """The question that is first in line."""
        return next(iter(list(self._line)), None)

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Wait for the person."""
        if not self.attended:
            return ErrorData(code=-1, message="Nobody is here to type an answer: no page of the playground is open.")
        question = Question(next(self._numbers), params, origin(), concurrent.futures.Future())
        report("asks you for the answer", source="callback", target="you")
        with waiting_for("a person to type the answer", cure="Answer sooner", kind="person"):
            self._line.append(question)
            self._changed()
            try:
                text = await asyncio.wrap_future(question.said)
            finally:
                self._line.remove(question)
                self._changed()
        if text is None:
            report("refused", source="you", target="callback")
            return ErrorData(code=-1, message="The user refused to answer.")
        report(f"typed {len(text)} characters", source="you", target="callback")
        return CreateMessageResult(
            role="assistant", model=self.model, content=TextContent(text=text), stop_reason="endTurn"
        )

    def answer(self, number: int, text: str | None) -> None:
        """Answer a question, or refuse it with `None`. A question that is no longer open is left alone."""
        for question in list(self._line):
            if question.number == number:
                with suppress(concurrent.futures.InvalidStateError):
                    question.said.set_result(text)


class Own:
    """The student's own callback, called as a Lab calls it: whatever is wrong with it is told in a sentence."""

    def __init__(self, callback: SamplingFnT) -> None:
        self.callback = callback
        self.__name__ = name_of(callback)

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The answer of the callback."""
        return await ask(self.callback, context, params)


async def nobody(context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:  # noqa: ARG001
    """Raise a `CallbackError`, in place of a callback of one's own that was not written yet."""
    raise CallbackError("There is no callback of yours yet: put @playground.callback above it and run its cell.")


def callback_of(
    who: str, settings: Mapping[str, str], key: str | None, own: SamplingFnT | None, hand: ByHand
) -> SamplingFnT:
    """The sampling callback of an answerer, by its name in the table.

    Raises:
        ValueError: A setting is wrong: no address, an empty script.
    """
    if who == "own":
        return nobody if own is None else Own(own)
    return hand if who == "hand" else ANSWERERS[who].make(settings, key)
