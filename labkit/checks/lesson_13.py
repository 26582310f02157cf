"""Lesson 13, over the wire: a desk as a program, a host of three servers, a key that processes share, a host's file."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from mcp import Client, MCPError
from mcp.client.session import SamplingFnT
from mcp.server.mcpserver import MCPServer
from mcp.server.request_state import RequestStateSecurity
from mcp_types import (
    InputRequiredResult,
)

from labkit.checks.asking_servers import Answers, Case
from labkit.checks.desks import LINE, SAID, SUBSET, files_what_it_was_told, passes_the_scorecard, stands_alone
from labkit.checks.engine import FunctionExercise, Problem, called
from labkit.checks.hosts import hosts, teller, tells_the_host
from labkit.checks.served import good

Function = Callable[..., Any]


# 13.3: a key that processes share

OLD, NEW, OTHER = ("-".join([word] * 8) for word in ("plum", "cedar", "walnut"))
"""Secrets of more than 32 characters."""
VARIABLE = "REQUEST_STATE_KEYS"


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
    return teller("desk", "plum", request_state_security=security)


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
