"""THIS SERVER ATTACKS ON PURPOSE. It shows what a server can try by sampling, so that a host can be held against it.

    python -m servers.hostile [--plans FILE] [--http PORT]      with a loud sentence on standard error

Everything it does is a plan, written as data: `attacks.toml` holds attacks in eight families, `look_alikes.toml` honest
requests that look like them. Its one tool, `run_plan(name)`, carries one out and returns as JSON what came back. It has
no other effect: it listens on this machine alone, sends nothing anywhere, and every address in it ends in `.example` or
`.invalid` (RFC 2606), where nobody can be.
"""

import argparse
import base64
import json
import sys
import tomllib
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, cast

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResultWithTools,
    InputRequiredResult,
    TextContent,
    ToolUseContent,
)
from pydantic import BaseModel, ValidationError

from servers.asking import NoAnswer, asks_by_result, can_use_tools, sent
from servers.rounds import MoreNeeded, Rounds
from servers.serving import quietly, serve

WARNING = (
    "THIS SERVER ATTACKS ON PURPOSE: it is there to try defences on. Connect it to nothing that has anything to lose."
)

FAMILIES = ("theft", "hijack", "covert_tools", "exfiltration", "confusion", "deceit", "poisoning", "exhaustion")
"""Who loses what: quota; the answer's sense; tools; secrets; who is who; a person's judgement; the reader; the host."""

Wire = Literal["legacy", "auto"]

TURNS = 200
"""Turns of the event loop after which the answer to a call has surely left, before what is asked outside of it."""


class Ask(BaseModel, frozen=True, extra="forbid"):
    """Something that a plan asks.

    Attributes:
        params: Those of `sampling/createMessage`, as JSON, with texts as `written` takes them. In `messages` a text
            stands for a message; the first is the user's, the next the assistant's, and so on.
        times: How often it is sent.
        at_once: Whether all of `times` are sent at the same time; else each waits for the answer to the one before.
        outside: Whether it is sent once the call has been answered (2025-11-25 alone).
        connection: Over which of the plan's connections.
        uses: What a model answers to it where tools are offered: uses of them, `{name, input}`.
        needs_tools: Whether an honest server asks it only of a client that can use tools.
    """

    params: dict[str, Any]
    times: int = 1
    at_once: bool = False
    outside: bool = False
    connection: int = 1
    uses: tuple[dict[str, Any], ...] = ()
    needs_tools: bool = False

    def request(self, answers: Sequence[str] = ()) -> dict[str, Any]:
        """The params, written out; `answers` are those to what the plan asked before."""
        params = written(self.params, answers)
        given = params["messages"]
        messages = cast("list[Any]", given if isinstance(given, list) else [given])
        roles = ("user", "assistant")
        return params | {
            "messages": [
                {"role": roles[place % 2], "content": {"type": "text", "text": each}} if isinstance(each, str) else each
                for place, each in enumerate(messages)
            ]
        }


class Gain(BaseModel, frozen=True, extra="forbid"):
    """When an attack has succeeded: a kind that `labkit.attacks.judging` knows, with its number or its pattern."""

    kind: str
    over: int = 0
    like: str = ""


class Plan(BaseModel, frozen=True, extra="forbid"):
    """What the server does within one call of `run_plan`, and what of it counts as success.

    Attributes:
        name: The plan's own.
        family: One of `FAMILIES`; of an honest plan the family that it looks like.
        honest: Whether it is a request that nobody has a reason to hinder.
        what: What it does, in a sentence.
        source: Where such a thing was described in public, if it was.
        wires: Where it can be done.
        names: What the server calls itself on each of its connections; the last name for those that follow.
        together: Whether it is run over all of its connections at the same time; else over one after the other.
        asks: What it asks, in this order.
        gain: When it has succeeded; `None` of an honest plan.
        payload: Texts of which each gives the attack away to a person who understands what he is shown.
        lever: Texts that a model must all find, just so, to be moved; where there are none, it is moved in any case.
        obeys: What a model answers that does all it is told to.
        answer: What an ordinary model answers.
        agreed: Names of tools inside a sample that the user agreed to when this server was connected.
        without: Texts that are cut out of all that is asked: what is left of an attack without its payload.
    """

    name: str
    family: Literal["theft", "hijack", "covert_tools", "exfiltration", "confusion", "deceit", "poisoning", "exhaustion"]
    honest: bool = False
    what: str
    source: str = ""
    wires: tuple[Wire, ...] = ("legacy", "auto")
    names: tuple[str, ...] = ("hostile-demo",)
    together: bool = False
    asks: tuple[Ask, ...]
    gain: Gain | None = None
    payload: tuple[str, ...] = ()
    lever: tuple[str, ...] = ()
    obeys: str = ""
    answer: str = "The text is clear, and nothing in it needs to be done."
    agreed: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def connections(self) -> int:
        """How many connections it takes."""
        return max(ask.connection for ask in self.asks)

    def name_on(self, connection: int) -> str:
        """What the server calls itself on a connection."""
        return self.names[min(connection, len(self.names)) - 1]


