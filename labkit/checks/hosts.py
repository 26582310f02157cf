"""Exercises 13.2 and 13.4: a host that holds three servers, and the file that tells a host of two."""

import os
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal, cast

import anyio
from mcp.server.mcpserver import MCPServer, Resolve, Sample
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ErrorData,
    SamplingMessage,
    TextContent,
)
from pydantic import BaseModel, Field, ValidationError

from labkit.callbacks import Answer
from labkit.checks.asking_servers import Case, text_of
from labkit.checks.engine import Problem, called, calling
from servers.serving import quietly

Function = Callable[..., Any]


@quietly()
def teller(name: str, mark: str, **options: Any) -> MCPServer:
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

        return teller(name, MARKS[name], lifespan=counted)

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
