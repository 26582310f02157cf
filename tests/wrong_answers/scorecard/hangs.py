"""Mistakes after which an answer never comes. They get less time than others."""

from mcp.types import AudioContent

from tests.checks import good_callbacks
from tests.checks.good_callbacks import my_callback as good

TIMEOUT = 1.5


async def counts_to_the_limit(context, params):
    """Makes room for as many tokens as it may use.

    - limits.absurd
    """
    room = 0
    for _ in range(params.max_tokens):
        room += 1
    return await good(context, params)


async def hangs_on_audio(context, params):
    """Turns in a circle where there is no text.

    - content.audio
    """
    while params.messages and isinstance(params.messages[-1].content, AudioContent):
        pass
    return await good(context, params)


def waits_for_ever(base_url, timeout=30.0):
    """Takes a timeout and forgets it.

    - provider.silent
    """
    return good_callbacks.make(base_url)
