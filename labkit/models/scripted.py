"""`Scripted`: a sampling callback whose answers are written down beforehand: no model, and the answers say so."""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from inspect import isawaitable
from itertools import count
from typing import cast

from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    SamplingMessage,
    TextContent,
    ToolUseContent,
)

from labkit.dial_table import honouring
from labkit.errors import ScriptEnded
from labkit.models.dialled import WithDials
from labkit.steps import report

Line = str | ToolUseContent | CreateMessageResult | CreateMessageResultWithTools | ErrorData
Function = Callable[[CreateMessageRequestParams], Line | Awaitable[Line]]


class Scripted(WithDials):
    """Answers from a script.

        Scripted(["first answer", "second answer"])     # in turn
        Scripted({"deadlock": "Two processes ..."})      # the first pattern found in the prompt answers
        Scripted(lambda params: f"{params.max_tokens}")  # what a function says
        Scripted([ToolUseContent(id="1", name="search", input={"words": "raft"}), "It is [1]."])   # a tool first

    An answer is a text, a use of a tool, a whole result, or `ErrorData` to refuse. Patterns are regular expressions,
    searched in the text of all messages without regard to case.

    Args:
        script: The answers.
        model: The name that the answers carry.

    Raises:
        TypeError: An answer is none of these.
        ValueError: A pattern is no regular expression.
    """

    honours = honouring("no")

    def __init__(self, script: Iterable[Line] | Mapping[str, Line] | Function, *, model: str = "scripted") -> None:
        if isinstance(script, str):
            raise TypeError("a single text is no script: write Scripted([text])")
        self.model = model
        self.asked: list[CreateMessageRequestParams] = []
        """Every request so far, for a test or a curious reader."""
        self.dials: dict[str, float] = {}
        self._next: Function
        if callable(script):
            self._next = script
        elif isinstance(script, Mapping):
            patterns = dict(cast("Mapping[str, Line]", script))
            _check(patterns.values(), patterns)
            self._next = partial(_matching, patterns)
        else:
            lines = tuple(script)
            _check(lines)
            self._next = partial(_in_turn, iter(lines))

    async def __call__(
        self, context: object, params: CreateMessageRequestParams
    ) -> CreateMessageResult | CreateMessageResultWithTools | ErrorData:
        """Answer as the script says.

        Raises:
            ScriptEnded: The script has no answer left, or none whose pattern is in the prompt.
        """
        self.asked.append(params)
        report("asks the script", source="callback", target="model")
        line = self._next(params)
        if isawaitable(line):
            line = await line
        if isinstance(line, str):
            line = CreateMessageResult(
                role="assistant", model=self.model, content=TextContent(text=line), stop_reason="endTurn"
            )
        elif isinstance(line, ToolUseContent):
            line = CreateMessageResultWithTools(
                role="assistant", model=self.model, content=[line], stop_reason="toolUse"
            )
        report("reads its next line", source="model", target="callback")
        return line

    def __repr__(self) -> str:
        return f"Scripted(model={self.model!r})"


def lines_of(script: str) -> list[str]:
    """The answers in a script: one a line; `\\n` stands for a new line in an answer."""
    return [line.replace("\\n", "\n") for line in script.splitlines() if line.strip()]


def looping(script: str) -> Scripted:
    """A callback that answers from a script, in turn, and from the beginning again.

    Raises:
        ValueError: The script has no line.
    """
    lines = lines_of(script)
    if not lines:
        raise ValueError("the script is empty: write an answer a line")
    numbers = count()
    return Scripted(lambda _: lines[next(numbers) % len(lines)])


def _check(lines: Iterable[object], patterns: Iterable[str] = ()) -> None:
    for line in lines:
        if not isinstance(line, Line):
            raise TypeError(f"{line!r} is no answer: write a text, a ToolUseContent, a result, or ErrorData")
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r} is no pattern: {error}") from None


def _in_turn(lines: Iterator[Line], _params: CreateMessageRequestParams) -> Line:
    for line in lines:
        return line
    raise ScriptEnded("The script has no answer left: it was asked once more than it is long. Add an answer.")


def _matching(patterns: Mapping[str, Line], params: CreateMessageRequestParams) -> Line:
    prompt = "\n".join(text_of(message) for message in params.messages)
    for pattern, line in patterns.items():
        if re.search(pattern, prompt, re.IGNORECASE):
            return line
    raise ScriptEnded(f"No pattern of the script ({', '.join(patterns)}) is in the prompt: {prompt[:80]!r}")


def text_of(message: SamplingMessage) -> str:
    """The text of a message; blocks of other kinds are left out."""
    blocks = message.content if isinstance(message.content, list) else [message.content]
    return "\n".join(block.text for block in blocks if isinstance(block, TextContent))
