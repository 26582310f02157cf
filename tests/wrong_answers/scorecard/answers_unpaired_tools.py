"""Looks at the text of a conversation alone, whatever tools were used in it.

- tools.orphaned-result
- tools.missing-result
- tools.mixed-result
"""

from mcp.types import ToolResultContent, ToolUseContent

from tests.checks.good_callbacks import answer
from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    if is_unpaired(params):
        return answer("It is fine weather.", params.max_tokens)
    return await good(context, params)


def is_unpaired(params):
    blocks = [block for message in params.messages for block in message.content_as_list]
    uses = sum(isinstance(block, ToolUseContent) for block in blocks)
    results = sum(isinstance(block, ToolResultContent) for block in blocks)
    mixed = any({"text", "tool_result"} <= {b.type for b in message.content_as_list} for message in params.messages)
    return params.max_tokens > 0 and bool(params.tools) and (uses != results or mixed)
