"""Uses a tool and says that it is done.

- tools.offered
- tools.required
- tools.pair
"""

from mcp.types import CreateMessageResultWithTools, ToolUseContent

from tests.checks.good_callbacks import my_callback as good
from tests.wrong_answers.scorecard.answers_unpaired_tools import is_unpaired


async def my_callback(context, params):
    if not params.tools or (params.tool_choice and params.tool_choice.mode == "none") or is_unpaired(params):
        return await good(context, params)
    use = ToolUseContent(id="use_1", name=params.tools[0].name, input={"city": "Lima"})
    return CreateMessageResultWithTools(role="assistant", model="my-rules", content=[use], stop_reason="endTurn")
