"""We sent a message that holds image. my_callback raised AttributeError"""

from mcp.types import CreateMessageResult, ErrorData, TextContent


async def my_callback(context, params):
    fault = ""
    if not params.messages:
        fault = "There is no message."
    elif params.max_tokens < 1:
        fault = "Ask for at least 1 token."
    elif params.tools or params.tool_choice:
        fault = "I cannot use tools."
    if fault:
        return ErrorData(code=-32602, message=fault)
    line = " ".join(block.text for block in params.messages[-1].content_as_list)
    words = f"Somebody should look at this: {line}".split()
    content = TextContent(text=" ".join(words[: params.max_tokens]))
    return CreateMessageResult(role="assistant", model="me", content=content)
