"""Mistakes with tools that look right in one round with one tool."""

from mcp.types import CreateMessageResultWithTools, ErrorData, ToolResultContent, ToolUseContent

from labkit.models.claude import Claude
from tests.checks.good_callbacks import answer
from tests.checks.good_callbacks import my_callback as good

UNPAIRED = ErrorData(code=-32602, message="Each use of a tool needs its result in the next message, and nothing else.")


def _tools_of(message):
    uses = [block for block in message.content_as_list if isinstance(block, ToolUseContent)]
    results = [block for block in message.content_as_list if isinstance(block, ToolResultContent)]
    return uses, results


async def _uses_weather(context, params, *, arguments=None):
    """A model that uses the tool in the first round and says what came back in the next."""
    may = params.tools and not (params.tool_choice and params.tool_choice.mode == "none")
    if not params.tools:
        return await good(context, params)
    if may and not any(_tools_of(message)[1] for message in params.messages):
        use = ToolUseContent(id="use_9", name=params.tools[0].name, input=arguments or {"city": "Lima"})
        return CreateMessageResultWithTools(role="assistant", model="my-rules", content=[use], stop_reason="toolUse")
    return answer("It is nineteen degrees.", params.max_tokens)


def _paired(params, same):
    """Whether `same` holds for the uses of each message and the results of the next."""
    opened = []
    for message in params.messages:
        uses, results = _tools_of(message)
        if (results and len(results) < len(message.content_as_list)) or not same(opened, results):
            return False
        opened = uses
    return not opened


async def input_against_the_schema(context, params):
    """Makes up the arguments of a tool.

    - tools.offered
    - tools.required
    """
    if not _paired(params, _by_id):
        return UNPAIRED
    return await _uses_weather(context, params, arguments={"place": "Lima"})


def _by_id(uses, results):
    return {use.id for use in uses} == {result.tool_use_id for result in results}


async def pairs_by_kind(context, params):
    """Counts uses and results, and does not see whose result it is.

    - tools.other-ids
    """
    if not _paired(params, lambda uses, results: len(uses) == len(results)):
        return UNPAIRED
    return await _uses_weather(context, params)


async def pairs_by_position(context, params):
    """Wants the results in the order of the uses, and refuses what is right.

    - tools.any-order
    """
    if not _paired(params, lambda uses, results: [use.id for use in uses] == [each.tool_use_id for each in results]):
        return UNPAIRED
    return await _uses_weather(context, params)


async def talks_though_it_has_no_tools(context, params):
    """Answers in text where tools were offered, and cannot use one.

    - tools.undeclared
    """
    if params.tools and not params.tool_choice and _paired(params, _by_id):
        return await good(context, params.model_copy(update={"tools": None, "messages": params.messages[:1]}))
    return await good(context, params)


def first_of_two_uses(base_url, api_key, timeout=30.0):
    """Expects one use of a tool in a reply.

    - provider.tool-use
    """
    asks = Claude(api_key=api_key, base_url=base_url, timeout=timeout)

    async def my_callback(context, params):
        reply = await asks(context, params)
        content = getattr(reply, "content", None)
        if not isinstance(content, list):
            return reply
        uses = [block for block in content if isinstance(block, ToolUseContent)]
        return reply.model_copy(update={"content": [*(block for block in content if block not in uses), *uses[:1]]})

    return my_callback


def forgets_that_tools_are_forbidden(base_url, api_key, timeout=30.0):
    """Hands the tools on, and not that none may be used.

    - tools.none
    """
    asks = Claude(api_key=api_key, base_url=base_url, timeout=timeout)

    async def my_callback(context, params):
        if params.tool_choice and params.tool_choice.mode == "none":
            params = params.model_copy(update={"tool_choice": None})
        return await asks(context, params)

    return my_callback


def one_result_of_two(base_url, api_key, timeout=30.0):
    """Hands on the first use of a message, and the first result.

    - provider.tool-result
    - tools.any-order
    """
    asks = Claude(api_key=api_key, base_url=base_url, timeout=timeout)

    def first(message):
        uses, results = _tools_of(message)
        left_out = [*uses[1:], *results[1:]]
        kept = [block for block in message.content_as_list if block not in left_out]
        return message.model_copy(update={"content": kept})

    async def my_callback(context, params):
        return await asks(context, params.model_copy(update={"messages": [first(one) for one in params.messages]}))

    return my_callback
