"""One holder task that enters `mcp.Client`, keeps it open, and leaves it.

`async with Client(...)` must be entered and left by the same task. Across two cells of a notebook it is not, so a task
of the lab thread does both, between an event that says "open" and one that says "stop".
"""

import asyncio
import concurrent.futures
import contextlib
import re
import sys
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.server import Server
from mcp.server.mcpserver import MCPServer
from mcp_types import CONNECTION_CLOSED, INVALID_REQUEST, METHOD_NOT_FOUND, Tool

from labkit.child import Child
from labkit.errors import ConnectError, LabError, sentence, unwrap
from labkit.exchange import asked, current
from labkit.lines import LONGEST, bounded
from labkit.plain import quoted, short
from labkit.quiet import quieten
from labkit.runtime import GRACE, HAS_THREADS, LEAVE, Runtime, block_on
from labkit.wire import InMemoryTransport, Transport

LabServer = MCPServer | Server[Any] | StdioServerParameters | str | Transport | Callable[[], Transport]
"""What a Lab connects to: all that `mcp.Client` takes, or a function that makes a transport, again if need be."""

LONGEST_NAME = 200
"""Characters of a server's name that are shown."""

LONGEST_PLACE = 200
"""Characters of an address that are quoted of what a server says."""

PAGES = 1000
"""How many pages of tools are asked for."""

LIST_CHANGED = "notifications/tools/list_changed"
"""The method by which a server says that its tools have changed (specification 2025-11-25, server/tools)."""

DEAF = (0.25, 60.0)
"""Seconds after which a stream that the server let end is opened again: at first, and at most. They double."""


def transport_to(
    server: LabServer,
    headers: Mapping[str, str] | None = None,
    wrote: Callable[[str], object] = str,
    answered: Callable[[int], None] | None = None,
) -> AbstractAsyncContextManager[Any]:
    """A fresh transport to `server`.

    Args:
        server: What is connected to.
        headers: What is sent with each request to a URL.
        wrote: Is called with the lines that a program writes to its standard error.
        answered: Is called with the HTTP status of each answer of a URL.

    Raises:
        ConnectError: `server` is a text and no URL, or what the environment says of proxies cannot be used.
        TypeError: `server` is nothing that an MCP client can connect to.
    """
    if isinstance(server, MCPServer | Server):
        quieten()
        return InMemoryTransport(cast("MCPServer", server))
    if isinstance(server, StdioServerParameters):
        update = {"encoding": bounded(server.encoding)}
        if server.encoding_error_handler == "strict":  # one wrong byte would silence the server for good
            update["encoding_error_handler"] = "surrogateescape"
        return Child(server.model_copy(update=update), wrote)
    if isinstance(server, str):
        server = server.strip()
        if not re.match(r"https?:/", server, re.IGNORECASE):
            raise ConnectError(_no_address(server))
        return _over_http(server, headers, answered)
    if hasattr(server, "__aenter__"):
        return cast("Transport", server)
    if callable(server):
        return server()
    raise TypeError(
        f"a {type(server).__name__} is not a server: pass an MCPServer, StdioServerParameters, a URL or a Transport"
    )


@contextlib.asynccontextmanager
async def _over_http(
    url: str, headers: Mapping[str, str] | None, answered: Callable[[int], None] | None
) -> AsyncGenerator[Any]:
    """The SDK's transport, with a client that obeys the environment as the kit does and tells of errors."""
    from labkit import network  # here and not above: where no URL is asked for, nobody needs the package ssl

    async def hear(response: "httpx2.Response") -> None:
        bound(response)
        if (exchange := current.get()) is not None:
            exchange.answered(response.status_code, response.headers)
        # The stream for what a server says by itself, and the end of a session, a server may do without.
        if answered is not None and response.request.method == "POST":
            answered(response.status_code)

    async def ask(request: "httpx2.Request") -> None:
        asked(request.method, request.headers)
        if request.url == logged:  # never that of a redirect, and none is followed
            request.extensions["target"] = address.raw_path

    client = network.client(
        url,
        timeout=httpx2.Timeout(30, read=300),  # as the SDK has them
        # Each open call holds a connection. Were there a hundred at most, as usual, a hundred calls would wait for the
        # answers to their samples, which need one too.
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
        headers=headers,
        event_hooks={"request": [ask], "response": [hear]},
    )
    address = httpx2.URL(url)
    # The logs of the libraries hold the URL, and often enough it holds a key.
    logged = address.copy_with(username=None, password=None, query=None)
    if address.userinfo:
        client.auth = httpx2.BasicAuth(address.username, address.password)
    if logged != address:
        url = str(logged)
    async with client, streamable_http_client(url, http_client=client) as streams:
        yield streams


