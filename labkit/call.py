"""`Call`, the handle of one request that a Lab makes, and `Calls`, which ties frames and samples to them."""

import asyncio
import concurrent.futures
from asyncio import CancelledError, Task, current_task, get_running_loop
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager, suppress
from contextvars import Context, ContextVar, copy_context
from functools import partial
from itertools import count
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import ref

from mcp import MCPError
from mcp.client.session import SamplingFnT
from mcp.shared.dispatcher import coerce_request_id
from mcp_types import PARSE_ERROR, RequestId

from labkit.cutting import Latest
from labkit.errors import (
    CallbackError,
    CallbackStuck,
    CallTimeout,
    ConnectError,
    LabClosed,
    LabError,
    Line,
    line_awaited,
    line_of,
)
from labkit.plain import quoted
from labkit.record import CONNECTION
from labkit.runtime import TICK, Runtime, Watch, wait
from labkit.sampled import Sample, samples_of
from labkit.steps import Wait, held_up_by
from labkit.unread import SHOWN
from labkit.wire import Frame

if TYPE_CHECKING:
    from labkit.flow import Flow

T = TypeVar("T")


class Call(Generic[T]):
    """A call in flight, or one that is over.

    call = lab.start("process_log_entry", {"log_line": line})  # returns at once
    call.done     # False while the server, the callback or the model is at work
    await call    # the CallToolResult; raises what went wrong
    call.cancel()
    """

    def __init__(
        self,
        number: int,
        title: str,
        tool: str | None = None,
        arguments: dict[str, Any] | None = None,
        lab: Any = None,
    ) -> None:
        self.number = number
        """The number of the call within the Lab, counted from 1."""
        self.title = title
        self.tool = tool
        self.arguments = arguments
        self.lab = lab
        """The Lab that made the call; `None` for work that keeps no record."""
        self.options: dict[str, Any] = {}
        """What was given to the client with the call, beside the arguments."""
        self.callback: SamplingFnT | None = None
        """Who answers this call's samples in place of the Lab's callback, as far as the wire tells whose they are."""
        self.asking: dict[str, Coroutine[Any, Any, object]] = {}
        """The samples that the callback answers just now, or was cut off from answering, by request id."""
        self.unread = ""
        """What the server last sent, while the call was open, that could not be read."""
        self.unanswered: MCPError | None = None
        """What ends the call, where its answer came and could not be read."""
        self.pointed = False
        """Whether the flow says where a sample stands that may be this call's: the wire does not tell."""
        self.waits: list[Wait] = []
        """What the call's samples say that they wait for: a person, a turn."""
        self.fault: LabError | None = None
        """What was wrong with the callback, where something was, and on which line: the result does not tell."""
        self.context = copy_context()
        """The context of the cell that made the call: what the callback prints lands in that cell."""
        self._future: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._task: Task[None] | None = None
        self._runtime: Runtime | None = None
        self._timeout = 0.0
        self._watch: Watch | None = None
        self._anew: Callable[[], object] | None = None
        self._future.add_done_callback(partial(_given_up, ref(self)))

    @property
    def done(self) -> bool:
        """Whether there is a result, an error, or a cancellation."""
        return self._future.done()

    @property
    def failure(self) -> BaseException | None:
        """What ended the call in place of a result; `None` while it goes on, too."""
        if self._future.cancelled():
            return CancelledError()
        return self._future.exception() if self.done else None

    @property
    def flow(self) -> "Flow":
        """What happened in this call so far."""
        if self.lab is None:
            raise LookupError("this work keeps no record")
        return self.lab.flow_of(self.number)

    @property
    def samples(self) -> list[Sample]:
        """What the server asked in this call so far, sample by sample, to be asked again: `replay(call.samples[0])`."""
        return samples_of(self.flow.steps, self.title, self.lab)

    def cancel(self) -> bool:
        """Stop the call, also when its callback hangs. False when it was over already."""
        return self._future.cancel()

    def result(self, timeout: float | None = None) -> T:
        """Block until the call is over, for plain scripts.

        A cell that blocks gets no clicks and no widgets: there, write `await call`.

        Raises:
            TimeoutError: The call is not over after `timeout` seconds. It goes on.
            RuntimeError: The caller is a callback or a tool, which the call itself needs to go on.
        """
        if not self.done and self._runtime is not None and self._runtime.here:
            raise RuntimeError(f"{self.title} cannot go on while its thread waits for it: write `await call`")
        return self._future.result(timeout)

    def __await__(self) -> Generator[Any, None, T]:
        return wait(self._future).__await__()

    def __repr__(self) -> str:
        return f"<Call {self.number} {self.title}: {'done' if self.done else 'in flight'}>"

    def runs_on(self, runtime: Runtime, timeout: float, anew: Callable[[], object]) -> None:
        """Put the call under the watchdog of `runtime`, which ends it when the lab thread does not.

        `anew` starts it on another runtime, should this one be left behind before the call has begun.
        """
        self._runtime, self._timeout, self._anew = runtime, timeout, anew
        self._watch = Watch(monotonic() + timeout + TICK, self._stuck, self._overdue)
        runtime.watch(self._watch)

    def _stuck(self, line: Line | None, retired: bool) -> None:
        anew, late = self._anew, self._watch is None or monotonic() >= self._watch.deadline
        self._unwatch()
        if retired and self._task is None and anew is not None and not self.done:
            anew()
        elif retired and not late:
            self.fail(lost_error(self, line))
        else:
            self.fail(stuck_error(line, self._timeout, retired=retired))

    def _overdue(self) -> None:
        self.fail(timeout_error(self, self._timeout))
        self._unwatch()

    def _unwatch(self) -> None:
        if self._runtime is not None and self._watch is not None:
            self._runtime.unwatch(self._watch)
        # These lead back to the call. A circle of a hundred objects for each call would keep the collector busy.
        self._watch = self._anew = None

    def runs_as(self, work: Coroutine[Any, Any, None]) -> None:
        """Start the work as a task of the running loop, unless the call is over or was begun anew on another."""
        loop = get_running_loop()
        if self.done or (self._runtime is not None and self._runtime.loop is not loop):
            work.close()
            if self.done:
                self._unwatch()
            return
        self._task = self.context.copy().run(loop.create_task, work)
        self._task.add_done_callback(self._over)

    def _over(self, _: Task[None]) -> None:
        self._task = None
        if not self.done:  # a task that is cancelled before its first step never runs, and settles nothing
            self.fail(LabClosed(f"{self.title} was stopped before it began."))
        self._unwatch()

    def when_over(self, function: Callable[[], object]) -> None:
        """Call `function` when there is a result, an error, or a cancellation, in the thread that brings it."""
        self._future.add_done_callback(lambda _: function())

    def succeed(self, result: T) -> None:
        with suppress(concurrent.futures.InvalidStateError):
            self._future.set_result(result)

    def fail(self, error: BaseException) -> None:
        if isinstance(error, CallbackStuck):
            error = stuck_error(line_of(error), self._timeout, retired=False)
        # The watchdog's thread may settle the call in the same moment: the first word counts.
        with suppress(concurrent.futures.InvalidStateError):
            self._future.set_exception(error)

    def prolong(self, seconds: float) -> None:
        """Have the watchdog come `seconds` later."""
        if (watch := self._watch) is not None:
            watch.deadline += seconds

    def abandon(self) -> None:
        """Stop the work: nobody waits for it any more."""
        if (watch := self._watch) is not None:
            watch.hurry()
        if self._runtime is not None:
            self._runtime.post(self._cancel_task)

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._task.cancel()


