"""`Entry`: what an audit log keeps of a sampling request, made of what was seen of it.

No text of a request or an answer is in it, but where these are to be kept. Names and sentences are looked through for
secrets, cut, and free of half characters, which no reader of JSON takes.
"""

import hashlib
import json
import time
from asyncio import CancelledError
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any, Literal
from uuid import uuid4

from mcp_types import INVALID_PARAMS, CreateMessageRequestParams, ErrorData, ToolUseContent
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from labkit.callbacks import Answer
from labkit.cutting import LARGEST, outline
from labkit.errors import CallbackStuck, sentence
from labkit.host.duty import MODEL, REFUSED, Result
from labkit.host.texts import dumped, texts
from labkit.host.usage import Meter
from labkit.redacting import redact, redact_shown
from labkit.steps import Origin, origin

FORM = 1
"""The number of a line's form. A line of another form is left alone."""

NAME, SENTENCE, MOST_NAMES, ROOM = 200, 500, 30, 32_768
"""Characters of a name and of a sentence that are kept; names in a list; bytes of a request's or an answer's texts."""

MOST = 10**15
"""What no figure in an entry is above: a page counts no further."""

Decision = Literal["answered", "refused", "held back", "failed", "cancelled"]
Id = Annotated[str, Field(pattern="^[0-9A-Za-z]{1,64}$")]
Count = Annotated[int, Field(ge=0, le=MOST)]


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
    id: Id
    run: Id
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


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample that is asked for: over which session, the request, what rules found, by rule and text, when it came."""

    session: object
    params: CreateMessageRequestParams
    found: list[tuple[str, str]]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.perf_counter)

    def entry(self, outcome: Answer | BaseException, meter: Meter, *, texts: bool, **known: Any) -> Entry:
        """The entry of a sample that has ended.

        Args:
            outcome: The answer that the server gets, or what was raised.
            meter: What was seen of it further in.
            texts: Whether the texts of both are kept.
            known: The other fields.
        """
        witness, usage = meter.witness, meter.usage
        by = origin() or Origin("", str(getattr(self.session, "protocol_version", None) or ""))
        at_work = witness.asking is not None
        decision, who, why = _decided(outcome, witness.by or (MODEL if at_work else ""), witness.asked)
        answer = outcome if isinstance(outcome, Result) else None
        request_changed = witness.params is not None and witness.params != self.params
        answer_changed = answer is not None and witness.answer is not None and not witness.is_own(answer)
        kept = {"request": self.params, "answer": answer} if texts else {}
        told = {
            "server": _name(by.server),
            "lab": _name(by.lab),
            "tool": _name(by.tool or ""),
            "call": by.call,
            "wire": _name(by.wire),
            "asked": _asked(self.params, self.found),
            "decision": decision,
            "by": _name(who),
            "why": _clean(why, SENTENCE),
            "reached": witness.asked,
            "changed": (*(("request",) if request_changed else ()), *(("answer",) if answer_changed else ())),
            "given": answer and _given(answer),
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "estimated": usage.estimated,
            "seconds": round(time.perf_counter() - self.began, 3),
            "texts": {name: _texts_of(each) for name, each in kept.items() if each is not None} or None,
        }
        return Entry.model_validate({"at": self.at, "id": uuid4().hex[:16], **told, **known})


def _decided(outcome: Answer | BaseException, by: str, reached: bool) -> tuple[Decision, str, str]:
    """What became of a request, by whom, and why."""
    if isinstance(outcome, Result):
        return "answered", "", ""
    by = by or "client"
    if isinstance(outcome, CancelledError | GeneratorExit):
        return "cancelled", "client", "It was given up before there was an answer."
    if isinstance(outcome, CallbackStuck):
        return "failed", by, "It held the event loop, or its cancellation, and was stopped."
    if not isinstance(outcome, ErrorData):
        return "failed", by, sentence(outcome)
    if by in ("budget", "queue"):
        return "held back", by, outcome.message
    if by == "switch" and reached:
        return "cancelled", by, outcome.message
    refused = outcome.code == REFUSED or (outcome.code == INVALID_PARAMS and by != MODEL)
    return "refused" if refused else "failed", by, outcome.message


def _asked(params: CreateMessageRequestParams, found: Iterable[tuple[str, str]]) -> Asked:
    tools = params.tools or ()
    system = params.system_prompt
    remarks = islice(dict.fromkeys(found), MOST_NAMES)
    return Asked(
        messages=len(params.messages),
        characters=_characters(params),
        max_tokens=max(-MOST, min(params.max_tokens, MOST)),
        system="" if system is None else _digest(system),
        tools=_names(tool.name for tool in tools),
        tool_count=len(tools),
        context=params.include_context or "",
        remarks=tuple(f"{_name(rule)}: {_clean(text, SENTENCE)}" for rule, text in remarks),
    )


def _digest(text: str) -> str:
    # Of a short secret the digest could be guessed, so it is taken of what is left without it. What is long cannot be
    # guessed, and a server decides how long it is.
    kept = text if len(text) > LARGEST else str(redact(text))
    return hashlib.sha256(_plain(kept).encode()).hexdigest()[:16]


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
