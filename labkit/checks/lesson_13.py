"""Lesson 13, over the wire: a desk as a program, a host of three servers, a key that processes share, a host's file."""

import linecache
import os
import re
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal, cast

import anyio
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.session import SamplingFnT
from mcp.server.mcpserver import MCPServer, Resolve, Sample
from mcp.server.request_state import RequestStateSecurity
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ErrorData,
    ImageContent,
    InputRequiredResult,
    SamplingMessage,
    TextContent,
)
from pydantic import BaseModel, Field, ValidationError

from labkit.callbacks import Answer, name_of
from labkit.checks.asking_servers import Answers, Case, connect, made, text_of
from labkit.checks.engine import FunctionExercise, Problem, called, calling
from labkit.checks.quizzes import Question
from labkit.checks.served import NEWER, WIRES, Served, good
from labkit.checks.server_card import SERVER_CASES
from labkit.connection import all_tools
from labkit.course.keeping import NotWritten, program
from labkit.runtime import HAS_THREADS
from labkit.wire import Frame
from servers.serving import quietly

LINE = "2026-11-30 02:14:11 ERROR: deadlock detected, process 821 waits for process 999"
SAID = "Two processes waited for each other."
TOOL, REPORT = "process_log_entry", "incident_report.txt"
MOST_KEPT, FEWEST_LETTERS = 2_000, len("image")
"""Characters of an answer; letters of a reason, which is for people to judge."""
Function = Callable[..., Any]


# 13.1: a desk, in this process and as a program

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
        tools = await connect(server, NEWER, None).run(all_tools)
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
    except (NameError, Problem) as error:
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


@quietly()
def _teller(name: str, mark: str, **options: Any) -> MCPServer:
    """A server whose tool `tell(text)` asks for a text with its mark, and says what it was told."""
    server = MCPServer(name, **options)

    async def question(text: str) -> Sample:
        words = TextContent(text=f"{mark}: {text}")
        return Sample([SamplingMessage(role="user", content=words)], max_tokens=50)

    @server.tool(structured_output=False)
    async def tell(text: str, answer: Annotated[CreateMessageResult, Resolve(question)]) -> str:
        said = answer.content.text if isinstance(answer.content, TextContent) else f"nothing about {text}"
        return f"{name} was told: {said}"

    return server


# 13.2: a host of three servers

NAMES = ("archiver", "analyst", "reviewer")
MARKS = {"archiver": "amber", "analyst": "cobalt", "reviewer": "jade"}
LONGEST_MEETING = 5.0
"""Seconds that a question waits for the others, which come at the same time."""


class Host:
    """Three servers, and the model that a host asks for all of them.

    The model answers when `together` questions are there, the last one first.

    Attributes:
        asked: Who was said to ask, and the words of the question, in order.
        opened: How often each server was connected to.
        open: How many connections are open.
        alone: Whether a question waited in vain for the others.
    """

    def __init__(self, *, together: int = 0, refuses: str = "") -> None:
        self.asked: list[tuple[object, str]] = []
        self.opened: dict[str, int] = dict.fromkeys(NAMES, 0)
        self.open, self.alone = 0, False
        self.servers = {name: self._server(name) for name in NAMES}
        self._refuses = refuses
        self._all_asked = anyio.Event()
        self._answered = [anyio.Event() for _ in range(together)]

    def _server(self, name: str) -> MCPServer:
        @asynccontextmanager
        async def counted(_: MCPServer) -> AsyncGenerator[None]:
            self.opened[name] += 1
            self.open += 1
            try:
                yield
            finally:
                self.open -= 1

        return _teller(name, MARKS[name], lifespan=counted)

    async def answer(self, server: object, context: object, params: CreateMessageRequestParams) -> Answer:
        """The model. It says back what it was asked, and for whom."""
        words, place = text_of(params), len(self.asked)
        self.asked.append((server, words))
        if place + 1 >= len(self._answered):
            self._all_asked.set()
        with anyio.move_on_after(LONGEST_MEETING) as waits:
            await self._all_asked.wait()
            for later in () if self.alone else self._answered[place + 1 : place + 2]:
                await later.wait()
        if waits.cancelled_caught:
            self.alone = True
            self._all_asked.set()
        for own in self._answered[place : place + 1]:
            own.set()
        if self._refuses and self._refuses in words:
            return ErrorData(code=-1, message="This model says no.")
        text = TextContent(text=f"[{words}] for {server}")
        return CreateMessageResult(role="assistant", model="check", content=text)


