"""Right answers to the exercises of lesson 14, each in a style of its own."""

from collections import Counter, defaultdict
from itertools import pairwise

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from labkit import parts

ORDER = ("tries", "model", "person", "host", "turn", "pause", "server", "wire")
WAITS = {"line": "turn", "pause": "tries", "connection": "wire"}


def _kind(span, spans):
    told = span.attributes
    if told.get("gen_ai.operation.name") == "chat":
        return "tries" if "error.type" in told else "model"
    if wait := told.get("labkit.wait"):
        return WAITS.get(wait, wait)
    if span.kind is SpanKind.CLIENT:
        return "wire" if any(each.kind is SpanKind.SERVER and _met(span, each) for each in spans) else "server"
    return "server" if span.name.startswith("tools/call") else "host"


def _met(sent, span):
    return sent.name == span.name and sent.start_time <= span.start_time and span.end_time <= sent.end_time


def without_parts(spans):
    """Goes through the moments by itself, and asks which spans are open that have none open below them."""
    by_id = {span.context.span_id: span for span in spans}
    by_trace = {span.context.trace_id: span for span in spans if "labkit.call" in span.attributes}
    moments = sorted({time for span in spans for time in (span.start_time, span.end_time)})
    found = defaultdict(Counter)
    for begin, end in pairwise(moments):
        going_on = [span for span in spans if span.start_time <= begin and span.end_time >= end]
        above = {span.parent.span_id for span in going_on if span.parent}
        innermost = [span for span in going_on if span.context.span_id not in above]
        if innermost:
            span = min(innermost, key=lambda span: ORDER.index(_kind(span, spans)))
            at = span
            while at.attributes.get("labkit.server") is None:
                at = by_id.get(at.parent.span_id, by_trace[at.context.trace_id])
            found[_kind(span, spans)][at.attributes["labkit.server"]] += end - begin
    cause, servers = max(found.items(), key=lambda item: item[1].total())
    return [cause, servers.most_common(1)[0][0]]


def in_nanoseconds(spans):
    """Sorts what was added up."""
    known = {span.context.span_id: span for span in spans}

    def told(number, name, call):
        while number in known and name not in known[number].attributes:
            number = known[number].parent.span_id
        return known[number if number in known else call].attributes[name]

    def lost(number):
        attributes = known[number].attributes
        failed = attributes.get("gen_ai.operation.name") == "chat" and attributes.get("error.type") is not None
        return failed or attributes.get("labkit.wait") == "pause"

    once = {(each.span_id, each.kind, each.start, each.end): each.call for each in parts(spans)}
    rows = [
        ("tries" if lost(span_id) else kind, told(span_id, "labkit.server", call), end - start)
        for (span_id, kind, start, end), call in once.items()
    ]
    sums, places = Counter(), Counter()
    for cause, place, took in rows:
        sums[cause] += took
        places[place, cause] += took
    cause = sorted(sums, key=sums.__getitem__)[-1]
    return cause, max((took, place) for (place, of), took in places.items() if of == cause)[1]


class Row(dict):
    """A row of a class of one's own."""


def student_by_student(spans, prices):
    """Goes through the spans of one student after the other."""
    mine = defaultdict(list)
    for span in spans:
        if lab := span.attributes.get("labkit.lab"):
            mine[lab].append(span)
    return {lab: _row(each, prices) for lab, each in mine.items()}


def _row(spans, prices):
    tries = [span.attributes for span in spans if span.attributes.get("gen_ai.operation.name") == "chat"]
    costs = [_cost(told, prices) for told in tries]
    return Row(
        samples=sum(span.attributes.get("mcp.method.name") == "sampling/createMessage" for span in spans),
        tries=len(tries),
        unknown=costs.count(None),
        usd=sum(cost for cost in costs if cost is not None),
        average="left to the reader",
    )


def _cost(told, prices):
    name = told.get("gen_ai.response.model", told.get("gen_ai.request.model"))
    try:
        (dear_in, dear_out), given, taken = (
            prices[name],
            told["gen_ai.usage.input_tokens"],
            told["gen_ai.usage.output_tokens"],
        )
    except KeyError:
        return None
    return given * dear_in / 1e6 + taken * dear_out / 1e6


class Traces:
    """An object that is called, with a span that is made current by hand."""

    def __init__(self, post, tracer, provider):
        self.post, self.tracer, self.provider = post, tracer, provider

    async def __call__(self, body):
        names = {key: f"gen_ai.request.{key}" for key in ("model", "max_tokens", "temperature", "top_p")}
        told = {names[key]: value for key, value in body.items() if key in names and value is not None}
        span = self.tracer.start_span("chat " + body["model"], kind=SpanKind.CLIENT)
        span.set_attributes({"gen_ai.operation.name": "chat", "gen_ai.provider.name": self.provider, **told})
        try:
            with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                reply = await self.post(body)
        except Exception as error:
            span.set_attribute("error.type", f"{type(error).__module__}.{type(error).__qualname__}")
            span.set_status(Status(StatusCode.ERROR, "the request failed"))
            raise
        else:
            self.tell(span, reply)
            return reply
        finally:
            span.end()

    def tell(self, span, reply):
        usage = reply.get("usage") or {}
        reasons = [choice["finish_reason"] for choice in reply.get("choices", [])]
        told = {
            "gen_ai.response.id": reply.get("id"),
            "gen_ai.response.model": reply.get("model"),
            "gen_ai.response.finish_reasons": reasons or None,
            "gen_ai.usage.input_tokens": usage.get("prompt_tokens"),
            "gen_ai.usage.output_tokens": usage.get("completion_tokens"),
        }
        span.set_attributes({name: value for name, value in told.items() if value is not None})
        if "error" in reply:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", "_OTHER")
