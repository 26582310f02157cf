"""Says how urgent each of some reports is. It asked with FastMCP's `ctx.sample`, one report after the other.

`Resolve` fixes the number of samples in the signature, so here the tool returns its questions by hand, all of them at
once. They follow from the arguments, so no `request_state` is needed.
"""

from collections.abc import Mapping, Sequence

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    InputRequiredResult,
    SamplingMessage,
    TextContent,
)

from servers.serving import quietly

LEVELS = ("low", "medium", "high")
MOST = 20
"""Reports of one call: each is a sample that the client's user pays for."""


def question(report: str) -> CreateMessageRequest:
    """One sample."""
    asked = SamplingMessage(role="user", content=TextContent(text=report))
    rules = "Answer low, medium or high."
    params = CreateMessageRequestParams(messages=[asked], system_prompt=rules, max_tokens=5, temperature=0)
    return CreateMessageRequest(params=params)


@quietly()
def make_server() -> MCPServer:
    """A server with the tool triage(reports)."""
    server = MCPServer("triage-desk")

    @server.tool(structured_output=False)
    async def triage(reports: list[str], ctx: Context) -> str | InputRequiredResult:
        """Say how urgent each of up to 20 reports is: low, medium or high."""
        if ctx.client_capabilities is None or ctx.client_capabilities.sampling is None:
            return _written(reports, {})
        asked = {f"report {number}": question(report) for number, report in enumerate(reports[:MOST], 1)}
        if (ctx.protocol_version or "") < "2026-07-28":  # a request each, one after the other, as it was
            return _written(reports, {key: await _sent(ctx, each.params) for key, each in asked.items()})
        came = ctx.input_responses or {}
        if asked.keys() <= came.keys():
            return _written(reports, came)
        return InputRequiredResult(input_requests={**asked})

    return server


async def _sent(ctx: Context, params: CreateMessageRequestParams) -> object:
    return await ctx.session.create_message(  # pyright: ignore[reportDeprecated] - as it was
        params.messages,
        system_prompt=params.system_prompt,
        max_tokens=params.max_tokens,
        temperature=params.temperature,
        related_request_id=ctx.request_id,
    )


def _written(reports: Sequence[str], answers: Mapping[str, object]) -> str:
    """A line for each report: the level that was answered, or that it was none, or that nobody was asked."""
    return (
        "\n".join(
            f"{_level(answers[key]) if (key := f'report {number}') in answers else 'not asked'}: {report}"
            for number, report in enumerate(reports, 1)
        )
        or "No reports."
    )


def _level(answer: object) -> str:
    content = answer.content if isinstance(answer, CreateMessageResult) else None
    word = content.text.strip().lower() if isinstance(content, TextContent) else ""
    return word if word in LEVELS else "unclear"


if __name__ == "__main__":
    make_server().run()
