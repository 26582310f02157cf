"""Mistakes with what makes a conversation: what came before, all of it, as it was."""

from mcp.types import ImageContent, TextContent

from labkit.models.claude import Claude
from tests.checks import good_callbacks


def _changed(params, change):
    """The request with every message changed."""
    return params.model_copy(update={"messages": [change(message) for message in params.messages]})


def _with_text(message, change):
    content = [
        block.model_copy(update={"text": change(block.text)}) if isinstance(block, TextContent) else block
        for block in message.content_as_list
    ]
    return message.model_copy(update={"content": content})


def caches_by_the_last_message(base_url, timeout=30.0):
    """Takes two requests for the same that end with the same question.

    - provider.same-question
    """
    asks = good_callbacks.make(base_url, timeout)
    known = {}

    async def my_callback(context, params):
        if not params.messages:
            return await asks(context, params)
        key = params.messages[-1].model_dump_json() + repr(
            (params.system_prompt, params.max_tokens, params.tools, params.tool_choice, params.stop_sequences)
        )
        if key not in known:
            known[key] = await asks(context, params)
        return known[key]

    return my_callback


def caches_whatever_the_prompt(base_url, timeout=30.0):
    """Takes two requests for the same that differ in the system prompt.

    - provider.same-question
    """
    asks = good_callbacks.make(base_url, timeout)
    known = {}

    async def my_callback(context, params):
        key = params.model_copy(update={"system_prompt": None}).model_dump_json()
        if key not in known:
            known[key] = await asks(context, params)
        return known[key]

    return my_callback


def drops_what_is_not_ascii(base_url, timeout=30.0):
    """Hands on what an old terminal could show.

    - provider.letters
    """
    asks = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        plain = _changed(params, lambda one: _with_text(one, lambda text: text.encode("ascii", "ignore").decode()))
        return await asks(context, plain)

    return my_callback


def every_image_is_a_jpeg(base_url, api_key, timeout=30.0):
    """Calls each image a JPEG. Providers look at the first bytes and refuse it.

    - provider.image
    """
    asks = Claude(api_key=api_key, base_url=base_url, timeout=timeout)

    def as_jpeg(message):
        content = [
            block.model_copy(update={"mime_type": "image/jpeg"}) if isinstance(block, ImageContent) else block
            for block in message.content_as_list
        ]
        return message.model_copy(update={"content": content})

    async def my_callback(context, params):
        return await asks(context, _changed(params, as_jpeg))

    return my_callback


def images_of_the_last_message(base_url, api_key, timeout=30.0):
    """Looks for images in the last message alone.

    - provider.image
    """
    asks = Claude(api_key=api_key, base_url=base_url, timeout=timeout)

    async def my_callback(context, params):
        earlier = [
            message.model_copy(
                update={"content": [block for block in message.content_as_list if not isinstance(block, ImageContent)]}
            )
            for message in params.messages[:-1]
        ]
        return await asks(context, params.model_copy(update={"messages": [*earlier, *params.messages[-1:]]}))

    return my_callback


def keeps_a_window_of_three(base_url, timeout=30.0):
    """Keeps the last three messages, to save tokens, and tells nobody.

    - provider.long-conversation
    """
    asks = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        return await asks(context, params.model_copy(update={"messages": params.messages[-3:]}))

    return my_callback


def loses_the_prompt_in_a_long_conversation(base_url, timeout=30.0):
    """Hands the system prompt on until the conversation is long.

    - provider.long-conversation
    """
    asks = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        if len(params.messages) > 5:
            params = params.model_copy(update={"system_prompt": None})
        return await asks(context, params)

    return my_callback


def reads_the_first_block(base_url, timeout=30.0):
    """Hands on the first text of each message.

    - provider.blocks
    """
    asks = good_callbacks.make(base_url, timeout)

    def first(message):
        texts = [block for block in message.content_as_list if isinstance(block, TextContent)]
        return message.model_copy(update={"content": texts[:1]}) if len(texts) > 1 else message

    async def my_callback(context, params):
        return await asks(context, _changed(params, first))

    return my_callback


def the_first_thousand_letters(base_url, timeout=30.0):
    """Cuts each text, and answers as if it had read all of it.

    - provider.letters
    """
    asks = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        return await asks(context, _changed(params, lambda message: _with_text(message, lambda text: text[:1000])))

    return my_callback