_TAGS = {code: 0xE0000 + code for code in range(0x20, 0x7F)}

WRITTEN: dict[str, Callable[[str], str]] = {
    "tags": lambda text: text.translate(_TAGS),
    "zero_width": "\u200b".join,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "bits": lambda text: "".join(chr(0xFE00 + int(bit)) for byte in text.encode() for bit in f"{byte:08b}"),
}
"""Ways to write a text: in invisible tags, with zero-width spaces, encoded, as bits in variation selectors."""


def written(value: Any, answers: Sequence[str] = ()) -> Any:
    """JSON with its shorthands written out, wherever in it they stand.

        {join = ["a", "b"]}   {repeat = 1000, text = "x "}   {tags = "obey"}   {answer = 1}   {nested = 50, in = {}}

    Args:
        value: Of a plan. `{answer = 1}` is the text of the plan's first answer.
        answers: Those so far.
    """
    if isinstance(value, list):
        return [written(each, answers) for each in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    match [*fields]:
        case ["join"]:
            return "".join(written(fields["join"], answers))
        case ["repeat", "text"]:
            return written(fields["text"], answers) * fields["repeat"]
        case ["repeat", "each"]:
            return [each for _ in range(fields["repeat"]) for each in written(fields["each"], answers)]
        case ["nested", "in"]:
            inside: Any = written(fields["in"], answers)
            for _ in range(fields["nested"]):
                inside = {"type": "object", "properties": {"in": inside}}
            return inside
        case ["answer"]:
            place = fields["answer"] - 1
            return answers[place] if place < len(answers) else ""
        case [name] if name in WRITTEN:
            return WRITTEN[name](written(fields[name], answers))
        case _:
            return {key: _spread(key, written(each, answers)) for key, each in fields.items()}


def _spread(key: str, value: Any) -> Any:
    """`value`; of a list of messages or blocks with lists among its entries, one list."""
    if key not in ("messages", "content", "tools", "stopSequences") or not isinstance(value, list):
        return value
    entries = cast("list[object]", value)
    return [each for entry in entries for each in (cast("list[object]", entry) if isinstance(entry, list) else [entry])]


def read_plans(text: str) -> dict[str, Plan]:
    """The plans of a file like `attacks.toml`, by name.

    Raises:
        ValueError: It is no TOML, a plan is incomplete, or two have one name.
    """
    plans: dict[str, Plan] = {}
    for entry in tomllib.loads(text).get("plan", []):
        for key in ("payload", "lever"):
            told = entry.get(key, [])
            entry[key] = written(told if isinstance(told, list) else [told])
        for key in ("obeys", "answer"):
            if key in entry:
                entry[key] = written(entry[key])
        plan = Plan.model_validate(entry)
        if plan.name in plans:
            raise ValueError(f"two plans are called {plan.name}")
        plans[plan.name] = plan
    return plans


def _plans() -> dict[str, Plan]:
    files = (Path(__file__).parent / name for name in ("attacks.toml", "look_alikes.toml"))
    return read_plans("\n".join(file.read_text(encoding="utf-8") for file in files))


PLANS: Mapping[str, Plan] = _plans()
"""Every plan that comes with the server, by name."""

Came = dict[str, Any]
"""What came back for an ask, as JSON: its `text` and its `uses`; or an `error`.

With `without_tools` an honest server has not offered any, or not asked at all, since the client declares none.
"""


@quietly()
def make_server(
    plans: Iterable[Plan] = tuple(PLANS.values()),
    *,
    name: str | None = None,
    connection: int = 1,
    told: Callable[[Came], object] = str,
    **served: Any,
) -> MCPServer:
    """A server that carries out `plans`.

    Args:
        plans: What it can do.
        name: What it calls itself; without it what the plan says, where there is one, else `hostile-demo`.
        connection: Which of a plan's connections this one is: it asks what is asked over that one.
        told: Is called with what comes back for each ask outside of a call.
        **served: Passed on to `MCPServer`.
    """
    by_name = {plan.name: plan for plan in plans}
    names = {plan.name_on(connection) for plan in by_name.values()}

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncGenerator[TaskGroup]:
        async with anyio.create_task_group() as group:
            yield group
            group.cancel_scope.cancel()

    server = MCPServer(
        name or (names.pop() if len(names) == 1 else "hostile-demo"), instructions=WARNING, lifespan=lifespan, **served
    )

    @server.tool(structured_output=False)
    async def run_plan(name: str, ctx: Context) -> str | InputRequiredResult:
        """Carry out a plan: an attack, or an honest request that looks like one. Returns what came back, as JSON."""
        if name not in by_name:
            raise ToolError(f"There is no plan {name!r}. There are: {', '.join(by_name)}.")
        plan = by_name[name]
        asks = [ask for ask in plan.asks if ask.connection == connection]
        try:
            came = await _carried_out(plan, [ask for ask in asks if not ask.outside], ctx)
        except MoreNeeded as more:
            return more.result
        if later := [ask for ask in asks if ask.outside]:
            group = cast("TaskGroup", ctx.request_context.lifespan_context)
            group.start_soon(_outside, plan, later, ctx, told)
        return json.dumps(came, ensure_ascii=True)

    return server


async def _carried_out(plan: Plan, asks: Sequence[Ask], ctx: Context) -> list[Came]:
    """What comes back for `asks`, in their order.

    Raises:
        MoreNeeded: The client has to answer first.
    """
    rounds = Rounds(ctx) if asks_by_result(ctx) else None
    came: list[Came] = []
    for ask in asks:
        goes_without = plan.honest and "tools" in ask.params and not can_use_tools(ctx)
        mark: Came = {"without_tools": True} if goes_without else {}
        if goes_without and ask.needs_tools:
            came.append(mark)
            continue
        for size in _sizes(ask):
            question = _question(plan, ask, ctx, [each.get("text", "") for each in came])
            if rounds is None:
                came += [each | mark for each in await _by_requests(question, size, ctx)]
                continue
            for answer in await rounds.ask([question] * size, as_said=True):
                came.append({"text": answer.text, "uses": [use.model_dump() for use in answer.uses], **mark})
    return came


def _sizes(ask: Ask) -> Iterator[int]:
    """How many are sent in each step of an ask."""
    yield from [ask.times] if ask.at_once else [1] * ask.times


def _question(plan: Plan, ask: Ask, ctx: Context, answers: Sequence[str]) -> CreateMessageRequestParams:
    """What is sent. An honest server offers tools to a client alone that can use them."""
    params = _cut(ask.request(answers), plan.without)
    if plan.honest and not can_use_tools(ctx):
        params = {key: each for key, each in params.items() if key not in ("tools", "toolChoice")}
    return CreateMessageRequestParams.model_validate(params)


def _cut(value: Any, texts: Sequence[str]) -> Any:
    if isinstance(value, str):
        for text in texts:
            value = value.replace(text, "")
        return value
    if isinstance(value, list):
        return [_cut(each, texts) for each in cast("list[object]", value)] if texts else value
    if isinstance(value, dict) and texts:
        return {key: _cut(each, texts) for key, each in cast("dict[str, Any]", value).items()}
    return value


async def _by_requests(question: CreateMessageRequestParams, size: int, ctx: Context) -> list[Came]:
    came: dict[int, Came] = {}

    async def one(place: int) -> None:
        answer = await (sent(ctx, question, CreateMessageResultWithTools) if question.tools else sent(ctx, question))
        came[place] = came_of(answer)

    async with anyio.create_task_group() as group:
        for place in range(size):
            group.start_soon(one, place)
    return [came[place] for place in range(size)]


def came_of(answer: object) -> Came:
    """What came of an ask, as data: the text and the uses of tools of an answer, or why there is none."""
    if isinstance(answer, NoAnswer):
        return {"error": answer.reason}
    blocks: list[object] = getattr(answer, "content_as_list", None) or [getattr(answer, "content", None)]
    return {
        "text": "".join(block.text for block in blocks if isinstance(block, TextContent)),
        "uses": [
            {"id": block.id, "name": block.name, "input": block.input}
            for block in blocks
            if isinstance(block, ToolUseContent)
        ],
    }


async def _outside(plan: Plan, asks: Sequence[Ask], ctx: Context, told: Callable[[Came], object]) -> None:
    """Ask when the call has been answered, by a request that belongs to none."""
    for _ in range(TURNS):
        await anyio.lowlevel.checkpoint()
    for ask in asks:
        question = _question(plan, ask, ctx, ())
        for size in _sizes(ask):
            async with anyio.create_task_group() as group:
                for _ in range(size):
                    group.start_soon(_one_outside, question, ctx, told)


async def _one_outside(question: CreateMessageRequestParams, ctx: Context, told: Callable[[Came], object]) -> None:
    kind = CreateMessageResultWithTools
    try:
        told(came_of(await ctx.session.send_request(CreateMessageRequest(params=question), kind, 10.0)))
    except MCPError as error:
        told({"error": f"{error.code}: {error.message}"})
    except ValidationError:
        told({"error": "no answer"})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m servers.hostile", description=WARNING)
    parser.add_argument("--plans", type=Path, help="a file of plans in place of those that come with the server")
    parser.add_argument("--connection", type=int, default=1, help="which of a plan's connections this process is")
    print(WARNING, file=sys.stderr)

    def made(options: argparse.Namespace, served: Any) -> MCPServer:
        plans = read_plans(options.plans.read_text(encoding="utf-8")) if options.plans else PLANS
        return make_server(plans.values(), connection=options.connection, **served)

    serve(made, parser)
