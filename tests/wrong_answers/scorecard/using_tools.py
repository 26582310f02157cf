"""Mistakes with tools that look right in one round with one tool."""

from mcp.types import CreateMessageResultWithTools, ErrorData, ToolResultContent, ToolUseContent

from labkit.host import with_tools
from labkit.models.claude import Claude
from labkit.uses import Unmet
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
    if params.tools[0].name != "weather" and not arguments:
        return ErrorData(code=-32602, message="I know the weather alone.")
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


async def counts_what_is_there(context, params):
    """Sees a result that belongs to no use, and not a use that has no result.

    - tools.one-missing
    """
    opened = set()
    for message in params.messages:
        results = {each.tool_use_id for each in _tools_of(message)[1]}
        if (opened and not results) or results - opened or 0 < len(results) < len(message.content_as_list):
            return UNPAIRED
        opened = {each.id for each in _tools_of(message)[0]}
    return UNPAIRED if opened else await _uses_weather(context, params)


async def one_input_for_every_tool(context, params):
    """Gives every tool what the first one took.

    - tools.input
    """
    if not _paired(params, _by_id):
        return UNPAIRED
    return await _uses_weather(context, params, arguments={"city": "Lima"})


async def one_id_in_every_turn(context, params):
    """Uses a tool in each turn, always by the same id.

    - tools.loop
    """
    if not _paired(params, _by_id):
        return UNPAIRED
    return await _uses_weather(context, params.model_copy(update={"messages": params.messages[:1]}))


async def heeds_none_in_the_first_turn(context, params):
    """Forgets in a long conversation that no tool may be used.

    - tools.loop
    """
    turn = len(params.messages)
    if not _paired(params, _by_id):
        return UNPAIRED
    if turn == 1 or not params.tools:
        return await _uses_weather(context, params)
    use = ToolUseContent(id=f"use_{turn}", name=params.tools[0].name, input={"city": "Oslo"})
    return CreateMessageResultWithTools(role="assistant", model="my-rules", content=[use], stop_reason="toolUse")


for _each in (counts_what_is_there, one_input_for_every_tool, one_id_in_every_turn, heeds_none_in_the_first_turn):
    _each.declares_tools = True


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


def passes_on_what_was_refused(base_url, api_key, timeout=30.0):
    """Takes the model's answer out of the refusal, an invented tool in it.

    - provider.invented-tool
    - tools.input
    """
    asks = Claude(api_key=api_key, base_url=base_url, timeout=timeout)

    async def my_callback(context, params):
        reply = await asks(context, params)
        return reply.said if isinstance(reply, Unmet) else reply

    my_callback.declares_tools = True
    return my_callback


def forgets_that_a_tool_failed(base_url, api_key, timeout=30.0):
    """Hands on what a tool said, and not that the tool failed.

    - provider.tool-error
    """
    asks = Claude(api_key=api_key, base_url=base_url, timeout=timeout)

    def plain(block):
        return block.model_copy(update={"is_error": None}) if isinstance(block, ToolResultContent) else block

    async def my_callback(context, params):
        said = [
            message.model_copy(update={"content": [plain(block) for block in message.content_as_list]})
            for message in params.messages
        ]
        return await asks(context, params.model_copy(update={"messages": said}))

    return with_tools(my_callback)