def _given_up(call: "ref[Call[Any]]", future: "concurrent.futures.Future[Any]") -> None:
    if future.cancelled() and (abandoned := call()) is not None:
        abandoned.abandon()


_NO_CALL = {CONNECTION: "connect", None: "call unknown"}

OPEN = 10_000
"""Requests without an answer, of each side, whose call is known at least. A server need not answer, and may ask on."""


class Calls:
    """The calls of one Lab, and which of them a frame or a sample belongs to.

    A request of ours carries its call in a context variable. A request of the server carries it too where the transport
    hands contexts on; over stdio on revision 2025-11-25 it does not, and then it is known only while one call is open.

    Args:
        keep: Of how many calls, and of how many requests without an answer, it is known.
    """

    def __init__(self, keep: int = 10_000) -> None:
        self.begun: dict[int, Call[Any]] = {}
        """The calls that are not over."""
        self.open: dict[int, Call[Any]] = {}
        """The calls whose work goes on."""
        self.titles: dict[int, str] = Latest(keep)
        self.last = CONNECTION
        self.fault: LabError | None = None
        """The last mistake of the callback since a call was begun while no other was under way."""
        self.last_unread = ""
        """What the server last sent that could not be read."""
        self._numbers = count(1)
        keep = max(keep, OPEN)
        self._ours: dict[RequestId, int | None] = Latest(keep)
        self._theirs: dict[RequestId, int | None] = Latest(keep)

    def title(self, number: int | None) -> str:
        """The title of a call that is still known; of what is no call, what it is."""
        return _NO_CALL.get(number) or self.titles.get(number or 0, "")

    def begin(self, title: str, tool: str | None, arguments: dict[str, Any] | None, lab: object) -> Call[Any]:
        """A new call, not yet at work."""
        number = next(self._numbers)
        self.titles[number] = title
        self.last = number
        self.fault = self.fault if self.begun else None
        call: Call[Any] = Call(number, title, tool, arguments, lab)
        self.begun[number] = call
        call.when_over(lambda: self.begun.pop(number, None))
        return call

    @contextmanager
    def at_work(self, call: Call[Any]) -> Generator[None]:
        """Mark what the block sends as the work of `call`."""
        self.open[call.number] = call
        token = _current.set((self, call))
        try:
            yield
        finally:
            _current.reset(token)
            del self.open[call.number]

    def current(self) -> Call[Any] | None:
        """The call that the running code works for, as far as can be known."""
        mark = _current.get()
        if mark is not None and mark[0] is self:
            return mark[1]
        return next(iter(self.open.values())) if len(self.open) == 1 else None

    def of(self, frame: Frame) -> int | None:
        """The number of the call that `frame` belongs to."""
        ours = frame.direction == "to server"
        if frame.id is not None and frame.method is None:
            return self._theirs.pop(frame.id, None) if ours else self._ours.pop(coerce_request_id(frame.id), None)
        number = self._sender() if ours else self._told_by(frame)
        if frame.id is not None:
            (self._ours if ours else self._theirs)[frame.id] = number
        return number

    def unread(self, frame: Frame, number: int | None) -> None:
        """Note what could not be read, and end the call number `number` where it was its answer."""
        what = frame.fault or f"an answer to no open request: {quoted(frame.json.decode(errors='replace'), SHOWN)}"
        self.last_unread = what
        for call in self.open.values():
            call.unread = what
        if frame.fault and frame.id is not None and (call := self.open.get(number or CONNECTION)):
            call.unanswered = MCPError(
                PARSE_ERROR, f"The answer to {call.title} cannot be read. The server sent {what}"
            )
            call.abandon()

    def _sender(self) -> int:
        """Whose work sends; what no call sends is the connection's own, also while it is made anew for a call."""
        mark = _current.get()
        return mark[1].number if mark is not None and mark[0] is self else CONNECTION

    def _told_by(self, frame: Frame) -> int | None:
        """Whose work a request or a notification of the server belongs to. Progress names the request that it is of."""
        if frame.method == "notifications/progress" and len(self.open) > 1:
            token = frame.message.get("params", {}).get("progressToken")
            if isinstance(token, str | int) and (number := self._ours.get(coerce_request_id(token))) is not None:
                return number
        return self.now()

    def now(self) -> int | None:
        """The number of the call that is at work; `CONNECTION` where none is, `None` where it is one of several."""
        call = self.current()
        if call is not None:
            return call.number
        return None if self.open else CONNECTION


