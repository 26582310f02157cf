"""`with_telemetry`: the spans of a sample, with a Lab and without one."""

import asyncio
import json
from typing import Any

import pytest
from mcp import Client
from mcp_types import (
    CreateMessageResultWithTools,
    ErrorData,
    SamplingMessage,
    TextContent,
    Tool,
    ToolResultContent,
    ToolUseContent,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from labkit import Claude, OpenAICompatible, Scripted, Settings, SmolLM, Telemetry, TinyModel, report, with_telemetry
from labkit.host import with_budget, with_cache, with_dials, with_fallback, with_retry
from labkit.models.catalog import catalog
from labkit.steps import waiting_for
from labkit.telemetry.sample import _provider
from labkit.wire import InMemoryTransport
from tests.host.crowd import CONNECTION
from tests.standins.chat_completions import ChatCompletions
from tests.standins.messages_api import MessagesApi, fails
from tests.story import WIRES, answer, bookshop, echo, question
from tests.telemetry import spans as by_hand
from tests.telemetry.spans import events, ids, links, named, parent, told

pytestmark = pytest.mark.anyio

STOCK = Tool(name="count_stock", input_schema={"type": "object"})
KEY = "sk-" + "ant-api03-" + "Zx9" * 31


@pytest.mark.parametrize("wire", WIRES)
async def test_a_client_without_a_lab_has_the_spans_of_its_samples(wire: str) -> None:
    kept = Telemetry()
    callback = with_telemetry(echo, kept)
    async with Client(InMemoryTransport(bookshop()), mode=wire, sampling_callback=callback) as client:
        await client.call_tool("recommend", {"genre": "noir"})
        version = client.protocol_version
    spans = kept.spans
    assert [(span.name, span.kind) for span in spans] == [
        ("chat", SpanKind.CLIENT),
        ("sampling/createMessage", SpanKind.SERVER),
    ]
    assert parent(spans[0], spans) == "sampling/createMessage"
    attributes = told(spans[1])
    assert attributes["mcp.protocol.version"] == version
    assert ("jsonrpc.request.id" in attributes) == (wire == "legacy")  # later it has none: it stands in an answer


@pytest.mark.parametrize("wire", WIRES)
async def test_the_sample_stands_in_the_trace_of_whoever_called(wire: str) -> None:
    kept = Telemetry()
    callback = with_telemetry(echo, kept)
    with TracerProvider(shutdown_on_exit=False).get_tracer("t").start_as_current_span("the user's own") as own:
        async with Client(InMemoryTransport(bookshop()), mode=wire, sampling_callback=callback) as client:
            await client.call_tool("recommend", {"genre": "noir"})
    assert {ids(span)[0] for span in kept.spans} == {own.get_span_context().trace_id}


async def test_a_request_says_in_which_span_of_the_server_it_was_sent() -> None:
    kept = Telemetry()
    trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    for meta in ({"traceparent": f"00-{trace}-{span}-00"}, {"traceparent": "nonsense"}, {"traceparent": 7}, None):
        await with_telemetry(echo, kept)(context(meta=meta), question("hello"))
    spans = named(kept.spans, "sampling/createMessage")
    assert [each.parent and f"{each.parent.trace_id:032x}-{each.parent.span_id:016x}" for each in spans] == [
        f"{trace}-{span}",
        None,
        None,
        None,
    ]


async def test_a_server_that_names_a_foreign_trace_does_not_take_the_sample_out_of_its_own() -> None:
    kept = Telemetry()
    meta = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    with TracerProvider(shutdown_on_exit=False).get_tracer("t").start_as_current_span("the user's own") as own:
        await with_telemetry(echo, kept)(context(meta=meta), question("hello"))
    (sample,) = named(kept.spans, "sampling/createMessage")
    assert [link.context.span_id for link in sample.links] == [own.get_span_context().span_id]


async def test_each_try_is_a_span_of_its_own() -> None:
    kept = Telemetry()
    tries = iter([RuntimeError("busy"), answer("done")])

    async def busy_once(context: object, params: object) -> Any:
        if isinstance(outcome := next(tries), Exception):
            raise outcome
        return outcome

    await with_telemetry(with_retry(busy_once, tries=2, wait=0, on=lambda _: True), kept)(context(), question("hello"))
    first, second = named(kept.spans, "chat")
    assert told(first)["error.type"] == "RuntimeError"
    assert "error.type" not in told(second)
    assert told(first)["gen_ai.response.finish_reasons"] == ("error",)


async def test_what_is_told_after_the_end_is_no_part_of_the_span() -> None:
    kept = Telemetry()
    late = asyncio.Event()
    tasks: list[asyncio.Task[None]] = []

    async def tells_late() -> None:
        await late.wait()
        report("answers after all", source="model", input_tokens=7, output_tokens=7)

    async def leaves_a_task(context: object, params: object) -> Any:
        tasks.append(asyncio.create_task(tells_late()))
        return answer("words")

    await with_telemetry(leaves_a_task, kept)(context(), question("hello"))
    before = kept.json_lines()
    late.set()
    await asyncio.gather(*tasks)
    assert kept.json_lines() == before


async def test_who_was_asked_in_place_of_another_is_told() -> None:
    kept = Telemetry()

    async def fails(context: object, params: object) -> Any:
        raise RuntimeError

    await with_telemetry(with_fallback(fails, Scripted(["words"], model="second")), kept)(context(), question("hello"))
    assert [span.name for span in kept.spans] == ["chat", "chat second", "sampling/createMessage"]


async def test_an_answer_from_the_cache_asks_no_model() -> None:
    kept = Telemetry()
    callback = with_telemetry(with_cache(Scripted(["words"])), kept)
    for _ in range(2):
        await callback(context(), question("hello"))
    assert len(named(kept.spans, "sampling/createMessage")) == 2
    assert len(named(kept.spans, "chat scripted")) == 1


async def test_duties_are_events_without_the_words_behind_a_colon() -> None:
    kept, whole = Telemetry(), Telemetry(contents=True)

    async def confides(context: object, params: object) -> Any:
        report(f"I was told: {KEY}", tokens=7, secret=KEY)
        return answer("words")

    for telemetry in (kept, whole):
        await with_telemetry(with_budget(confides, samples=9), telemetry)(context(), question("hello"))
    (sample,) = named(kept.spans, "sampling/createMessage")
    assert events(sample)[0]["labkit.step.label"] == "I was told"
    assert events(sample)[0]["labkit.step.tokens"] == 7
    assert events(sample)[1]["labkit.step.label"].startswith("spent")
    (sample,) = named(whole.spans, "sampling/createMessage")
    assert events(sample)[0]["labkit.step.label"].startswith("I was told: [redacted")
    assert KEY not in kept.json_lines() + whole.json_lines()


async def test_what_a_provider_quotes_is_no_part_of_a_span() -> None:
    kept, whole = Telemetry(), Telemetry(contents=True)
    with MessagesApi([fails(400, "invalid_request_error", "your prompt about Emma is too long")]) as api:
        model = Claude("claude-haiku-5-5", api_key="k", base_url=api.url)
        for telemetry in (kept, whole):
            await with_telemetry(with_budget(model, samples=9), telemetry)(context(), question("hello"))
    (span,) = named(kept.spans, "chat claude-haiku-5-5")
    assert told(span)["gen_ai.response.finish_reasons"] == ("error",)
    assert (told(span)["error.type"], span.status.description) == ("-32602", None)
    assert "Emma" not in kept.json_lines()
    assert "Emma" in whole.json_lines()


async def test_neither_is_what_a_callback_or_a_person_says_of_its_error() -> None:
    kept, whole = Telemetry(), Telemetry(contents=True)

    async def quotes(context: object, params: object) -> Any:
        return ErrorData(code=-1, message="no model would answer what is asked of Emma")

    for telemetry in (kept, whole):
        await with_telemetry(with_budget(quotes, samples=9), telemetry)(context(), question("hello"))
    assert "Emma" not in kept.json_lines()
    assert {span.status.description for span in whole.spans} == {"no model would answer what is asked of Emma"}


async def test_what_was_said_is_told_only_where_it_was_asked_for() -> None:
    kept, whole = Telemetry(), Telemetry(contents=True)
    params = question(f"The key is {KEY} and the book is Emma").model_copy(update={"system_prompt": "Be brief."})
    for telemetry in (kept, whole):
        await with_telemetry(Scripted(["It is by Austen."]), telemetry)(context(), params)
    for words in ("Emma", "Austen", "brief"):
        assert words not in kept.json_lines()
        assert words in whole.json_lines()
    assert KEY not in whole.json_lines()
    (model,) = named(whole.spans, "chat scripted")
    assert told(model)["gen_ai.output.messages"] == (
        '[{"role":"assistant","parts":[{"type":"text","content":"It is by Austen."}]}]'
    )


async def test_no_name_and_no_id_takes_a_secret_into_a_span() -> None:
    """Whatever a server, a model or a callback's author names so; and none is longer than a name is."""
    kept, whole = Telemetry(), Telemetry(contents=True)
    for words in (f"a {KEY}", KEY, "x " * 95 + KEY, "y" * 100_000):
        use = ToolUseContent(id=words, name=words, input={})
        asks = CreateMessageResultWithTools(role="assistant", content=[use], model=words, stop_reason=words)
        params = question("hello").model_copy(
            update={"tools": [Tool(name=words, input_schema={"type": "object"})], "stop_sequences": [words]}
        )

        async def waits(context: object, params: Any, words: str = words, asks: Any = asks) -> Any:
            with waiting_for(words, cure="Decide sooner", kind="person"):
                return asks

        for telemetry in (kept, whole):
            for callback in (Scripted([asks], model=words), waits, with_budget(waits, samples=9)):
                await with_telemetry(callback, telemetry)(context(request_id=words), params)
    told_all = kept.json_lines() + str(kept.metrics)
    assert KEY[:24] not in told_all
    assert KEY[:24] not in whole.json_lines()
    assert "[redacted: Anthropic key]" in told_all
    assert "y" * 201 not in told_all
    assert "gen_ai.request.stop_sequences" in whole.json_lines()
    assert "gen_ai.request.stop_sequences" not in told_all


async def test_what_is_no_number_makes_no_line_that_is_no_json() -> None:
    kept = Telemetry(contents=True)

    async def reports(context: object, params: object) -> Any:
        report("a share", source="you", share=float("nan"), most=float("inf"), least=float("-inf"), is_told="NaN")
        return answer("NaN is a word")

    params = question("NaN").model_copy(update={"temperature": float("inf"), "metadata": {"a": float("nan")}})
    await with_telemetry(Scripted([answer("NaN")]), kept)(context(), params)
    await with_telemetry(with_budget(reports, samples=9), kept)(context(), params)
    kept.take([by_hand.span(1, 0, 1, process="theirs", share=float("nan"), least=float("-inf"))])
    lines = [json.loads(line, parse_constant=pytest.fail) for line in kept.json_lines().splitlines()]
    assert len(lines) == len(kept.spans)
    words = [value for line in lines for each in (line, *line["events"]) for value in each["attributes"].values()]
    assert {"NaN", "Infinity", "-Infinity"} <= {value for value in words if isinstance(value, str)}
    for value in words:
        if isinstance(value, str) and value.startswith(("[", "{")):
            json.loads(value, parse_constant=pytest.fail)


async def test_a_model_over_http_tells_its_name_tokens_cost_and_address() -> None:
    kept = Telemetry()
    with MessagesApi() as api:
        model = Claude("claude-haiku-5-5", api_key="k", base_url=api.url)
        request = question("hello", 40).model_copy(update={"temperature": 0.5, "stop_sequences": ["END"]})
        await with_telemetry(with_budget(model, samples=9), kept)(context(), request)
    (span,) = named(kept.spans, "chat claude-haiku-5-5")
    assert span.kind is SpanKind.CLIENT
    attributes = told(span)
    sent, got = attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"]
    priced = catalog().find("claude-haiku-5-5")
    assert priced is not None
    assert attributes["labkit.usage.cost"] == pytest.approx(priced.price(sent, got))
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-haiku-5-5",
        "gen_ai.request.max_tokens": 40,
        "gen_ai.request.temperature": None,  # this model does not take it
        "gen_ai.request.stop_sequences": None,  # words of the server's
        "gen_ai.response.finish_reasons": ("stop",),
        "server.address": "127.0.0.1",
    }
    assert {name: attributes.get(name) for name in expected} == expected


