"""A bookshop: a plain MCP server with a tool for each way in which a server can need its client.

python -m tests.story           over standard input and output
python -m tests.story --http    over HTTP, on a free port of 127.0.0.1 that the first line of output tells
"""

import asyncio
import logging
import os
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import uvicorn
from mcp import MCPDeprecationWarning, StdioServerParameters
from mcp.server import Server
from mcp.server.mcpserver import Context, Elicit, MCPServer, Resolve, Sample
from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ErrorData,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    SamplingMessage,
    TextContent,
    Tool,
)
from mcp_types.version import is_version_at_least
from pydantic import BaseModel
from starlette.applications import Starlette

ROOT = Path(__file__).parent.parent
WIRES = ("auto", "legacy")
OVER_STDIO = StdioServerParameters(command=sys.executable, args=["-m", "tests.story"], cwd=ROOT)

logging.getLogger("mcp").addHandler(logging.NullHandler())


class Copies(BaseModel):
    number: int


def question(text: str, max_tokens: int = 50) -> CreateMessageRequestParams:
    return CreateMessageRequestParams(
        messages=[SamplingMessage(role="user", content=TextContent(text=text))], max_tokens=max_tokens
    )


def answer(text: str, model: str = "bookseller") -> CreateMessageResult:
    return CreateMessageResult(role="assistant", content=TextContent(text=text), model=model, stop_reason="endTurn")


def asked(params: CreateMessageRequestParams) -> str:
    """The text of a request's only message."""
    content = params.messages[0].content
    assert isinstance(content, TextContent)
    return content.text


def said(result: Any) -> str:
    """The text of a tool's result, or of a model's answer."""
    content = result.content[0] if isinstance(result.content, list) else result.content
    return content.text


