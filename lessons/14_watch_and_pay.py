# %% [markdown]
# # 14 · Watch and pay
#
# A tool is slow, and a bill is high. Whose doing is it? You will read traces, find five causes, add up what a class
# spent, and write spans of your own.
#
# | | |
# |---|---|
# | **You will be able to** | read a trace and name the cause of a slow call · find a retry that nobody sees · report who spent what · instrument a callback with OpenTelemetry · say what never belongs in a span |
# | **Needs** | lessons 02, 05, 09, 10 and 13. No key, no network |
# | **Time** | 70–90 minutes (an estimate), with a place to stop |
# | **Wire** | both: revisions 2025-11-25 and 2026-07-28 |

# %%
import sys
from tempfile import mkdtemp

from mcp import Client, StdioServerParameters
from mcp.types import CreateMessageResult, ErrorData, TextContent

from labkit import Lab, Telemetry, TinyModel, check, hint, it_was, lesson, parts, predict, quiz, show_spans
from servers import log_archiver
from servers.sample_logs import SAMPLE_LINES

desk = log_archiver.make_server(mkdtemp())
disk = {"log_line": SAMPLE_LINES["disk_full"]}
print("ready")
lesson("14")

# %% [markdown]
# ## Step 1 · Nobody looks
#
# [OpenTelemetry](https://opentelemetry.io) is how programs of all kinds tell what they do. A **span** is a piece of work:
# a name, a beginning, an end, *attributes* (named values), and the span that it is part of, its *parent*. Spans with one
# root are a **trace**. `mcp` makes spans by itself, and nobody sees them until a program sets up who keeps them. They are
# kept when they *end*, so an inner span comes first:

# %%
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

if not isinstance(trace.get_tracer_provider(), TracerProvider):
    trace.set_tracer_provider(TracerProvider())  # a provider makes tracers, and these make spans
kept = InMemorySpanExporter()  # an exporter keeps or sends spans: this one has them in a list
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(kept))  # a processor hands on each span that ended
predict("14.1")

# %%
model = TinyModel()

for mode in ("legacy", "auto"):
    kept.clear()
    async with Client(desk, mode=mode, sampling_callback=model) as client:
        await client.call_tool("process_log_entry", disk)
        print(client.protocol_version)
    spans = [span for span in kept.get_finished_spans() if "process_log" in span.name or "sampling" in span.name]
    traces = list(dict.fromkeys(span.context.trace_id for span in spans))
    for span in spans:
        print(f"    trace {traces.index(span.context.trace_id) + 1}  {span.kind.name:6}  {span.name}")
it_was("14.1", len(traces))

# %% [markdown]
# CLIENT and SERVER are the sides of one *request*, not MCP's client and server: CLIENT sends it, SERVER receives it. When
# a server asks for a sample, its span is CLIENT and yours SERVER. INTERNAL is work within a process.
#
# On **2025-11-25** all stand in one trace. On **2026-07-28** each round is a trace of its own, of the sample there is
# nothing, and `Client(server)` in one process makes no CLIENT span. On neither is there a word of who answered, what that
# took, or what was waited for. That is the host's to tell.
#
# ## Step 2 · The host tells
#
# A `Lab` with a `Telemetry` makes what is missing. Below are its spans and those of `mcp`, each under its parent, and then
# what the span of the model says. Two CLIENT spans tell of each request, on both wires: `MCP send …` is the SDK's, and
# the desk's span is below it; `tools/call …` is the Lab's, with its bytes.
#
# What attributes are called is agreed on, so that any program for traces understands them: the conventions for MCP and
# generative AI, version 0.1.0, still in development. What begins with `labkit.` is the kit's own.

# %%
telemetry = Telemetry()


def trace_of(name, spans):
    """The spans of the trace in which a span of this name stands."""
    [one] = [span for span in spans if span.name.startswith(name)]
    return [span for span in spans if span.context.trace_id == one.context.trace_id]


