"""Exercise 13.1: a desk, examined in this process, and as a program of its own over stdio."""

import linecache
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mcp import StdioServerParameters
from mcp.server.mcpserver import MCPServer
from mcp_types import (
    CreateMessageResult,
    ImageContent,
    TextContent,
)

from labkit.callbacks import name_of
from labkit.checks.asking_servers import Answers, connect, made
from labkit.checks.engine import Problem, called
from labkit.checks.served import NEWER, WIRES, Served, good
from labkit.checks.server_card import SERVER_CASES
from labkit.connection import all_tools
from labkit.course.keeping import NotWritten, program
from labkit.runtime import HAS_THREADS
from labkit.wire import Frame

LINE = "2026-11-30 02:14:11 ERROR: deadlock detected, process 821 waits for process 999"
SAID = "Two processes waited for each other."
TOOL, REPORT = "process_log_entry", "incident_report.txt"
MOST_KEPT, FEWEST_LETTERS = 2_000, len("image")
"""Characters of an answer; letters of a reason, which is for people to judge."""
Function = Callable[..., Any]


SUBSET = (
    "wires.newer", "wires.older", "clients.not-asked", "clients.cannot-sample", "clients.says-so", "answers.image",
    "answers.empty", "answers.cut", "answers.hidden", "callers.apart", "rounds.ends",
)  # fmt: skip
"""Cases of the scorecard for servers that a desk should pass."""


async def passes_the_scorecard(make: Function) -> None:
    await _examined(make, SUBSET)


async def _examined(make: Function, names: Sequence[str]) -> None:
    cases = {case.id: case for case in SERVER_CASES}
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        _made(make, folder)
        for name in names:
            row = await cases[name].examine(lambda: make(folder), TOOL, {"log_line": LINE}, answer=SAID)
            if row.status == "TODO":
                raise NotImplementedError
            if row.status == "N/A" and name == "rounds.ends":
                raise Problem("Your tool asked nobody. Take the answer of `explain`: Resolve(explain).", hint="asks")
            if row.failed:
                raise Problem(f"We sent {row.sent}. {row.came_back} {row.mend}", hint=name.partition(".")[2])


def _made(make: Function, folder: str) -> MCPServer:
    @wraps(make)
    def desk() -> object:
        return called(make, folder)

    return made(desk, TOOL)