async def echo(context: object, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
    """A sampling callback that says what it was asked."""
    return answer(f"you asked: {asked(params)}")


def ask(text: str) -> Sample:
    params = question(text)
    return Sample(params.messages, max_tokens=params.max_tokens)


async def ask_for_genre(genre: str) -> Sample:
    return ask(f"recommend {genre}")


async def ask_for_plot(title: str) -> Sample:
    return ask(f"plot of {title}")


async def ask_for_style(title: str) -> Sample:
    return ask(f"style of {title}")


async def ask_for_ending(title: str) -> Sample:
    return ask(f"ending of {title}")


async def ask_for_copies(title: str) -> Elicit[Copies]:
    return Elicit(f"How many copies of {title}?", Copies)


def bookshop(gate: threading.Event | None = None, *, name: str = "bookshop") -> MCPServer:
    """The shop. `count_stock` blocks its thread until `gate` is set."""
    logging.root.addHandler(handler := logging.NullHandler())  # or MCPServer() would set logging up to print
    shop = MCPServer(name)
    logging.root.removeHandler(handler)
    gate = gate or threading.Event()

    @shop.tool(structured_output=False)
    async def price(title: str, extra: Any = None) -> str:
        """Answer at once."""
        return f"{title} costs {len(title)}"

    @shop.tool(structured_output=False)
    async def recommend(genre: str, words: Annotated[CreateMessageResult, Resolve(ask_for_genre)]) -> str:
        """Ask for one sample."""
        return said(words)

    @shop.tool(structured_output=False)
    async def compare(
        title: str,
        plot: Annotated[CreateMessageResult, Resolve(ask_for_plot)],
        style: Annotated[CreateMessageResult, Resolve(ask_for_style)],
        ending: Annotated[CreateMessageResult, Resolve(ask_for_ending)],
    ) -> str:
        """Ask for three samples at once."""
        return " | ".join(said(words) for words in (plot, style, ending))

    @shop.tool(structured_output=False)
    async def review(titles: list[str], ctx: Context) -> str | InputRequiredResult:
        """Ask for as many samples as there are titles, one after the other, by hand."""
        if not is_version_at_least(ctx.protocol_version or "", "2026-07-28"):
            return " | ".join([said(await create_message(ctx, question(title))) for title in titles])
        so_far = [line for line in (ctx.request_state or "").split("\n") if line]
        given = (ctx.input_responses or {}).get(f"review {len(so_far)}")
        if given is not None:
            so_far.append(said(given))
        if len(so_far) == len(titles):
            return " | ".join(so_far)
        request = CreateMessageRequest(params=question(titles[len(so_far)]))
        return InputRequiredResult(input_requests={f"review {len(so_far)}": request}, request_state="\n".join(so_far))

    @shop.tool(structured_output=False)
    async def poll(titles: list[str], ctx: Context) -> str | InputRequiredResult:
        """Ask for as many samples as there are titles, all at once, by hand."""
        if not is_version_at_least(ctx.protocol_version or "", "2026-07-28"):
            answers = await asyncio.gather(*(create_message(ctx, question(title)) for title in titles))
            return " | ".join(map(said, answers))
        given = ctx.input_responses
        if given is None:
            return InputRequiredResult(
                input_requests={title: CreateMessageRequest(params=question(title)) for title in titles}
            )
        return " | ".join(said(given[title]) for title in titles)

    @shop.tool(structured_output=False)
    async def order(title: str, copies: Annotated[Copies, Resolve(ask_for_copies)]) -> str:
        """Ask the person, and not the model."""
        return f"{copies.number} × {title}"

    @shop.tool(structured_output=False)
    async def fetch(ctx: Context) -> str:
        """Tell of its progress."""
        for part in range(3):
            await ctx.report_progress(part, 3, "on the ladder")
        return "fetched"

    @shop.tool(structured_output=False)
    async def lose(title: str) -> str:
        """Fail."""
        raise LookupError(f"{title} is not on its shelf")

    @shop.tool(structured_output=False)
    async def count_stock() -> str:
        """Block the thread that it runs on."""
        gate.wait(60)
        return "counted"

    @shop.tool(structured_output=False)
    async def wait_for_delivery() -> str:
        """Never answer, and leave the thread to others."""
        await asyncio.Event().wait()
        return "delivered"

    @shop.tool(structured_output=False)
    async def burn_down() -> str:
        """End the process."""
        os._exit(3)

    return shop


def growing(*, subscriptions: bool = True) -> MCPServer:
    """A shop whose tool `grow` adds another tool, and says so in the way of either wire."""
    logging.root.addHandler(handler := logging.NullHandler())
    shop = MCPServer("growing", subscriptions=None if subscriptions else False)
    logging.root.removeHandler(handler)

    @shop.tool(structured_output=False)
    async def grow(name: str, ctx: Context) -> str:
        async def more() -> str:
            return name

        shop.tool(name=name, structured_output=False)(more)
        await ctx.notify_tools_changed()
        await ctx.session.send_tool_list_changed()
        return "grown"

    return shop


def paged(*cursors: str | None) -> Server[Any]:
    """A server whose list of tools has two on each page; behind a page stands the cursor that `cursors` has for it."""
    pages = dict(zip((None, *cursors), cursors, strict=False))

    async def list_tools(context: object, params: PaginatedRequestParams | None) -> ListToolsResult:
        cursor = params.cursor if params else None
        tools = [Tool(name=f"{cursor or 'first'}_{n}", input_schema={"type": "object"}) for n in range(2)]
        return ListToolsResult(tools=tools, next_cursor=pages[cursor])

    return Server("paged", on_list_tools=list_tools)


async def create_message(ctx: Context, params: CreateMessageRequestParams) -> CreateMessageResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        waiting = ctx.session.create_message(params.messages, max_tokens=params.max_tokens)
    return await waiting


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for a condition, and say so when it does not come."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "the condition did not come about"
        await asyncio.sleep(0.005)


def http_server(app: Starlette) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))


@contextmanager
def app_over_http(app: Starlette) -> Generator[str]:
    """The URL at which a thread of this process serves an app."""
    server = http_server(app)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), name="bookshop")
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(60)


@contextmanager
def over_http(shop: MCPServer | None = None, *, sse: bool = False, stateless: bool = False) -> Generator[str]:
    """The URL of a bookshop, or another server, that a thread of this process serves."""
    shop = shop or bookshop()
    with app_over_http(shop.sse_app() if sse else shop.streamable_http_app(stateless_http=stateless)) as url:
        yield f"{url}/{'sse' if sse else 'mcp'}"


@contextmanager
def in_a_process(port: int = 0) -> Generator[tuple[str, subprocess.Popen[str]]]:
    """The URL of a bookshop that a process of its own serves, and the process."""
    command = [sys.executable, "-m", "tests.story", "--http", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8") as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/mcp", process
        finally:
            process.kill()


async def serve_http(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as listener:
        print(listener.getsockname()[1], flush=True)
        await http_server(bookshop().streamable_http_app()).serve(sockets=[listener])


if __name__ == "__main__":
    asyncio.run(serve_http(int(sys.argv[2]))) if "--http" in sys.argv else bookshop().run()
