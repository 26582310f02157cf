"""Lesson 09, when sampling fails: five flows read, a retry that harms nobody, a tool for every client, limits."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, cast

from anyio.lowlevel import checkpoint
from mcp import MCPError
from mcp.server.mcpserver import MCPServer
from mcp_types import CreateMessageRequestParams, ErrorData

from labkit.callbacks import Answer, name_of
from labkit.callbacks import hint as told_to_wait
from labkit.checks.asking_servers import MODES, REVISIONS, Answers, Case, Line, answered, made, on_both_wires
from labkit.checks.budgets import REQUEST
from labkit.checks.class_hour import SMOLLM, Hour, Limits
from labkit.checks.clock import BUSY, in_time
from labkit.checks.engine import (
    STAGE_TIMEOUT,
    FunctionExercise,
    Problem,
    called,
    calling,
    direct_context,
    shape,
)
from labkit.checks.judging import said
from labkit.checks.night_calls import CAUSES, NIGHTS
from labkit.checks.quizzes import Question
from labkit.checks.served import good
from labkit.checks.server_card import SERVER_CASES
from labkit.checks.serving.replies import IMAGE
from labkit.lab import Lab
from servers import log_archiver
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


# 9.2: a retry

GIVEN = good("The disk is full.")
FINAL = {
    "a person said no": ErrorData(code=-1, message="The user said no."),
    "a budget was spent": ErrorData(code=-1, message="Too many requests (429): the budget is spent."),
    "the request was wrong": ErrorData(code=-32602, message="Ask for fewer tokens."),
}
DRAWS = 60
"""Waits that are drawn to see how they lie: all in one half of where they may lie happens once in 10^18."""
OPEN = (None, {}, "soon", ["retryAfter"], 7, {"status": 429})
"""What may stand in `data` where nobody says how long to wait."""


def _busy(wait: float = 0, number: int = 1) -> ErrorData:
    return ErrorData(code=-32603, message=f"Too many requests ({number}).", data=told_to_wait(429, wait))


class Trial:
    """A student's retry around a callback that gives these lines in turn, the last one for ever."""

    def __init__(self, make: Callable[..., Any], *lines: Answer | BaseException, tries: int = 3, longest: float = 20):
        self.lines, self.asked, self.waits = lines, list[CreateMessageRequestParams](), list[float]()
        self.context = direct_context()
        retry = called(make, self.model, tries, longest, self.sleep)
        if not callable(retry):
            raise Problem(f"{name_of(make)}(callback) returned {retry!r}. Return the function inside.", hint="shape")
        self.retry = shape(retry)

    async def model(self, context: object, params: CreateMessageRequestParams) -> Answer:
        if context is not self.context or params != REQUEST:
            raise Problem("The callback was asked something else than was sent. Hand on what came.", hint="as-it-came")
        self.asked.append(params)
        line = self.lines[min(len(self.asked), len(self.lines)) - 1]
        await checkpoint()
        if isinstance(line, BaseException):
            raise line
        return line

    async def sleep(self, seconds: float) -> None:
        """Waits for nothing, and notes how long it was to be."""
        if len(self.waits) >= DRAWS:
            raise Problem(f"It waited {DRAWS} times for one request, and had no end.", hint="tries")
        self.waits.append(seconds)
        await checkpoint()

    async def told(self) -> Answer:
        answer = cast("object", await self.retry(self.context, REQUEST))
        if not isinstance(answer, Answer):
            got = "nothing: is a `return` missing?" if answer is None else f"a {type(answer).__name__}."
            raise Problem(f"Where an answer is wanted it returned {got}", hint="returns")
        return answer


async def _ends(make: Callable[..., Any], *lines: Answer, tries: int = 3, what: str, hint: str) -> Trial:
    """See that the last of `lines` is what is returned, after so many requests and a wait between each two."""
    trial = Trial(make, *lines, tries=tries)
    told = await trial.told()
    asked, wanted = len(trial.asked), len(lines)
    if asked != wanted:
        raise Problem(f"{what}: the callback was asked {asked} times, and {wanted} would be right.", hint=hint)
    if told != lines[-1]:
        raise Problem(f"{what}: it returned {_short(told)}, and not {_short(lines[-1])} as it came.", hint="as-it-came")
    if len(trial.waits) > wanted - 1:
        raise Problem(f"{what}: it waited after the last request, for nothing.", hint="wait-after")
    if len(trial.waits) < wanted - 1:
        raise Problem(f"{what}: it asked again without `await sleep(...)`, the one it was given.", hint="no-wait")
    return trial