def hosts(*calls: tuple[str, str], refuses: str = "") -> Case:
    """A case: these calls of `tell`, each a server and a text, each with its own answer at its own place."""

    async def case(function: Function) -> None:
        host = Host(together=len(calls), refuses=refuses)
        given = [(name, "tell", {"text": text}) for name, text in calls]
        with calling(f"host with {len(calls)} calls"):
            returned: object = function(host.servers, given, host.answer)
            if not isinstance(returned, Awaitable):
                told = f"host returned a {type(returned).__name__}, which nobody can wait for."
                raise Problem(f"{told} Write `async def host(servers, calls, answer):`.", hint="shape")
            results = cast("object", await returned)
        for server, words in host.asked:
            owner = next(name for name, mark in MARKS.items() if words.startswith(mark))
            if server != owner:
                told = f"The {owner} asked {words!r}, and answer was told that {server!r} asks."
                raise Problem(f"{told} Give each connection a callback that knows its own server.", hint="owner")
        if host.alone:
            raise Problem("The calls were made one after the other: a slow server then holds up all.", hint="in-turn")
        if not isinstance(results, list | tuple) or len(cast("list[object]", results)) != len(calls):
            told = f"For {len(calls)} calls host returned {results!r:.80}."
            raise Problem(f"{told} Return a list, with a text for each call.", hint="list")
        for (name, text), result in zip(calls, cast("list[object]", results), strict=True):
            wanted = f"{name} was told: [{MARKS[name]}: {text}] for {name}"
            if refuses and refuses in text:
                if not isinstance(result, str) or "says no" not in result:
                    told = f"One call was refused ('This model says no.'), and {result!r:.80} stands in its place."
                    raise Problem(f"{told} Put the error's message there.", hint="refused")
            elif result != wanted:
                raise Problem(f"The call of {name} has the result {result!r:.90}, not {wanted!r}.", hint="order")
        if host.open:
            raise Problem(f"Afterwards {host.open} connections were still open.", hint="left-open")
        if twice := [name for name, times in host.opened.items() if times > 1]:
            told = f"To {twice[0]} {host.opened[twice[0]]} connections were opened."
            raise Problem(f"{told} Each starts a program: open one, and use it for all calls.", hint="one-each")

    return case


# 13.3: a key that processes share

OLD, NEW, OTHER = ("-".join([word] * 8) for word in ("plum", "cedar", "walnut"))
"""Secrets of more than 32 characters."""
VARIABLE = "DESK_STATE_KEYS"


def opens(ours: str, theirs: str, is_taken: bool, told: str, hint: str) -> Case:
    """A case: a process with the keys `ours` asks, and one with `theirs` is given the answer."""

    async def case(function: Function) -> None:
        said = await _second_says(*(_replica(function, {VARIABLE: keys}) for keys in (ours, theirs)))
        if said and is_taken:
            raise Problem(f"{told} The second said: {said}.", hint=hint)
        if not said and not is_taken:
            raise Problem(told, hint=hint)

    return case


async def _second_says(first: MCPServer, second: MCPServer) -> str:
    """What the second process says to the answer that the first asked for; empty where it takes it."""
    arguments, client = {"text": LINE}, cast("SamplingFnT", Answers(SAID))
    async with Client(first, sampling_callback=client) as one, Client(second, sampling_callback=client) as other:
        asked = await one.session.call_tool("tell", arguments, allow_input_required=True)
        questions = asked.input_requests if isinstance(asked, InputRequiredResult) else {}
        answers: Any = {key: good(SAID) for key in questions or {}}
        try:
            await other.session.call_tool(
                "tell", arguments, input_responses=answers, request_state=getattr(asked, "request_state", None)
            )
        except MCPError as error:
            return error.message
        return ""


def _replica(function: Function, environment: Mapping[str, str]) -> MCPServer:
    """A server whose state is sealed as the student says."""
    security: object = called(function, given := dict(environment))
    if given != environment:
        raise Problem("Afterwards the environment was another. The whole process reads it: change nothing in it.")
    if not isinstance(security, RequestStateSecurity):
        what = "nothing (is `return` missing?)" if security is None else f"a {type(security).__name__}"
        raise Problem(f"state_security returned {what}. Return RequestStateSecurity(keys=...).", hint="return")
    return _teller("desk", "plum", request_state_security=security)


