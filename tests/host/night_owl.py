"""A server that samples in each part of the protocol in which it may, and also while nobody has asked it for anything.

python -m tests.host.night_owl    over standard input and output
"""

import asyncio
import logging
import sys
import warnings
from typing import Any

from mcp import MCPDeprecationWarning, MCPError, StdioServerParameters
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import Completion, ProgressNotificationParams

from tests.story import ROOT, create_message, question, said, until

OVER_STDIO = StdioServerParameters(command=sys.executable, args=["-m", "tests.host.night_owl"], cwd=ROOT)


def night_owl() -> MCPServer:
    logging.root.addHandler(handler := logging.NullHandler())  # or MCPServer() would set logging up to print
    server = MCPServer("night owl")
    logging.root.removeHandler(handler)
    heard: list[str] = []
    contexts: list[Context] = []
    behind: set[asyncio.Task[None]] = set()

    async def sampled(ctx: Context, text: str) -> str:
        contexts.append(ctx)
        try:
            heard.append(said(await create_message(ctx, question(text))))
        except MCPError as error:
            heard.append(f"{error.error.code} {error.error.message}")
        return heard[-1]

    async def night(number: int) -> None:
        for n in range(number):
            await sampled(contexts[-1], f"night {n}")

    def left_behind(number: int) -> None:
        task = asyncio.get_running_loop().create_task(night(number))
        behind.add(task)
        task.add_done_callback(behind.discard)

    async def nightfall(_: object, params: ProgressNotificationParams) -> None:
        left_behind(int(params.progress))

    server._lowlevel_server.add_notification_handler("notifications/progress", ProgressNotificationParams, nightfall)

    @server.tool(structured_output=False)
    async def hoot(ctx: Context) -> str:
        """Ask for a sample while the call is open."""
        return await sampled(ctx, "day")

    @server.tool(structured_output=False)
    async def perch(ctx: Context) -> str:
        """Answer, and ask for as many samples as the client then notifies it of."""
        contexts.append(ctx)
        return "nothing more"

    @server.tool(structured_output=False)
    async def linger(ctx: Context) -> str:
        """Never answer; ask for a sample when the client has given the call up."""
        contexts.append(ctx)
        try:
            await asyncio.Event().wait()
        finally:
            left_behind(1)
        return "never"

    @server.tool(structured_output=False)
    async def tell(number: int) -> str:
        """Every answer so far, once there are so many."""
        await until(lambda: len(heard) >= number)
        return "\n".join(heard)

    @server.prompt()
    async def lullaby(ctx: Context) -> str:
        return await sampled(ctx, "prompt")

    @server.resource("owl://{name}")
    async def feather(name: str, ctx: Context) -> str:
        return await sampled(ctx, f"resource {name}")

    @server.completion()
    async def complete(ref: Any, argument: Any, context: Any) -> Completion:
        return Completion(values=[await sampled(contexts[-1], "completion")])

    return server


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        night_owl().run()