def bound(response: "httpx2.Response", longest: int = LONGEST) -> None:
    """Have an answer that is no stream of events end where it is too long. Of a stream the SDK bounds each event."""
    if "event-stream" in response.headers.get("content-type", ""):
        return
    parts = response.aiter_bytes

    async def some(chunk_size: int | None = None) -> AsyncGenerator[bytes]:
        size = 0
        async for part in parts(chunk_size):
            size += len(part)
            if size > longest:
                raise httpx2.StreamError(f"an answer of more than {longest:,} bytes")
            yield part

    response.aiter_bytes = some  # what `aread` reads, unpacked


_BY_STATUS = {"Server returned an error response", "Not Found"}
"""What the SDK says of every HTTP status from 400 on whose answer holds no better account."""

_POINTS = re.compile(r"Redirect to (\S+) not followed")
"""What it says of one that points elsewhere: it follows to the same host alone, so that no header goes to another."""

_NO_MESSAGE = re.compile(
    r"Failed to parse JSON response: (?:.*?(Invalid JSON: [^\[]+))?"
    r"|Unexpected content type: ([\w.+-]+/[\w.+-]+)?|server answered a request with (202 Accepted)",
    re.DOTALL,
)
"""What it says of an answer that is none."""

STATUSES = {
    401: 'it wants a key: Lab(url, headers={"Authorization": "Bearer ..."})',
    403: 'it lets nobody in without the right key, or not from here: Lab(url, headers={"Authorization": "Bearer ..."})',
    404: "there is nothing at this path. Many servers are at /mcp; one at /sse is of the older kind: "
    "Lab(lambda: sse_client(url)), after `from mcp.client.sse import sse_client`",
    407: "a proxy in between wants a password",
    429: "it was asked too often. Wait, and try again",
}
STATUSES[405] = STATUSES[404].replace("there is nothing at", "no MCP server of today's kind is at")
"""What an HTTP status of a server says, and what to do."""


def about_http(error: BaseException, status: int | None) -> str:
    """What an HTTP server answered in place of a message, and what to do; empty where `error` says more.

    Args:
        error: What the SDK makes of it.
        status: The HTTP status, where it is no success.
    """
    if not isinstance(error, MCPError):
        return ""
    if status is not None and (points := _POINTS.match(error.message)):
        where = quoted(points[1], LONGEST_PLACE)
        if "downgrade this HTTPS" in error.message:
            cure = f"That is not encrypted. Write Lab({where.replace('http:', 'https:', 1)!r})"
        else:
            cure = (
                f"If it is the server that you mean, write Lab({where!r}); if you would log in there, {STATUSES[401]}"
            )
        return f"the server answered with HTTP status {status}: it points to {where}, which was not followed. {cure}."
    no_message = _NO_MESSAGE.match(error.message)
    if status is not None and (no_message or error.message in _BY_STATUS):
        return about_status(status)
    if no_message:
        what = next((f" ({' '.join(what.split())})" for what in no_message.groups() if what), "")
        return f"what the server answered is no message of MCP{what}. Is this its address? Many are at /mcp."
    return ""


def about_status(status: int) -> str:
    """An HTTP status that is an error, and what to do, in a sentence."""
    fault = "a gateway, or the server itself, has a fault. See whether the server behind it runs"
    told = STATUSES.get(status, fault if status >= 500 else "the request was not accepted")
    return f"the server answered with HTTP status {status}: {told}."


def about_refused(status: int) -> str:
    """What an HTTP status says of what was sent last, and was no call: the answer to a sample, say."""
    lost = ": it may have reached a process that does not hold the session, behind a balancer" if status == 404 else ""
    return f"What was last sent to the server was refused with HTTP status {status}{lost}."


