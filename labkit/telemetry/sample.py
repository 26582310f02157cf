"""`with_telemetry`: the spans of a sample that is answered, and of each model that is asked for it.

The SERVER span `sampling/createMessage` stands for the request that the client answers, with what its duties do as
events; below it an inference span, `chat MODEL`, for each time that a model is asked: a try that failed is seen too.
Tokens are told as the model tells them: an estimate would be counted as if it were billed.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, cast
from urllib.parse import urlsplit

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams, ErrorData, ToolResultContent, ToolUseContent
from mcp_types.version import is_version_at_least
from opentelemetry.context import attach, detach
from opentelemetry.trace import SpanContext, SpanKind, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from labkit.callbacks import Answer
from labkit.cutting import outline
from labkit.dial_table import DIAL
from labkit.errors import CallbackError
from labkit.host.duty import Duty, models_in, surrounding
from labkit.host.prices import price_of
from labkit.host.usage import MOST_TOLD, Usage
from labkit.models.answerers import ANSWERERS, row_of
from labkit.redacting import redact, redact_shown
from labkit.steps import HostStep, Wait, origin, overhearing
from labkit.telemetry import contents
from labkit.telemetry import conventions as names
from labkit.telemetry.kept import Telemetry, shared
from labkit.telemetry.spans import LONGEST, Span, Value, safe_name
from labkit.wire import short_name

METHOD = "sampling/createMessage"
ROUNDS_SINCE = "2026-07-28"
"""The revision since which a question stands in the answer to a call, and has no JSON-RPC id of its own."""

LARGEST_STEP = 2_000
_WHOSE = (names.SERVER, names.LAB, names.ASKED_BY)
_FREE = {row.free for row in ANSWERERS.values()} - {""}
_NUMBERS = (bool, int, float)
_traced = TraceContextTextMapPropagator()

Became = Callable[[Answer], object]
"""Is told what came of what was asked."""


def with_telemetry(callback: SamplingFnT, telemetry: Telemetry | None = None) -> "Watched":
    """Write down a span of each sample that `callback` answers, and one of each model that is asked for it.

        telemetry = Telemetry()
        mcp.Client(server, sampling_callback=with_telemetry(with_budget(my_callback, samples=20), telemetry))

    Which samples belong to the same call only a Lab knows: without one each stands in the trace of whoever called.

    Args:
        callback: A model, or duties around one: this belongs outside of all.
        telemetry: Where spans are kept; by itself the one that all Labs share.

    Raises:
        TypeError: `callback` is no sampling callback, or `telemetry` is none.
    """
    if telemetry is not None and not isinstance(telemetry, Telemetry):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a {type(telemetry).__name__} is no telemetry: write with_telemetry(callback, Telemetry())")
    return Watched(callback, telemetry or shared())


class Watched(Duty):
    """What `with_telemetry` makes."""

    def __init__(self, callback: SamplingFnT, telemetry: Telemetry) -> None:
        super().__init__(callback)
        self.telemetry = telemetry

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The answer of the callback."""
        if _open.get() is context:  # a Lab writes it down already
            return await self.ask(self.inner[0], context, params)
        with sampled(self.telemetry, self, context, params) as became:
            answer = await self.ask(self.inner[0], context, params)
            became(answer)
            return answer


