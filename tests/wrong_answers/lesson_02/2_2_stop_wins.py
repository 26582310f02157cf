"""gave the stop reason 'stopSequence', and 'maxTokens' is right"""

from mcp.types import CreateMessageResult, TextContent


def finish(text, params):
    words = text.split()
    reason = "maxTokens" if len(words) > params.max_tokens else "endTurn"
    for stop in params.stop_sequences or []:
        if stop in text:
            text, reason = text[: text.index(stop)], "stopSequence"
    text = " ".join(text.split()[: params.max_tokens])
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text=text), stop_reason=reason)
