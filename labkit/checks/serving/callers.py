"""Several callers, and those who hang up."""

from typing import Any

import anyio

from labkit.call import Call
from labkit.checks.asking_servers import never
from labkit.checks.clock import in_time
from labkit.checks.engine import Problem
from labkit.checks.served import NEWER, Asked, Judge, Seen, Served, ServerCase, question_of, seen_of, useful
from labkit.checks.serving.clients import FAULT
from labkit.checks.serving.replies import IMAGE, NONSENSE
from labkit.checks.trial import NotApplicable
from labkit.errors import CallTimeout

AMBER, COBALT = "amber-17", "cobalt-42"
"""What one caller sends, and the other."""


async def serves_others(served: Served, mode: str) -> None:
    silent = Asked(never)
    with_one = served.lab(mode, silent)
    waiting = with_one.start(served.tool, served.arguments)
    try:
        await silent.is_asked.wait()
        other = Asked(served.answer)
        call = served.lab(mode, other, "other").start(served.tool, served.arguments)
        try:
            useful(seen_of(await in_time(call, served.timeout)))
        except CallTimeout:
            served.hung = True
            raise Problem("While one client took its time to answer, another had no answer to its call.") from None
        finally:
            call.cancel()
    finally:
        waiting.cancel()


async def is_free_again(served: Served, mode: str) -> None:
    silent = Asked(never)
    call = served.lab(mode, silent).start(served.tool, served.arguments)
    await silent.is_asked.wait()
    call.cancel()
    for who in ("one", "other"):
        try:
            useful(await served.use(mode, served.answer, who=who))
        except Problem as problem:
            whose = "the same client" if who == "one" else "another client"
            raise Problem(f"After a caller had hung up, {whose} called. {problem}") from None


async def goes_on(served: Served, mode: str) -> None:
    for fault in (IMAGE, "", NONSENSE, *(() if mode == NEWER else (FAULT,))):
        try:
            await served.use(mode, fault)
        except NotApplicable:
            continue  # it asks without an end: another case's matter
    try:
        useful(await served.use(mode, served.answer))
    except Problem as problem:
        raise Problem(f"After some bad answers came a good one. {problem}") from None


async def kept_apart(served: Served, mode: str) -> str:
    """Two calls at once: the first is asked and waits, the second is asked and answered, then the first."""
    tagged = [served.tagged(tag) for tag in (AMBER, COBALT)]
    both_asked = anyio.Event()

    async def patient() -> str:
        await both_asked.wait()
        return f"{served.answer} {AMBER}"

    async def quick() -> str:
        both_asked.set()
        return f"{served.answer} {COBALT}"

    clients = Asked(patient), Asked(quick)
    seen = list[Seen]()
    first = served.lab(mode, clients[0]).start(served.tool, tagged[0] or served.arguments)
    try:
        async with anyio.create_task_group() as both:
            both.start_soon(_either, first, clients[0], both.cancel_scope)
        if not clients[0].asked:
            raise NotApplicable("With a mark in its arguments the tool asks nothing.")
        second = served.lab(mode, clients[1], "other").start(served.tool, tagged[1] or served.arguments)
        try:
            seen = [seen_of(await in_time(call, served.timeout)) for call in (second, first)][::-1]
        except CallTimeout:
            served.hung = True
            raise NotApplicable("See callers.one-waits.") from None
        finally:
            second.cancel()
    finally:
        first.cancel()
    for mine, other, client, result in zip((AMBER, COBALT), (COBALT, AMBER), clients, seen, strict=True):
        if other in "\n".join(map(question_of, client.asked)):
            raise Problem(f"Of two callers the one who sent {mine!r} was asked about {other!r}, which the other sent.")
        if other in result.text:
            raise Problem(f"Of two callers the one with {mine!r} was given {other!r}, which is the other's.")
    return "Each of two callers was given its own."


async def forgotten(served: Served, mode: str) -> None:
    """One call after the other, by different clients."""
    mine, other = served.tagged(AMBER), served.tagged(COBALT)
    if not mine or not other:
        raise NotApplicable("None of the arguments is a text that could be marked.")
    before = await served.use(mode, f"{served.answer} {AMBER}", arguments=mine)
    if AMBER not in "\n".join([before.text, *map(question_of, before.asked)]):
        raise NotApplicable("The mark of the first caller stands in no question and in no result.")
    seen = await served.use(mode, f"{served.answer} {COBALT}", arguments=other, who="other")
    if AMBER in "\n".join(map(question_of, seen.asked)):
        raise Problem(f"A question to one client holds {AMBER!r}, which another one sent before.")
    if AMBER in seen.text:
        raise Problem(f"The result for one client holds {AMBER!r}, which another one sent before.")


async def _either(call: Call[Any], client: Asked, scope: anyio.CancelScope) -> None:
    """Wait until the client is asked, or the call is over without that."""
    over = anyio.Event()
    call.when_over(over.set)
    async with anyio.create_task_group() as first:
        for event in (client.is_asked, over):

            async def wait(event: anyio.Event = event) -> None:
                await event.wait()
                first.cancel_scope.cancel()

            first.start_soon(wait)
    scope.cancel()


def case(name: str, title: str, sent: str, why: str, source: str, mend: str, judge: Judge, wrong: str) -> ServerCase:  # noqa: PLR0917 - as in ServerCase
    return ServerCase(f"callers.{name}", title, sent, why, source, mend, judge, wrong=wrong)


CASES = [
    case(
        "one-waits",
        "one client takes its time, another is served",
        "two calls: the client of the first does not answer, that of the second does at once",
        "A person may look at a question for minutes. Who holds a lock meanwhile holds up all others.",
        "advice: 2026-07-28, basic/patterns/mrtr (clients may never retry)",
        "Ask outside every lock, and keep nothing open for an answer.",
        serves_others,
        "async with lock: answer = await ctx.session.create_message(...)",
    ),
    case(
        "hangs-up",
        "a caller hangs up in the middle",
        "a call that is cancelled while its question waits for an answer, then calls of two clients",
        "Clients give up, and on 2026-07-28 none needs to come back. What you took must be free again.",
        "MUST: 2026-07-28, basic/patterns/mrtr, Server Requirements (no retry assumed); 2025-11-25, only advice",
        "Take locks and files in `with`, after the answer; count open calls nowhere.",
        is_free_again,
        "busy = True before the question, busy = False behind the answer",
    ),
    case(
        "goes-on",
        "bad answers are not the end",
        "an image, an empty answer, nonsense, on 2025-11-25 an error; then a good answer",
        "One client with a weak model must not take your server from the others.",
        "advice: 2026-07-28, client/sampling",
        "Leave nothing half-done outside the function when you give up.",
        goes_on,
        "self.failed = True",
    ),
    case(
        "apart",
        "two callers at once are kept apart",
        "two calls at once with marks in arguments and answers; the second is answered before the first",
        "What one user sent, and a model said to it, is nobody else's.",
        "advice: 2026-07-28, client/sampling, Security Considerations (sensitive data)",
        "Keep a call's data in local variables or in requestState, never in a global or on the server.",
        kept_apart,
        "global last; last = text",
    ),
    case(
        "forgotten",
        "what a caller sent is not told to the next",
        "two calls, one after the other, with marks in arguments and answers",
        "A history that all callers share shows each what the others asked.",
        "advice: 2026-07-28, client/sampling, Security Considerations (sensitive data)",
        "Build each question from the arguments of its own call.",
        forgotten,
        "history.append(text)",
    ),
]
