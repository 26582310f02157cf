"""The answerers of the playground's own, beside the table's: a person who types, and the student's callback."""

import asyncio
import concurrent.futures
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, cast
from uuid import uuid4

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    TextContent,
    ToolUseContent,
)

from labkit.answering import ask
from labkit.callbacks import Answer, name_of
from labkit.errors import CallbackError
from labkit.host import visible
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
    said: "concurrent.futures.Future[_Said | None]"


_Said = CreateMessageResult | CreateMessageResultWithTools


class Wrong(ValueError):
    """A sentence on what is wrong with an answer, and for which field: `model`, or the number of a block."""

    def __init__(self, field: str | int, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


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
        self.wrong: Wrong | None = None
        """What is wrong with the answer to the question that is first in line; nothing was sent then."""
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
                said = await asyncio.wrap_future(question.said)
            finally:
                self._line.remove(question)
                self.wrong = None
                self._changed()
        if said is None:
            report("refused", source="you", target="callback")
            return ErrorData(code=-1, message="The user refused to answer.")
        blocks = said.content if isinstance(said.content, list) else [said.content]
        typed = sum(len(block.text) for block in blocks if isinstance(block, TextContent))
        used = "".join(f", uses {block.name}" for block in blocks if isinstance(block, ToolUseContent))
        report(f"typed {typed} characters{used}", source="you", target="callback")
        return said

    def answer(
        self,
        number: int,
        said: str | Sequence[str | Mapping[str, str]] | None,
        model: str = HAND,
        stop_reason: str = "endTurn",
    ) -> None:
        """Answer a question, or refuse it with `None`. A question that is no longer open is left alone.

        Args:
            number: The question's number.
            said: A text, or blocks: texts, and uses of tools as `{"tool": name, "input": JSON}`.
            model: The name of the model that the server is told.
            stop_reason: Why the answer ends; empty where that is not told.
        """
        for question in list(self._line):
            if question.number == number:
                try:
                    answer = None if said is None else _answer(question.params, said, model, stop_reason)
                except Wrong as wrong:
                    self.wrong = wrong
                    self._changed()
                    return
                self.wrong = None
                with suppress(concurrent.futures.InvalidStateError):
                    question.said.set_result(answer)


def _answer(
    params: CreateMessageRequestParams, said: str | Sequence[str | Mapping[str, str]], model: str, stop_reason: str
) -> _Said:
    """What was typed as an answer to `params`.

    Raises:
        Wrong: It cannot be one.
    """
    if not model.strip():
        raise Wrong("model", "Model: an answer tells the name of its model, whatever you call it.")
    blocks = [_block(params, i, each) for i, each in enumerate([said] if isinstance(said, str) else said)]
    if params.tools:
        return CreateMessageResultWithTools(
            role="assistant", model=model, content=[*blocks], stop_reason=stop_reason or None
        )
    if len(blocks) != 1 or not isinstance(blocks[0], TextContent):
        raise Wrong(1, "Block 2: this request offers no tools, and an answer to it is one block.")
    return CreateMessageResult(role="assistant", model=model, content=blocks[0], stop_reason=stop_reason or None)


def _block(params: CreateMessageRequestParams, i: int, typed: str | Mapping[str, str]) -> TextContent | ToolUseContent:
    if isinstance(typed, str):
        return TextContent(text=typed)
    if typed["tool"] not in [tool.name for tool in params.tools or ()]:
        raise Wrong(i, f"Block {i + 1}: the request offers no tool {visible(typed['tool'])}.")
    try:
        given = json.loads(typed["input"] or "{}")
    except (ValueError, RecursionError) as error:
        raise Wrong(i, f"Block {i + 1}: the input of a tool is a JSON object, and this is no JSON: {error}.") from None
    if not isinstance(given, dict):
        raise Wrong(i, f"Block {i + 1}: the input of a tool is a JSON object, as {{}} is one.")
    arguments = cast("dict[str, Any]", given)
    return ToolUseContent(type="tool_use", id=f"by-hand-{uuid4().hex[:8]}", name=typed["tool"], input=arguments)


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
    who: str, settings: Mapping[str, str], key: str | None, own_callback: SamplingFnT | None, hand: ByHand
) -> SamplingFnT:
    """The sampling callback of an answerer, by its name in the table.

    Raises:
        ValueError: A setting is wrong: no address, an empty script.
    """
    if who == "own":
        return nobody if own_callback is None else Own(own_callback)
    return hand if who == "hand" else ANSWERERS[who].make(settings, key)
