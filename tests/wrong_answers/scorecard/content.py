"""Mistakes with what is not one block of text."""

import asyncio
import sys

from mcp.types import AudioContent, ErrorData, ImageContent, SamplingMessage, TextContent

from tests.checks import good_callbacks
from tests.checks.good_callbacks import answer, text_of
from tests.checks.good_callbacks import my_callback as good


async def content_is_one_text(context, params):
    """Takes the content of a message for one block of text.

    - messages.lists
    - content.image
    - content.audio
    - content.mixed
    - tools.pair
    - tools.orphaned-result
    - tools.mixed-result
    """
    if params.messages:
        print(params.messages[-1].content.text)
    return await good(context, params)


def drops_what_is_not_text(base_url, timeout=30.0):
    """Hands the text on, and what is not text and the tools to nobody.

    - provider.image
    - provider.tool-result
    - tools.undeclared
    - tools.required
    - tools.required-without
    - tools.orphaned-result
    - tools.missing-result
    - tools.mixed-result
    """
    asks = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        texts = [
            SamplingMessage(role=message.role, content=TextContent(text=text_of(message)))
            for message in params.messages
            if text_of(message)
        ]
        return await asks(context, params.model_copy(update={"messages": texts, "tools": None, "tool_choice": None}))

    return my_callback


async def empty_refusal(context, params):
    """Refuses without a word.

    - content.image
    - content.audio
    - content.mixed
    """
    for message in params.messages if not params.tools else ():
        if not all(isinstance(block, TextContent) for block in message.content_as_list):
            return ErrorData(code=-32602, message=" ")
    return await good(context, params)


async def exits_on_audio(context, params):
    """Ends the whole process over one message.

    - content.audio
    """
    for message in params.messages:
        if isinstance(message.content, AudioContent):
            sys.exit("I cannot listen to audio.")
    return await good(context, params)


async def formats_the_text(context, params):
    """Takes the braces of a log line for its own.

    - content.odd-letters
    """
    prompt = "Explain this line: " + "".join(text_of(message) for message in params.messages)
    print(prompt.format())
    return await good(context, params)


async def group_of_errors(context, params):
    """Works in a task group and lets its errors out, three groups deep.

    - content.image
    - content.audio
    - content.mixed
    - tools.pair
    - tools.orphaned-result
    - tools.missing-result
    - tools.mixed-result
    """

    async def read(block):
        if not isinstance(block, TextContent):
            raise TypeError(f"{block.type} is not text")

    async with asyncio.TaskGroup() as outer:
        for message in params.messages:
            async with asyncio.TaskGroup() as inner:
                for block in message.content_as_list:
                    inner.create_task(read(block))
    return await good(context, params)


async def nothing_to_say(context, params):
    """Answers what it cannot read with nothing.

    - content.image
    - content.audio
    """
    if params.messages and not params.tools and not text_of(params.messages[-1]):
        return answer("", 1)
    return await good(context, params)


async def raises_on_images(context, params):
    """Raises, and does not refuse, what it cannot look at.

    - content.image
    - content.mixed
    """
    for message in params.messages:
        if any(isinstance(block, ImageContent) for block in message.content_as_list):
            raise TypeError("I cannot look at images.")
    return await good(context, params)
