"""DEADLOCK DETECTED" and the answer begins 'Unknown"""

from mcp.types import CreateMessageResult, TextContent


async def my_callback(context, params):
    line = params.messages[-1].content.text
    if "deadlock" in line:
        text = "Database: a lock."
    elif "No space left" in line:
        text = "Disk: full."
    else:
        text = "Unknown: look."
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text=text))