def _no_address(text: str) -> str:
    """The sentence for a text that is no URL. A command line is not quoted: a key may stand in it."""
    if re.fullmatch(r"[\w.-]+(:\d+)(/\S*)?|localhost(/\S*)?", text):
        return f"an address begins with http:// or https://. Write Lab({f'http://{_place(text)}'!r})."
    script = Path(text).name if re.search(r"\.[cm]?(py|js|ts)$", text) and len(text.split()) == 1 else ""
    command = "sys.executable" if script.endswith(".py") or not script else '"node"'
    arguments = f'["{script}"]' if script else '["-m", "my_server"]'
    return (
        "this is no address, which begins with http:// or https://. A program is started over stdio: "
        f"Lab(StdioServerParameters(command={command}, args={arguments})), after `from mcp import "
        "StdioServerParameters`."
    )


def describe(server: LabServer) -> tuple[str, str]:
    """A name for `server`, on one line, and for how it is reached. A URL is without its user, password and query."""
    name, transport = _described(server)
    return short(name, LONGEST_NAME), transport  # a server names itself


def _described(server: LabServer) -> tuple[str, str]:
    if isinstance(server, MCPServer | Server):
        return server.name, "in process"
    if isinstance(server, StdioServerParameters):
        return _program(server).replace("\\", "/").rsplit("/", 1)[-1], "stdio"
    if isinstance(server, str):
        return next(iter(_place(server).split()), ""), "http"  # behind a space, in what is no URL, a key may stand
    return getattr(server, "__name__", type(server).__name__), "transport"


def _program(server: StdioServerParameters) -> str:
    """What a command line runs: `log.py` of `python -u log.py`, `uv run log.py`. Behind other options may be a key."""
    for argument in server.args:
        if not argument.startswith("-") and argument != "run":
            return argument
        if argument not in ("-m", "-u", "-y", "run"):
            break
    return server.command


def _place(url: str) -> str:
    """Host, port and path of a URL."""
    address = url.split("//", 1)[-1]
    end = min((place for c in "/?#" if (place := address.find(c)) >= 0), default=len(address))
    host, path = address[:end].rsplit("@", 1)[-1], address[end:].split("?")[0].split("#")[0]
    name, _, port = host.rpartition(":")
    # A password with a bare `/`, `?` or `#` ends the host too early, and its beginning stands where the port should.
    return host + path if not name or port.isdigit() or host.endswith("]") else name


def reason(error: BaseException, url: str = "", status: int | None = None, wrote: str = "") -> str:
    """Why a connection failed, and what to do.

    Args:
        error: What went wrong.
        url: The address, where there is one.
        status: The HTTP status of its last answer, where that was an error.
        wrote: What a program wrote last, as a sentence behind a space.
    """
    error = unwrap(error)
    if isinstance(error, ConnectError):
        return str(error)
    if told := about_http(error, status):
        return told
    if isinstance(error, MCPError) and error.code == CONNECTION_CLOSED:
        return f"the server ended before it answered.{wrote or ' Run its command in a terminal to see why.'}"
    proxy = ""
    if url:
        from labkit import network  # here and not above, for the same reason

        if untrusted := network.untrusted(error, url):
            return untrusted
        proxy = network.proxy(url)
    root = error
    while under := root.__cause__ or root.__context__:
        root = under
    if isinstance(root, OSError) and root is not error:  # an HTTP client puts classes of its own above it
        through = f" The way there leads through the proxy of {proxy}." if proxy else ""
        return f"nobody answers there. Is the server running?{through}"
    return sentence(error)


async def all_tools(client: Client) -> tuple[Tool, ...]:
    """Every tool of a server, which tells them page by page (specification 2026-07-28, server/utilities/pagination).

    Raises:
        LabError: A page leads back to one that was there, or there are more than `PAGES`.
    """
    tools, cursors = list[Tool](), dict[str | None, None]()
    cursor: str | None = None
    while cursor not in cursors and len(cursors) < PAGES:
        cursors[cursor] = None
        page = await client.list_tools(cursor=cursor, cache_mode="refresh")  # as they are now
        tools += page.tools
        cursor = page.next_cursor
        if cursor is None:
            return tuple(tools)
    what = "leads back to an earlier one" if cursor in cursors else f"has {PAGES} before it and names another"
    raise LabError(f"The list of the server's tools has no end: its page {len(cursors)} {what}. Mend its nextCursor.")


