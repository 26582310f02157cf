"""What is not on the clock of a student's code: the first use of the kit itself, and a processor that others have."""

from collections.abc import Callable
from time import monotonic, process_time
from typing import Annotated

from mcp import Client
from mcp.server.mcpserver import MCPServer, Resolve, Sample
from mcp_types import CreateMessageResult, SamplingMessage, TextContent

from labkit.models.scripted import Scripted
from servers.serving import quietly

WAITING = 0.03
"""A process that has had a smaller share of one processor was waiting, and not for a processor."""


class Clock:
    """Tells how much of the time that goes by a busy machine takes from this process.

    Who has computed, though less than the time that went by, may have wanted the rest of it too, and did not get it. An
    import of two seconds takes twenty among ten programs.

    Args:
        most: Seconds that are left out in all, for code that computes a little and never ends.
        went: Tells the time.
        had: Tells the processor time of this process.
    """

    def __init__(
        self, most: float, went: Callable[[], float] = monotonic, had: Callable[[], float] = process_time
    ) -> None:
        self._left = most
        self._clocks = went, had
        self._last = went(), had()

    def lost(self) -> float:
        """Seconds since the last call of this that are not to be counted."""
        now = self._clocks[0](), self._clocks[1]()
        went, had = now[0] - self._last[0], now[1] - self._last[1]
        self._last = now
        lost = min(max(went - had, 0.0), self._left) if had > WAITING * went else 0.0
        self._left -= lost
        return lost


async def use_the_kit() -> None:
    """Do on each wire what a first call imports: two seconds of schemas that are nobody's fault."""
    for mode in ("auto", "legacy"):
        async with Client(_server(), mode=mode, sampling_callback=Scripted(lambda _: "Yes.")) as client:
            await client.call_tool("first")


@quietly()
def _server() -> MCPServer:
    server = MCPServer("first use")

    async def question() -> Sample:
        return Sample([SamplingMessage(role="user", content=TextContent(text="Ready?"))], max_tokens=1)

    @server.tool()  # its result is structured, for which the client imports jsonschema
    async def first(answer: Annotated[CreateMessageResult, Resolve(question)]) -> str:
        return answer.model

    return server