def says_what_is_missing(environment: Mapping[str, str], what: str) -> Case:
    """A case: without keys there is an error that names the variable."""

    async def case(function: Function) -> None:
        try:
            security = called(function, dict(environment))
        except NotImplementedError:
            raise
        except Exception as error:  # noqa: BLE001 - any kind will do
            if VARIABLE not in str(error):
                told = f"{what}, and the error said {str(error)[:80]!r}."
                raise Problem(
                    f"{told} Name the variable: whoever starts the desk must know it.", hint="name-it"
                ) from None
            return
        raise Problem(
            f"{what}, and state_security returned {'None' if security is None else 'a key all the same'}. Each process "
            "then has another key, and nobody knows until the second answers. Raise an error.",
            hint="missing",
        )

    return case


# 13.4: what a host is told

URL = "https://desk.example.com/mcp"
TOKEN = "a-token-of-nobody"  # noqa: S105 - made up


class Started(BaseModel):
    """A server that a host starts."""

    type: Literal["stdio"]
    command: str
    args: list[str] = []


class Reached(BaseModel):
    """A server that a host reaches over HTTP."""

    type: Literal["http"]
    url: str
    headers: dict[str, str] = {}


class Input(BaseModel):
    """What a host asks its user for."""

    id: str
    type: Literal["promptString"]
    description: Annotated[str, Field(min_length=1)]
    password: bool = False


class HostFile(BaseModel):
    """`.vscode/mcp.json`, as far as a lesson needs it (code.visualstudio.com, MCP configuration reference)."""

    servers: dict[Annotated[str, Field(min_length=1)], Annotated[Started | Reached, Field(discriminator="type")]]
    inputs: list[Input] = []


def tells_the_host(*command: str, url: str = URL) -> Case:
    """A case: the file holds these two servers, and asks for the token."""

    async def case(function: Function) -> None:
        held = os.environ.get("DESK_TOKEN")
        os.environ["DESK_TOKEN"] = TOKEN
        try:
            text = called(function, given := list(command), url)
        finally:
            os.environ.pop("DESK_TOKEN") if held is None else os.environ.update(DESK_TOKEN=held)
        if not isinstance(text, str):
            told = f"configuration returned {'nothing' if text is None else f'a {type(text).__name__}'}."
            raise Problem(f"{told} Return the text of the file: json.dumps(...).", hint="text")
        if TOKEN in text:
            raise Problem("The token of your environment stands in the file, for all who may read it.", hint="secret")
        try:
            file = HostFile.model_validate_json(text, strict=True)
        except ValidationError as error:
            wrong = error.errors()[0]
            place = ".".join(map(str, wrong["loc"])) or "The text"
            told = f"For the command {' '.join(command)!r}, {place} in the file: {wrong['msg']}."
            if wrong["type"] == "json_invalid":
                raise Problem(f"{told} Let json.dumps write it.", hint="json") from None
            raise Problem(told, hint="form") from None
        _holds(file, list(command), url)
        if given != list(command):
            raise Problem(f"Afterwards the list of the command was {given}. Others read it too: change a copy.")

    return case


def _holds(file: HostFile, command: list[str], url: str) -> None:
    """See that the file tells of these two servers, and that the host asks for the token without showing it."""
    started = [each for each in file.servers.values() if isinstance(each, Started)]
    reached = [each for each in file.servers.values() if isinstance(each, Reached)]
    if (len(started), len(reached)) != (1, 1):
        told = f"The file has {len(started)} servers of the type stdio and {len(reached)} of the type http."
        raise Problem(f"{told} Write one of each.", hint="types")
    if (starts := [started[0].command, *started[0].args]) != command:
        told = f"The host would start {starts}, and your command is {command}."
        raise Problem(f"{told} command is its first word, args is a list of the rest.", hint="command")
    if reached[0].url != url:
        raise Problem(f"The host would call {reached[0].url!r}, and the desk is at {url!r}.", hint="url")
    value = reached[0].headers.get("Authorization")
    named = re.fullmatch(r"Bearer \$\{input:([\w-]+)\}", value or "")
    if not named:
        told = f"The header Authorization is {value!r}."
        raise Problem(f'{told} Write "Bearer ${{input:NAME}}": the host puts in what its user types.', hint="header")
    asked = [each for each in file.inputs if each.id == named[1]]
    if len(asked) != 1:
        told = f'The header names the input {named[1]!r}, and "inputs" has {len(asked)} of that id.'
        raise Problem(f"{told} It needs one.", hint="inputs")
    if not asked[0].password:
        raise Problem("The token would stand on the screen while it is typed: it is a password.", hint="password")


