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
from labkit.checks.case import Case
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


CASES = [
    Case(
        "content.image",
        "an image",
        "a PNG of one pixel as the only content",
        "Messages may hold images. A callback that looks for .text ends with an AttributeError.",
        "advice: 2025-11-25, client/sampling, Image Content",
        'Hand it on, or refuse: ErrorData(code=-32602, message="I cannot look at images.").',
        asks(holding(IMAGE), handles),
        wrong="text = message.content.text",
        requirement="sampling:create-message:image-content",
    ),
    Case(
        "content.audio",
        "audio",
        "a WAV without sound as the only content",
        "Messages may hold audio, which few models take.",
        "advice: 2025-11-25, client/sampling, Audio Content",
        'Hand it on, or refuse: ErrorData(code=-32602, message="I cannot listen to audio.").',
        asks(holding(AudioContent(data=SILENCE, mime_type="audio/wav")), handles),
        wrong="text = message.content.text",
    ),
    Case(
        "content.mixed",
        "text and an image in one message",
        "a list of a text block and a PNG of one pixel",
        "A question about a picture comes with its picture, and the text alone may not make sense.",
        "advice: 2025-11-25, schema, SamplingMessage",
        "Look at the type of each block; refuse in words what you cannot use.",
        asks(holding([TextContent(text="What is on this picture?"), IMAGE]), handles),
        wrong="text = message.content.text",
    ),
    Case(
        "content.odd-letters",
        "odd letters",
        "a text with a zero byte, zero-width and right-to-left marks, an emoji, HTML and braces",
        "A text comes from a server, which has it from a log or a page. It is data, whatever is in it.",
        "advice: 2025-11-25, client/sampling, Security Considerations (validate message content)",
        "Hand it on as it is; never through str.format, eval, or a page as HTML.",
        asks(request(ODD), can_be_sent),
        wrong='prompt = ("Explain: " + text).format(user=user)',
    ),
]
