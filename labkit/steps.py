"""How models and duties tell the flow what they did.

A sampling callback, or anything it calls, says `report("held: over budget")` and the step appears in the flow of the
tool call it works for. Outside a Lab nobody listens and `report` does nothing, so the same callback runs unchanged with
a plain `mcp.Client`. This module imports nothing of the kit: a model or a duty needs it and no more.
"""

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Lane = Literal["you", "client", "callback", "model", "server"]
"""Who acts in a flow: the person, the MCP client, the sampling callback, the model, the MCP server."""

LANES: tuple[Lane, ...] = ("you", "client", "callback", "model", "server")

ELSEWHERE = 'a sample of one of the open calls: see "call unknown"'
"""The label of a step that stands in a flow for samples which may be its own: the wire does not tell."""


@dataclass(frozen=True, slots=True)
class HostStep:
    """One thing that happened on the client's side of the wire.

    `source` and `target` are lanes; they are equal for something a party did by itself. `data` must be JSON: it is
    shown when the step is opened, and it is kept, so nothing secret belongs in it. A `reply` ends what an earlier step
    began and is drawn with a broken line.
    """

    label: str
    source: Lane
    target: Lane
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    reply: bool = False


@dataclass(frozen=True, slots=True)
class Written(HostStep):
    """What a server wrote to its standard error, until something else happened. It is no part of the protocol."""

    MOST: ClassVar[int] = 16_000
    """Characters that are kept, the last ones."""

    @classmethod
    def of(cls, text: str, lines: int = 0) -> "Written":
        """The step of `text`, before which `lines` of it were let go."""
        if len(text) > cls.MOST:
            # Whole lines go: of a secret that is cut in two no half is known for one.
            kept = text[-cls.MOST :].partition("\n")[2]
            lines, text = lines + text.count("\n") - kept.count("\n"), kept
        lines += text.count("\n") + 1
        last = next((line for line in reversed(text.splitlines()) if line.strip()), "")
        many = f", {lines:,} lines" if lines > 1 else ""
        return cls(f"stderr{many}: {last.strip()}", "server", "server", {"stderr": text, "lines": lines})

    def and_then(self, later: "Written") -> "Written":
        """Both as one step."""
        text = self.data["stderr"]
        return self.of(f"{text}\n{later.data['stderr']}", self.data["lines"] - text.count("\n") - 1)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sampling request comes from, as far as the client can know it.

    `server` is the name of the connection's server, `lab` the name of the Lab. `tool` and `arguments` are the
    asking call's, and `call` is the number of that call on the connection; they are `None` where the wire does not say
    (two calls open at once over stdio on revision 2025-11-25).
    """

    server: str
    wire: str
    tool: str | None = None
    arguments: dict[str, Any] | None = None
    call: int | None = None
    lab: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Wait:
    """What a sample waits for, in words that stand behind "it waited for"; what to do about it, and of which kind."""

    what: str
    cure: str
    kind: Literal["person", "line", "pause"]

    @property
    def in_line(self) -> bool:
        """Whether others come first."""
        return self.kind == "line"


Timed = Callable[[Wait], AbstractContextManager[object]]
"""Stands around each wait, from its beginning to its end."""

_encoder = json.JSONEncoder(default=repr)
_decoder = json.JSONDecoder(parse_constant=str)
_listener: ContextVar[Callable[[HostStep], None] | None] = ContextVar("labkit_listener", default=None)
_waits: ContextVar[list[Wait] | None] = ContextVar("labkit_waits", default=None)
_timed: ContextVar[Timed | None] = ContextVar("labkit_timed", default=None)
_origin: ContextVar[Origin | None] = ContextVar("labkit_origin", default=None)
_reader: ContextVar[Callable[[str], object] | None] = ContextVar("labkit_reader", default=None)


def report(label: str, *, source: Lane = "callback", target: Lane | None = None, **data: Any) -> None:
    """Add a step to the flow of the sample being answered. What a model sends to another lane is its reply.

    Args:
        label: What happened, in a few words.
        source: The lane that acts.
        target: The lane it acts on; the same lane when left out.
        data: JSON values to show when the step is opened.
    """
    listener = _listener.get()
    if listener is not None:
        listener(
            HostStep(label, source, target or source, jsonable(data), reply=source == "model" and target is not None)
        )


def reader() -> Callable[[str], object] | None:
    """What reads along while the sample is answered, to be called with the answer so far as it grows, or `None`.

    A model asks for it once, before it draws or asks a provider: it may be called from any thread.
    """
    return _reader.get()


@contextmanager
def reading_along(read: Callable[[str], object]) -> Generator[None]:
    """Let `read` hear each answer inside the block as it grows, from models that tell it."""
    former = _reader.set(read)
    try:
        yield
    finally:
        _reader.reset(former)


def jsonable(data: dict[str, Any]) -> dict[str, Any]:
    """A copy of `data` as JSON holds it, so that what changes later does not change what was kept.

    What JSON cannot hold becomes text: an object its `repr`, NaN and the infinities their names.
    """
    if all(type(value) is str and type(name) is str for name, value in data.items()):
        return dict(data)
    try:
        return _decoder.decode(_encoder.encode(data))
    except (TypeError, ValueError, RecursionError):  # keys that are no text, a circle, too many levels
        return {str(name): repr(value) for name, value in data.items()}


def origin() -> Origin | None:
    """Which server, and which tool call of it, asks for the sample being answered; `None` outside a Lab."""
    return _origin.get()


@contextmanager
def waiting_for(what: str, *, cure: str, kind: Literal["person", "line", "pause"]) -> Generator[None]:
    """Say what the sample being answered waits for inside the block. A call that runs out of time meanwhile tells so.

    Args:
        what: The cause of the wait in a few words, behind "it waited for": `a person to decide on the request`.
        cure: What makes the wait shorter, before "or give the Lab more time": `Decide sooner`.
        kind: For a person; in line, where others come first; or a pause between two tries. A call whose samples do not
            all wait in line is held up by something else.
    """
    waits, timed, wait = _waits.get(), _timed.get(), Wait(what, cure, kind)
    if waits is not None:
        waits.append(wait)
    try:
        with timed(wait) if timed else nullcontext():
            yield
    finally:
        if waits is not None:
            waits.remove(wait)


def held_up_by(waits: Sequence[Wait], samples: int) -> Wait | None:
    """What holds up a call with so many open samples: a person; or a line, where none of them has come to its turn."""
    waits = tuple(waits)  # another thread may add to them
    held_up = next((wait for wait in waits if not wait.in_line), None)
    return waits[0] if held_up is None and waits and len(waits) >= samples else held_up


@contextmanager
def listening(
    listener: Callable[[HostStep], None], asked_by: Origin, waits: list[Wait] | None = None
) -> Generator[None]:
    """Bind `report` to `listener` and `origin` to `asked_by` for the code inside the block.

    Args:
        listener: Hears each step.
        asked_by: What `origin` tells.
        waits: Where `waiting_for` keeps what is waited for.
    """
    heard = _listener.set(listener)
    known = _origin.set(asked_by)
    waited = _waits.set(waits)
    try:
        yield
    finally:
        _listener.reset(heard)
        _origin.reset(known)
        _waits.reset(waited)


@contextmanager
def overhearing(listener: Callable[[HostStep], None], timed: Timed | None = None) -> Generator[None]:
    """Let `listener` hear what is reported inside the block, also outside a Lab; earlier listeners still hear.

    Args:
        listener: Hears each step.
        timed: Stands around what is waited for inside the block, in place of who did so before.
    """
    outer = _listener.get()

    def both(step: HostStep) -> None:
        listener(step)
        if outer is not None:
            outer(step)

    heard, clocked = _listener.set(both), _timed.set(timed or _timed.get())
    try:
        yield
    finally:
        _listener.reset(heard)
        _timed.reset(clocked)
