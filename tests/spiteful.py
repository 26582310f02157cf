"""A server and a callback that write mischief into every field of the protocol that takes a text."""

import warnings
from typing import Any

from mcp import MCPDeprecationWarning, MCPError
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResultWithTools,
    ErrorData,
    Icon,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
)
from mcp_types.version import is_version_at_least

# What a page would run or load, what a terminal would obey, what turns a line round, and what nobody sees.
MARKUP = (
    '"\'></pre></script></text><img src=x onerror="window.__hit=1"><script>window.__hit=2</script>'
    '<svg onload="window.__hit=3"><a href="javascript:window.__hit=4">a</a> [b](javascript:window.__hit=5) '
    "![c](http://other.example/c.png) $\\href{javascript:window.__hit=6}{d}$ ]]> %%{init}%%;end"
)
TERMINAL = "\x1b[2J\x1b]0;title\x07\x1b]8;;http://other.example\x1b\\e\x9b2J\x9d52;c;Zg==\x9c\x08\x7f\r"
HIDDEN = "\u202eabc\u202c\u2066d\u2069\u200b\u2060\u3164\ufff9\ufffb\U000e0041\U000e0100\u2028\u2029"
TEXT = f"{MARKUP} {TERMINAL} {HIDDEN}"

ICON = {"src": "http://other.example/icon.svg", "mimeType": TEXT, "sizes": [TEXT]}
TOOL = {
    "name": TEXT,
    "title": TEXT,
    "description": TEXT,
    "icons": [ICON, {"src": "data:image/svg+xml,<svg onload='window.__hit=7'/>"}],
    "annotations": {"title": TEXT},
    "inputSchema": {
        "type": "object",
        "title": TEXT,
        "properties": {TEXT: {"type": "string", "title": TEXT, "description": TEXT, "default": TEXT, "enum": [TEXT]}},
        "required": [TEXT],
    },
}
USE = {"type": "tool_use", "id": TEXT, "name": TEXT, "input": {TEXT: [TEXT]}, "_meta": {"a.example/b": TEXT}}
REQUEST = {
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": TEXT, "_meta": {"a.example/b": TEXT}}]},
        {"role": "assistant", "content": USE},
        {"role": "user", "content": {"type": "tool_result", "toolUseId": TEXT, "structuredContent": {TEXT: TEXT},
                                     "content": [{"type": "text", "text": TEXT}]}},
        {"role": "assistant", "content": {"type": "text", "text": TEXT}},
        {"role": "user", "content": [{"type": "image", "data": "QUJD", "mimeType": TEXT},
                                     {"type": "audio", "data": "QUJD", "mimeType": TEXT}]},
    ],
    "systemPrompt": TEXT,
    "maxTokens": 50,
    "stopSequences": [TEXT],
    "metadata": {TEXT: {TEXT: TEXT}},
    "modelPreferences": {"hints": [{"name": TEXT}]},
}  # fmt: skip


def request(*, tools: bool = False) -> CreateMessageRequestParams:
    """A request with mischief in each field that takes a text."""
    return CreateMessageRequestParams.model_validate({**REQUEST, **({"tools": [TOOL]} if tools else {})})


async def spiteful(context: object, params: CreateMessageRequestParams) -> CreateMessageResultWithTools | ErrorData:
    """A sampling callback whose answer has mischief in each field."""
    if params.max_tokens == 1:
        return ErrorData(code=-1, message=TEXT, data={TEXT: TEXT})
    answer = {"role": "assistant", "content": [{"type": "text", "text": TEXT}, USE], "model": TEXT, "stopReason": TEXT}
    return CreateMessageResultWithTools.model_validate({**answer, "_meta": {"a.example/b": TEXT}})


def spiteful_server(name: str = TEXT) -> Server[Any]:
    """A server that asks for a sample, tells of its progress and of its log, and gives a result or an error."""

    async def list_tools(context: object, params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[Tool.model_validate({**TOOL, "name": "ask"}), Tool.model_validate(TOOL)])

    async def call_tool(
        context: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        if params.name != "ask":
            raise MCPError(-32000, TEXT, {TEXT: TEXT})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MCPDeprecationWarning)
            if is_version_at_least(context.protocol_version or "", "2026-07-28"):
                if params.input_responses is None:
                    return InputRequiredResult(
                        input_requests={TEXT: CreateMessageRequest(params=request())}, request_state=TEXT
                    )
            else:
                at = context.request_id
                await context.session.send_log_message("error", {TEXT: TEXT}, TEXT, related_request_id=at)
                asks = request(tools=True)
                fields = {name: getattr(asks, name) for name in CreateMessageRequestParams.model_fields}
                for left in ("meta", "task", "messages"):
                    fields.pop(left, None)
                await context.session.create_message(asks.messages, **fields)
            await context.session.report_progress(1, 2, TEXT)
        return CallToolResult(
            content=[TextContent(text=TEXT)],
            structured_content={TEXT: TEXT},
            is_error=True,
            _meta={"a.example/b": TEXT},
        )

    return Server(
        name,
        version=TEXT,
        title=TEXT,
        description=TEXT,
        instructions=TEXT,
        website_url="javascript:window.__hit=8",
        icons=[Icon(src="http://other.example/icon.svg")],
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
