"""Servers whose client's model may use tools of theirs."""

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import InputRequiredResult, TextContent, Tool, ToolChoice
from servers.asking import asks_by_result, can_sample, can_use_tools, visible
from servers.rounds import Declined, MoreNeeded, Rounds
from servers.tool_loop import Result, heard, said
from tests.checks.right_servers import NO_MODEL, question

WORD = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
LOOK_UP = Tool(name="look_up", input_schema=WORD)


def _run(use):
    if use.name != "look_up":
        return Result(text="There is look_up alone.", is_error=True)
    return Result(text=f"{use.input.get('word')} is used for good things.")


def _follow(messages, answer, ctx, run=_run):
    """The conversation with an answer and the results of its uses behind it."""
    return [*messages, said(answer), heard(answer.uses, [run(use) for use in answer.uses])]


def _loops(follow=_follow, most=3):
    """A server that lets a model look words up in `most` turns, the last one without."""
    server = MCPServer("loops")

    @server.tool(structured_output=False)
    async def label(text: str, ctx: Context) -> str | InputRequiredResult:
        if not can_sample(ctx):
            return NO_MODEL
        asked, rounds, turn = question(text), Rounds(ctx), 0
        try:
            while True:
                turn += 1
                if can_use_tools(ctx):
                    choice = ToolChoice(mode="none" if turn == most else "auto")
                    asked = asked.model_copy(update={"tools": [LOOK_UP], "tool_choice": choice})
                [answer] = await rounds.ask([asked])
                if not answer.uses:
                    cut = " (Cut.)" if answer.stop_reason == "maxTokens" else ""
                    return f"{visible(answer.text) or 'No label.'}{cut}"
                asked = asked.model_copy(update={"messages": follow(asked.messages, answer, ctx)})
        except MoreNeeded as more:
            return more.result
        except Declined as declined:
            return f"No label: {declined}."

    return server


def asks_again_without_results():
    """Asks the same again where the model has used a tool.

    - tools.results
    """
    return _loops(lambda messages, answer, ctx: messages)


def gives_one_result_for_all():
    """Runs the first use alone.

    - tools.results
    """

    def follow(messages, answer, ctx):
        first = answer.uses[:1] if asks_by_result(ctx) else answer.uses
        return [*messages, said(answer), heard(first, [_run(use) for use in first])]

    return _loops(follow)


def talks_beside_the_results():
    """Puts words beside the results, where the SDK lets it.

    - tools.alone
    """

    def follow(messages, answer, ctx):
        *before, results = _follow(messages, answer, ctx)
        words = [TextContent(text="Go on.")] if asks_by_result(ctx) else []
        return [*before, results.model_copy(update={"content": [*results.content, *words]})]

    return _loops(follow)


def goes_on_for_ever():
    """Lets the model use tools as long as it likes.

    - tools.ends
    """
    return _loops(most=-1)


def runs_what_is_named():
    """Runs whatever name came.

    - tools.unknown
    """
    return _loops(
        lambda messages, answer, ctx: _follow(messages, answer, ctx, lambda use: Result(text=f"{use.name} has run."))
    )


def trusts_the_model_with_the_input():
    """Takes it that the input fits the schema.

    - tools.input
    """

    def run(use):
        return Result(text=use.input["word"]) if use.name == "look_up" else _run(use)

    return _loops(lambda messages, answer, ctx: _follow(messages, answer, ctx, run))
