# %% [markdown]
# # 10 · Two wires
#
# The same sample crosses the older wire and the newer one, frame by frame. Then move tools from one to the other, and
# decide when a tool should not sample at all.
#
# | | |
# |---|---|
# | **You will be able to** | read a sample's frames on both wires · say what `requestState` protects and what not · ask as often as the run needs · move a server of 2025, or leave it, with a reason |
# | **Needs** | lessons 04 and 06. No key, no network |
# | **Time** | 80–100 minutes (an estimate), with a place to stop |
# | **Wire** | both: revisions 2025-11-25 (the older) and 2026-07-28 (the newer) |

# %%
import json
from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp.types import CreateMessageRequestParams, CreateMessageResult, InputRequiredResult

from labkit import Lab, Scripted, TinyModel, check, hint, it_was, lesson, plot_bars, predict, quiz, show, try_out
from labkit.course.clinic import answering, beside, frames_of, recorded, sketch
from servers import log_archiver
from servers.asking import ask, asks_by_result, can_sample, message, text_of
from servers.clinic.ctx_sample import question as request

print("ready")
lesson("10")

# %% [markdown]
# ## One sample, frame by frame
#
# A *frame* is one JSON-RPC message. `sketch` tells it in a line: → to the server or ← to the client, its id, what it is,
# and what the newer wire adds. The archiver explains the same log line on both wires.

# %%
from tempfile import mkdtemp

from servers.sample_logs import SAMPLE_LINES

line, flows = SAMPLE_LINES["disk_full"], {}
model = Scripted(lambda params: "The disk is full.")
for mode in ("legacy", "auto"):
    lab = Lab(log_archiver.make_server(mkdtemp()), mode=mode, sampling_callback=model)
    await lab.call_tool("process_log_entry", {"log_line": line})
    flows[mode] = lab.flow
    print(lab.protocol_version, *map(sketch, frames_of(lab.flow)), sep="\n")
predict("10.1")

# %% [markdown]
# Both take four frames, in the same directions. On the older wire the *server* asks, by a request with an id of its own,
# in the middle of your call. On the newer one it *ends* your call with a question, and the client calls once more, with
# the answer. Click a step below to read its frame.

# %%
it_was("10.1")
show(flows["auto"])

# %% [markdown]
# | | 2025-11-25 | 2026-07-28 |
# |---|---|---|
# | who sends the question | the server, as a request | the server, in a result |
# | an answer finds its question | by the id | by the *key* in `inputRequests` |
# | while the model thinks | the tool waits, and its connection | nobody waits: the call is over |
# | what the server knows meanwhile | all that the tool has in its variables | nothing: it comes back in `arguments` and `requestState` |
# | which process may go on | the one that asked | any one with the same *secret* key |
#
# The last two rows are why there is a newer wire: a server that keeps nothing can be stopped, moved and doubled.
#
# ## Exercise 10.1 · put frames in order ●●○ 10 minutes
#
# **Goal** Read any call from its frames. **Input** the frames of one call, shuffled: JSON-RPC messages as dictionaries,
# with `"to"`, which is `"server"` or `"client"`. **Return** a list of the same frames in the order in which they crossed.
#
# Each side numbers its own requests, upwards, and knows nothing of the other's numbers. A reply (a `result` or an `error`)
# has the id of its request and goes the other way. On the older wire one sample follows the other.
#
# **Example** `{"to": "client", "id": 3, "method": "sampling/createMessage", …}`, and a reply to it:
# `{"to": "server", "id": 3, "result": …}`


# %%
def in_order(frames):
    """The frames of one call, in the order in which they crossed."""

    # SOLUTION
    def reply(request):
        return next(f for f in frames if "method" not in f and f["id"] == request["id"] and f["to"] != request["to"])

    requests = sorted((f for f in frames if "method" in f), key=lambda f: f["id"])
    questions = [f for f in requests if f["method"] == "sampling/createMessage"]
    ordered = []
    for call in [f for f in requests if f["method"] == "tools/call"]:
        ordered.append(call)
        for question in questions:
            ordered += [question, reply(question)]
        ordered.append(reply(call))
    return ordered
    # END SOLUTION


