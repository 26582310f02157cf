"""`AuditLog`, `with_audit`: what servers asked for and what became of it, a line of JSON for each sample in a file.

    log = AuditLog("audit.jsonl")
    callback = with_audit(with_guard(with_budget(my_callback)), log)

A line holds facts: who asked, how much, what was decided by whom, what it took. It holds no text of a request or an
answer, unless `texts=True` says so, and then without the secrets that can be told by their form. Names and sentences
are looked through for secrets too. All of a line is ASCII, what servers write stands in values and never in keys, and
nothing in it ends the line: what is printed to a terminal as it is does nothing there, and forges no other line.
"""

import hashlib
import json
import logging
import os
import time
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from logging.handlers import RotatingFileHandler
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Literal
from uuid import uuid4
from weakref import WeakKeyDictionary

from filelock import FileLock
from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import INVALID_PARAMS, CreateMessageRequestParams, ErrorData, ToolUseContent
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from labkit.callbacks import Answer
from labkit.cutting import outline
from labkit.errors import sentence
from labkit.files import opened, tail
from labkit.host.duty import MODEL, REFUSED, Duty, Result, remarks
from labkit.host.texts import dumped, texts
from labkit.host.usage import Meter, metering
from labkit.numbers import checked_number, checked_whole
from labkit.redacting import redact, redact_shown
from labkit.steps import HostStep, Origin, origin, overhearing, report

FORM = 1
"""The number of a line's form. A line of another form is left alone."""

NAME, SENTENCE, MOST_NAMES, ROOM = 200, 500, 30, 32_768
"""Characters of a name and of a sentence that are kept; names in a list; bytes of a request's or an answer's texts."""

MOST = 10**15
"""What no figure in an entry is above: a page counts no further."""

PATIENCE = 1.0
"""Seconds for which a sample waits while another process writes. What is not written then is written with the next."""

UNSAVED = 1_000
"""Entries that are kept while the file cannot be written."""

LAST, LARGEST = 4_000_000, 64_000_000
"""Bytes of a file that are read: for its last entries, and for all."""

Decision = Literal["answered", "refused", "held back", "failed", "cancelled"]
Count = Annotated[int, Field(ge=0, le=MOST)]

_log = logging.getLogger("labkit")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class Asked(_Model):
    """What was asked for.

    Attributes:
        messages: How many there were.
        characters: Of all texts, system prompt, tools and metadata among them.
        max_tokens: The request's maxTokens.
        system: A digest of the system prompt, its secrets left out: equal prompts have equal ones. Empty without one.
        tools: The names of the tools offered to the model, the first `MOST_NAMES` of them.
        tool_count: How many tools there were.
        context: The request's includeContext.
        remarks: What the rules of a guard found in the request or in its answer.
    """

    messages: Count
    characters: Count
    max_tokens: Annotated[int, Field(ge=-MOST, le=MOST)]
    system: str = ""
    tools: tuple[str, ...] = ()
    tool_count: Count = 0
    context: str = ""
    remarks: tuple[str, ...] = ()


class Given(_Model):
    """What the server was given: the model that the answer names, its stop reason, characters, tools used by name."""

    model: str = ""
    stop: str = ""
    characters: Count = 0
    uses: tuple[str, ...] = ()


