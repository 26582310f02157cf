"""Lesson 09, when sampling fails: five flows read, a retry that harms nobody, a tool for every client, limits."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, cast

from mcp.server.mcpserver import MCPServer

from labkit.callbacks import name_of
from labkit.checks import retries
from labkit.checks.asking_servers import REVISIONS, Case, Line, answered, made, on_both_wires
from labkit.checks.class_hour import SMOLLM, Hour, Limits
from labkit.checks.engine import FunctionExercise, Problem, called
from labkit.checks.night_calls import CAUSES, NIGHTS
from labkit.checks.retries import REFUSALS, busy
from labkit.checks.served import good
from labkit.checks.server_card import server_cases
from labkit.checks.serving import replies
from servers.sample_logs import SAMPLE_LINES

# 9.1: five flows

CLUES = {
    "A": "Who asks again in it, and what had just come?",
    "B": "Which side sends the first message that is no answer, and what had the callback done by then?",
    "C": "Who ended the wait, and on which side of the wire does that step stand?",
    "D": "Nothing is refused in it and nothing repeated. Look at what the callback gives.",
    "E": "Read what the callback did by itself before it answered.",
}
KNOWS = {
    "A": "The server was given the answer and read it.",
    "B": "A notification reached the server.",
    "C": "Look for a frame to the server after its question.",
    "D": "The answer went to the server as it was.",
    "E": "The server was given one good answer, and nothing else.",
}


def _read(letter: str) -> Case:
    """A case: what is said of one of the flows."""

    async def case(function: Callable[..., Any]) -> None:
        findings: object = called(function)
        if not isinstance(findings, dict):
            raise Problem(f'{name_of(function)} returned a {type(findings).__name__}. Return a dict: {{"A": ...}}.')
        night, said = NIGHTS[letter], cast("dict[str, object]", findings).get(letter)
        if not isinstance(said, tuple | list) or len(cast("tuple[object, ...]", said)) != 2:
            raise Problem(f'Of flow {letter} you say {said!r}. Say two things, as in ("cut", True).', hint="pair")
        cause, knows = cast("tuple[object, object]", said)
        if cause not in CAUSES:
            raise Problem(f"Of flow {letter} you say {cause!r}; there are {', '.join(CAUSES)}.", hint="pair")
        if cause != night.cause:
            raise Problem(f'Flow {letter} is not "{cause}". {CLUES[letter]}', hint="cause")
        if knows is not night.server_knows:
            does = "learns" if night.server_knows else "learns nothing"
            raise Problem(
                f"What failed in flow {letter} is right, and its server {does} of it. {KNOWS[letter]}", hint="knows"
            )

    return case


# 9.3: a tool for every client

EIGHT = {
    case.id: case
    for case in server_cases()
    if case.id.partition(".")[2] in ("cannot-sample", "says-so", "refuses", "image", "empty", "cut", "long", "hidden")
}
"""The clients, by the cases of the scorecard for servers."""

LEVELS = {SAMPLE_LINES["disk_full"]: "PANIC", "2026-11-20 02:14 ERROR: deadlock": "ERROR", "it is slow": "no level"}
SAYS = "Delete old logs, then start the database, and see that the disk of db01 does not fill up again."
LONGEST, MOST = 1_000, 1_200
"""Characters of an answer that are handed on; and with what is said about that."""


async def before_eight(make: Callable[[], MCPServer]) -> None:
    """Put the tool `advise` of a server before eight kinds of client, and print what comes of it."""
    for case in EIGHT.values():
        row = await case.examine(make, "advise", {"line": SAMPLE_LINES["disk_full"]})
        print(f"{row.status:4}  {row.title:58}  {row.came_back[:52] if row.failed else ''}".rstrip())


def _survives(name: str, hint: str) -> Case:
    """A case of the scorecard for servers."""

    async def examine(make: Callable[..., Any]) -> None:
        made(make, "advise")
        row = await EIGHT[name].examine(lambda: made(make, "advise"), "advise", {"line": SAMPLE_LINES["disk_full"]})
        if row.status == "TODO":
            raise NotImplementedError
        if row.failed:
            raise Problem(f"{name}: {row.sent}. {row.came_back} {row.mend}", hint=hint)
        if row.status == "N/A":
            raise Problem(f"{name} could not be seen: {row.came_back}", hint="good")

    return examine


async def _hands_on(make: Callable[..., Any], mode: str) -> None:
    server, line = made(make, "advise"), {"line": "ERROR: it is full"}
    for text in (SAYS, f"Größer! {SAYS}", LONGEST * "x", "It has {0} of %s."):
        told = (await answered(server, mode, "advise", line, text)).said
        if told != text:
            raise Problem(
                f"The client answered {text[:40]!r} ({len(text)} characters), and the tool returned {told[:60]!r} "
                f"({len(told)}). Hand on a whole answer as it is.",
                hint="good",
            )
    for length in (LONGEST + 1, 3 * LONGEST):
        text = "".join(chr(ord("a") + number % 26) for number in range(length))
        told = (await answered(server, mode, "advise", line, text)).said
        if text[:LONGEST] not in told or text[: LONGEST + 1] in told or len(told) == LONGEST or len(told) > MOST:
            raise Problem(
                f"Of an answer of {length:,} characters the tool returned {len(told):,}. Hand on the first "
                f"{LONGEST:,}, and a note that it was cut.",
                hint="long",
            )


async def _says_both(make: Callable[..., Any], mode: str) -> None:
    server, line = made(make, "advise"), {"line": "ERROR: it is full"}
    text = 2 * LONGEST * "x"
    seen = [(await answered(server, mode, "advise", line, good(text, why))).said for why in ("endTurn", "maxTokens")]
    if seen[0] == seen[1]:
        raise Problem(
            f"An answer of {2 * LONGEST:,} characters whose stop reason is maxTokens is told as one that ended by "
            "itself. There are two things to note.",
            hint="long",
        )


async def _degrades(make: Callable[..., Any], mode: str) -> None:
    kinds: dict[str, tuple[Line, ...]] = {"that cannot sample": (), "that answers with blanks": (" \n",)}
    kinds["that answers with a picture"] = (replies.IMAGE,)
    if mode == "legacy":  # on the newer wire no server hears of it
        kinds["that refuses"], kinds["that is busy"] = (REFUSALS["a person said no"],), (busy(),)
    for line, level in LEVELS.items():
        told = dict[str, str]()
        for kind, lines in kinds.items():
            seen = await answered(made(make, "advise"), mode, "advise", {"line": line}, *lines)
            if seen.error:
                raise Problem(f"On {REVISIONS[mode]} a client {kind} got an error: {seen.error}.", hint="degrade")
            if level not in seen.said or len(seen.said) <= len(level):
                raise Problem(
                    f"A client {kind} got {seen.said[:80]!r} for the line {line[:30]!r}. Say why it has no "
                    "advice, and add plain(line).",
                    hint="degrade",
                )
            other = told.setdefault(seen.said, kind)
            if other != kind and "answers" not in other:  # with blanks, or with a picture: both hold no text
                raise Problem(
                    f"A client {kind} is told the same as one {other}: {seen.said[:60]!r}. Say which it was.",
                    hint="why",
                )


# 9.4: limits

PATIENCE, ROOM, SHARE = 60.0, 50, 1 / 6
"""Seconds after which many clients end a call; places in line with memory for them; the most that a loop is given."""

MACHINES = {
    "the machine that was measured": SMOLLM,
    "one that is slower, 1.4 times": tuple(1.4 * each for each in SMOLLM),
    "one that is four times as fast": tuple(each / 4 for each in SMOLLM),
    "one with some long answers, 7 s each": (*SMOLLM[3:], 7.0, 7.0, 7.0),
}


def _class_on(machine: str) -> Case:
    """A case: the limits, for a machine's times, hold a class."""
    times = MACHINES[machine]

    async def case(function: Callable[..., Any]) -> None:
        given = list(times)
        limits = _limits(called(function, given))
        if given != list(times):
            raise Problem("my_limits changed the list of times that it was given. Others may read it.", hint="changed")
        for seed in (1, 2):
            _is_well(Hour(times, limits, Random(seed)), f"On {machine}, with {_told(limits)}")

    return case