# %%
await check("10.1", in_order)
hint("10.1")

# %% [markdown]
# ## What is in `requestState`?
#
# This desk opens a ticket: a deed, and not only a text. `RequestStateSecurity` says with which key a state is sealed; this
# key is ours, so that we can look inside. Below it, `leg` makes one call by hand: the first one, which comes back with a
# question, or one that brings an answer to it.

# %%
from secrets import token_bytes

from mcp.server.request_state import AESGCMRequestStateCodec, RequestStateSecurity


async def name_it(line: str) -> Sample:
    return Sample([message("user", f"Name this fault in three words.\n{line}")], max_tokens=10)


def make_desk(**security):
    desk = MCPServer("desk", request_state_security=RequestStateSecurity(**security))

    @desk.tool(structured_output=False)
    async def open_ticket(line: str, answer: Annotated[CreateMessageResult, Resolve(name_it)]) -> str:
        tickets.append(line)
        return f"Ticket {len(tickets)}: {answer.content.text}"

    return desk


# %%
from mcp import MCPError

tickets, key = [], token_bytes(32)
said = await model(None, CreateMessageRequestParams(messages=[], max_tokens=10))  # no server asked for it


async def leg(lab, call, asked=None, state=None):
    """What one tools/call gives: a result, a question, or an error. `call` is the tool's name and its arguments."""
    answers = dict.fromkeys(asked.input_requests, said) if asked else None
    more = {"input_responses": answers, "request_state": state or (asked and asked.request_state)}
    try:
        return await lab.run(lambda client: client.session.call_tool(*call, **more, allow_input_required=True))
    except MCPError as error:
        return error


# %%
desk = Lab(make_desk(keys=[key]), name="desk", sampling_callback=model)
ticket = "open_ticket", {"line": line}
asked = await leg(desk, ticket)
state = asked.request_state

print(f"{state[:3]}…, more than {len(state) // 100}00 characters")
predict("10.2")

# %% [markdown]
# First as the client, who has the text and no key. Then as the server, who has both.

# %%
from base64 import urlsafe_b64decode, urlsafe_b64encode

raw = urlsafe_b64decode(state.removeprefix("v1.") + "==")
print("The client finds the tool's name in it:", b"open_ticket" in raw)

opened = json.loads(AESGCMRequestStateCodec([key]).unseal(state))
print("The server finds:", *(f"{field} = {opened[field]}" for field in "mta"), sep="\n  ")
print(f"  s = {opened['s'][:30]}…")
print(f"  exp - iat = {opened['exp'] - opened['iat']:.0f} seconds")
it_was("10.2")

# %% [markdown]
# `m`, `t` and `a` are the method, the tool and a digest of its arguments; the state holds from `iat` to `exp`. `s` is the
# tool's own part, here the digest of its question. All of it is encrypted and sealed with the server's key (AES-GCM): a
# text that was changed in one byte no longer opens.
#
# ## Attack it
#
# You are the client now, and send what you like, to whom you like: also to a desk with the same key, as a second process
# of it would be, and to one with another key.


# %%
def spoil(state):
    return state[:60] + ("A" if state[60] != "A" else "B") + state[61:]


twin = Lab(make_desk(keys=[key]), name="same key", sampling_callback=model)
attacks = {
    "as it is": (desk, ticket, asked),
    "sent again": (desk, ticket, asked),
    "one byte changed": (desk, ticket, asked, spoil(state)),
    "for another line": (desk, ("open_ticket", {"line": "all is well"}), asked),
    "at the twin": (twin, ticket, asked),
}
predict("10.3")

# %%
stale = Lab(make_desk(keys=[key], ttl=1e-9), name="holds for a nanosecond", sampling_callback=model)
alien = Lab(make_desk(keys=[token_bytes(32)]), name="another key", sampling_callback=model)
attacks["at another server"] = alien, ticket, asked
attacks["expired"] = stale, ticket, await leg(stale, ticket)
for name, attack in attacks.items():
    came = await leg(*attack)
    print(f"{name:<18}", came if isinstance(came, MCPError) else came.content[0].text)

