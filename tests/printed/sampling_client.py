"""A client as a book would print it: it lends its Claude to a log archiver.

python -m servers.log_archiver --http 8000
python sampling_client.py
"""

import asyncio

from anthropic import AsyncAnthropic
from mcp import Client
from mcp.types import CreateMessageResult, TextContent

SERVER_URL = "http://127.0.0.1:8000/mcp"
LOG_LINE = (
    "2026-11-20 02:14:11 UTC [821] ERROR:  deadlock detected "
    "DETAIL:  Process 821 waits for ShareLock on transaction 456; process 999 waits for ShareLock on transaction 821."
)


async def ask_claude(context, params):
    """The sampling callback: hand the server's question on to Claude."""
    question = params.messages[0].content.text
    print(f"The server asks: {question}")
    async with AsyncAnthropic() as claude:
        reply = await claude.messages.create(
            model="claude-haiku-5-5",
            max_tokens=params.max_tokens,
            system=params.system_prompt or "",
            messages=[{"role": "user", "content": question}],
        )
    text = "".join(block.text for block in reply.content if block.type == "text")
    print(f"Claude answers: {text}")
    return CreateMessageResult(role="assistant", model=reply.model, content=TextContent(text=text))


async def main():
    async with Client(SERVER_URL, sampling_callback=ask_claude) as client:
        result = await client.call_tool("process_log_entry", {"log_line": LOG_LINE})
        for block in result.content:
            if block.type == "text":
                print(f"The tool says: {block.text}")


if __name__ == "__main__":
    asyncio.run(main())
