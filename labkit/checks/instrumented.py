"""Exercise 14.3: a span around what a callback sends to its model, told by its attributes and by what is not in it."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from copy import deepcopy
from typing import Any, cast

import anyio
from mcp import Client
from mcp_types import CreateMessageRequestParams, CreateMessageResult, TextContent
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, SpanKind, StatusCode, get_current_span

from labkit.checks.asking_servers import MODES, REVISIONS, Case, text_of
from labkit.checks.engine import Problem, called, calling
from labkit.checks.hosts import teller
from labkit.telemetry import conventions as names

Body = dict[str, Any]
Post = Callable[[Body], Awaitable[Any]]

PROMPT, SAID, KEY = "Quillfeather: what broke the night run?", "Larkspur did.", "Marrowfat"
"""Words that may stand in no span."""
SECRETS = {"Quillfeather": "the prompt", "Larkspur": "the answer", KEY: "the error's text, and with it a key"}


class ApiError(Exception):
    """An error of an API whose text says too much, as many do."""


class Api:
    """Stands in for an API: gives replies in turn, or raises them, and keeps what it was asked in which span."""

    def __init__(self, *replies: object) -> None:
        self.replies = list(replies)
        self.asked: list[Body] = []
        self.within: list[SpanContext] = []
        self.is_asked = anyio.Event()

    async def __call__(self, body: Body) -> Any:
        self.asked.append(body)
        self.within.append(get_current_span().get_span_context())
        self.is_asked.set()
        reply = self.replies.pop(0)
        if isinstance(reply, anyio.Event):
            await reply.wait()
            reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


class Begun(SpanProcessor):
    """Counts the spans that were begun."""

    count = 0

    def on_start(self, span: object, parent_context: object = None) -> None:
        self.count += 1


class Watch:
    """Keeps the spans of a tracer of its own. `outer` is the span that is open around all that is tried."""

    def __init__(self) -> None:
        self._kept, self.begun = InMemorySpanExporter(), Begun()
        provider = TracerProvider(shutdown_on_exit=False)
        for processor in (self.begun, SimpleSpanProcessor(self._kept)):
            provider.add_span_processor(processor)
        self.tracer = provider.get_tracer("check")

    @property
    def spans(self) -> list[ReadableSpan]:
        return [span for span in self._kept.get_finished_spans() if span.name != "outer"]


def body_of(model: str = "llama3.2", max_tokens: int = 100, **more: object) -> Body:
    return {"model": model, "messages": [{"role": "user", "content": PROMPT}], "max_tokens": max_tokens, **more}


def reply_of(model: str, reason: str, *usage: object) -> Body:
    choice = {"index": 0, "message": {"role": "assistant", "content": SAID}, "finish_reason": reason}
    return {"id": "1", "model": model, "choices": [choice], **({"usage": usage[0]} if usage else {})}


def used(prompt: int, completion: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def traced_by(function: Callable[..., Any], api: Post, watch: Watch, provider: str = "ollama") -> Post:
    """What the student's function makes of `api`."""
    made: object = called(function, api, watch.tracer, provider)
    if inspect.isclass(made) or not callable(made):
        got = "nothing: is a `return` missing?" if made is None else f"a {type(made).__name__}."
        raise Problem(f"traced returned {got} Return the `async def` that sends a body.", hint="return")
    return cast("Post", made)


async def sent(post: Post, body: Body) -> Any:
    """What comes of a body."""
    coming: object = post(body)
    if not inspect.isawaitable(coming):
        raise Problem(
            f"What traced returned gave a {type(coming).__name__} that cannot be awaited. Write an `async def`.",
            hint="return",
        )
    return await coming


def told_of(body: Body, reply: Any, provider: str) -> dict[str, object]:
    """The attributes by name; `None` for one that may not be there."""
    answer: Body = reply if isinstance(reply, dict) else {}
    usage: Body = answer.get("usage") or {}
    return {
        names.OPERATION: "chat",
        names.PROVIDER: provider,
        names.REQUEST_MODEL: body["model"],
        names.DIALS["max_tokens"]: body["max_tokens"],
        names.DIALS["temperature"]: body.get("temperature"),
        names.RESPONSE_MODEL: answer.get("model"),
        names.FINISH_REASONS: [each["finish_reason"] for each in answer.get("choices", ())] or None,
        names.INPUT_TOKENS: usage.get("prompt_tokens"),
        names.OUTPUT_TOKENS: usage.get("completion_tokens"),
    }