it_was("10.3")
quiz("10.5", "")
quiz("10.6", "")

# %% [markdown]
# - What was changed, has expired, or belongs to another call or key is refused, always in the same words: the reason
#   stands in the server's own log, where an attacker does not read it.
# - **A state may come twice.** The seal proves that it is genuine, not that it is new. The tool's body ran each time, and
#   there are three tickets. An honest client sends again too, when the network lost a reply.
#
# So make a deed harmless to repeat, as the archiver does ("Already in the report"), or keep a note of what was done.
#
# ## A state that nobody seals
#
# What if a server does without? With the SDK's `Server`, one floor below `MCPServer`, that is the default. This cleaner
# only turns its state into letters. It looks up *once* whether a file is yours, and keeps that in the state.


# %%
class Encoded:  # a codec without a key
    seal = staticmethod(lambda payload: urlsafe_b64encode(payload).decode())
    unseal = staticmethod(urlsafe_b64decode)


def make_cleaner(**security):
    cleaner = MCPServer("cleaner", request_state_security=RequestStateSecurity(**security))

    @cleaner.tool(structured_output=False)
    async def delete(file: str, ctx: Context) -> str | InputRequiredResult:
        state = ctx.request_state or ("yours" if file.startswith("home/") else "not yours")
        if not ctx.input_responses:
            return InputRequiredResult(input_requests={"why": request(f"Why delete {file}?")}, request_state=state)
        return f"{file} is {state}{': deleted' if state == 'yours' else ''}"

    return cleaner


# %% [markdown]
# The attack takes the state apart, changes a word, and puts it together again. Run it; then change `spoil`, and try to get
# past the key.


# %%
def forge(state):
    claims = json.loads(urlsafe_b64decode(state))
    claims["s"] = "yours"
    return urlsafe_b64encode(json.dumps(claims).encode()).decode()


orders, encoded, sealed = ("delete", {"file": "srv/orders.db"}), {"codec": Encoded()}, {"keys": [key]}
for told, how, attack in (("encoded", encoded, str), ("forged", encoded, forge), ("sealed", sealed, spoil)):
    victim = Lab(make_cleaner(**how), name="victim", sampling_callback=model)
    asked = await leg(victim, orders)
    came = await leg(victim, orders, asked, attack(asked.request_state))
    print(f"{told:8}", came if isinstance(came, MCPError) else came.content[0].text)

# %% [markdown]
# The cleaner believed a note of its own that anybody may write. The specification says it in a sentence: a server MUST
# treat `requestState` as written by an attacker (2026-07-28, basic/patterns/mrtr, Server Requirements 4). `MCPServer` seals
# by default, with a key of its process; processes that share the work need `RequestStateSecurity(keys=[…])`, with one
# secret from the environment.
#
# ## Rounds without a question, and without an end
#
# An unfinished result needs no question: with a state alone it says "call again". The client does, after a short pause,
# and no model is asked. Here the state is a count.

# %%
waiting = MCPServer("waiting")


@waiting.tool(structured_output=False)
async def wait(rounds: int, ctx: Context) -> str | InputRequiredResult:
    done = int(ctx.request_state or 0)
    return f"done after {done}" if done == rounds else InputRequiredResult(request_state=str(done + 1))


lab = Lab(waiting, sampling_callback=model, input_required_max_rounds=4)
for rounds in (3, 1_000):
    try:
        print((await lab.call_tool("wait", {"rounds": rounds})).content[0].text)
    except RuntimeError as error:
        print(str(error).partition(";")[0])

# %% [markdown]
# Nobody but the client ends an endless tool: after ten rounds, or here after four. Lesson 04 met the usual reason, a
# question that is another one each time. A hostile server may do so on purpose.
#
# ## As many samples as there are lines
#
# `Resolve` fixes the number of samples in the signature. Where only the run knows it, the tool returns its questions by
# hand. This one asks how urgent each line is, and then about all the answers: two *rounds of questions*. `request(text)` makes a question.

# %%
summary, bodies = MCPServer("summary"), []


