"""`TinyAnswer`: how a view on the client's side knows an answer of the embedded model, whoever handed it on."""

from typing import ClassVar

from mcp_types import CreateMessageResult


class TinyAnswer(CreateMessageResult):
    """What the embedded model said: on the wire a `CreateMessageResult` as any other, its copies with edits too.

    The name in `model` would not do to tell: it can be chosen freely, and another model may have the same.
    """

    shown_as: ClassVar[str] = "tiny model"
    """What stands beside it wherever it is shown."""

    shown_why: ClassVar[str] = "the small model of the kit"
    """The same as a sentence goes on."""

    def __repr_name__(self) -> str:
        return CreateMessageResult.__name__
