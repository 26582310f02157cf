"""We sent a request with a tool, and it answered"""

from mcp.types import CreateMessageResult, ErrorData, TextContent


async def my_callback(context, params):
    fault = ""
    if not params.messages:
        fault = "There is no message."
    elif params.max_tokens < 1:
        fault = "Ask for at least 1 token."
    elif params.tool_choice:
        fault = "I cannot use tools."
    elif any(block.type != "text" for message in params.messages for block in message.content_as_list):
        fault = "I read text alone."
    if fault:
        return ErrorData(code=-32602, message=fault)
    words = "Somebody should look at this.".split()
    content = TextContent(text=" ".join(words[: params.max_tokens]))
    return CreateMessageResult(role="assistant", model="me", content=content)
