"""`scorecard_server`: what a tool of a server does with the clients, answers and mishaps that it will meet.

print(await scorecard_server(make_server, "label", {"text": "I like it."}))
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from labkit.checks.case import Row, written
from labkit.checks.engine import STAGE_TIMEOUT
from labkit.checks.overheard import overheard
from labkit.checks.scorecard import PATIENCE, Scorecard, concluded
from labkit.checks.served import ANSWER, Given, Served, ServerCase
from labkit.checks.serving import callers, clients, errors, questions, replies, rounds, tools, wires

MODULES = (wires, clients, replies, questions, tools, callers, rounds, errors)
SERVER_CASES = written(ServerCase, Path(wires.__file__).with_name("cases.toml"), *MODULES)


def server_cases() -> list[ServerCase]:
    """Every case of the scorecard for servers, for pytest.

    @pytest.mark.anyio
    @pytest.mark.parametrize("case", server_cases(), ids=str)
    async def test_my_server(case: ServerCase) -> None:
        row = await case.examine(make_server, "label", {"text": "I like it."})
        assert not row.failed, row
    """
    return list(SERVER_CASES)


async def scorecard_server(
    server: Given,
    tool: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    answer: str = ANSWER,
    timeout: float = STAGE_TIMEOUT,
) -> Scorecard:
    """Examine a tool of a server in every case, on both revisions.

        print(await scorecard_server(make_server, "label", {"text": "I like it."}))
        print(await scorecard_server("http://localhost:8000/mcp", "label", {"text": "I like it."}))

    It reports, and raises nothing that the server does. Behaviour is judged: a result and an error in words are equally
    good where both are lawful. Each row says how binding its rule is, as in `scorecard`. The tool is called some two
    hundred times, and what it changes it changes as often: examine a server that writes where that does no harm. A
    case that cannot be seen reads "not applicable", as do all on a tool that asks its client nothing.

    Args:
        server: What a Lab takes (an in-process server, `StdioServerParameters`, a URL); or a function that makes a
            server, which then makes one for each case, so that what a case has spoilt spoils no other. Where it takes
            `keys`, a list of texts, and `ttl`, seconds, two processes with a key in common are tried, and a state that
            expires.
        tool: The tool's name.
        arguments: What it is called with. A text among them is called with a mark behind it too.
        answer: What a client says that answers well; give one that your tool can use.
        timeout: Seconds that a call may take. A server that uses them up three times gets a tenth from then on.

    Raises:
        LookupError: The server has no such tool.
        CheckFailed: A case failed, and `LABKIT_STRICT=1` is set.
    """
    served = Served(server, tool, arguments or {}, answer=answer, timeout=timeout)
    rows = [row async for row in examined_server(served)]
    return concluded(Scorecard(served.name, tuple(rows)))


async def examined_server(served: Served) -> AsyncGenerator[Row]:
    """The row of each of `SERVER_CASES` in turn, as soon as it is known."""
    hung, timeout = 0, served.timeout
    async with served:
        await served.look()
        for case in SERVER_CASES:
            served.timeout = timeout if hung < PATIENCE else timeout / 10
            with overheard():
                async with served.anew() if served.is_made else nullcontext(served) as examined:
                    row = await case.examine(examined)
            hung += row.hung
            yield row
