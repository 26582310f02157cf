"""A good answer, on each wire: what every other case builds on."""

from labkit.checks.engine import Problem
from labkit.checks.served import BACK, NEWER, OLDER, Served, ServerCase


async def answers(served: Served, mode: str) -> str:
    try:
        return (await served.first(mode)).told
    except Problem as problem:
        if BACK in str(problem):
            problem.mend = (
                "create_message sends a request of the server's own, which this revision has not. Return a Sample from "
                "a resolver, or look at ctx.protocol_version first and go on without the client."
            )
        raise


def case(name: str, mode: str, why: str, source: str, wrong: str) -> ServerCase:
    revision = "2026-07-28" if mode == NEWER else "2025-11-25"
    return ServerCase(
        f"wires.{name}",
        f"a good answer on revision {revision}",
        "a call, whose questions are answered with a whole sentence",
        why,
        source,
        "See what its words are about. If your tool needs another answer, give it: answer=..., or --answer.",
        answers,
        wires=(mode,),
        asks=False,
        wrong=wrong,
    )


CASES = [
    case(
        "newer",
        NEWER,
        "It is what clients speak where both sides can. A server asks with an unfinished result there.",
        "MUST: 2026-07-28, basic/patterns/mrtr (server requests are sent as inputRequests)",
        "await ctx.session.create_message(...), whatever ctx.protocol_version is",
    ),
    case(
        "older",
        OLDER,
        "Every client of 2025 speaks it, and hosts keep it for years.",
        "advice: 2025-11-25, client/sampling, Creating Messages",
        "return InputRequiredResult(...), whatever ctx.protocol_version is",
    ),
]