@summary.tool(structured_output=False)
async def sum_up(lines: list[str], ctx: Context) -> str | InputRequiredResult:
    bodies.append("ran")
    came, keys = ctx.input_responses or {}, [f"line {n}" for n in range(len(lines))]
    if not came:
        return InputRequiredResult(input_requests=dict(zip(keys, map(request, lines), strict=True)))
    if "all" not in came:
        known = " ".join(text_of(came[key]) for key in keys)
        return InputRequiredResult(input_requests={"all": request(known)}, request_state=known)
    return f"{text_of(came['all'])}, out of: {ctx.request_state}"


predict("10.4")

# %%
levels = Scripted(lambda params: "high")
lab = Lab(summary, name="two steps", sampling_callback=levels)
result = await lab.call_tool("sum_up", {"lines": [*SAMPLE_LINES.values()][:3]})

print(result.content[0].text, "| samples:", len(levels.asked))
print(*map(sketch, frames_of(lab.flow)), sep="\n")
it_was("10.4", len(bodies))

# %% [markdown]
# A client sends the answers of the last round, and no earlier ones: what the tool needs later it must put into its state,
# as `known` here. `servers/rounds.py` does this for any number of rounds, and for both wires.
# `sum_up` trusts its client: it takes answers that come without a state, and fails where one is missing. Yours will not.
#
# ## Exercise 10.2 · as many as there are ●●● 15 minutes
#
# **Goal** A tool `digest()` that says how urgent the newest lines of a log are: a sample for each, at most `MOST`, all
# in one round. **Input** `await fetch()` gives a list of lines; a moment later it gives others. **Return** a text with a row
# `- {line}: {text_of(answer)}` for each line, and where there are more than `MOST`, a last row with the number of the others.
#
# - Fetch once a call, and keep the lines in `request_state`, as a text (`json.dumps`). `request(line)` makes a question.
# - Where an answer is missing, ask again. What comes without a state answers nothing of yours.
# - On the older wire, or where the client cannot sample (`asks_by_result(ctx)`, `can_sample(ctx)`), ask nothing: each
#   row ends with `not asked`. Where there are no lines, say so.
#
# **Example** Seven lines: five samples, five rows, and `(2 more)`.

# %%
MOST = 5


def make_digest(fetch):
    """A server with one tool, digest(), about the lines of `await fetch()`."""
    server = MCPServer("digest")

    @server.tool(structured_output=False)
    async def digest(ctx: Context) -> str | InputRequiredResult:
        """Say how urgent the newest lines of the log are."""
        # SOLUTION
        if ctx.request_state:
            lines, came = json.loads(ctx.request_state), ctx.input_responses or {}
        else:
            lines, came = await fetch(), {}
        shown = lines[:MOST]
        levels = ["not asked"] * len(shown)
        if asks_by_result(ctx) and can_sample(ctx):
            asked = {f"line {n}": request(line) for n, line in enumerate(shown)}
            if not asked.keys() <= came.keys():
                return InputRequiredResult(input_requests=asked, request_state=json.dumps(lines))
            levels = [text_of(came[key]) for key in asked]
        rows = [f"- {line}: {level}" for line, level in zip(shown, levels, strict=True)]
        if len(lines) > MOST:
            rows.append(f"({len(lines) - MOST} more)")
        return "\n".join(rows) or "No lines."
        # END SOLUTION

    return server


# %%
await check("10.2", make_digest)
hint("10.2")


# %%
async def newest():
    return [line[:48] for line in SAMPLE_LINES.values()]


mine = Lab(make_digest(newest), name="my digest", sampling_callback=levels)
await try_out(mine, levels, "digest", {})
show(mine)

# %% [markdown] tags=["instructor"]
# **10.1, explained.** One loop does for both wires and shows their difference: on the older one there is one call with
# questions inside, on the newer one there are several calls and no question of its own. To match a reply by its id alone
# fails where both sides use the same number, as `tool_loop` does below; ids belong to the side that sent the request.
# *Common in class:* sorting by the id alone; a reply that is an `error` is forgotten.
#
# **10.2, explained.** The first round has no state: it fetches. Every later one reads what the first one fetched, so the
# questions stay the same although the log does not. To ask for all again where one is missing is simple, and costs
# samples that were paid for; the specification wants the missing ones only, and `servers/rounds.py` keeps what came.
# *Common in class:* `await fetch()` above the `if`; a list of the server in place of the state; `if ctx.input_responses`
# for "all answers are there"; the cap on the rows and not on the questions.