def tree(spans, parent=None, depth=0):
    """Print the spans below `parent`, and below each its own."""
    for span in sorted(spans, key=lambda span: span.start_time):
        if (span.parent and span.parent.span_id) == parent:
            print(f"{'    ' * depth + span.name:60} {span.kind.name}")
            tree(spans, span.context.span_id, depth + 1)


# %% tags=["live"]
for mode in ("legacy", "auto"):
    telemetry.clear(), kept.clear()
    with Lab(desk, name=mode, mode=mode, sampling_callback=model, telemetry=telemetry) as lab:
        await lab.call_tool("process_log_entry", disk)
        print(lab.protocol_version)
    spans = trace_of("execute_tool", [*telemetry.spans, *kept.get_finished_spans()])
    tree(spans)

print()
[chat] = [span for span in spans if span.name.startswith("chat")]
for name, value in chat.attributes.items():
    print(f"{name:34} {value}")

# %% [markdown]
# ## Step 3 · Whose time is it?
#
# A span lasts as long as all that is in it: `execute_tool` always looks slow. `parts` takes a call apart, so that each
# moment belongs to one: the `model`, a `person`, a `turn` that is waited for, the `host`'s duties, the `server`, the
# `wire`. Where a server's own spans are not among those given, the wire counts as the server's. This trace is written
# down, for round seconds:

# %%
from labkit.checks.written_spans import written

two = written("""
    call 0 7
      sent 0 1
      sample 1 5
        model 1 5
      sample 1 5
        model 1 5
      sent 5 7""")
predict("14.2")

# %%
for part in parts(two):
    print(f"{part.seconds:3.0f} s  {part.kind:7} {part.what}")

it_was("14.2", sum(part.seconds for part in parts(two) if part.kind == "model"))
show_spans(two)

# %% [markdown]
# Each model took four seconds, and the call waited for both at once. Choose a row to read what its span tells.
#
# ## Step 4 · Five slow calls
#
# One morning, five calls of a desk, each about a second long. To each caller they look the same: a call, and an answer.
# The cell below the question makes them anew. In how many of the five, do you think, is it the model?

# %%
predict("14.3")

# %% tags=["live"]
from IPython.display import display

from labkit.checks.slow_calls import slow_calls

calls = await slow_calls()
for letter, watched in calls.items():
    print(letter)
    display(show_spans(watched))

it_was("14.3")

# %% [markdown]
# In A, `✗ -32603` is the code of a failed try (lesson 02); the error's text is not kept. A pause before another try is
# drawn as a turn too: its row tells it from a queue.
#
# ## Exercise 14.1 · name the cause ●●○ 12 minutes
#
# **Goal** A function that says why calls were slow. **Input** `spans` of a `Telemetry`, of one call or of several.
# **Return** a pair: the cause that took most time over all calls and servers, and the name of the server where most of that
# time was spent.
#
# The causes are the kinds of `parts`, with a change: what a failed try of a model took, and the pause after it, is
# neither the model's nor a turn's. Its cause is `"tries"`. A `model` part is a failed try where its span has the attribute
# `error.type` (a tool's error is no try); a pause has `labkit.wait`, and it is `"pause"`.
#
# A part has `kind`, `seconds`, `span_id`, and `call`, the id of the call's span. A call that a host made while it answered
# another is told twice: in that one, and by itself. Leave out the second: the parent of such a call is among the spans.
#
# A span has `context.span_id`, `attributes`, and `parent`, which is `None` or has a `span_id`. The server is the attribute
# `labkit.server` of the part's span, of one above it or, where one above is not among `spans`, of the span of `part.call`.
#
# **Example** for `two` above: `("model", "desk")`


# %%
from collections import Counter


