"""`AuditLog`, `with_audit`: what servers asked for and what became of it, a line of JSON for each sample in a file.

    log = AuditLog("audit.jsonl")
    callback = with_audit(with_guard(with_budget(my_callback)), log)

A line holds facts: who asked, how much, what was decided by whom, what it took. It holds no text of a request or an
answer, unless `texts=True` says so, and then without the secrets that can be told by their form. All of a line is
ASCII, what servers write stands in values and never in keys, and nothing in it ends the line: what is printed to a
terminal as it is does nothing there, and forges no other line.
"""

import logging
import os
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from threading import Lock
from uuid import uuid4
from weakref import WeakKeyDictionary

from filelock import FileLock
from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.errors import sentence
from labkit.files import opened, tail
from labkit.host.audit_entry import Entry, Sample
from labkit.host.duty import Duty, remarks
from labkit.host.usage import metering
from labkit.numbers import checked_limit, checked_number, checked_whole
from labkit.steps import HostStep, overhearing, report

PATIENCE = 1.0
"""Seconds for which a sample waits while another process writes. What is not written then is written with the next."""

UNSAVED = 1_000
"""Entries that are kept while the file cannot be written."""

LAST, LARGEST = 4_000_000, 64_000_000
"""Bytes of a file that are read: for its last entries, and for all."""

_log = logging.getLogger("labkit")


class AuditLog:
    """The entries of a file, which is added to and never changed.

    Of several threads, and of several processes on one machine, each line is written whole, one after the other, also
    while the file is being rotated: a lock file beside it sees to that. On a network drive it does so as far as that
    drive locks files. A process that is killed while it writes may leave a torn line, which costs that line alone.
    Where the file cannot be written (the disk is full, another process holds the lock), `trouble` says so, an error is
    logged, and up to `UNSAVED` entries wait for the next one. There is no entry of what was not answered when the
    process was killed, nor of what the SDK or a Lab answers without asking a callback.

        log = AuditLog("audit.jsonl", megabytes=5, keep=5)
        log.entries(last=20)

    Args:
        path: The file. Its folder is made where it is missing; only its owner may read it.
        megabytes: The size above which the file becomes `audit.jsonl.1`, and that one `audit.jsonl.2`.
        keep: How many older files are kept.
        days: How long entries are kept, where there is an end to it: a file goes when all in it are older, and one is
            made anew in time, so that nothing stays for longer than that and a `keep`-th part of it. This is seen to
            whenever an entry is written.

    Raises:
        ValueError: A number is none that can stand there.
    """

    def __init__(self, path: str | Path, *, megabytes: float = 5.0, keep: int = 5, days: float | None = None) -> None:
        self.path = Path(path).absolute()
        self.run = uuid4().hex[:8]
        self.trouble = ""
        """Why the file could not be written the last time, in a sentence; empty where it could."""
        self._largest = checked_number("megabytes", megabytes) * 1e6
        self._keep = checked_whole("keep", keep, 1)
        self._days = None if days is None else timedelta(days=checked_number("days", days))
        self._unsaved: deque[Entry] = deque(maxlen=UNSAVED)
        self._lost = 0
        self._lock = Lock()
        self._among_processes = FileLock(f"{self.path}.lock", mode=0o600, poll_interval=0.005)
        self._connections: WeakKeyDictionary[object, int] = WeakKeyDictionary()
        self._listeners: list[Callable[[], object]] = []

    def connection(self, session: object) -> int:
        """The number of a connection in this run, from 1; 0 where nobody tells the connection."""
        with self._lock:
            return 0 if session is None else self._connections.setdefault(session, len(self._connections) + 1)

    def add(self, entry: Entry) -> None:
        """Keep an entry; raises nothing."""
        with self._lock:
            self._lost += len(self._unsaved) == UNSAVED
            self._unsaved.append(entry)
            try:
                # Only the first waits for another process, and no line of samples behind it.
                with self._among_processes.acquire(timeout=0 if self.trouble else PATIENCE):
                    self._rotate()
                    while self._unsaved:
                        _append(self.path, self._unsaved[0].line())
                        self._unsaved.popleft()
                self.trouble = ""
            except (OSError, NotImplementedError) as error:  # filelock.Timeout is an OSError
                self._failed(error)
        for listener in tuple(self._listeners):
            try:
                listener()
            except Exception:  # noqa: BLE001 - it is logged
                self._forget(listener)
                _log.exception("a listener of an audit log failed and is not called any more")

    def _failed(self, error: Exception) -> None:
        reason = getattr(error, "strerror", None) or sentence(error)
        lost = f", and {self._lost:,} older ones are lost" if self._lost else ""
        first = not self.trouble
        self.trouble = (
            f"The audit log {self.path.name} could not be written ({reason}). "
            f"Entries that wait for the next try: {len(self._unsaved):,}{lost}."
        )
        if first:
            _log.error(self.trouble)

    def _rotate(self) -> None:
        """Begin another file where it is time, and delete those that are too old."""
        with suppress(FileNotFoundError):
            now = datetime.now(UTC)
            if self._days is not None:
                for path in self.files()[:-1]:
                    if now - datetime.fromtimestamp(path.stat().st_mtime, UTC) > self._days:
                        path.unlink()
            too_large = self.path.stat().st_size >= self._largest
            if too_large or (self._days is not None and now - self._begun() > self._days / self._keep):
                handler = RotatingFileHandler(self.path, backupCount=self._keep, delay=True, encoding="utf-8")
                try:
                    handler.doRollover()
                finally:
                    handler.close()

    def _begun(self) -> datetime:
        with self.path.open("rb") as file:
            entry = Entry.read(file.readline(LAST))
        return entry.at if entry else datetime.now(UTC)

    def files(self) -> list[Path]:
        """The files that are there, the oldest first."""
        paths = [self.path.with_name(f"{self.path.name}.{n}") for n in range(self._keep, 0, -1)]
        return [path for path in [*paths, self.path] if path.exists()]

    def entries(self, last: int | None = None) -> list[Entry]:
        """The entries in the order in which they were written, or at most the `last` of them.

        A line that is none of ours is left out. Of all files, those of other processes are read too.

        Raises:
            ValueError: `last` is no whole number, or negative.
        """
        checked_limit("last", last)
        with self._lock:
            found = {entry.id: entry for entry in reversed(self._unsaved)}
        for path in reversed(self.files()):
            if last is not None and len(found) >= last:
                break
            # A file may be renamed meanwhile, and is then read twice: an entry is told once.
            for line in reversed(tail(path, LARGEST if last is None else LAST).split(b"\n")):
                if last is not None and len(found) >= last:
                    break
                if line and (entry := Entry.read(line)) is not None:
                    found.setdefault(entry.id, entry)
        return [*found.values()][:last][::-1]

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call `listener` after each entry that this object adds, in the thread that adds it; the result ends that."""
        self._listeners.append(listener)
        return partial(self._forget, listener)

    def _forget(self, listener: Callable[[], object]) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)

    def __repr__(self) -> str:
        return f"AuditLog({self.path.name!r})"


def _append(path: Path, line: bytes) -> None:
    """Add a line to a file, or nothing of it.

    Raises:
        OSError: It could not be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = opened(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.lseek(handle, 0, os.SEEK_END)
        if size:
            os.lseek(handle, -1, os.SEEK_END)
            if os.read(handle, 1) != b"\n":  # who was killed while it wrote left it torn
                line = b"\n" + line
        try:
            if os.write(handle, line) < len(line):
                raise OSError("the disk is full")
        except OSError:
            os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)


