"""Answers a plain request with a list of blocks.

- answers.one-block
- wires.modern
- wires.legacy
"""

from mcp.types import CreateMessageResultWithTools

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    answer = await good(context, params)
    if not hasattr(answer, "content"):
        return answer
    return CreateMessageResultWithTools(
        role="assistant", model=answer.model, content=[answer.content], stop_reason=answer.stop_reason
    )