async def _can_check(tools: Iterable[Tool]) -> None:
    """Have the package at hand that checks structured results, where `tools` have any.

    The SDK imports it when the first result comes, in the lab thread, which is then deaf for 1.5 s of CPU. A call
    whose time is over meanwhile would be told that its callback hangs.
    """
    if HAS_THREADS and "jsonschema" not in sys.modules and any(tool.output_schema for tool in tools):
        await asyncio.to_thread(import_module, "jsonschema")


def too_late(place: str, seconds: float, made: str, sent: str = "") -> ConnectError:
    """The sentence for a server that did not answer in time, to be given more as an option of what is `made`."""
    return ConnectError(
        f"{place} did not answer within {seconds:g} s. Is it an MCP server, and is it running? "
        f"One that takes longer to start needs {made}(..., connect_timeout=...).{sent}"
    )


def _seen(future: "asyncio.Future[Client]") -> None:
    if not future.cancelled():
        future.exception()


async def _listen(client: Client, missed: Callable[[], object]) -> None:
    """Keep a stream open for changes of the tools, again and again; after each gap `missed` is called."""
    pause, longest = DEAF
    while True:
        try:
            async with client.listen(tools_list_changed=True) as stream:
                if pause > DEAF[0]:
                    missed()
                async for _ in stream:  # each is told where the tap sees it
                    pass
        except ListenNotSupportedError:
            return
        except MCPError as error:
            if error.code == METHOD_NOT_FOUND:
                return
        except (SubscriptionLost, TimeoutError):
            pass
        await asyncio.sleep(pause)
        pause = min(2 * pause, longest)


_OVER = {
    (CONNECTION_CLOSED, "Connection closed"),
    (INVALID_REQUEST, "Session not found"),
    (INVALID_REQUEST, "Session terminated"),
}


def is_over(error: BaseException, status: int | None = None) -> bool:
    """Whether the SDK says with `error` that a connection, or the session of a restarted HTTP server, is no more.

    The codes alone will not do: a server may use them for errors of its own, and then nothing is closed.
    """
    if not isinstance(error, MCPError):
        return False
    # A server that was started again may not know the session, which the specification answers with 404 (2025-11-25,
    # basic/transports, Session Management); many a server says 400 or 503, and each has words of its own.
    told = status is not None and any(word in error.message.lower() for word in ("session", "not initialized"))
    return told or (error.code, error.message) in _OVER