@contextmanager
def sampled(
    telemetry: Telemetry,
    callback: SamplingFnT,
    context: ClientRequestContext,
    params: CreateMessageRequestParams,
    *,
    within: SpanContext | None = None,
    links: Iterable[tuple[SpanContext, str]] = (),
    told: Mapping[str, Value] | None = None,
) -> Generator[Became]:
    """The span of a sample that is answered inside the block, which says what came of it.

    Args:
        telemetry: Where the span is kept.
        callback: What answers inside the block.
        context: As the SDK gave it.
        params: The request.
        within: The span of the call that the sample belongs to, where it is known.
        links: What else it belongs to, and why.
        told: More attributes.
    """
    session = getattr(context, "session", None)
    version = cast("str | None", getattr(session, "protocol_version", None))
    attributes: dict[str, Value] = {names.METHOD: METHOD, **(told or {})}
    if version:
        attributes[names.PROTOCOL] = version
        if not _has_rounds(version):
            attributes[names.REQUEST_ID] = safe_name(context.request_id)
    if (asked := getattr(context, "request_id", None)) is not None:
        attributes[names.SAMPLE] = safe_name(short_name(str(asked)))
    asked_by = origin()
    if asked_by is not None:
        attributes |= {names.SERVER: safe_name(asked_by.server), names.LAB: safe_name(asked_by.lab)}
        if asked_by.tool:
            attributes[names.ASKED_BY] = safe_name(asked_by.tool)
        if asked_by.call:
            attributes[names.CALL] = asked_by.call
    here = within or _valid(get_current_span().get_span_context())
    sent_from = _sent_from(context, here)
    span = Span(METHOD, SpanKind.SERVER, sent_from or here, attributes)
    for linked, why in links:
        span.link(linked, why)
    if sent_from and here and sent_from.trace_id != here.trace_id:
        span.link(here, names.SENT_FROM)
    telemetry.begun(span)
    sample = _Sample(telemetry, span)
    _turns(sample, id(session), params)

    def became(answer: Answer) -> None:
        if isinstance(answer, ErrorData):
            span.attributes[names.STATUS] = str(answer.code)
            if answer.code not in names.NOT_ERRORS:
                span.failed(str(answer.code), _error(answer, telemetry.contents))
        else:
            _tools_asked_for(sample, id(session), params, answer.content)

    token = _open.set(context)
    duties = isinstance(callback, Duty)
    attached = attach(span.in_context()) if duties else None  # else the model's own span is attached at once
    try:
        if duties:
            with overhearing(sample.hear, partial(waiting, telemetry, span)), surrounding(sample.asking):
                yield became
        else:
            with _inference(sample, callback, params, sample.hear) as inner:
                yield _both(inner, became)
    except BaseException as error:
        span.failed(kind_of(error))
        raise
    finally:
        if attached is not None:
            detach(attached)
        _open.reset(token)
        telemetry.ended(span)


def kind_of(error: BaseException) -> str:
    """What an error is called in `error.type`: its class, and of a callback that of what it raised."""
    raised = error.__cause__ if isinstance(error, CallbackError) else None
    return type(raised or error).__qualname__


def whose(span: Span) -> dict[str, Value]:
    """The attributes of a span that say for which server, Lab and tool it works."""
    return {name: span.attributes[name] for name in _WHOSE if name in span.attributes}


@contextmanager
def waiting(telemetry: Telemetry, within: Span, wait: Wait) -> Generator[None]:
    """The span of what is waited for inside the block, below the span `within`."""
    told: dict[str, Value] = {names.WAIT: wait.kind, names.WAITS_FOR: safe_name(wait.what), **whose(within)}
    span = Span(names.WAITS[wait.kind], SpanKind.INTERNAL, within.context, told)
    telemetry.begun(span)
    try:
        yield
    except BaseException as error:
        span.failed(kind_of(error))
        raise
    finally:
        telemetry.ended(span)


def _both(first: Became, second: Became) -> Became:
    def became(answer: Answer) -> None:
        first(answer)
        second(answer)

    return became


@dataclass(slots=True)
class _Sample:
    """A sample that is being answered."""

    telemetry: Telemetry
    span: Span

    def hear(self, step: HostStep) -> None:
        """Write down what a duty or a model told of. What a model says is left out where no contents are asked for."""
        data = {f"{names.STEP}.{key}": value for key, value in step.data.items() if isinstance(value, _NUMBERS)}
        whole = self.telemetry.contents
        told: dict[str, Value] = {f"{names.STEP}.source": step.source}
        if whole or step.source != "model":  # a provider may quote what it was asked
            told[f"{names.STEP}.label"] = _said(step.label, whole)
        if whole and step.data:
            told[f"{names.STEP}.data"] = contents.written(redact(outline(step.data, LARGEST_STEP)))
        self.span.event(names.STEP, told | data)

    def asking(self, callback: SamplingFnT, params: CreateMessageRequestParams) -> AbstractContextManager[Became]:
        """The span of a model that is asked inside the block."""
        return _inference(self, callback, params)


