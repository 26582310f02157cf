"""Uses of tools in a model's answer: each with an id of its own, and the answer whose uses nobody can meet."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from mcp_types import INTERNAL_ERROR, CreateMessageResultWithTools, ErrorData, SamplingMessage, ToolUseContent
from pydantic import PrivateAttr

T = TypeVar("T")


class Unreadable(ToolUseContent):
    """A use whose arguments are no JSON object; its `input` is empty."""


class Unmet(ErrorData):
    """The refusal of an answer whose uses of tools cannot be met.

    Who stands around the model may tell the model in place of the server: `said` is the answer as it came, which no
    wire carries.
    """

    _said: CreateMessageResultWithTools = PrivateAttr()

    def __init__(self, message: str, said: CreateMessageResultWithTools) -> None:
        super().__init__(code=INTERNAL_ERROR, message=message)
        self._said = said

    @property
    def said(self) -> CreateMessageResultWithTools:
        return self._said


def uses_in(blocks: Sequence[object]) -> Iterator[ToolUseContent]:
    """The uses of tools among blocks."""
    return (block for block in blocks if isinstance(block, ToolUseContent))


def with_own_ids(blocks: Sequence[T], messages: Sequence[SamplingMessage]) -> list[T]:
    """The blocks of an answer, their uses with ids that nothing else in the conversation has."""
    taken = {use.id for message in messages for use in uses_in(message.content_as_list)}
    return [
        block.model_copy(update={"id": _free(block.id, taken)}) if isinstance(block, ToolUseContent) else block
        for block in blocks
    ]


def _free(wished: str, taken: set[str]) -> str:
    """An id that is not `taken`, and is from now on."""
    number, free = 2, wished or "use"
    while free in taken:
        number, free = number + 1, f"{wished or 'use'}-{number}"
    taken.add(free)
    return free