class Patience:
    """Slows down the reading of what a server sends unasked, so that a flood after a time-out keeps no core busy.

    While no call is open, `BURST` frames are read at once and then `RATE` a second; a large frame counts as several.
    What is not read makes the server wait.

    Args:
        is_idle: Whether no call is open.
        tell: Called when the slow reading begins, with a sentence.
    """

    BURST, RATE, SIZE = 1_000, 100, 10_000

    def __init__(self, is_idle: Callable[[], bool], tell: Callable[[str], object]) -> None:
        self._is_idle = is_idle
        self._tell = tell
        self._level = 0.0
        self._then = monotonic()
        self._told = False

    def heard(self, size: int) -> None:
        """Count a frame of `size` bytes that the server has sent."""
        if self._is_idle():
            self._level += 1 + size / self.SIZE
        else:
            self._level, self._told = 0.0, False

    def turn(self) -> Awaitable[None] | None:
        """What is to be awaited before the next frame is read; `None` where it can be read at once."""
        return self._wait() if self._level > self.BURST and self._is_many() else None

    def _is_many(self) -> bool:
        now = monotonic()
        self._level, self._then = max(0.0, self._level - (now - self._then) * self.RATE), now
        return self._level > self.BURST and self._is_idle()

    async def _wait(self) -> None:
        if not self._told:
            self._told = True
            self._tell(
                f"the server goes on sending although no call is open: {self.RATE} messages a second are read, "
                "until the next call"
            )
        while self._is_many():  # noqa: ASYNC110 - it ends by the clock too
            await asyncio.sleep(TICK)


