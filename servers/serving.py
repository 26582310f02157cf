"""What the servers share beside the SDK: a command line, silence, and a thread for slow files."""

import argparse
import logging
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TypeVar, TypeVarTuple

import anyio.to_thread
from mcp.server.mcpserver import MCPServer

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# Without a handler of its own, Python prints what this logger warns of, tracebacks of tools among it, to stderr.
logging.getLogger("mcp").addHandler(logging.NullHandler())


@contextmanager
def quietly() -> Generator[None]:
    """Leave the process's logging as it is while an `MCPServer` is made, which otherwise sets it up to print.

    Used as a decorator: `@quietly()` above the function that makes the server.
    """
    handler = logging.NullHandler()  # logging.basicConfig() does nothing where there is a handler
    logging.root.addHandler(handler)
    try:
        yield
    finally:
        logging.root.removeHandler(handler)


def serve(make_server: Callable[[argparse.Namespace], MCPServer], parser: argparse.ArgumentParser) -> None:
    """Serve over stdio, or with `--http PORT` at http://127.0.0.1:PORT/mcp, until the client or Ctrl-C ends it.

    `parser` holds the server's own options; `make_server` gets what was chosen. Nothing is printed but errors.
    """
    parser.add_argument(
        "--http",
        type=port,
        metavar="PORT",
        help="serve http://127.0.0.1:PORT/mcp; without it, standard input and output",
    )
    options = parser.parse_args()
    server = make_server(options)
    with suppress(KeyboardInterrupt):
        if options.http is None:
            server.run()
        else:
            server.settings.log_level = "ERROR"  # uvicorn takes it over; at INFO it prints every request
            server.run("streamable-http", host="127.0.0.1", port=options.http)


def port(text: str) -> int:
    """A command line's port number, checked before uvicorn stumbles over it."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; it takes a number from 1 to 65535")
    return int(text)


async def in_thread(function: Callable[[*Ts], T], *arguments: *Ts) -> T:
    """Call a function that waits for a file or a lock without holding up the event loop."""
    if sys.platform == "emscripten":  # Pyodide has no threads
        return function(*arguments)
    return await anyio.to_thread.run_sync(function, *arguments)