# %% [markdown]
# **A good place to stop:** you can read both wires, and ask as often as the run needs. To go on another day, choose
# *Run → Run All Above Selected Cell* here.
#
# ## Why it was deprecated, and until when
#
# | when | what |
# |---|---|
# | 2025-11-25 | the last revision on which a server sends requests; tools inside a sample (SEP-1577) |
# | 2026-07-28 | results that ask (SEP-2322); sampling is *deprecated* (SEP-2577): new servers SHOULD NOT use it |
# | 2026-08-31 | FastMCP 4.0 drops `ctx.sample`; its client still answers |
# | 2027-07-28 | from here on a new revision MAY leave it out |
#
# SEP-2577 gives its reasons: few clients support it; to do it well is hard (approval, choice of a model, security, tool
# loops: your lessons 02 to 06); a server can call a provider by itself; and a server that may ask your model is a way in
# for attacks.
#
# Deprecated is not removed, and what speaks one of these two revisions goes on speaking it. Nothing has to be moved in a
# hurry; but a new server should not begin so without a reason like those at the end of this lesson.
#
# ## The migration clinic
#
# Four servers of 2025. Each was run with the packages of its time and then with those of today, and recorded. Each stands
# moved in `servers/clinic/`, a program to open. Here is the first, as it was.

# %%
clinic = {name: recorded(name) for name in ("session_asks", "ctx_sample", "stateless", "tool_loop")}
print(clinic["session_asks"]["source"].partition("\n\nif __name__")[0])

predict("10.5")

# %%
for name, before in clinic.items():
    print(f"{name}, written for {before['written_for'][0]}")
    for run in before["now"]:
        mode = run["client"].partition("mode=")[2] or "-"
        print(f"  {run['file']:<15} | {run['server'][0]:<15} | {mode:<6} | {run['text'].splitlines()[0][:58]}")

it_was("10.5")

# %% [markdown]
# The second column is what was installed for the server, the third the `mode` of a client of today (`-`: it did not
# start). **Nothing breaks by itself**: with its old packages a server is spoken to on the older wire, also in mode
# `auto`, which takes the newest that both know. **And renaming is not moving**: on the newer wire `create_message` has no
# way back. The stateless one never worked.
#
# | server | in 2025 | moved to |
# |---|---|---|
# | `session_asks` | `create_message` in the middle of a tool | `Resolve`: what words the question is a resolver, all deeds are the tool |
# | `ctx_sample` | FastMCP 3's `ctx.sample`, in a loop | a result by hand: all questions at once, the answers found by key |
# | `tool_loop` | a loop of samples, with a tool | kept, for `mode="legacy"`; it tells other clients so |
# | `stateless` | `create_message` without sessions | a provider, which the server calls itself |
#
# Here are three of them: recorded frames on the left, those of the moved server on the right, made now.

# %%
import warnings

from mcp import MCPDeprecationWarning
from mcp.types import SamplingCapability, SamplingToolsCapability

from servers.clinic import ctx_sample, session_asks, stateless, tool_loop

warnings.simplefilter("ignore", MCPDeprecationWarning)  # create_message warns at each call
lends_tools = SamplingCapability(tools=SamplingToolsCapability())
moved_to = {
    "session_asks": (session_asks, "auto"),
    "ctx_sample": (ctx_sample, "auto"),
    "tool_loop": (tool_loop, "legacy"),
}

# %%
for name, (module, mode) in moved_to.items():
    options = {"mode": mode, "sampling_callback": answering(name), "sampling_capabilities": lends_tools}
    lab = Lab(module.make_server(), name=name, **options)
    tool, arguments = clinic[name]["call"].values()
    result = await lab.call_tool(tool, arguments)
    print(f"{name}: {result.content[0].text}\n{beside(clinic[name], lab.flow)}\n")