def with_audit(callback: SamplingFnT, log: AuditLog, texts: bool = False) -> "Audit":
    """Write an entry to `log` for every request, whatever becomes of it: answered, refused, failed or given up.

        with_audit(with_guard(with_approval(callback)), AuditLog("audit.jsonl"))

    It stands outside the other duties: what is refused further out it does not see. A log that cannot be written stops
    no sample; the flow says so, and `log.trouble`.

    Args:
        callback: Who is asked.
        log: Where the entries go. One may serve several connections.
        texts: Whether to keep the texts of request and answer too, cut and without secrets that can be told.

    Raises:
        TypeError: `log` is none, or `texts` neither true nor false.
    """
    return Audit(callback, log, texts)


class Audit(Duty):
    """What `with_audit` makes."""

    def __init__(self, callback: SamplingFnT, log: AuditLog, texts: bool = False) -> None:
        super().__init__(callback)
        if not isinstance(log, AuditLog):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
            raise TypeError(f'a {type(log).__name__} is no log: write with_audit(callback, AuditLog("audit.jsonl"))')
        if not isinstance(texts, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"texts={texts!r}: say True where the texts are to be kept, else False")
        self.log, self._texts = log, texts

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The answer of the callback."""
        session: object = getattr(context, "session", None)
        sample = Sample(session, params, [(remark.rule, remark.text) for remark in remarks()])
        outcome: Answer | BaseException = CancelledError()

        def hear(step: HostStep) -> None:
            if isinstance(rule := step.data.get("rule"), str):
                sample.found.append((rule, step.label.partition(": ")[2]))

        with metering(params) as meter, overhearing(hear):
            try:
                outcome = await self.ask(self.inner[0], context, params)
                return outcome
            except BaseException as error:
                outcome = error
                raise
            finally:
                # In the same breath: nothing is awaited, so that whoever cancels or closes this is told of too.
                try:
                    number = self.log.connection(session)
                    entry = sample.entry(outcome, meter, texts=self._texts, run=self.log.run, connection=number)
                    self.log.add(entry)
                    trouble = self.log.trouble
                except Exception as error:  # noqa: BLE001 - it is told
                    trouble = f"The audit log has no entry for this: {sentence(error)}"
                    _log.exception("an entry of the audit log could not be made")
                if trouble:
                    report(trouble)