def tells(what: str, reply: object, *, provider: str = "ollama", may_fail: bool = False, **asked: Any) -> Case:
    """A case: one request, and the span that is kept of it.

    Args:
        what: What comes back, in words.
        reply: It, or an error that is raised.
        provider: Whose API it is.
        may_fail: Whether the span may say that it failed, though nothing is raised.
        asked: Fields of the body.
    """
    given_with, what, body = f"it with {what}", f"We sent {what}", body_of(**asked)

    async def case(function: Callable[..., Any]) -> None:
        watch, given, comes = Watch(), deepcopy(body), deepcopy(reply)
        api = Api(comes)
        post = traced_by(function, api, watch, provider)
        with watch.tracer.start_as_current_span("outer") as outer, calling(given_with):
            if isinstance(comes, Exception):
                await _fails(post, given, comes, what)
            elif (came := await sent(post, given)) != reply:
                raise Problem(f"{what}, and got {str(came)[:60]!r}: hand the reply on as it is.", hint="reply")
            if get_current_span() is not outer:
                raise Problem(f"{what}, and afterwards another span was the current one.", hint="current")
        if api.asked != [body]:
            told = f"`post` was given {str(api.asked)[:90]}"
            raise Problem(f"{what}, and {told}: send the body once, as it is.", hint="body")
        span = _the_span(watch, what)
        _stands_well(span, api.within[0], outer.get_span_context(), f"chat {body['model']}", what)
        for name, value in told_of(body, reply, provider).items():
            _holds(span, name, value, what)
        _keeps_silent(span, what)
        if not may_fail:
            _says_whether_it_failed(span, type(reply).__name__ if isinstance(reply, Exception) else "", what)

    return case


def _says_whether_it_failed(span: ReadableSpan, error: str, what: str) -> None:
    failed, kind = span.status.status_code is StatusCode.ERROR, (span.attributes or {}).get(names.ERROR)
    if error and (not failed or str(kind).rpartition(".")[2] != error):
        told = f"its status is {span.status.status_code.name} and error.type {kind!r}"
        raise Problem(f"{what}, and {told}. Wanted are ERROR and {error!r}.", hint="error")
    if not error and (failed or kind):
        raise Problem(f"{what}, and the span says that it failed.", hint="error")


async def _fails(post: Post, body: Body, error: Exception, what: str) -> None:
    try:
        came = await sent(post, body)
    except Exception as raised:
        if raised is not error:
            raise
        return
    raise Problem(
        f"{what}, and got {str(came)[:60]!r}. Whoever called has to learn of it: raise it again.", hint="raise"
    )


def _the_span(watch: Watch, what: str) -> ReadableSpan:
    spans = watch.spans
    if len(spans) != 1:
        kept = "a span was begun and never ended" if watch.begun.count > 1 else "no span was begun"
        kept = f"{len(spans)} spans were kept" if spans else kept
        raise Problem(f"{what}, and {kept}. Begin one in the `with` that sends.", hint="one")
    return spans[0]


def _stands_well(span: ReadableSpan, within: SpanContext, outer: SpanContext, name: str, what: str) -> None:
    if span.name != name:
        raise Problem(f"{what}, and the span is called {span.name!r}, not {name!r}.", hint="name")
    if span.kind is not SpanKind.CLIENT:
        raise Problem(f"{what}, and the span's kind is {span.kind.name}, not CLIENT.", hint="kind")
    if span.parent is None or span.parent.span_id != outer.span_id:
        raise Problem(f"{what} while a span was open, and yours is no child of it.", hint="current")
    if within.span_id != cast("SpanContext", span.context).span_id:
        raise Problem(f"{what}, and while `post` ran another span was the current one.", hint="current")


def _holds(span: ReadableSpan, name: str, wanted: object, what: str) -> None:
    attributes = dict(span.attributes or {})
    there = attributes.get(name)
    has = list(cast("Sequence[object]", there)) if isinstance(there, tuple | list) else there
    if wanted is None and name in attributes:
        raise Problem(f"{what}, and the span has {name} = {has!r}. Nobody told: leave it out.", hint="missing")
    if wanted is not None and name not in attributes:
        raise Problem(f"{what}, and the span has no {name}. It should be {wanted!r}.", hint="attribute")
    if has != wanted or isinstance(has, bool):
        raise Problem(f"{what}, and {name} is {has!r}, not {wanted!r}.", hint="attribute")


def _keeps_silent(span: ReadableSpan, what: str) -> None:
    """See that no span holds what was said."""
    if found := next((word for word in SECRETS if word in span.to_json()), None):
        where = "its status" if found in str(span.status.description) else "an event" if _in_events(span, found) else ""
        where = where or next(key for key, value in (span.attributes or {}).items() if found in str(value))
        raise Problem(f"{what}, and in the span stands {SECRETS[found]} ({where}).", hint="contents")