def why_slow(spans):
    """The cause that took most time, and the server at which most of that was."""
    # SOLUTION
    by_id = {span.context.span_id: span for span in spans}

    def server_of(span, call):
        above = by_id.get(span.parent.span_id) if span.parent else None
        return span.attributes.get("labkit.server") or server_of(above or by_id[call], call)

    times, causes = Counter(), Counter()
    for part in parts(spans):
        above = by_id[part.call].parent
        if above and above.span_id in by_id:
            continue
        span = by_id[part.span_id]
        failed = part.kind == "model" and "error.type" in span.attributes
        wasted = failed or span.attributes.get("labkit.wait") == "pause"
        cause = "tries" if wasted else part.kind
        causes[cause] += part.seconds
        times[cause, server_of(span, part.call)] += part.seconds
    [(slowest, _)] = causes.most_common(1)
    return slowest, max((server for cause, server in times if cause == slowest), key=lambda at: times[slowest, at])
    # END SOLUTION


# %%
await check("14.1", why_slow)
hint("14.1")

# %% tags=["live"]
try:
    for letter, watched in calls.items():
        print(letter, *why_slow(watched.spans))
except NotImplementedError:
    print("TODO: why_slow is still to be written.")

# %% [markdown] tags=["instructor"]
# **14.1, explained.** `parts` has seen to what goes on at once; what is left is to leave out what is told twice, and to
# group. Two counters: the cause first, over all servers, then where. The largest pair of both may be another: 5 s of a
# model at one server beat 3 and 4 s of a person at two, and a person is the cause.
#
# *Common in class:* the longest *span*, which is always the call; the longest *part*, where many short samples make one
# long wait; durations of `chat` spans added up, though they ran at the same time; a pause counted as a turn; each
# `error.type` counted as a try, a tool's too.

# %% [markdown]
# **A good place to stop:** you can read a trace and name a cause. To go on another day, choose *Run → Run All Above
# Selected Cell* here.
#
# ## Step 5 · What a class costs
#
# Call A had three tries. Its caller saw one call, its server one answer, a person nothing; and each try to which a model
# wrote an answer is paid for. Here is a class of three at one desk, at the made-up prices of lesson 05. Each student's Lab
# has the student's name. Of Ada's model the first answer gets lost on its way, and `with_retry` asks again. Lin's cache
# knows a line that came before. What Omar's model costs nobody knows.

# %%
from labkit import spending, with_cache, with_retry
from labkit.models.players import players, players_catalog


def loses_the_first(model):
    async def asked(context, params):
        answer = await model(context, params)
        lost.append(answer)
        return answer if len(lost) > 1 else ErrorData(code=-32603, message="The connection broke off.")

    lost, asked.model = [], model.name
    return asked


predict("14.4")

# %%
cast = players()
students = {
    "ada": with_retry(loses_the_first(cast["tiny-scholar"]), wait=0),
    "lin": with_cache(cast["tiny-sprint"]),
    "omar": TinyModel(name="omar's own"),
}
of_class = Telemetry(prices=players_catalog())
for name, callback in students.items():
    with Lab(desk, name=name, sampling_callback=callback, telemetry=of_class) as lab:
        for which in ("disk_full", "disk_full", "deadlock"):
            await lab.call_tool("process_log_entry", {"log_line": SAMPLE_LINES[which]})

# %%
report = spending(of_class, by="lab")
it_was("14.4", report["ada"].tries)
print(report.text(times=False))

# %% [markdown]
# `failed` counts calls (by `"model"`, tries), `lost` the tokens of tries of which nothing came; `≥` says that some cost is
# not known. `by` may also be `"server"`, `"model"` or `"tool"`.
#
# With the times there are two columns more, such as `0.402 s` and `6.310 s`: `p50`, in which half of the calls were over,
# and `p95`, in which nineteen of twenty were. A retry in one call of ten shows in the second alone.
#
# ## Exercise 14.2 · who spent what ●●○ 12 minutes
#
# **Goal** The report of a class. **Input** `spans`; and `prices`, in US dollars for a million tokens in and out, such as
# `{"haiku": (0.10, 0.50)}`. **Return** a dict with a row for each student, by `labkit.lab`, such as
# `{"ada": {"samples": 3, "tries": 4, "usd": 0.02, "unknown": 0}}`.
#
# - A sample is a span named `sampling/createMessage`. A try is one with `gen_ai.operation.name` equal to `"chat"`.
# - `usd` is what the tries cost, the failed ones too: `gen_ai.usage.input_tokens` and `gen_ai.usage.output_tokens`, at the
#   price of `gen_ai.response.model`; where no model answered, of `gen_ai.request.model`.
# - `unknown` counts tries with no price, or without one of both numbers. Unknown is not 0, and 0 is not unknown.
# - A span without `labkit.lab`, such as a server's own, belongs to nobody.


