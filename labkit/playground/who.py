"""Who answers: the choices, and the two that are the playground's own, a looping script and a person who types."""

import asyncio
import concurrent.futures
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Literal, get_args

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData, TextContent

from labkit.answering import Answer, ask, name_of
from labkit.errors import CallbackError
from labkit.models.claude import KEY, Claude
from labkit.models.openai_compatible import OpenAICompatible
from labkit.models.scripted import Scripted
from labkit.models.tiny import TinyModel
from labkit.steps import Origin, origin, report, waiting_for

Who = Literal["tiny", "own", "claude", "local", "script", "hand"]
CHOICES: tuple[Who, ...] = get_args(Who)
TITLES: dict[Who, str] = {
    "tiny": "embedded model",
    "own": "your callback",
    "claude": "Claude",
    "local": "local model",
    "script": "a script",
    "hand": "you, by hand",
}
LOCAL = "http://localhost:11434/v1"
SCRIPT = "Two processes each held a lock that the other needed.\nI cannot tell from one line."
HAND = "by hand"
"""The model that an answer names which a person typed."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked to answer in place of a model."""

    number: int
    params: CreateMessageRequestParams
    origin: Origin | None
    said: "concurrent.futures.Future[str | None]"


class ByHand:
    """A sampling callback that lets a person type the answer. Several questions stand in line.

    Args:
        changed: Called whenever another question is first in line, or none.
    """

    model = HAND

    def __init__(self, changed: Callable[[], object]) -> None:
        self._changed = changed
        self._numbers = count(1)
        self._line: list[Question] = []
        self.attended = False
        """Whether a page was opened on which an answer can be typed. Without one, every question is refused."""

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
        with waiting_for("a person to type the answer", cure="Answer sooner"):
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
        """Answer a question, or refuse it with `None`. One that is no longer open is left alone."""
        for question in list(self._line):
            if question.number == number:
                with suppress(concurrent.futures.InvalidStateError):
                    question.said.set_result(text)


class Own:
    """The student's own callback, called as a Lab calls it: what is wrong with it is told in a sentence."""

    def __init__(self, callback: SamplingFnT) -> None:
        self.callback = callback
        self.__name__ = name_of(callback)

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """What the callback answers."""
        return await ask(self.callback, context, params)


async def nobody(context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:  # noqa: ARG001
    """Stands for a callback of one's own that was not written yet."""
    raise CallbackError("There is no callback of yours yet: put @playground.callback above it and run its cell.")


def lines_of(script: str) -> list[str]:
    """The answers in a script: one a line; `\\n` stands for a new line in an answer."""
    return [line.replace("\\n", "\n") for line in script.splitlines() if line.strip()]


def looping(script: str) -> Scripted:
    """Answers from a script, in turn, and from its beginning again.

    Raises:
        ValueError: There is no line in it.
    """
    lines = lines_of(script)
    if not lines:
        raise ValueError("the script is empty: write an answer a line")
    numbers = count()
    return Scripted(lambda _: lines[next(numbers) % len(lines)])


@dataclass(slots=True)
class Settings:
    """What is set about those who can answer. A key is no part of it."""

    claude_model: str = ""
    local_url: str = LOCAL
    local_model: str = ""
    script: str = SCRIPT


def model_for(who: Who, settings: Settings, key: str | None, own: SamplingFnT | None, hand: ByHand) -> SamplingFnT:
    """The sampling callback of a choice.

    Raises:
        ValueError: A setting is wrong: no address, an empty script.
    """
    match who:
        case "tiny":
            return TinyModel()
        case "own":
            return nobody if own is None else Own(own)
        case "claude":
            return Claude(settings.claude_model or None, api_key=key)
        case "local":
            return OpenAICompatible(settings.local_url, settings.local_model or None)
        case "script":
            return looping(settings.script)
        case "hand":
            return hand


def has_key(key: str | None) -> bool:
    """Whether Claude could be asked: with a key that was given, or with the one in the environment."""
    return bool(key or os.environ.get(KEY, "").strip())
