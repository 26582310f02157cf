"""Several callers, and those who hang up."""

from typing import Any

import anyio

from labkit.call import Call
from labkit.checks.asking_servers import never
from labkit.checks.clock import in_time
from labkit.checks.engine import Problem
from labkit.checks.served import NEWER, Asked, Seen, Served, question_of, seen_of, useful
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


JUDGES = {
    "callers.one-waits": serves_others,
    "callers.hangs-up": is_free_again,
    "callers.goes-on": goes_on,
    "callers.apart": kept_apart,
    "callers.forgotten": forgotten,
}
