"""What is in a message beside plain text: images, audio, several kinds at once, odd letters."""

from mcp_types import (
    AudioContent,
    CreateMessageRequestParams,
    ImageContent,
    SamplingMessage,
    SamplingMessageContentBlock,
    TextContent,
)

from labkit.callbacks import Answer
from labkit.checks.engine import Problem, request
from labkit.checks.judging import asks, handles, said

PIXEL = (  # a whole PNG: one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="  # a whole WAV: no sound
IMAGE = ImageContent(data=PIXEL, mime_type="image/png")
ODD = "What is \u202eodd\u202c here? \u200b\u0000 \U0001f600 <b>bold</b> <script></script> {user} {{7*7}} \ufeff"


def holding(content: SamplingMessageContentBlock | list[SamplingMessageContentBlock]) -> CreateMessageRequestParams:
    """A request with one message of the user."""
    return CreateMessageRequestParams(messages=[SamplingMessage(role="user", content=content)], max_tokens=100)


def can_be_sent(answer: Answer, params: CreateMessageRequestParams) -> None:
    handles(answer, params)
    try:
        said(answer).encode("utf-8")
    except UnicodeEncodeError:
        raise Problem("A text that is no valid Unicode, which cannot be sent.") from None


JUDGES = {
    "content.image": asks(holding(IMAGE), handles),
    "content.audio": asks(holding(AudioContent(data=SILENCE, mime_type="audio/wav")), handles),
    "content.mixed": asks(holding([TextContent(text="What is on this picture?"), IMAGE]), handles),
    "content.odd-letters": asks(request(ODD), can_be_sent),
}
