"""What the servers share beside the SDK: a command line, silence, and a thread for slow files."""

import argparse
import logging
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TypeVar, TypeVarTuple

import anyio.to_thread
from mcp.server.mcpserver import MCPServer

from servers.credentials import STATE_KEYS, Served, UnusableError, bearer_token, state_security
from servers.processes import command_of, run_several
from servers.tracing import traced

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MOST_PROCESSES = 64

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


def serve(make_server: Callable[[argparse.Namespace, Served], MCPServer], parser: argparse.ArgumentParser) -> None:
    """Serve over stdio, or with `--http PORT` at http://127.0.0.1:PORT/mcp, until the client or Ctrl-C ends it.

    `parser` holds the server's own options; `make_server` gets what was chosen, and what it hands on to `MCPServer`.
    Nothing is printed but errors.
    """
    add_options(parser)
    options = parser.parse_args()
    check_options(parser, options)
    try:
        served = state_security()
        if options.token_env is not None:
            served |= bearer_token(options.token_env, f"http://127.0.0.1:{options.http}")
    except UnusableError as error:
        parser.error(str(error))
    if options.processes > 1:
        each = (["--http", str(options.http + number), "--processes", "1"] for number in range(options.processes))
        sys.exit(run_several([command_of(arguments) for arguments in each]))
    server = make_server(options, served)
    server.settings.log_level = "ERROR"  # uvicorn takes it over; at INFO it prints every request
    with suppress(KeyboardInterrupt), traced(server.name):
        if options.http is None:
            server.run()
        elif options.sse:
            server.run("sse", host="127.0.0.1", port=options.http)
        else:
            server.run("streamable-http", host="127.0.0.1", port=options.http, stateless_http=options.stateless)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what each server's command line takes to say how it is reached."""
    parser.add_argument(
        "--http",
        type=port,
        metavar="PORT",
        help="serve http://127.0.0.1:PORT/mcp; without it, standard input and output",
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--stateless", action="store_true", help="with --http: keep no sessions")
    kind.add_argument("--sse", action="store_true", help="with --http: serve /sse, as servers did before 2025-03-26")
    parser.add_argument(
        "--processes",
        type=number_of_processes,
        metavar="N",
        default=1,
        help=f"with --http: N processes, at PORT, PORT+1 and so on, which share the key of {STATE_KEYS} or a new one",
    )
    parser.add_argument(
        "--token-env", metavar="NAME", help="with --http: let in who sends the token of the environment variable NAME"
    )


def check_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End the program with a sentence where one option needs another, or ports run out."""
    needs = {"--stateless": options.stateless, "--sse": options.sse, "--token-env": options.token_env is not None}
    alone = next((name for name, chosen in needs.items() if chosen), "--processes" if options.processes > 1 else "")
    if options.http is None and alone:
        parser.error(f"{alone} is for a server over HTTP: add --http PORT")
    if options.http is not None and options.http + options.processes > 65536:
        parser.error(f"{options.processes} processes need as many ports, and there is none above 65535")


def port(text: str) -> int:
    """A command line's port number, checked before uvicorn stumbles over it."""
    return checked(text, "port", 65535)


def number_of_processes(text: str) -> int:
    """A command line's number of processes."""
    return checked(text, "number of processes", MOST_PROCESSES)


def checked(text: str, what: str, most: int) -> int:
    """The whole number from 1 to `most` that `text` is."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no {what}; it takes a number from 1 to {most}")
    return int(text)


async def in_thread(function: Callable[[*Ts], T], *arguments: *Ts) -> T:
    """Call a function that waits for a file or a lock without holding up the event loop."""
    if sys.platform == "emscripten":  # Pyodide has no threads
        return function(*arguments)
    return await anyio.to_thread.run_sync(function, *arguments)
