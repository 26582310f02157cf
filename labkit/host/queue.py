"""`with_queue`: so many requests at the model at once, so many in line, and no more.

Without an end a line grows with what servers ask for: each that waits holds a call, its prompt and its place in memory.
"""

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import INTERNAL_ERROR, CreateMessageRequestParams

from labkit.callbacks import TOO_MANY, Answer, hint
from labkit.host.duty import Duty, refusal
from labkit.host.turns import Full, Turns
from labkit.numbers import checked_whole
from labkit.steps import report


def with_queue(callback: SamplingFnT, *, at_once: int = 2, waiting: int = 20) -> "Queue":
    """Let `at_once` requests through at once; `waiting` more stand in line, and the next is turned away.

        with_queue(callback, at_once=2, waiting=20)

    The connections come in turn, and on each who came first: one server that asks for a hundred samples holds up
    nobody else's first. Who gives up leaves the line. Who is turned away is answered with error -32603, as a provider's
    429 is, and a sentence. One queue may serve several Labs.

    Raises:
        ValueError: `at_once` is no whole number of 1 or more, or `waiting` none of 0 or more.
    """
    return Queue(callback, at_once, waiting)


class Queue(Duty):
    """What `with_queue` makes."""

    def __init__(self, callback: SamplingFnT, at_once: int, waiting: int) -> None:
        super().__init__(callback)
        places, most = checked_whole("at_once", at_once, 1), checked_whole("waiting", waiting)
        self._turns = Turns(places, f"its turn, as with_queue(at_once={places}) is full", "Raise at_once=", most)

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return self._turns.waiting

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The answer of the callback, when it is one's turn."""
        if before := self.waiting:
            report(f"in line behind {before}", waiting=before)
        try:
            async with self._turns.of(getattr(context, "session", None)):
                return await self.ask(self.inner[0], context, params)
        except Full:
            places, most = self._turns.places, self._turns.most_waiting
            report(f"turned away: {places} at once and {most} in line")
            words = f"The client answers {places} at once, and {most} stand in line. Ask again later."
            return refusal("queue", words, INTERNAL_ERROR, hint(TOO_MANY))
