"""the answer begins 'Unknown: look.'. It should begin with 'Database:'"""

from mcp.types import CreateMessageResult, TextContent


async def my_callback(context, params):
    line = params.system_prompt.lower()
    if "deadlock" in line:
        text = "Database: a lock."
    elif "no space left" in line:
        text = "Disk: full."
    else:
        text = "Unknown: look."
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text=text))