@contextmanager
def _inference(
    sample: _Sample,
    callback: SamplingFnT,
    params: CreateMessageRequestParams,
    also: Callable[[HostStep], object] | None = None,
) -> Generator[Became]:
    """The span of a model that is asked inside the block. What it reports `also` goes to whoever is given."""
    provider, kind = _provider(type(callback))
    attributes: dict[str, Value] = {names.OPERATION: names.CHAT, names.PROVIDER: provider}
    model = safe_name(next(models_in(callback)))
    if model:
        attributes[names.REQUEST_MODEL] = model
    if kind is SpanKind.INTERNAL and model in _FREE:
        attributes[names.COST] = 0.0
    attributes |= _dials(callback, params, sample.telemetry.contents) | address(getattr(callback, "base_url", None))
    attributes |= whose(sample.span)
    telemetry = sample.telemetry
    if telemetry.contents:
        attributes |= contents.asked(params)
    span = Span(f"{names.CHAT} {model}" if model else names.CHAT, kind, sample.span.context, attributes)
    telemetry.begun(span)
    used: dict[str, int] = {}

    def became(answer: Answer) -> None:
        if isinstance(answer, ErrorData):
            span.attributes[names.FINISH_REASONS] = ("error",)
            span.failed(str(answer.code), _error(answer, telemetry.contents))
            return
        reason = answer.stop_reason
        span.attributes[names.RESPONSE_MODEL] = safe_name(answer.model)
        if reason:
            span.attributes[names.FINISH_REASONS] = (names.FINISH.get(reason) or safe_name(reason),)
        if telemetry.contents:
            span.attributes |= contents.answered(answer)

    def hear(step: HostStep) -> None:
        if also is not None:
            also(step)
        for name in (names.INPUT_TOKENS, names.OUTPUT_TOKENS):
            number = step.data.get(name.rpartition(".")[2])
            if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MOST_TOLD and not span.end:
                used[name] = used.get(name, 0) + number
                span.attributes[name] = used[name]

    attached = attach(span.in_context())
    try:
        with overhearing(hear, partial(waiting, telemetry, span)):
            yield became
    except BaseException as error:
        span.attributes[names.FINISH_REASONS] = ("error",)
        span.failed(kind_of(error))
        raise
    finally:
        detach(attached)
        if len(used) == 2 and names.COST not in span.attributes:  # also where it failed: what was used is paid for
            by = str(span.attributes.get(names.RESPONSE_MODEL) or model)
            usd = price_of(telemetry.prices, Usage(used[names.INPUT_TOKENS], used[names.OUTPUT_TOKENS], model=by))
            if usd is not None:
                span.attributes[names.COST] = usd
        telemetry.ended(span)


def _error(answer: ErrorData, whole: bool) -> str:
    """What an error says: a model, a person or a student's callback may quote the prompt, so where it was asked for."""
    return redact_shown(answer.message, LONGEST) if whole else ""


def _said(words: str, whole: bool) -> str:
    """A sentence of the host, or what it says before a colon: behind one stand others' words."""
    return redact_shown(words if whole else words.partition(":")[0], LONGEST)


@cache
def _provider(kind: type) -> tuple[str, SpanKind]:
    """Who answers, and whether from within this process."""
    row = row_of(kind)
    if row is not None:
        return row.provider, SpanKind.CLIENT if row.key else SpanKind.INTERNAL
    if kind.__module__.startswith("labkit."):
        return "labkit", SpanKind.INTERNAL
    return names.OTHER, SpanKind.CLIENT