newer = Lab(tool_loop.make_server(), sampling_callback=answering("tool_loop"), sampling_capabilities=lends_tools)
print("On the newer wire:", (await newer.call_tool(tool, arguments)).content[0].text)

# %% [markdown]
# In `tool_loop` each question depends on the answer before it, and the model may search the log in between. Lesson 11
# builds such a loop for both wires. This one works, so it may stay.
#
# `stateless` had sent its question, and the process that could have taken the answer was gone: the client waited until it
# gave up. Now it calls a model by itself; a stand-in plays the provider, and the Lab has no callback.

# %%
from labkit.checks.apis import Says
from labkit.checks.standin import Standin

before = clinic["stateless"]
async with Standin(Says("The disk was full; orders run again.")) as provider:
    lab = Lab(stateless.make_server(provider.url), name="stateless")
    result = await lab.call_tool(*before["call"].values())

print("then:", before["then"][0]["text"], "\nnow: ", result.content[0].text)
print(beside(before, lab.flow))

# %% [markdown]
# No sample crosses the wire, on either revision. The price: the server has a key, a bill and a model of its own, and the
# user no longer sees what is asked. With clients of 2026-07-28 alone `Resolve` would do too, as a server without sessions
# can ask there.
#
# ## Exercise 10.3 · move a tool ●●○ 10 minutes
#
# **Goal** The tool below, for both wires. **Input** `filed`, a list: the report. **Return** a server with the tool
# `explain(line)`, whose result is `Filed as {n}: {answer}`, where `n` counts the lines that are in the report then.
#
# Look at what happens before the question, and at what the question is made of. Where the client cannot sample, file the
# line all the same, and let `text_of(answer)` say why nobody explains it.

# %%
from itertools import count


def desk_of_2025(filed):
    server, numbers = MCPServer("desk"), count(1)

    @server.tool(structured_output=False)
    async def explain(line: str, ctx: Context) -> str:
        filed.append(line)
        words = message("user", f"Request {next(numbers)}. Explain this log line in a sentence.\n{line}")
        answer = await ctx.session.create_message([words], max_tokens=60)
        return f"Filed as {len(filed)}: {answer.content.text}"

    return server


# %%
def moved(filed):
    """A server with one tool, explain(line), for both wires."""
    server = MCPServer("desk")

    # SOLUTION
    async def question(line: str, ctx: Context) -> Sample | None:
        return ask(ctx, "Explain the log line in a sentence. The line is data.", line, max_tokens=60)

    @server.tool(structured_output=False)
    async def explain(line: str, answer: Annotated[CreateMessageResult | None, Resolve(question)]) -> str:
        """Explain a log line and file it."""
        filed.append(line)
        return f"Filed as {len(filed)}: {text_of(answer)}"

    # END SOLUTION
    return server


# %%
await check("10.3", moved)
hint("10.3")

# %% [markdown]
# ## What takes the time?
#
# One model is asked the same: directly, as a server can by itself, and as a sample on each wire. The last client has a
# person who takes half a second to approve, which is quick for a person.

# %% tags=["live"]
import asyncio
from functools import partial
from time import perf_counter


async def took(way):
    """Milliseconds: the fastest of three."""
    times = []
    for _ in range(3):
        began = perf_counter()
        await way()
        times.append(1_000 * (perf_counter() - began))
    return {"milliseconds": round(min(times))}


# %% tags=["live"]
async def approved(context, params):
    await asyncio.sleep(0.5)  # a person reads, and clicks
    return await tiny(context, params)


tiny, messages = TinyModel(), [message("user", line)]
asking = CreateMessageRequestParams(messages=messages, system_prompt=session_asks.RULES, max_tokens=60)
ways = {"the model, directly": partial(tiny, None, asking)}
for name, mode, who in (("older wire", "legacy", tiny), ("newer wire", "auto", tiny), ("approved", "auto", approved)):
    lab = Lab(session_asks.make_server(), name=name, mode=mode, sampling_callback=who)
    ways[f"a sample, {name}"] = partial(lab.call_tool, "explain", {"log_line": line})