def _limits(returned: object) -> Limits:
    if not isinstance(returned, Mapping):
        raise Problem(
            f"my_limits(times) returned a {type(returned).__name__}. Return a dict of four numbers.", hint="form"
        )
    given = cast("Mapping[str, object]", returned)
    for name in ("per_minute", "at_once", "waiting", "timeout"):
        value = given.get(name)
        whole = isinstance(value, int) or (name == "timeout" and isinstance(value, float))
        if not whole or isinstance(value, bool) or cast("float", value) < (name != "waiting"):
            kind = "a number of seconds" if name == "timeout" else "a whole number"
            raise Problem(f"{name} is {value!r}, and has to be {kind}, 1 or more.", hint="form")
    return Limits(**{name: cast("Any", given[name]) for name in ("per_minute", "at_once", "waiting", "timeout")})


def _told(limits: Limits) -> str:
    return f"{limits.per_minute} a minute, {limits.at_once} at once, {limits.waiting} in line, {limits.timeout:g} s"


def _is_well(hour: Hour, told: str) -> None:
    """See that a class went as it should."""
    line, refused, full, cut = hour.limits.waiting, *(hour.became[how] for how in ("refused", "turned away", "cut"))
    if line > ROOM:
        raise Problem(f"{told}: a line of {line} has no room; there is memory for {ROOM} prompts.", hint="room")
    if refused:
        raise Problem(f"{told}: {refused} calls of students without a loop were over per_minute.", hint="minute")
    if full:
        raise Problem(f"{told}: {full} calls found the line full. All thirty press Run at once.", hint="line")
    if cut:
        raise Problem(f"{told}: {cut} answers were on their way when their time was up.", hint="timeout")
    if hour.longest > PATIENCE:
        waited = f"somebody waited {hour.longest:.0f} s, and clients give up after {PATIENCE:.0f}."
        raise Problem(f"{told}: {waited}", hint="patience")
    if hour.share > SHARE:
        raise Problem(f"{told}: the loop was given {hour.share:.0%} of all answers.", hint="loop")


EXERCISES = {
    "9.1": FunctionExercise(
        "9.1", [_read(letter) for letter in NIGHTS], tried="what failed in five calls, and who knows"
    ),
    "9.2": FunctionExercise(
        "9.2",
        retries.CASES,
        tried="answers, refusals, 1 to 5 tries, 60 draws of each wait, retryAfter, any data, errors, and both wires",
    ),
    "9.3": FunctionExercise(
        "9.3",
        [
            on_both_wires(_hands_on),
            _survives("clients.cannot-sample", "cannot"),
            _survives("clients.says-so", "says-so"),
            _survives("clients.refuses", "refuses"),
            _survives("answers.image", "image"),
            _survives("answers.empty", "empty"),
            _survives("answers.cut", "cut"),
            _survives("answers.long", "long"),
            _survives("answers.hidden", "hidden"),
            on_both_wires(_degrades),
            on_both_wires(_says_both),
        ],
        tried="eight kinds of client from the scorecard for servers, answers whole, long and cut, and both wires",
    ),
    "9.4": FunctionExercise(
        "9.4",
        [_class_on(machine) for machine in MACHINES],
        tried="four machines, each with two classes of five minutes",
    ),
}