def _dials(callback: SamplingFnT, params: CreateMessageRequestParams, whole: bool) -> dict[str, Value]:
    """Where the dials stand: as the request asks, else as the model has them; not those that it does not take.

    Stop sequences are words of the server's, as those of a prompt are.
    """
    honours = cast("Mapping[str, str]", getattr(callback, "honours", {}))
    own = cast("Mapping[str, Any]", getattr(callback, "defaults", {}))
    dials: dict[str, Value] = {}
    for dial, name, is_asked in _DIALS if own else _ASKED:
        if dial == "stop_sequences" and not whole:
            continue
        value = getattr(params, dial) if is_asked else None
        value = own.get(dial) if value is None else value
        if value is not None and not DIAL[dial].is_off(value) and honours.get(dial) != "no":
            dials[name] = _words(value) if dial == "stop_sequences" else value
    return dials


def _words(stops: Sequence[str]) -> tuple[str, ...]:
    """Stop sequences: a server may ask for any."""
    return tuple(map(safe_name, stops[:20]))


_DIALS = [(dial, name, bool(DIAL[dial].asked)) for dial, name in names.DIALS.items()]
_ASKED = [row for row in _DIALS if row[2]]


def address(url: object) -> dict[str, Value]:
    """The attributes of an address; none of what is none."""
    if not isinstance(url, str):
        return {}
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return {names.ADDRESS: parts.hostname, names.PORT: port} if parts.hostname else {}


def _valid(context: SpanContext) -> SpanContext | None:
    return context if context.is_valid else None


@cache
def _has_rounds(version: str) -> bool:
    return is_version_at_least(version, ROUNDS_SINCE)


def _sent_from(context: ClientRequestContext, here: SpanContext | None) -> SpanContext | None:
    """The span in which the server sent the request, where it says so in `params._meta` (SEP-414).

    Its baggage is not taken over: it would go out again with whatever the client's model sends.
    """
    meta = cast("Mapping[str, Any] | None", getattr(context, "meta", None))
    told = meta.get("traceparent") if meta else None
    if not isinstance(told, str):
        return None
    if here and told == f"00-{here.trace_id:032x}-{here.span_id:016x}-01":  # as most servers hand on what they got
        return here
    return _valid(get_current_span(_traced.extract({"traceparent": told})).get_span_context())


def _turns(sample: _Sample, session: int, params: CreateMessageRequestParams) -> None:
    """Say which turn with tools this is, and link it to the turns whose results it brings."""
    if params.tools:
        sample.span.attributes[names.OFFERED] = len(params.tools)
    if len(params.messages) < 2:
        return
    messages = [message.content_as_list for message in params.messages]
    if asked := sum(any(isinstance(block, ToolUseContent) for block in blocks) for blocks in messages):
        sample.span.attributes[names.TURN] = asked
    results = (block for blocks in messages for block in blocks if isinstance(block, ToolResultContent))
    befores = (sample.telemetry.turns.get((session, result.tool_use_id)) for result in results)
    for before in {before.span_id: before for before in befores if before is not None}.values():
        sample.span.link(before, names.TURN_BEFORE)


def _tools_asked_for(sample: _Sample, session: int, params: CreateMessageRequestParams, content: object) -> None:
    """Write down which tools the model asks for. A name that was not offered may be any words of the model."""
    offered = {tool.name for tool in params.tools or ()}
    for use in cast("list[object]", content) if isinstance(content, list) else [content]:
        if isinstance(use, ToolUseContent):
            name = safe_name(use.name) if use.name in offered else names.OTHER
            sample.span.event(names.TOOL_USE, {names.TOOL: name, names.TOOL_CALL: safe_name(use.id)})
            sample.telemetry.turns[session, use.id] = sample.span.context


_open: ContextVar[object] = ContextVar("labkit_sampled", default=None)
"""The context, as the SDK gave it, of the sample that is written down just now."""