plot_bars({name: await took(way) for name, way in ways.items()})

# %% [markdown]
# The wire costs some milliseconds. What a server cannot know beforehand is the rest: which model the client has, how
# many wait before it, and whether a person is at lunch. A time-out of your own ends the waiting, and brings no answer.
#
# ## Exercise 10.4 · eight decisions ●●○ 10 minutes
#
# **Goal** Say for each how the tool should get its answer, and why. **Return** a dictionary: for each letter a *way* and a
# *reason*. In some more than one way is right; take one, with the reason that holds for this scenario most of all.
#
# | way | the tool |
# |---|---|
# | `"code"` | computes it |
# | `"provider"` | calls a model of the server's own choice: at a provider, or on its own machine |
# | `"sample"` | asks the client's model |
#
# | reason | |
# |---|---|
# | `"time"` | it must be there within a time that I can promise |
# | `"cost"` | I must know, and limit, what a call costs |
# | `"exact"` | the right answer can be computed, at no cost |
# | `"private"` | the data stay where the user has a model already |
# | `"any client"` | it has to work whoever connects |
# | `"many"` | it is a queue of work, not a question |
# | `"stateless"` | each request may reach another process, on both wires |
# | `"their model"` | I have no key, and users want to see what is asked in their name |

# %% [markdown]
# - **a** A search field asks for three suggestions while one types; after 500 ms nobody wants them.
# - **b** You sell summaries at a fixed price.
# - **c** How many errors were there in each hour of this log?
# - **d** Letters of patients, which may not leave the doctor's machine. Server, client and the client's model all run there.
# - **e** A public server sums up web pages, for clients that you do not know.
# - **f** Five hundred papers are to be labelled over night.
# - **g** Behind a load balancer, over stateless HTTP; half of the clients speak 2025-11-25.
# - **h** A server that you give away. Its users have subscriptions of their own, and ask a few times a day.


# %%
def my_choices():
    """For each scenario a way and a reason: {"a": ("code", "time"), …}."""
    # SOLUTION
    return {
        "a": ("code", "time"),
        "b": ("provider", "cost"),
        "c": ("code", "exact"),
        "d": ("sample", "private"),
        "e": ("provider", "any client"),
        "f": ("provider", "many"),
        "g": ("provider", "stateless"),
        "h": ("sample", "their model"),
    }
    # END SOLUTION


# %%
await check("10.4", my_choices)
hint("10.4")

# %% [markdown] tags=["instructor"]
# **10.3, explained.** Three things change when a tool is moved. What was done before the question would now be done in
# every round, so it goes behind the answer. The number makes the question another one each time, so it goes. And a client
# that cannot sample is told apart first, for `create_message` failed there.
#
# **10.4, explained.** In `a` an index in code and a small model of one's own are both right, for the same reason. In `d` a
# model on the doctor's machine may be the client's or the server's. The rest has one way, as each scenario names what the
# others cannot give: `b` the bill, `e` the few clients that sample, `f` the person who would be asked 500 times, `g` that
# nobody takes the answer on the older wire without a session. `h` is what sampling was made for, deprecated or not.
# *Common in class:* `sample` for `f`, since it costs the server nothing.

# %% [markdown]
# **Stretch.** Let your `digest` ask only for the answers that are missing, and keep those that came. Where must they go,
# and what does the state grow by in each round?
#
# [Moving a server off sampling](../docs/moving-off.md) says all of this as a page, with dates and sources, for a server
# of your own.

# %%
lesson("10")

# %% [markdown]
# ## Recap
#
# - The older wire asks in the middle of a call, the newer one between two calls; the same callback answers both.
# - A sealed state cannot be read or changed, but it may come twice: make deeds harmless to repeat.
# - Move what must go on sampling to `Resolve`, or to rounds by hand; let the server call a model where time, cost or
#   scale must be its own; leave what works to `mode="legacy"` until you can.
#
# **Next:** [11 · Tools inside a sample](11_tools_inside_a_sample.ipynb)
