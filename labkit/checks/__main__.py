"""Score a sampling callback in a file, or a tool of a server:

python -m labkit.checks path/to/file.py:my_callback
python -m labkit.checks package/client.py:client.on_sampling --json card.json --junit card.xml
python -m labkit.checks --server "python -m my_server" --tool label --arguments '{"text": "I like it."}'
python -m labkit.checks --server http://localhost:8000/mcp --tool label --answer positive
python -m labkit.checks --page limits.one-token

A server's command gets the environment of this one. Exit code 0: no case failed. 1: some did. 2: the callback could not
be found, its file not be run, a file not be written, or what describes the call is none.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, cast

from mcp import StdioServerParameters

from labkit.checks.engine import STAGE_TIMEOUT, CheckFailed
from labkit.checks.scorecard import CASES, Scorecard, scorecard
from labkit.checks.served import ANSWER
from labkit.checks.server_card import SERVER_CASES, scorecard_server
from labkit.command_line import NotFound, command_of, load, printed


def _of_server(options: argparse.Namespace) -> Coroutine[Any, Any, Scorecard]:
    """The scoring of a server's tool.

    Raises:
        ValueError: No tool is named, the arguments are no JSON object, or the command is none.
    """
    if not options.tool:
        raise ValueError("Name the tool: --tool NAME.")
    try:
        given: object = json.loads(options.arguments)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ValueError(f"The arguments are no JSON object: {options.arguments[:60]!r}.")
    server: str | StdioServerParameters = options.server
    if not options.server.startswith(("http://", "https://")):
        server = command_of(options.server)
        server = server.model_copy(update={"env": {**os.environ, **(server.env or {})}})
    arguments = cast("dict[str, Any]", given)
    return scorecard_server(server, options.tool, arguments, answer=options.answer, timeout=options.timeout)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m labkit.checks",
        description="Score a sampling callback, or a tool of a server.",
        epilog="Exit code 1: a case failed.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    helped = "the callback, or a factory with a parameter base_url"
    what.add_argument("callback", metavar="FILE.py:NAME", nargs="?", help=helped)
    what.add_argument("--server", metavar="COMMAND", help="the command that starts a server, or its URL")
    pages = {case.id: case.page for case in (*CASES, *SERVER_CASES)}
    what.add_argument("--page", metavar="CASE", choices=pages, help="print what a case does and why, and score nothing")
    parser.add_argument("--tool", metavar="NAME", help="the server's tool")
    parser.add_argument("--arguments", metavar="JSON", default="{}", help="what the tool is called with")
    parser.add_argument("--answer", metavar="TEXT", default=ANSWER, help="an answer that the tool can use")
    parser.add_argument(
        "--timeout", type=float, default=STAGE_TIMEOUT, help="seconds that an answer, or a call, may take"
    )
    helped = "write the rows as JSON; without FILE, print them in the place of the table"
    parser.add_argument("--json", metavar="FILE", nargs="?", const="-", help=helped)
    parser.add_argument("--junit", metavar="FILE", help="write the rows as JUnit XML")
    options = parser.parse_args(arguments)
    if options.page:
        printed(pages[options.page].rstrip("\n"))
        return 0
    try:
        scoring = _of_server(options) if options.server else scorecard(load(options.callback), timeout=options.timeout)
    except (NotFound, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    try:
        card = asyncio.run(scoring)
    except CheckFailed as error:  # LABKIT_STRICT=1
        printed(str(error))
        return 1
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2
    printed(card.to_json() if options.json == "-" else str(card))
    try:
        for file, text in ((options.json, card.to_json()), (options.junit, card.to_junit())):
            if file and file != "-":
                Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"{error.filename} cannot be written: {error.strerror}.", file=sys.stderr)
        return 2
    return 1 if card.failed else 0


if __name__ == "__main__":
    sys.exit(main())