class Entry(_Model):
    """A sampling request, and what became of it.

    Attributes:
        at: When it came.
        id: Its own, of this log: two entries never share one.
        run: Which `AuditLog` wrote it: each object has another. With `connection` it tells connections apart.
        connection: The number of its connection in that run, from 1. A server cannot choose it.
        server: The name that the server gives itself, which may be another's.
        lab: The name of the Lab, where it was one.
        tool: The tool whose call it was for; empty where the wire does not tell.
        call: The number of that call on its connection.
        wire: The revision of the protocol, where it is known.
        decision: What became of it. "held back" may be asked for again later; "cancelled" was given up meanwhile.
        by: Who decided, where it was not answered: `person`, `rule NAME` of a guard, `approval` for a rule given to one
            or nobody in time, `budget`, `queue`, `timeout`, `tools`, `switch`, `model`, or `client` for anything else.
        why: The sentence that goes with it.
        reached: Whether the request reached the answerer, and so may have left this machine.
        changed: Whether what the answerer got is not what was asked for, or what the server got not what was answered.
        input_tokens: The prompt's, as `labkit.host.usage` counts. So are the answer's. What was cancelled is not known.
        estimated: How many tokens of both were not told by the answerer.
        seconds: Until it was decided.
        texts: The request and the answer themselves, where they are kept.
    """

    form: Literal[1] = FORM
    at: AwareDatetime
    id: str
    run: str
    connection: Count
    server: str = ""
    lab: str = ""
    tool: str = ""
    call: Count | None = None
    wire: str = ""
    asked: Asked
    decision: Decision
    by: str = ""
    why: str = ""
    reached: bool = False
    changed: tuple[Literal["request", "answer"], ...] = ()
    given: Given | None = None
    input_tokens: Count = 0
    output_tokens: Count = 0
    estimated: Count = 0
    seconds: Annotated[float, Field(ge=0)] = 0.0
    texts: dict[str, Any] | None = None

    def line(self) -> bytes:
        """The entry as a line of the file."""
        told = {"form": FORM} | self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps(told, separators=(",", ":")).encode("ascii") + b"\n"

    @classmethod
    def read(cls, line: bytes) -> "Entry | None":
        """The entry of a line; `None` where the line is none of ours."""
        with suppress(ValidationError):
            return cls.model_validate_json(line)
        return None