# %%
def who_spent(spans, prices):
    """What each student asked for and spent, as a dict of rows."""
    # SOLUTION
    rows = {}
    for span in spans:
        told = span.attributes
        if "labkit.lab" not in told:
            continue
        row = rows.setdefault(told["labkit.lab"], {"samples": 0, "tries": 0, "usd": 0.0, "unknown": 0})
        if span.name == "sampling/createMessage":
            row["samples"] += 1
        if told.get("gen_ai.operation.name") != "chat":
            continue
        row["tries"] += 1
        price = prices.get(told.get("gen_ai.response.model") or told.get("gen_ai.request.model"))
        tokens = [told.get(f"gen_ai.usage.{way}_tokens") for way in ("input", "output")]
        if price is None or None in tokens:
            row["unknown"] += 1
        else:
            row["usd"] += (tokens[0] * price[0] + tokens[1] * price[1]) / 1_000_000
    return rows
    # END SOLUTION


# %%
await check("14.2", who_spent)
hint("14.2")

# %%
prices = {model.name: (model.prices[0].input, model.prices[0].output) for model in players_catalog().models}
try:
    for name, row in who_spent(of_class.spans, prices).items():
        print(f"{name:5} {row['samples']} samples, {row['tries']} tries, ${row['usd']:.5f}, {row['unknown']} unknown")
except NotImplementedError:
    print("TODO: who_spent is still to be written.")

quiz("14.4", "")

# %% [markdown] tags=["instructor"]
# **14.2, explained.** A row is made where a student is first met, also by a span that costs nothing. `price is None` and
# `None in tokens`, not `not price`: a free model and an answer of no tokens are known. A sample without a try came from a
# cache.
#
# *Common in class:* `get(..., 0)` for tokens that nobody told, which makes a model without a bill look free; tries
# counted by samples; spans of calls counted, since they have `gen_ai.operation.name` too; only what ended well.

# %% [markdown]
# ## Step 6 · Across processes
#
# A desk in a process of its own. With `collector.environment` it sends its spans, by OTLP (the protocol by which spans
# travel), to a *collector*: here one within your kernel, elsewhere one that a whole team shares.
#
# Each request of yours carries, as `traceparent` in its `_meta`, the id of your trace and of the span that sent it: the
# SDK's `MCP send …`, which is in `kept`. So the desk's spans, made elsewhere, stand in your trace, each below that one.

# %% tags=["live"]
from labkit import Collector

across, run = Telemetry(), ["-m", "servers.log_archiver", "--folder", mkdtemp()]
async with Collector(across) as collector:
    away = StdioServerParameters(command=sys.executable, args=run, env=collector.environment)
    with Lab(away, name="another process", sampling_callback=model, telemetry=across) as lab:
        await lab.call_tool("process_log_entry", disk)

tree(trace_of("execute_tool", [*across.spans, *kept.get_finished_spans()]))
show_spans(trace_of("execute_tool", across.spans))

# %% [markdown]
# Now the `server` and the `wire` are told apart: your span of the request is longer than the desk's of the same. Neither
# side could know that alone.
#
# ## Step 7 · What may be in a span
#
# Spans are kept for weeks, and are read by more people than a chat is. So a span says *that* and *how much*, never *what*.
# A `Telemetry` keeps words only where you ask for `contents=True`, and takes known forms of secrets out of them.

