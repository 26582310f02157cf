"""raised UnboundLocalError"""

from mcp.types import CreateMessageResult, TextContent


async def my_callback(context, params):
    line = params.messages[-1].content.text.lower()
    if "deadlock" in line:
        text = "Database: a lock."
    elif "no space left" in line:
        text = "Disk: full."
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text=text))
