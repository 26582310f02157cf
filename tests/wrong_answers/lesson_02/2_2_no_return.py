"""returned nothing"""

from mcp.types import CreateMessageResult, TextContent


def finish(text, params):
    reason = "endTurn"
    for stop in params.stop_sequences or []:
        if stop in text:
            text, reason = text[: text.index(stop)], "stopSequence"
    words = text.split()
    if len(words) > params.max_tokens:
        text, reason = " ".join(words[: params.max_tokens]), "maxTokens"
    answer = CreateMessageResult(role="assistant", model="me", content=TextContent(text=text), stop_reason=reason)