class Deadline:
    """Ends the block after `seconds` and raises `error()`, which is made while what hangs can still be seen hanging."""

    def __init__(self, seconds: float, error: Callable[[], BaseException]) -> None:
        self._seconds = seconds
        self._error = error
        self._made: BaseException | None = None

    def __enter__(self) -> None:
        self._task = current_task()
        self._cancelling = self._task.cancelling() if self._task else 0
        # A cancelled timer keeps its context until its time: an empty one, and not all that the call knows.
        self._timer = get_running_loop().call_later(self._seconds, self._end, context=Context())

    def _end(self) -> None:
        self._made = self._error()
        if self._task is not None:
            self._task.cancel()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._made is None or self._task is None:
            return
        # Whoever else cancelled the task has the last word, as in `asyncio.timeout`.
        if self._task.uncancel() <= self._cancelling and isinstance(exc, CancelledError):
            raise self._made from exc


_current: ContextVar[tuple[Calls, Call[Any]] | None] = ContextVar("labkit_call", default=None)


def stuck_error(line: Line | None, timeout: float, *, retired: bool) -> CallbackError:
    """The sentence for code that held the lab thread until the watchdog came."""
    where = f" at {line}" if line else ""
    left = " It could not be broken off, so the lab left that thread behind; the next call starts anew."
    return CallbackError(
        f"Your code did not give the lab back within timeout={timeout:g} s{where}. "
        "Code that waits must use `await`; put a blocking call into `await asyncio.to_thread(...)`."
        + (left if retired else "")
    )


def lost_error(call: Call[Any], line: Line | None) -> ConnectError:
    """The sentence for a call that was under way beside code that held the lab thread for good."""
    where = f" at {line}" if line else ""
    return ConnectError(f"{call.title} was lost: other code held the lab thread{where}. Make the call again.")


def timeout_error(call: Call[Any], timeout: float) -> CallTimeout:
    """The sentence for a call that outlived its deadline, and for whom it waited."""
    if held_up := held_up_by(call.waits, len(call.asking)):
        return CallTimeout(
            f"{call.title} was stopped after timeout={timeout:g} s: it waited for {held_up.what}. "
            f"{held_up.cure}, or give the Lab more time: Lab(..., timeout=...)."
        )
    who = "the sampling callback has not answered" if call.asking else "the server has not answered"
    lines = [line for line in map(line_awaited, call.asking.values()) if line]
    where = f"; it waits at {lines[0]}" if lines else ""
    unread = f" The server sent {call.unread}" if call.unread and not call.asking else ""
    return CallTimeout(
        f"{call.title} was stopped after timeout={timeout:g} s: {who}{where}. "
        f"Make it faster, or give the Lab more time: Lab(..., timeout=...).{unread}"
    )