EXERCISES = {
    "13.1": FunctionExercise(
        "13.1",
        [passes_the_scorecard, files_what_it_was_told, stands_alone],
        tried=f"{len(SUBSET)} cases of the scorecard for servers, the report, and the program by itself over stdio",
        seconds=60,  # it starts two processes
    ),
    "13.2": FunctionExercise(
        "13.2",
        [
            hosts(("analyst", "one text")),
            hosts(("archiver", "a line"), ("analyst", "a text"), ("reviewer", "some code")),
            hosts(("reviewer", "a"), ("reviewer", "b"), ("archiver", "c"), ("reviewer", "d")),
            hosts(("archiver", "fine"), ("analyst", "forbidden"), ("reviewer", "fine too"), refuses="forbidden"),
            hosts(),
        ],
        tried="one call, three servers at once, three calls of one server, a refusal among answers, and no call",
    ),
    "13.3": FunctionExercise(
        "13.3",
        [
            opens(OLD, OLD, True, "Two processes had the same key.", "shared"),
            opens(OLD, OTHER, False, "Two desks with different keys took each other's states.", "constant"),
            opens(f"{OLD} {NEW}", f"{NEW} {OLD}", True, "Both had the old and the new key.", "all-keys"),
            opens(f"{NEW} {OLD}", f"{OLD} {NEW}", True, "Both had the old and the new key.", "all-keys"),
            opens(f"{OLD} {NEW}", OLD, True, "The keys of the first were OLD NEW, and the second had OLD.", "first"),
            opens(f"{NEW} {OLD}", OLD, False, "The keys of the first were NEW OLD, and OLD opened its state.", "first"),
            opens(f" {OLD}\n{NEW}\n", NEW, False, "The keys stood on two lines, the first of them seals.", "all-keys"),
            opens(NEW, f"{OLD}\n{NEW}\n", True, "The keys of the second stood on two lines.", "all-keys"),
            says_what_is_missing({}, f"There was no {VARIABLE}"),
            says_what_is_missing({VARIABLE: ""}, f"{VARIABLE} was empty"),
            says_what_is_missing({VARIABLE: " \n "}, f"{VARIABLE} held a blank and a new line"),
        ],
        tried="the same key, another, two in either order and on two lines, and none",
    ),
    "13.4": FunctionExercise(
        "13.4",
        [
            tells_the_host("python", "desk.py", "--folder", "reports"),
            tells_the_host("desk"),
            tells_the_host(r"C:\Program Files\Python\python.exe", "desk.py", "--title", 'the "desk"'),
            tells_the_host("/opt/größe/python", "desk.py", url="http://127.0.0.1:8000/mcp"),
        ],
        tried="commands of one word and of four, with quotation marks, blanks and backslashes, and two addresses",
    ),
}

QUESTIONS = {
    "13.5": Question(
        'A server\'s program calls print("ready", flush=True), and then server.run() over stdio. Where does it go?',
        {"a": "to the terminal of the host", "b": "onto the wire, before the first message", "c": "nowhere"},
        "b",
        {
            "a": "what goes to standard error may get there, and what a tool prints: from run() on the SDK sends both "
            "the same way. Before that, nobody does.",
            "b": "the host reads a line that is no message. Some skip it, some end the connection: write to stderr.",
            "c": "standard output is a pipe, and the host reads every line of it.",
        },
    ),
    "13.6": Question(
        "The second process refuses the state that the first one sealed. What mends that?",
        {
            "a": "a longer lifetime of the state",
            "b": "a key in the environment, the same for all",
            "c": "the first key that a process makes, written into the program",
        },
        "b",
        {
            "a": "it was refused at once: the second process has no key that opens it, at any age.",
            "b": "all processes read the same secret when they start, and none of it stands in a file.",
            "c": "then it stands in the repository, for everybody who can read it, and is never changed.",
        },
    ),
}