async def test_the_dials_are_told_as_they_stand_in_the_request_that_goes_out() -> None:
    kept = Telemetry()
    with ChatCompletions() as api:
        model = OpenAICompatible(api.base_url, "m", api_key="k", top_p=0.9, seed=7)
        params = question("hello").model_copy(update={"temperature": 0.5})
        await with_telemetry(with_dials(model, Settings(max_tokens=20)), kept)(context(), params)
        sent = api.received[-1].body
    (span,) = named(kept.spans, "chat m")
    attributes = told(span)
    for dial in ("temperature", "top_p", "seed"):
        assert attributes[f"gen_ai.request.{dial}"] == sent[dial]
    assert attributes["gen_ai.request.max_tokens"] == 20
    assert attributes["gen_ai.provider.name"] == "openai"
    assert attributes["server.port"] == int(api.base_url.rpartition(":")[2].partition("/")[0])


async def test_tokens_that_nobody_told_are_not_made_up() -> None:
    kept = Telemetry()
    await with_telemetry(with_budget(echo, samples=9), kept)(context(), question("hello"))
    (model,) = named(kept.spans, "chat")
    assert not any(name.startswith(("gen_ai.usage", "labkit.usage")) for name in told(model))


def test_each_answerer_has_its_provider() -> None:
    inside, outside = SpanKind.INTERNAL, SpanKind.CLIENT
    assert _provider(Claude) == ("anthropic", outside)
    assert _provider(OpenAICompatible) == ("openai", outside)
    assert _provider(SmolLM) == ("llama_cpp", inside)
    assert _provider(TinyModel) == _provider(Scripted) == ("labkit", inside)
    assert _provider(type(echo)) == ("_OTHER", outside)