def _short(answer: Answer) -> str:
    return repr(answer.message if isinstance(answer, ErrorData) else said(answer))[:60]


async def _asks_again(make: Callable[..., Any]) -> None:
    await _ends(make, GIVEN, what="The first answer was good", hint="good")
    await _ends(make, _busy(), GIVEN, what="The first request failed for now (-32603)", hint="again")
    await _ends(make, _busy(), _busy(number=2), GIVEN, what="Two requests failed for now (-32603)", hint="again")
    refusal = good("Too many requests (429). Ask me again.")
    await _ends(make, refusal, what="A model answered in words that speak of errors", hint="good")


async def _stops(make: Callable[..., Any]) -> None:
    for tries in (1, 2, 5):
        lines = [_busy(number=number) for number in range(1, tries + 1)]
        await _ends(make, *lines, tries=tries, what=f"With tries={tries} all requests failed", hint="tries")


async def _leaves_a_no(make: Callable[..., Any]) -> None:
    for what, final in FINAL.items():
        await _ends(make, final, what=f"The answer was {final.code}, as {what}", hint="final")
        await _ends(make, _busy(), final, what=f"At the second request {what} ({final.code})", hint="final")


async def _waits_longer(make: Callable[..., Any]) -> None:
    trials = [Trial(make, *[_busy()] * 5, tries=5, longest=6) for _ in range(DRAWS)]
    for trial in trials:
        await trial.told()
    for number, (most, waits) in enumerate(
        zip((1, 2, 4, 6), zip(*(t.waits for t in trials), strict=True), strict=True), 1
    ):
        told = f"Before try {number + 1} it waited {min(waits):.2f} to {max(waits):.2f} s in {DRAWS} trials"
        if min(waits) < 0 or max(waits) > most:
            raise Problem(f"{told} with longest=6, and 0 to {most} s is right: 1, 2, 4, 8 and no more.", hint="grows")
        if max(waits) < most / 2:
            raise Problem(f"{told}, and it may be up to {most} s: each wait may be twice the one before.", hint="grows")
        if min(waits) > most / 2:
            raise Problem(f"{told}. Draw a part of {most} s, or all who failed together come back so.", hint="herd")


async def _waits_as_told(make: Callable[..., Any]) -> None:
    for after in (0.25, 2, 7.5, 20):
        waits = [(await _waits_of(make, after, 20))[0] for _ in range(DRAWS)]
        told = f"The failure said retryAfter {after:g}, and it waited {min(waits):.2f} to {max(waits):.2f} s"
        if min(waits) < after or max(waits) > after + 1:
            raise Problem(f"{told}. That long, and a part of one second more, is right.", hint="told")
        if max(waits) - min(waits) < 0.25:
            raise Problem(
                f"{told}. All who were told the same come back together: add a part of a second.", hint="herd"
            )
    for after, longest in ((20.5, 20), (5, 4)):
        if waits := await _waits_of(make, after, longest):
            told = f"The failure said retryAfter {after:g}, with longest={longest}, and it waited {waits[0]:.2f} s"
            raise Problem(f"{told}. Give up at once: who waits shorter fails again.", hint="too-long")


async def _waits_of(make: Callable[..., Any], after: float, longest: float) -> list[float]:
    trial = Trial(make, failure := _busy(after), GIVEN, longest=longest)
    told = await trial.told()
    if not trial.waits and after <= longest:
        raise Problem(
            f"The failure said retryAfter {after:g} with longest={longest:g}, and nobody waited.", hint="told"
        )
    if not trial.waits and (told != failure or len(trial.asked) > 1):
        raise Problem(
            f"The failure said retryAfter {after:g} with longest={longest:g}: return it at once.", hint="too-long"
        )
    return trial.waits


async def _reads_any_data(make: Callable[..., Any]) -> None:
    for data in OPEN:
        failure = ErrorData(code=-32603, message="Busy.", data=data)
        with calling(f"it with a failure whose data is {data!r}"):
            await _ends(make, failure, GIVEN, what=f"The data of the failure was {data!r}", hint="data")


async def _lets_errors_through(make: Callable[..., Any]) -> None:
    for error in (ConnectionError("gone"), asyncio.CancelledError(), ZeroDivisionError("a fault of its own")):
        trial = Trial(make, error, GIVEN)
        try:
            await trial.told()
        except type(error):
            continue
        raise Problem(
            f"The callback raised {type(error).__name__}, and it was asked {len(trial.asked)} times. Let it through, "
            "without a `try`.",
            hint="raised",
        )