class Connection:
    """A client on one runtime, from the making of the connection to its `close()` or the end of the server.

    Args:
        runtime: Where it lives.
        place: The server in words, for messages.
        make_transport: Makes the transport; it is given what that calls with the HTTP status of each answer.
        make_client: Makes the client of a transport; it is given what is called when the server has gone.
        url: The server's address, where it has one.
        tools_changed: Where it is given, the server is asked to tell of changes of its tools, and it is called after
            a time in which none could be heard of.
        former: The connection that this one takes the place of.
    """

    def __init__(
        self,
        runtime: Runtime,
        place: str,
        make_transport: Callable[[Callable[[int], None]], Any],
        make_client: Callable[[Any, Callable[[], None]], Client],
        url: str,
        *,
        tools_changed: Callable[[], object] | None = None,
        former: "Connection | None" = None,
    ) -> None:
        self.runtime = runtime
        self.place = place
        self.protocol_version = former.protocol_version if former else None
        """The revision that both sides agreed on last; `None` before they did."""
        self.opened: concurrent.futures.Future[Client] = concurrent.futures.Future()
        self.ended: concurrent.futures.Future[None] = concurrent.futures.Future()
        self.status: int | None = None
        """The HTTP status of the last answer, where that was an error."""
        self._make_transport = make_transport
        self._make_client = make_client
        self._transport: Any = None
        self._url = url
        self._tools_changed = tools_changed
        self._stop = asyncio.Event()
        self._leaving = False
        self._asked = False
        self._task: asyncio.Task[None] | None = None
        runtime.post(self._begin)

    @property
    def usable(self) -> bool:
        """Whether calls can be made, or will be once it is open."""
        return not (self.runtime.retired or self._leaving or self.ended.done())

    @property
    def is_deserted(self) -> bool:
        """Whether the server was a program and has ended, though another that it started keeps its output open."""
        return isinstance(self._transport, Child) and self._transport.has_ended

    @property
    def last_words(self) -> str:
        """What a program wrote last to its standard error, as a sentence behind a space; else empty."""
        words = self._transport.last_words if isinstance(self._transport, Child) else ""
        return f' It last wrote: "{quoted(words, LONGEST_PLACE)}".' if words else ""

    async def client(self) -> Client:
        """The open client, once it is open. Whoever gives up waiting leaves it to the others.

        Raises:
            ConnectError: The server could not be reached.
        """
        if self.opened.done():
            return self.opened.result()
        opened = asyncio.wrap_future(self.opened)
        opened.add_done_callback(_seen)  # whoever gave up does not ask why there is none
        return await asyncio.shield(opened)

    def wait_until_open(self, seconds: float, unread: Callable[[], str]) -> None:
        """Block, away from the lab thread, until calls can be made. `unread` tells what came that cannot be read.

        Raises:
            ConnectError: The server could not be reached, or said nothing for `seconds`.
        """
        if not block_on(self.opened, seconds):
            sent = f" It sent {what}" if (what := unread()) else ""
            raise too_late(self.place, seconds, "Lab", sent + self.last_words)
        self.opened.result()

    def _begin(self) -> None:
        self._task = self.runtime.loop.create_task(self._hold())
        # Not at the end of `_hold`: a task that is cancelled before its first step never gets there.
        self._task.add_done_callback(self._settle)
        self.runtime.connections[self._task] = self

    async def _hold(self) -> None:
        try:
            self._transport = self._make_transport(self._answered)
            async with self._make_client(self._transport, self._leave) as client:
                if client.server_capabilities.tools is not None:
                    # The SDK lists the tools after the first call of each, to check its result. Asked for now, the
                    # listing belongs to the handshake and the flow of a call shows the call alone.
                    with contextlib.suppress(MCPError, LabError):
                        await _can_check(await all_tools(client))
                self.protocol_version = client.protocol_version
                self.opened.set_result(client)
                async with self._listening(client):
                    await self._stop.wait()
        except BaseException as error:
            # An error on the way out has nobody left to tell: the calls that it broke have raised already.
            if not self.opened.done():
                self.opened.set_exception(
                    ConnectError(
                        f"No connection to {self.place}: {reason(error, self._url, self.status, self.last_words)}"
                    )
                )
            if isinstance(error, asyncio.CancelledError):
                raise

    @contextlib.asynccontextmanager
    async def _listening(self, client: Client) -> AsyncGenerator[None]:
        """Have changes of the tools told while the block lasts, where somebody wants them and the server offers them.

        On revision 2025-11-25 they are told unasked; on 2026-07-28 to a client that has opened a stream for them
        (basic/patterns/subscriptions), which the SDK has on every transport.
        """
        tools, changed = client.server_capabilities.tools, self._tools_changed
        if changed is None or tools is None or not tools.list_changed:
            yield
            return
        listening = asyncio.create_task(_listen(client, changed))
        try:
            yield
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    def _settle(self, task: asyncio.Task[None]) -> None:
        del self.runtime.connections[task]
        if not self.opened.done():
            self.opened.set_exception(ConnectError(f"The connection to {self.place} was left before it was open."))
        self._leave()
        self.ended.set_result(None)

    def _answered(self, status: int) -> None:
        self.status = status if status >= 300 else None

    def _leave(self) -> None:
        self._leaving = True
        self._stop.set()

    def leave(self) -> None:
        """Have the client left soon. More than once does no harm."""
        self._leaving = True  # at once: the next call must not take a connection that is about to end
        if not self._asked:
            self._asked = True
            self.runtime.post(self._leave if self.opened.done() else self._cancel)

    def close(self) -> None:
        """Leave the client and, away from the lab thread, wait until it is left. More than once does no harm."""
        self.leave()
        if self.runtime.here or self.runtime.retired:
            return
        if not block_on(self.ended, LEAVE):
            self.kill()
            block_on(self.ended, GRACE)

    def kill(self) -> None:
        """Have it end however it can, from any thread. A task that is leaving a program must not be cancelled."""
        if isinstance(self._transport, Child):
            self._transport.kill()
        else:
            self.runtime.post(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