async def files_what_it_was_told(make: Function) -> None:
    """See that the line and what was said of it are in the report, behind what is there, and in the result."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = _made(make, folder)
        if server.name != "desk":
            raise Problem(f"The server is called {server.name!r}, not 'desk'.", hint="name")
        with connect(server, NEWER, None) as lab:
            tools = await lab.run(all_tools)
        if not tools[0].description:
            raise Problem(
                f"{TOOL} has no docstring. A host shows it to its model, which chooses by it.", hint="docstring"
            )
        report, before, told = Path(folder) / REPORT, "", list[str]()
        for number, (said, kept) in enumerate(ANSWERS):
            line = f"{LINE}, {number}"
            with connect(server, NEWER, Answers(said) if said is not None else None) as lab:
                told.append(text_of_result(await lab.call_tool(TOOL, {"log_line": line})))
            if not report.exists():
                raise Problem(
                    f"After a call there is no {REPORT} in the folder that make_desk was given.", hint="files"
                )
            filed = report.read_text(encoding="utf-8", errors="replace")
            if not filed.startswith(before):
                raise Problem(f"A second call wrote over what the first had filed in {REPORT}.", hint="append")
            new = filed[len(before) :]
            if line not in new:
                what = "of a client that cannot sample " if said is None else ""
                raise Problem(f"A line {what}was not filed in {REPORT}. It is an incident all the same.", hint="files")
            if (before and not before.endswith("\n")) or (
                kept and any(line in each and kept in each for each in new.splitlines())
            ):
                raise Problem(f"Two things stand on one line of {REPORT}. Give each a line of its own.", hint="lines")
            before = filed
            for place, text in (("result", told[-1]), (REPORT, new)):
                if kept not in text:
                    short = f"{kept[:40]!r} ({len(kept):,} characters)"
                    raise Problem(f"The client answered {short}, which does not stand in the {place}.", hint="returns")
    _says_what_came(*told)


def _says_what_came(whole: str, cut: str, _: str, long: str, *others: str) -> None:
    """See that results tell a cut answer from a whole one, and why there is none."""
    if len(cut) <= len(whole):
        raise Problem(f"The answer was cut, and the tool returned {cut[:80]!r}. Say so behind its words.", hint="cut")
    if long.count("¤") > MOST_KEPT:
        raise Problem(
            f"Of an answer of {MOST_KEPT + 1:,} characters all were kept: {MOST_KEPT:,} is the limit.", hint="long"
        )
    reasons = [[word for word in each.split() if word not in whole.replace(SAID, "").split()] for each in others]
    for client, reason in zip(("sent an empty text", "sent an image", "cannot sample"), reasons[1:], strict=True):
        if sum(letter.isalpha() for word in reason for letter in word) < FEWEST_LETTERS:
            raise Problem(f"The client {client}, and the result does not say why nothing is explained.", hint="why")
    if reasons[1] == reasons[3] or reasons[2] == reasons[3]:
        raise Problem("A client that cannot sample, and one that sent no text, are told the same.", hint="why")


PICTURE = CreateMessageResult(role="assistant", model="check", content=ImageContent(data="aGk=", mime_type="image/png"))
ANSWERS = (
    (SAID, SAID),
    (good(SAID, "maxTokens"), SAID),
    ("¤" * MOST_KEPT, "¤" * MOST_KEPT),
    ("¤" * (MOST_KEPT + 1), "¤" * MOST_KEPT),
    ("Die Größe: 数据", "Die Größe: 数据"),
    ("", ""),
    (PICTURE, ""),
    (None, ""),
)
"""What a client answers, and what of that must be kept; with `None` it cannot sample."""


def text_of_result(result: Any) -> str:
    """The texts of a tool's result."""
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


async def stands_alone(make: Function) -> None:
    """See that the program has what the desk needs, then that it works as a process, with nothing else on the wire."""
    try:
        text = program("desk.py", make)
    except NotWritten as why:
        raise Problem(str(why)) from None
    if (name := name_of(make)) != "make_desk":  # the student's own name for it
        text = text.replace("if __name__ ==", f"make_desk = {name}\n\n\nif __name__ ==")
    linecache.cache["desk.py"] = len(text), None, text.splitlines(keepends=True), "desk.py"
    alone: dict[str, Any] = {"__name__": "desk"}
    try:
        exec(compile(text, "desk.py", "exec"), alone)  # noqa: S102 - the student's own
        await _examined(alone["make_desk"], WIRED)
    except (ImportError, LookupError, NameError, Problem) as error:
        told = f"As a program of its own your desk does not work: {error}"
        raise Problem(f"{told.removesuffix('.')}. What it uses must stand in its cell.", hint="alone") from None
    if HAS_THREADS:
        await _as_a_process(text)


WIRED = ("wires.newer", "wires.older", "clients.cannot-sample")


async def _as_a_process(text: str) -> None:
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "desk.py"
        file.write_text(text, encoding="utf-8")
        command = StdioServerParameters(command=sys.executable, args=["-u", str(file), "--folder", folder], cwd=folder)
        async with Served(command, TOOL, {"log_line": LINE}, answer=SAID) as served:
            for case in SERVER_CASES[:2]:
                row = await case.examine(served)
                if row.failed:
                    raise Problem(f"As a process, over stdio: {row.came_back}", hint="process")
            for mode in WIRES:
                entries = served.lab(mode, Answers(SAID)).record.entries()
                if strange := [each.item for each in entries if isinstance(each.item, Frame) and each.item.fault]:
                    raise Problem(
                        f"Over stdio your desk wrote what is no message: {strange[0].fault!r}. Before `run()` whatever "
                        "is printed goes onto the wire.",
                        hint="prints",
                    )