def _in_events(span: ReadableSpan, word: str) -> bool:
    return any(word in str(dict(event.attributes or {})) for event in span.events)


async def two_at_once(function: Callable[..., Any]) -> None:
    """Two requests at a time, of which the second is answered first."""
    watch, later = Watch(), anyio.Event()
    replies = reply_of("b", "length", used(2, 20)), reply_of("a", "stop", used(1, 10))
    api = Api(later, *replies)
    post = traced_by(function, api, watch)
    with watch.tracer.start_as_current_span("outer") as outer:
        first = asyncio.ensure_future(sent(post, body_of("a")))
        try:
            await api.is_asked.wait()
            await sent(post, body_of("b"))
            later.set()
            await first
        finally:
            first.cancel()
    tokens = {span.name: (span.attributes or {}).get(names.OUTPUT_TOKENS) for span in watch.spans}
    parents = {span.parent and span.parent.span_id for span in watch.spans}
    if tokens != {"chat a": 10, "chat b": 20} or parents != {outer.get_span_context().span_id}:
        raise Problem(
            f"Two requests at once, and the spans have these tokens: {tokens}. Each request has a span of its own.",
            hint="at-once",
        )


async def given_up(function: Callable[..., Any]) -> None:
    """A request whose caller waits no longer."""
    watch, api = Watch(), Api(anyio.Event())
    post = traced_by(function, api, watch)
    with watch.tracer.start_as_current_span("outer"):
        waiting = asyncio.ensure_future(sent(post, body_of()))
        await api.is_asked.wait()
        waiting.cancel()
        await asyncio.wait({waiting})
    if not waiting.cancelled():
        waiting.exception()  # it has been seen
        raise Problem("The caller gave up, and the request went on: let a cancellation pass.", hint="raise")
    _the_span(watch, "We sent a request, and gave it up")


async def through_a_server(function: Callable[..., Any], mode: str) -> None:
    """Two samples of a server, with a span open around both calls."""
    watch = Watch()
    api = Api(*(reply_of("llama3.2", "stop", used(number, 5)) for number in (11, 12)))
    post = traced_by(function, api, watch)

    async def callback(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:  # noqa: ARG001
        reply = await sent(post, body_of(max_tokens=params.max_tokens) | {"messages": [text_of(params)]})
        text = reply["choices"][0]["message"]["content"]
        return CreateMessageResult(role="assistant", model=reply["model"], content=TextContent(text=text))

    with watch.tracer.start_as_current_span("outer") as outer:
        async with Client(teller("desk", "plum"), mode=cast("Any", mode), sampling_callback=callback) as client:
            for _ in range(2):
                await client.call_tool("tell", {"text": PROMPT})
    tokens = [(span.attributes or {}).get(names.INPUT_TOKENS) for span in watch.spans]
    traces = {cast("SpanContext", span.context).trace_id for span in watch.spans}
    if tokens != [11, 12] or traces != {outer.get_span_context().trace_id}:
        raise Problem(
            f"On {REVISIONS[mode]} a server asked twice within one span, and yours tell {tokens} in {len(traces)} "
            "traces: one span for each sample, within what was open.",
            hint="current",
        )


def over(mode: str) -> Case:
    return lambda function: through_a_server(function, mode)


ERRORS = (
    ApiError(f"401 for {PROMPT!r} with key {KEY}"),
    ConnectionError(KEY),
    ValueError(f"no JSON: {SAID} {KEY}"),
)

CASES: list[Case] = [
    tells("a question", reply_of("llama3.2:1b", "stop", used(31, 12))),
    tells(
        "a question with a temperature, to another provider",
        reply_of("gpt-9-mini", "length", used(310, 7)),
        provider="openai",
        model="gpt-9",
        max_tokens=7,
        temperature=0.5,
        stop=["END"],
    ),
    tells("a question with temperature 0, and 0 tokens came", reply_of("a", "stop", used(31, 0)), temperature=0),
    tells("a question, and the reply tells no usage", reply_of("a", "stop")),
    tells("a question, and usage is null", reply_of("a", "stop", None)),
    tells("a question, and half of the usage is told", reply_of("a", "stop", {"prompt_tokens": 31})),
    tells("a question, and the reply has no choices", {"model": "a", "choices": [], "usage": used(31, 0)}),
    tells("a question, and the reply is an error in JSON", {"error": {"message": f"no {PROMPT}"}}, may_fail=True),
    *(tells(f"a question, and `post` raised {type(error).__name__}", error) for error in ERRORS),
    two_at_once,
    given_up,
    *map(over, MODES),
]
"""What is tried."""
