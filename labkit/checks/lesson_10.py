"""Lesson 10, two wires: frames put in order, as many questions as there are lines, a tool moved, eight decisions."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any, cast

import anyio
from mcp_types import CallToolResult, CreateMessageRequestParams, CreateMessageResult, InputRequiredResult

from labkit.checks.asking_servers import MODES, REVISIONS, Answers, Case, Use, connect, made, text_of, use
from labkit.checks.engine import FunctionExercise, Problem, called
from labkit.checks.served import Served, good, seen_of
from labkit.course.clinic import Frame, sketch

# 10.1: the frames of a call

KINDS = {"call": "tools/call", "ask": "sampling/createMessage"}


def _frame(told: str) -> Frame:
    """A frame out of its kind, its id, and on the newer wire the name of a state: `call4A`, `unfinished3A`."""
    kind, number, state = re.fullmatch(r"([a-z]+)(\d+)([A-Z]?)", told).groups()  # pyright: ignore[reportOptionalMemberAccess]
    frame = {"jsonrpc": "2.0", "id": int(number), "to": "server" if kind in ("call", "say", "refuse") else "client"}
    if kind in KINDS:
        answers = {"requestState": state, "inputResponses": {state: {"model": "m"}}} if state else {}
        return frame | {"method": KINDS[kind], "params": {"name": "note", **answers} if kind == "call" else {}}
    if kind in ("refuse", "fail"):
        return frame | {"error": {"code": -1, "message": "The user said no."}}
    asked = {"resultType": "input_required", "requestState": state, "inputRequests": {state: {"method": KINDS["ask"]}}}
    return frame | {"result": {"say": {"model": "m"}, "result": {"content": []}}.get(kind, asked)}


def _told(frame: Frame) -> str:
    """`→ id 3 tools/call`"""
    return f"[{' '.join(sketch(frame).split())}]"


def _orders(name: str, told: str, hint: str) -> Case:
    """A case: the frames that are told, shuffled, come back in their order."""
    frames = [_frame(each) for each in told.split()]

    async def case(function: Callable[..., Any]) -> None:
        for seed in range(4):
            given = [*frames]
            Random(seed).shuffle(given)
            before = [*given]
            returned: object = called(function, given)
            if given != before:
                raise Problem("The list that you were given came back changed. Make a new one.", hint="changed")
            if not isinstance(returned, list | tuple):
                raise Problem(
                    f"in_order returned a {type(returned).__name__}. Return a list of the frames.", hint="list"
                )
            _compare(name, [*cast("Sequence[object]", returned)], frames, hint)

    return case


def _compare(name: str, got: list[object], wanted: list[Frame], hint: str) -> None:
    if got == wanted:
        return
    if strange := [each for each in got if each not in wanted]:
        raise Problem(f"A call {name}: what came back holds {strange[0]!r}, which is no frame of it.", hint="each")
    if lost := [frame for frame in wanted if frame not in got]:
        raise Problem(f"A call {name}: {_told(lost[0])} did not come back. Each is wanted, once.", hint=hint)
    place = next((at for at, frame in enumerate(wanted) if got[at] != frame), len(wanted))
    if place == len(wanted):
        raise Problem(
            f"A call {name}: {len(got)} frames came back of {len(wanted)}. Each is wanted, once.", hint="each"
        )
    after = f"after {_told(wanted[place - 1])}" if place else "first"
    raise Problem(
        f"A call {name}: {after} came {_told(wanted[place])}, and not {_told(cast('Frame', got[place]))}.", hint=hint
    )


# 10.2: as many questions as there are lines

MOST = 5
Lines = list[str]


class Fetch:
    """What is in the log: other lines each time that one looks."""

    def __init__(self, *logs: Lines) -> None:
        self.logs = logs
        self.looked = 0

    async def __call__(self) -> Lines:
        self.looked += 1
        return [*self.logs[min(self.looked, len(self.logs)) - 1]]


def _night(count: int, name: str = "db") -> Lines:
    return [f"02:{minute:02} {name}-{minute}: no space left" for minute in range(count)]


class Explains(Answers):
    """A client that says another thing of each line."""

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        self.asked.append(params)
        return good(_meaning(text_of(params).strip().splitlines()[-1]))


def _meaning(line: str) -> str:
    return f"It means {line[::-1]}"


def _rows(lines: Lines, *, explained: bool) -> Lines:
    return [f"- {line}: {_meaning(line) if explained else 'not asked'}" for line in lines[:MOST]]


def _judge(used: Use, lines: Lines, told: str, *, explained: bool = True) -> None:
    if used.error:
        raise Problem(f"{told} the call failed: {used.error}. Give a result that says what is missing.", hint="cannot")
    got = used.said.strip().splitlines()
    for number, row in enumerate(_rows(lines, explained=explained)):
        if number >= len(got) or got[number].strip() != row:
            there = f"is {got[number]!r}" if number < len(got) else "is missing"
            raise Problem(f"{told} row {number + 1} should be {row!r} and {there}.", hint="rows")
    rest, more = [row for row in got[min(len(lines), MOST) :] if row.strip()], len(lines) - MOST
    if more > 0 and (len(rest) != 1 or str(more) not in re.findall(r"\d+", rest[0])):
        raise Problem(f"{told} {more} of {len(lines)} lines are left out. Say how many, in one last row.", hint="more")
    if more <= 0 and lines and rest:
        raise Problem(f"{told} there is a row too many: {rest[0]!r}.", hint="more")
    if not got:
        raise Problem(f"{told} the result is empty. Say that there are no lines.", hint="nothing")


def _explains(count: int) -> Case:
    """A case: so many lines cost so many samples, in one round, and other lines in the next call."""

    async def case(make: Callable[..., Any]) -> None:
        lines, later = _night(count), _night(2, "web")
        fetch, client = Fetch(lines, later), Explains()
        told = f"On 2026-07-28 the log had {count} lines:"
        server = made(partial(make, fetch), "digest")
        with connect(server, "auto", client) as lab:
            used = await use(lab, "digest", {}, client)
            legs = sum(step.label.startswith("tools/call") for step in lab.flow.steps)
            if len(used.asked) != min(count, MOST):
                raise Problem(
                    f"{told} it asked for {len(used.asked)} samples. One a line, at most {MOST}.", hint="count"
                )
            if fetch.looked > 1:
                raise Problem(
                    f"{told} one call fetched {fetch.looked} times. The log has other lines by then: fetch in the "
                    "first round, and keep them in request_state.",
                    hint="once",
                )
            _judge(used, lines, told)
            if legs > 2:
                raise Problem(f"{told} it took {legs} rounds. Ask for all of them in one result.", hint="at-once")
            _judge(await use(lab, "digest", {}, client), later, "Called again, when the log had 2 others:")

    return case


async def _keeps_callers_apart(make: Callable[..., Any]) -> None:
    logs = _night(3, "one"), _night(3, "two")
    client = Explains()
    server = made(partial(make, Fetch(*logs)), "digest")
    with connect(server, "auto", client) as lab:
        both: list[Use] = []

        async def one() -> None:
            both.append(await use(lab, "digest", {}, client))

        async with anyio.create_task_group() as group:
            group.start_soon(one)
            group.start_soon(one)
    wanted = ["\n".join(_rows(lines, explained=True)) for lines in logs]
    if sorted(used.said.strip() for used in both) != sorted(wanted):
        raise Problem(
            "Two clients called at once, and one got rows of the other. Keep nothing outside of the tool: what a call "
            "needs travels in its request_state.",
            hint="kept",
        )


async def _asks_again(make: Callable[..., Any]) -> None:
    lines = _night(3)
    async with Served(made(partial(make, Fetch(lines, _night(1, "web"))), "digest"), "digest", {}) as served:
        first = await served.leg({"nobody": good("x")})
        if not isinstance(first, InputRequiredResult) or not first.input_requests or not first.request_state:
            raise Problem(f"Its first step gave {seen_of(first).told} It should ask, and send a state.", hint="state")
        keys = [*first.input_requests]
        foreign = await served.leg({key: good("x") for key in keys})
        if isinstance(foreign, CallToolResult):
            raise Problem(
                "A call without a state brought answers, which belong to no question of yours, and they were taken.",
                hint="unasked",
            )
        again = await served.leg({keys[0]: good("All is well.")}, first.request_state)
        if not isinstance(again, InputRequiredResult) or not again.input_requests:
            raise Problem(
                f"The client answered 1 of 3 questions, and what came was: {seen_of(again).told} Ask again.",
                hint="missing",
            )
        if not set(keys[1:]) <= again.input_requests.keys() or not again.request_state:
            raise Problem("The client answered 1 of 3, and the next round did not ask for the others.", hint="missing")
        if not isinstance(await served.leg(None, again.request_state), InputRequiredResult):
            raise Problem("A round came without any answer, and it did not ask again.", hint="missing")
        # A client answers what it is asked: who asks for the others alone has to keep the one that came.
        rest = {key: good("All is well.") for key in again.input_requests}
        last = await served.leg(rest, again.request_state)
        if isinstance(last, InputRequiredResult):
            raise Problem(
                "The client answered 1 of 3 questions, then the other 2, and was asked again. Ask for all of them once "
                "more, or keep in the state what has come.",
                hint="missing",
            )
        if seen_of(last).text.split("\n") != [f"- {line}: All is well." for line in lines]:
            raise Problem(f"When the rest was answered in the second round: {seen_of(last).told}", hint="missing")


async def _does_without(make: Callable[..., Any]) -> None:
    for mode, client in (("legacy", Explains()), ("legacy", None), ("auto", None)):
        who = f"a client that {'can' if client else 'cannot'} sample"
        for count in (2, 7, 0):
            lines = _night(count)
            told = f"On {REVISIONS[mode]}, for {who}, with {count} lines:"
            with connect(made(partial(make, Fetch(lines)), "digest"), mode, client) as lab:
                used = await use(lab, "digest", {}, client)
            if used.asked or (mode == "legacy" and used.error):
                raise Problem(f"{told} it asked. There the tool does without, and says so.", hint="older")
            _judge(used, lines, told, explained=False)


# 10.3: a tool of 2025, moved

LINE, OTHER = "02:40 ERROR No space left on device", "02:14 ERROR deadlock detected"


async def _explain(
    make: Callable[..., Any], mode: str, line: str, client: Answers | None, filed: Lines, *before: str
) -> Use:
    server = made(partial(make, filed), "explain")
    with connect(server, mode, client) as lab:
        for each in before:
            await use(lab, "explain", {"line": each}, client)
        return await use(lab, "explain", {"line": line}, client)


async def _answers_alike(make: Callable[..., Any]) -> None:
    for mode in MODES:
        filed, client = list[str](), Answers("The disk is full.")
        used = await _explain(make, mode, LINE, client, filed)
        where, wanted = f"On revision {REVISIONS[mode]}", "Filed as 1: The disk is full."
        if used.error:
            raise Problem(f"{where} the call failed: {used.error}.", hint="back-channel")
        if len(used.asked) != 1:
            raise Problem(f"{where} one call asked for {len(used.asked)} samples; one was enough before.", hint="asks")
        if LINE not in text_of(used.asked[0]):
            raise Problem(f"{where} the question was {text_of(used.asked[0])[:60]!r}, without the line.", hint="line")
        if used.asked[0].max_tokens > 60:
            raise Problem(f"{where} {used.asked[0].max_tokens} tokens were asked for; before it was 60.", hint="tokens")
        if filed != [LINE]:
            raise Problem(
                f"{where} one call filed {len(filed)} lines. A resolver runs in every round, a tool's body once: file "
                "in the body.",
                hint="deed",
            )
        if used.said != wanted:
            raise Problem(f"{where} the tool returned {used.said[:60]!r}; before it was {wanted!r}.", hint="answer")


async def _counts_what_is_filed(make: Callable[..., Any]) -> None:
    for mode in MODES:
        filed = ["an old line"]
        used = await _explain(make, mode, LINE, Answers("Locks.", "The disk is full."), filed, OTHER)
        if filed != ["an old line", OTHER, LINE] or not used.said.startswith("Filed as 3"):
            raise Problem(
                f"On revision {REVISIONS[mode]} the third line was told as {used.said[:40]!r}, and the report holds "
                f"{len(filed)} lines. Begin with `Filed as 3`.",
                hint="count",
            )


async def _asks_the_same(make: Callable[..., Any]) -> None:
    client = Answers("The disk is full.")
    await _explain(make, "auto", LINE, client, [], OTHER, LINE)
    first, second = client.asked[-2:]
    if first != second:
        raise Problem("The same line was asked about in other words the second time.", hint="pure")


async def _files_without(make: Callable[..., Any]) -> None:
    for mode in MODES:
        filed = list[str]()
        used = await _explain(make, mode, LINE, None, filed)
        if used.error or filed != [LINE] or not used.said.startswith("Filed as 1"):
            got = f"the call failed: {used.error}" if used.error else f"it said {used.said[:40]!r}"
            raise Problem(
                f"On revision {REVISIONS[mode]}, for a client that cannot sample, {got}. File the line all the same.",
                hint="cannot",
            )


# 10.4: eight decisions

WAYS = ("code", "provider", "sample")
REASONS = ("time", "cost", "exact", "private", "any client", "many", "stateless", "their model")
DECISIONS = {
    "a": (
        "code time, provider time",
        "A sample takes as long as the client's model and its person: nobody can bound it.",
    ),
    "b": ("provider cost", "Who samples neither chooses the model nor sees the bill. What you sell, you must pay."),
    "c": ("code exact", "Counting is exact and free in code; a model is neither."),
    "d": (
        "sample private, provider private",
        "Letters stay where the model runs: the client's own, or one on the machine.",
    ),
    "e": ("provider any client", "Few clients can sample, and code does not sum up a text."),
    "f": ("provider many", "Five hundred requests come to a person, or to a budget, one by one."),
    "g": ("provider stateless", "On 2025-11-25 a stateless server cannot ask: nobody is there to take the answer."),
    "h": ("sample their model", "You have no key and no budget; the users have, and want to see what is asked."),
}
"""By letter each way that is right, with its reason; and what is wrong with the others."""


def _decides(letter: str) -> Case:
    """A case: a choice is a way that is right, with the reason that belongs to it."""
    told, why = DECISIONS[letter]
    right = dict(each.split(" ", 1) for each in told.split(", "))

    async def case(function: Callable[..., Any]) -> None:
        given: object = called(function)
        if not isinstance(given, Mapping):
            got = type(given).__name__
            raise Problem(f'my_choices returned a {got}. Return {{"a": (way, reason), …}}.', hint="dict")
        chosen = cast("Mapping[object, object]", given).get(letter)
        if not isinstance(chosen, tuple | list) or len(cast("Sequence[object]", chosen)) != 2:
            raise Problem(f"Of {letter} you say {chosen!r}. A choice is a way and a reason.", hint="pair")
        way, reason = cast("Sequence[object]", chosen)
        for said, known in ((way, WAYS), (reason, REASONS)):
            if said not in known:
                raise Problem(f"In {letter}: {said!r} is none of {', '.join(known)}.", hint="words")
        if way not in right:
            raise Problem(f"In {letter} you chose {way!r}. {why}", hint="way")
        if right[cast("str", way)] != reason:
            told = "is not why: look for what only this scenario has."
            raise Problem(f"In {letter} {way!r} is right, and {reason!r} {told}", hint="reason")

    return case


EXERCISES = {
    "10.1": FunctionExercise(
        "10.1",
        [
            _orders("on 2026-07-28, with one sample", "call3 unfinished3A call4A result4", "rounds"),
            _orders("on 2025-11-25, with one sample", "call3 ask1 say1 result3", "inside"),
            _orders("on 2025-11-25, with equal ids by chance", "call3 ask3 say3 result3", "direction"),
            _orders(
                "on 2025-11-25, with three samples, one of them refused",
                "call5 ask8 say8 ask9 refuse9 ask10 say10 result5",
                "samples",
            ),
            _orders(
                "on 2026-07-28, with two steps", "call9 unfinished9A call10A unfinished10B call11B result11", "rounds"
            ),
            _orders("on 2026-07-28, that ends in an error", "call1 unfinished1A call2A fail2", "error"),
            _orders("that asks nothing", "call7 result7", "rounds"),
        ],
        tried="both wires, one to three samples, two steps, equal ids on both sides, refusals, four shuffles each",
    ),
    "10.2": FunctionExercise(
        "10.2",
        [
            *(_explains(count) for count in (3, 1, 0, 5, 6, 12)),
            _keeps_callers_apart,
            _asks_again,
            _does_without,
        ],
        tried="0 to 12 lines, other lines at each look, two callers, half the answers, foreign ones, both wires",
    ),
    "10.3": FunctionExercise(
        "10.3",
        [_answers_alike, _counts_what_is_filed, _asks_the_same, _files_without],
        tried="the same line on both wires, three in turn, the same again, a client that cannot sample",
    ),
    "10.4": FunctionExercise("10.4", [*map(_decides, DECISIONS)], tried="eight scenarios, with their reasons"),
}