# %%
from labkit import Scripted

echo = Scripted(lambda params: "The night job was refused with hunter2.")
secret = {"log_line": "ERROR: login of the night job failed, password=hunter2"}

for contents in (False, True):
    watched = Telemetry(contents=contents)
    with Lab(desk, name="words", sampling_callback=echo, telemetry=watched) as lab:
        await lab.call_tool("process_log_entry", secret)
    told = {name: str(value) for span in watched.spans for name, value in span.attributes.items()}
    print(f"contents={contents}, in which attributes stands")
    for word in ("night job", "hunter2"):
        print(f"    {word}:", ", ".join(name for name in told if word in told[name]) or "none")
predict("14.5")

# %% [markdown]
# `password=hunter2` has a form that is known, so it was taken out of the request. The model repeated the word in a
# sentence, where nothing tells it from another: what is taken out by its form is not all that is secret.

# %%
tracer = trace.get_tracer("night desk")
kept.clear()
try:
    with tracer.start_as_current_span("chat"):
        raise ConnectionError("401: no access with key plum-cake-42")
except ConnectionError:
    [span] = kept.get_finished_spans()
    print(span.status.description)
    print(*(f"{event.name}: {', '.join(event.attributes)}" for event in span.events))

it_was("14.5")

# %% [markdown]
# OpenTelemetry means well: it writes down the text of each error that passes, with its traceback. But the text of a
# provider's error may quote the prompt, or an address with a key in it. Say `record_exception=False` and
# `set_status_on_exception=False`, and tell the error's class.
#
# | in a span | never in a span |
# |---|---|
# | names of tools, models, servers; the revision | words of prompts, answers, arguments, results |
# | numbers: tokens, bytes, seconds, dollars, tries | keys, tokens of access, headers |
# | kinds: the class or code of an error, a finish reason | an error's text, a person's reason to refuse |
# | ids, to find the rest where it is kept | *baggage*, words that a trace carries along: they go out with every request |

# %% [markdown]
# ## Exercise 14.3 · a span of your own ●●● 15 minutes
#
# **Goal** Instrument the callback of lesson 02, in plain OpenTelemetry. There it posted `body` to an API and got `reply`.
# **Input** `post`, which does that: `reply = await post(body)`; a `tracer`; and the `provider`'s name. **Return** an
# `async def` that takes the place of `post` and makes one span for each request, with the name `chat MODEL`, the kind
# CLIENT, and these attributes:
#
# | attribute | out of |
# |---|---|
# | `gen_ai.operation.name` | `"chat"` |
# | `gen_ai.provider.name` | `provider` |
# | `gen_ai.request.model`, `.max_tokens`, `.temperature` (each with `gen_ai.request` before it) | `body["model"]`, `body["max_tokens"]`, `body["temperature"]` |
# | `gen_ai.response.model` | `reply["model"]` |
# | `gen_ai.response.finish_reasons` | a list of `reply["choices"][0]["finish_reason"]` |
# | `gen_ai.usage.input_tokens`, `gen_ai.usage.output_tokens` | `reply["usage"]["prompt_tokens"]`, `["completion_tokens"]` |
# | `error.type`, with the status ERROR | the class of an error that `post` raises. It goes on to the caller |
#
# A *tracer* makes spans: `trace.get_tracer(name)`. All that is known before the request are arguments of one call:
# `with tracer.start_as_current_span(name, kind=SpanKind.CLIENT, attributes={…}, record_exception=False,
# set_status_on_exception=False) as span:`
#
# `span.set_attribute(name, value)` adds an attribute, `span.set_status(StatusCode.ERROR)` says that it failed. What body or
# reply does not tell has no attribute: `usage` may be missing or `None`, `choices` empty or missing, and a reply
# `{"error": …}` tells neither model nor choices. No word of what was asked, answered or raised stands in the span.