class AuditLog:
    """The entries of a file, which is added to and never changed.

    Of several threads, and of several processes on one machine, each line is written whole, one after the other, also
    while the file is being rotated: a lock file beside it sees to that. On a network drive it does so as far as that
    drive locks files. A process that is killed while it writes may leave a torn line, which costs that line alone; what
    was not answered when it was killed has no entry. Where the file cannot be written (the disk is full, another
    process holds the lock), `trouble` says so, an error is logged, and up to `UNSAVED` entries wait for the next one.

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
        """
        with self._lock:
            found = {entry.id: entry for entry in reversed(self._unsaved)}
        for path in reversed(self.files()):
            if last is not None and len(found) >= last:
                break
            # A file may be renamed meanwhile, and is then read twice: an entry is told once.
            for line in reversed(tail(path, LARGEST if last is None else LAST).split(b"\n")):
                if (entry := Entry.read(line) if line else None) is not None:
                    found.setdefault(entry.id, entry)
        entries = list(found.values())[:last]
        return entries[::-1]

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
        seen = _Seen([(remark.rule, remark.text) for remark in remarks()])
        outcome: Answer | BaseException = CancelledError()

        def hear(step: HostStep) -> None:
            if isinstance(rule := step.data.get("rule"), str):
                seen.found.append((rule, step.label.partition(": ")[2]))

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
                    self.log.add(self._entry(context, params, outcome, meter, seen))
                    trouble = self.log.trouble
                except Exception as error:  # noqa: BLE001 - it is told
                    trouble = f"The audit log has no entry for this: {sentence(error)}"
                    _log.exception("an entry of the audit log could not be made")
                if trouble:
                    report(trouble)

    def _entry(
        self,
        context: ClientRequestContext,
        params: CreateMessageRequestParams,
        outcome: Answer | BaseException,
        meter: Meter,
        seen: "_Seen",
    ) -> Entry:
        witness, usage = meter.witness, meter.usage
        session: object = getattr(context, "session", None)
        by = origin() or Origin("", str(getattr(session, "protocol_version", "") or ""))
        decision, who, why = _decided(outcome, witness.by, witness.asked)
        answer = outcome if isinstance(outcome, Result) else None
        request_changed = witness.params is not None and witness.params != params
        answer_changed = answer is not None and witness.answer is not None and not witness.is_own(answer)
        kept = {"request": params, "answer": answer} if self._texts else {}
        return Entry(
            at=seen.at,
            id=uuid4().hex,
            run=self.log.run,
            connection=self.log.connection(session),
            server=_name(by.server),
            lab=_name(by.lab),
            tool=_name(by.tool or ""),
            call=by.call,
            wire=_name(by.wire),
            asked=_asked(params, seen.found),
            decision=decision,
            by=_name(who),
            why=_clean(why, SENTENCE),
            reached=witness.asked,
            changed=(*(("request",) if request_changed else ()), *(("answer",) if answer_changed else ())),
            given=answer and _given(answer),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            estimated=usage.estimated,
            seconds=round(time.perf_counter() - seen.began, 3),
            texts={name: _texts_of(each) for name, each in kept.items() if each is not None} or None,
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What rules found in a request, by rule and text, and when it came."""

    found: list[tuple[str, str]]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.perf_counter)


def _decided(outcome: Answer | BaseException, by: str, reached: bool) -> tuple[Decision, str, str]:
    """What became of a request, by whom, and why."""
    if isinstance(outcome, Result):
        return "answered", "", ""
    by = by or "client"
    if isinstance(outcome, CancelledError | GeneratorExit):
        return "cancelled", "client", "It was given up before there was an answer."
    if not isinstance(outcome, ErrorData):
        return "failed", by, _sentence(outcome)
    if by in ("budget", "queue"):
        return "held back", by, outcome.message
    if by == "switch" and reached:
        return "cancelled", by, outcome.message
    refused = outcome.code == REFUSED or (outcome.code == INVALID_PARAMS and by != MODEL)
    return "refused" if refused else "failed", by, outcome.message


def _sentence(error: BaseException) -> str:
    """`error` in one line. Its secrets are looked for before: a key in several lines is not known any more in one."""
    told, cause = sentence(error), error
    for _ in range(10):
        with suppress(Exception):  # a student's exception may be unable to say what it is
            whole = str(cause)
            if (kept := str(redact(whole))) != whole:
                told = told.replace(" ".join(whole.split()), " ".join(kept.split()))
        if (cause := cause.__cause__ or cause.__context__) is None:
            break
    return told


def _asked(params: CreateMessageRequestParams, found: Iterable[tuple[str, str]]) -> Asked:
    tools = params.tools or ()
    system = params.system_prompt
    return Asked(
        messages=len(params.messages),
        characters=_characters(params),
        max_tokens=max(-MOST, min(params.max_tokens, MOST)),
        # A digest of a short secret could be guessed: it is taken of what is left when that is out.
        system="" if system is None else hashlib.sha256(_plain(str(redact(system))).encode()).hexdigest()[:16],
        tools=_names(tool.name for tool in tools),
        tool_count=len(tools),
        context=params.include_context or "",
        remarks=tuple(_clean(f"{rule}: {text}", SENTENCE) for rule, text in islice(dict.fromkeys(found), MOST_NAMES)),
    )


def _given(answer: Result) -> Given:
    blocks = answer.content if isinstance(answer.content, list) else [answer.content]
    return Given(
        model=_name(answer.model),
        stop=_name(answer.stop_reason or ""),
        characters=_characters(answer),
        uses=_names(block.name for block in blocks if isinstance(block, ToolUseContent)),
    )


def _json(subject: CreateMessageRequestParams | Result) -> Any:
    try:
        return dumped(subject)
    except (ValueError, RecursionError):  # nested more deeply than any wire carries
        return outline(subject)


def _characters(subject: CreateMessageRequestParams | Result) -> int:
    content: Any = _json(subject)
    if isinstance(subject, Result):
        content = content.get("content")
    return sum(len(text) for _, text in texts(content))


def _texts_of(subject: CreateMessageRequestParams | Result) -> Any:
    # Cut first, so that it takes no longer for a longer one: where something is cut, its end is left out with it.
    told = json.dumps(redact(outline(_json(subject), ROOM)), ensure_ascii=False)
    return json.loads(told.encode("utf-8", "replace"), parse_constant=str)


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(_name, islice(names, MOST_NAMES)))


def _name(text: str) -> str:
    return _clean(text, NAME)


def _clean(text: str, longest: int) -> str:
    return _plain(redact_shown(text, longest))


def _plain(text: str) -> str:
    """`text` with half characters (lone surrogates) as escapes: no reader of JSON takes them."""
    return text.encode("utf-8", "backslashreplace").decode()
