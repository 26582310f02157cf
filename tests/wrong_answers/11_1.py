"""Exercise 11.1: a result for every use of a tool."""

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import SamplingMessage, TextContent, ToolResultContent, ToolUseContent

_kept = []


def _uses(answer):
    return [block for block in answer.content_as_list if isinstance(block, ToolUseContent)]


def _result(use, text, failed=False):
    return ToolResultContent(tool_use_id=use.id, content=[TextContent(text=text)], is_error=failed)


async def _ran(use, tools):
    if use.name not in tools:
        return _result(use, "no such tool", True)
    try:
        return _result(use, await tools[use.name](**use.input))
    except ToolError as error:
        return _result(use, str(error), True)
    except Exception:
        return _result(use, "it failed", True)


def _heard(results):
    return SamplingMessage(role="user", content=results)


def a_plain_function(answer, tools):
    """Is no coroutine function.

    write `async def results_for(answer, tools)`
    """
    return _heard([])


async def the_list_alone(answer, tools):
    """Returns the results without a message around them.

    returned a list. A SamplingMessage is wanted
    """
    return [await _ran(use, tools) for use in _uses(answer)]


async def from_the_assistant(answer, tools):
    """Puts the results into the model's mouth.

    its message is from the assistant
    """
    return SamplingMessage(role="assistant", content=[await _ran(use, tools) for use in _uses(answer)])


async def only_the_first_block(answer, tools):
    """Looks at the first block and at no other.

    There is no result for 'a'
    """
    return _heard([await _ran(use, tools) for use in answer.content_as_list[:1] if isinstance(use, ToolUseContent)])


async def the_texts_again(answer, tools):
    """Hands the model's own words back beside the results.

    beside the results stands a block text
    """
    words = [block for block in answer.content_as_list if isinstance(block, TextContent)]
    return _heard([*words, *[await _ran(use, tools) for use in _uses(answer)]])


async def by_place(answer, tools):
    """Pairs results with uses by their place.

    the tool returned
    """
    ran = [await _ran(use, tools) for use in sorted(_uses(answer), key=lambda use: use.id)]
    pairs = zip(_uses(answer), ran, strict=True)
    return _heard([each.model_copy(update={"tool_use_id": use.id}) for use, each in pairs])


async def ids_of_its_own(answer, tools):
    """Numbers the results.

    There is a result for '0'
    """
    ran = [await _ran(use, tools) for use in _uses(answer)]
    return _heard([each.model_copy(update={"tool_use_id": str(n)}) for n, each in enumerate(ran)])


async def one_for_each_name(answer, tools):
    """Runs a tool once, however often the model asked for it.

    a text, with the ids ['1', '2']. There is no result for '1'
    """
    once = {(use.name, str(use.input)): use for use in _uses(answer)}
    return _heard([await _ran(use, tools) for use in once.values()])


async def missing_tools_left_out(answer, tools):
    """Says nothing of a tool that does not exist.

    the use of delete: each use has one
    """
    return _heard([await _ran(use, tools) for use in _uses(answer) if use.name in tools])


async def missing_tools_raise(answer, tools):
    """Looks a tool up that may not be there.

    KeyError
    """
    return _heard([_result(use, await tools[use.name](**use.input)) for use in _uses(answer)])


async def failures_left_out(answer, tools):
    """Drops what failed.

    There is no result for '1', the use of closed
    """
    ran = [await _ran(use, tools) for use in _uses(answer)]
    return _heard([each for each in ran if not each.is_error or each.content[0].text == "no such tool"])


async def the_text_of_a_crash(answer, tools):
    """Tells the model what an exception says.

    the text of a crash
    """
    results = []
    for use in _uses(answer):
        try:
            results.append(
                _result(use, await tools[use.name](**use.input) if use.name in tools else "none", use.name not in tools)
            )
        except Exception as error:
            results.append(_result(use, str(error), True))
    return _heard(results)


async def why_it_is_closed_left_out(answer, tools):
    """Hides what a ToolError says.

    a ToolError said why
    """
    ran = [await _ran(use, tools) for use in _uses(answer)]
    by_id = {use.id: use for use in _uses(answer)}
    return _heard([_result(by_id[each.tool_use_id], "it failed", True) if each.is_error else each for each in ran])


async def never_an_error(answer, tools):
    """Marks nothing as failed.

    the result is not marked
    """
    ran = [await _ran(use, tools) for use in _uses(answer)]
    return _heard([each.model_copy(update={"is_error": None}) for each in ran])


async def an_empty_text_is_an_error(answer, tools):
    """Takes an empty result for a failure.

    the tool ran well
    """
    ran = [await _ran(use, tools) for use in _uses(answer)]
    return _heard([each.model_copy(update={"is_error": not each.content[0].text or each.is_error}) for each in ran])


async def no_words(answer, tools):
    """Marks a failure and says nothing.

    the result has no words
    """
    ran = [await _ran(use, tools) for use in _uses(answer)]
    return _heard(
        [
            each.model_copy(update={"content": []}) if each.is_error and "closed" not in str(each) else each
            for each in ran
        ]
    )


async def runs_twice(answer, tools):
    """Runs a tool to see whether it works, and then again.

    Run each use once
    """
    for use in _uses(answer):
        await _ran(use, tools)
    return _heard([await _ran(use, tools) for use in _uses(answer)])


async def takes_uses_out(answer, tools):
    """Empties the answer that it was given.

    afterwards that answer or `tools` was another
    """
    uses = _uses(answer)
    answer.content.clear()
    return _heard([await _ran(use, tools) for use in uses])


async def kept_from_before(answer, tools):
    """Keeps results of an earlier call.

    There is a result for 'use_1'
    """
    _kept.extend([await _ran(use, tools) for use in _uses(answer)])
    return _heard([*_kept])