# %%
from opentelemetry.trace import SpanKind, StatusCode

ASKED = {name: f"gen_ai.request.{name}" for name in ("model", "max_tokens", "temperature")}
USED = {"prompt_tokens": "gen_ai.usage.input_tokens", "completion_tokens": "gen_ai.usage.output_tokens"}


def traced(post, tracer, provider):
    """`post`, with a span around each request."""

    # SOLUTION
    async def post_with_span(body):
        told = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": provider}
        told |= {name: body[key] for key, name in ASKED.items() if key in body}
        quiet = {"record_exception": False, "set_status_on_exception": False}
        with tracer.start_as_current_span(
            f"chat {body['model']}", kind=SpanKind.CLIENT, attributes=told, **quiet
        ) as span:
            try:
                reply = await post(body)
            except Exception as error:
                span.set_status(StatusCode.ERROR)
                span.set_attribute("error.type", type(error).__name__)
                raise
            if reply.get("model"):
                span.set_attribute("gen_ai.response.model", reply["model"])
            if choices := reply.get("choices"):
                span.set_attribute("gen_ai.response.finish_reasons", [choices[0]["finish_reason"]])
            for key, name in USED.items():
                if key in (reply.get("usage") or {}):
                    span.set_attribute(name, reply["usage"][key])
            return reply

    return post_with_span
    # END SOLUTION


# %%
await check("14.3", traced)
hint("14.3")

# %% [markdown] tags=["instructor"]
# **14.3, explained.** All that may fail stands around `await post(body)` alone, so what is raised there is the API's.
# `except Exception` lets a cancellation pass, and the `with` ends the span all the same. `raise` without a name keeps the
# traceback. `key in (...)`, not `.get(key)`: 0 tokens are told.
#
# *Common in class:* `start_span`, which nobody ends where an error passes, and which is no parent to what the HTTP client
# traces; `record_exception(error)`; `str(error)` as the status; an attribute `prompt`.

# %% [markdown]
# Your span in the trace of a call. On 2026-07-28 each round would be a trace of its own; a span that is held open around
# the call ties them together. All of these are made by OpenTelemetry's own means, by `mcp` and by you. The kit's spans
# without a Lab are made by `with_telemetry(my_client)`.

# %%
from labkit import try_out


async def post(body):  # stands in for the API
    choice = {"message": {"content": "The disk is full."}, "finish_reason": "stop"}
    return {"model": "llama3.2:1b", "choices": [choice], "usage": {"prompt_tokens": 41, "completion_tokens": 6}}


async def my_client(context, params):
    send = traced(post, tracer, "ollama")
    reply = await send({"model": "llama3.2", "messages": [], "max_tokens": params.max_tokens})
    text = TextContent(text=reply["choices"][0]["message"]["content"])
    return CreateMessageResult(role="assistant", model=reply["model"], content=text)


# %%
kept.clear()
mine = Lab(desk, name="my client", sampling_callback=my_client)
with tracer.start_as_current_span("morning"):
    await try_out(mine, my_client, "process_log_entry", disk)

spans = trace_of("morning", kept.get_finished_spans())
tree([span for span in spans if "list" not in span.name and "discover" not in span.name])

# %%
quiz("14.5", "")
lesson("14")

# %% [markdown]
# ## Stretch
#
# Put `traced` into your `my_client.py`. `provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))` sends its spans
# to `OTEL_EXPORTER_OTLP_ENDPOINT`, Jaeger's, say. With that set before the kernel starts, each `Telemetry` sends *its* own.
#
# ## Recap
#
# - A span says that something was done, when, and within what. `mcp` tells of requests; waits and models are the host's to tell.
# - Take a call apart before you blame somebody: what goes on at once counts once, and what failed is time and money too.
# - Unknown is not 0. And no words in spans: not those of a prompt, and not those of an error.
#
# **Next:** [15 · Capstone](15_capstone.ipynb)
