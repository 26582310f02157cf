"""`TinyAnswer`: how a view on the client's side knows an answer of the embedded model, whoever handed it on."""

from typing import ClassVar

from mcp_types import CreateMessageResult


class TinyAnswer(CreateMessageResult):
    """An answer of the embedded model: on the wire a `CreateMessageResult` as any other, and so are edited copies.

    The name in `model` would not do to tell: it can be chosen freely, and another model may have the same.
    """

    shown_as: ClassVar[str] = "tiny model"
    """What stands beside such an answer wherever it is shown."""

    shown_why: ClassVar[str] = "the small model of the kit"
    """What stands beside such an answer, in the middle of a sentence."""

    def __repr_name__(self) -> str:
        return CreateMessageResult.__name__
