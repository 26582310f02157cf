"""Mistakes with tools, and with conversations in which tools were used."""

from mcp.types import CreateMessageResultWithTools, ErrorData, ToolResultContent, ToolUseContent

from tests.checks.good_callbacks import answer
from tests.checks.good_callbacks import my_callback as good


def _is_unpaired(params):
    """Whether a use lacks its result, or a result its use, or text stands beside one."""
    blocks = [block for message in params.messages for block in message.content_as_list]
    uses = {block.id for block in blocks if isinstance(block, ToolUseContent)}
    results = {block.tool_use_id for block in blocks if isinstance(block, ToolResultContent)}
    mixed = any({"text", "tool_result"} <= {b.type for b in message.content_as_list} for message in params.messages)
    return params.max_tokens > 0 and bool(params.tools) and (uses != results or mixed)


def _may_use_one(params):
    return params.tools and not (params.tool_choice and params.tool_choice.mode == "none") and not _is_unpaired(params)


def _use(name, arguments, stop_reason="toolUse"):
    use = ToolUseContent(id="use_1", name=name, input=arguments)
    return CreateMessageResultWithTools(role="assistant", model="my-rules", content=[use], stop_reason=stop_reason)


async def always_uses_the_tool(context, params):
    """Uses the first tool, whether it may or not.

    - tools.none
    """
    if not params.tools or len(params.messages) > 1:
        return await good(context, params)
    return _use(params.tools[0].name, {"city": "Lima"})


async def answers_unpaired_tools(context, params):
    """Looks at the text of a conversation alone, whatever tools were used in it.

    - tools.orphaned-result
    - tools.missing-result
    - tools.mixed-result
    """
    return answer("It is fine weather.", params.max_tokens) if _is_unpaired(params) else await good(context, params)


async def code_of_an_inner_fault(context, params):
    """Refuses a broken conversation as if its own side had failed. A result without its use has no code of its own.

    - tools.missing-result
    - tools.mixed-result
    """
    answer = await good(context, params)
    return ErrorData(code=-32603, message=answer.message) if isinstance(answer, ErrorData) else answer


async def invents_a_tool(context, params):
    """Uses a tool that nobody offered.

    - tools.offered
    - tools.required
    - tools.pair
    """
    return _use("search_the_web", {}) if _may_use_one(params) else await good(context, params)


async def raises_on_tool_results(context, params):
    """Was written for the first round of a tool loop.

    - tools.pair
    """
    if len(params.messages) > 1 and params.tools and not _is_unpaired(params):
        raise NotADirectoryError("What is a tool_result?")
    return await good(context, params)


async def text_where_a_tool_is_demanded(context, params):
    """Talks about the tools in place of using them.

    - tools.required
    - tools.required-without
    """
    if params.tool_choice and len(params.messages) == 1 and "Lima" in params.messages[0].content.text:
        return answer("I have no tools here.", params.max_tokens)
    return await good(context, params)


async def tool_use_ends_the_turn(context, params):
    """Uses a tool and says that it is done.

    - tools.offered
    - tools.required
    - tools.pair
    """
    if not _may_use_one(params):
        return await good(context, params)
    return _use(params.tools[0].name, {"city": "Lima"}, stop_reason="endTurn")
