"""gave the stop reason 'endTurn', and 'maxTokens' is right"""

from mcp.types import CreateMessageResult, TextContent


def finish(text, params):
    reason = "endTurn"
    text = " ".join(text.split()[: params.max_tokens])
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text=text), stop_reason=reason)