async def _begins_anew(make: Callable[..., Any]) -> None:
    trial = Trial(make, *[_busy()] * 4)
    for number in (1, 2):
        await trial.told()
        if len(trial.asked) != 3 * number:
            raise Problem(
                f"Request {number} of one callback had {len(trial.asked)} tries in all. Count anew.", hint="anew"
            )
    both = Trial(make, _busy())
    await asyncio.gather(both.told(), both.told())
    if len(both.asked) != 6:
        raise Problem(f"Two requests at once had {len(both.asked)} tries and not 3 each. Count in each.", hint="anew")


def _through_the_archiver(mode: str) -> Case:
    async def case(make: Callable[..., Any]) -> None:
        for lines, wanted, why in (
            ((_busy(2), _busy(), "The disk is full."), 3, "The disk is full."),
            ((FINAL["a person said no"],), 1, ""),
        ):
            model, waits = Answers(*lines), list[float]()

            async def noted(seconds: float, waits: list[float] = waits) -> None:
                waits.append(seconds)

            retry = called(make, model, 3, 20, noted)
            with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                server = log_archiver.make_server(folder)
                with Lab(server, name="check", mode=mode, sampling_callback=retry, timeout=STAGE_TIMEOUT * BUSY) as lab:
                    told = ""
                    with suppress(MCPError):
                        call = lab.start("process_log_entry", {"log_line": SAMPLE_LINES["disk_full"]})
                        told = str((await in_time(call, STAGE_TIMEOUT)).content)
            if len(model.asked) != wanted or why not in told:
                raise Problem(
                    f"Through the log archiver ({mode}) the model was asked {len(model.asked)} times, not {wanted}.",
                    hint="again",
                )

    return case


# 9.3: a tool for every client

KINDS = {"cannot-sample", "says-so", "refuses", "image", "empty", "cut", "long", "hidden"}
"""The clients, by the last part of a case's name."""

LEVELS = {SAMPLE_LINES["disk_full"]: "PANIC", "2026-11-20 02:14 ERROR: deadlock": "ERROR", "it is slow": "no level"}
SAYS = "Delete old logs, then start the database, and see that the disk of db01 does not fill up again."
LONGEST, MOST = 1_000, 1_200
"""Characters of an answer that are handed on; and with what is said about that."""


EIGHT = {case.id: case for case in SERVER_CASES if case.id.partition(".")[2] in KINDS}


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


async def _degrades(make: Callable[..., Any], mode: str) -> None:
    kinds: dict[str, tuple[Line, ...]] = {"that cannot sample": (), "that answers with blanks": (" \n",)}
    kinds["that answers with a picture"] = (IMAGE,)
    if mode == "legacy":  # on the newer wire no server hears of it
        kinds["that refuses"], kinds["that is busy"] = (FINAL["a person said no"],), (_busy(),)
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
        [
            _asks_again,
            _stops,
            _leaves_a_no,
            _waits_longer,
            _waits_as_told,
            _reads_any_data,
            _lets_errors_through,
            _begins_anew,
            *(_through_the_archiver(mode) for mode in MODES),
        ],
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
        ],
        tried="eight kinds of client from the scorecard for servers, whole answers and long ones, and both wires",
    ),
    "9.4": FunctionExercise(
        "9.4",
        [_class_on(machine) for machine in MACHINES],
        tried="four machines, each with two classes of five minutes",
    ),
}

QUESTIONS = {
    "9.5": Question(
        "A call ends with -32001 after 60 s. What do you know of what the tool did?",
        {
            "a": "nothing was done",
            "b": "nothing: it may have done all, some or none",
            "c": "it was done, the answer is lost",
        },
        "b",
        {
            "a": "the caller stopped waiting. What the server had begun by then may be done, or going on.",
            "b": "a time-out says that the caller stopped waiting. Call again only what may be done twice.",
            "c": "perhaps. It may as well never have begun: the caller cannot tell.",
        },
    ),
    "9.6": Question(
        "A person refused a sample, and with_fallback has another model at hand. Is it asked?",
        {"a": "yes, nobody refused that one", "b": "no", "c": "only after a wait"},
        "b",
        {
            "a": "the person said no to the request, whoever would have answered it.",
            "b": "a refusal (-1) is final: for a fallback, for a retry, and for the server that hears of it.",
            "c": "a no does not pass with time. Busy does.",
        },
    ),
}