async def test_the_turns_of_a_model_with_tools_are_linked() -> None:
    kept = Telemetry()
    uses = [ToolUseContent(id="1", name="count_stock", input={}), ToolUseContent(id="2", name="made up", input={})]
    asks = CreateMessageResultWithTools(role="assistant", content=[*uses], model="m", stop_reason="toolUse")
    callback = with_telemetry(Scripted([asks, answer("There are 3.")]), kept)
    first = question("How many?").model_copy(update={"tools": [STOCK]})
    told_back = [
        SamplingMessage(role="assistant", content=[*uses]),
        SamplingMessage(
            role="user",
            content=[ToolResultContent(tool_use_id=each.id, content=[TextContent(text="3")]) for each in uses],
        ),
    ]
    await callback(context(), first)
    await callback(context(), first.model_copy(update={"messages": [*first.messages, *told_back]}))
    spans = kept.spans
    asked, answered = named(spans, "sampling/createMessage")
    assert [event["gen_ai.tool.name"] for event in events(asked)[-2:]] == ["count_stock", "_OTHER"]
    assert links(answered, spans) == [("tool turn before", asked)]
    assert (told(asked).get("labkit.tools.turn"), told(answered)["labkit.tools.turn"]) == (None, 1)
    (model, _) = named(spans, "chat scripted")
    assert told(model)["gen_ai.response.finish_reasons"] == ("tool_call",)


@pytest.mark.parametrize("wrong", [Telemetry, True, "kept"])
def test_what_is_no_telemetry_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="is no telemetry"):
        with_telemetry(echo, wrong)


def context(**more: Any) -> Any:
    """The context of a request that comes over one connection."""
    return type("Context", (), {"session": CONNECTION.session, "request_id": 1, **more})()
