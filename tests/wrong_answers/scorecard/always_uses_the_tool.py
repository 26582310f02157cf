"""Uses the first tool, whether it may or not.

- tools.none
"""

from mcp.types import CreateMessageResultWithTools, ToolUseContent

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    if not params.tools or len(params.messages) > 1:
        return await good(context, params)
    use = ToolUseContent(id="use_1", name=params.tools[0].name, input={"city": "Lima"})
    return CreateMessageResultWithTools(role="assistant", model="my-rules", content=[use], stop_reason="toolUse")
