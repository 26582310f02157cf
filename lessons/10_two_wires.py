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
from tempfile import mkdtemp
from typing import Annotated

from mcp import MCPError
from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp.types import CreateMessageRequestParams, CreateMessageResult, InputRequiredResult

from labkit import Lab, Scripted, TinyModel, check, hint, it_was, lesson, plot_bars, predict, quiz, show
from servers import log_archiver
from servers.asking import ask, asks_by_result, can_sample, message, text_of
from servers.clinic.ctx_sample import question as request
from servers.sample_logs import SAMPLE_LINES

line = SAMPLE_LINES["disk_full"]
model = Scripted(lambda params: "The disk is full.")
print("ready")
lesson("10")

# %% [markdown]
# ## One sample, frame by frame
#
# A *frame* is one JSON-RPC message. `sketch` says the most important of it in a line: which way it goes, its id, what
# it is. The archiver explains the same log line on both wires.


# %%
def sketch(frame):
    """A frame in one line. `frame` is the JSON-RPC message, and `to`: "server" or "client"."""
    arrow = "  →" if frame["to"] == "server" else "←  "
    result = frame.get("result", {})
    what = frame.get("method") or ("error" if "error" in frame else result.get("resultType", "result"))
    what = "a model's answer" if "model" in result else what
    more = [key for key in ("inputRequests", "inputResponses", "requestState") if key in str(frame)]
    return f"{arrow} id {frame['id']}  {what}  {' + '.join(more)}"


def frames(flow):
    return [{"to": step.target, **step.data} for step in flow.steps if step.kind != "host"]


# %%
flows = {}
for mode in ("legacy", "auto"):
    lab = Lab(log_archiver.make_server(mkdtemp()), mode=mode, sampling_callback=model)
    await lab.call_tool("process_log_entry", {"log_line": line})
    flows[mode] = lab.flow
    print(f"{lab.protocol_version}: client → server, client ← server", *map(sketch, frames(lab.flow)), sep="\n")

predict("10.1")

# %% [markdown]
# Both wires take four frames, in the same directions. On the older one the *server* asks, in a request of its own with
# an id of its own, in the middle of your call. On the newer one the server *ends* your call with a question, and the
# client makes another call that brings the answer. Click a step to read the whole frame:

# %%
show(flows["auto"])

# %%
it_was("10.1")

# %% [markdown]
# | | 2025-11-25 | 2026-07-28 |
# |---|---|---|
# | who sends the question | the server, as a request | the server, in a result |
# | what belongs together | the answer has the question's id | the answer has the question's *key* in `inputRequests` |
# | while the model thinks | the tool waits, its connection too | nobody waits: the call is over |
# | what the server knows in between | all that the tool has in its variables | nothing: it comes back in `arguments` and `requestState` |
# | which process may go on | the one that asked | any one that has the key |
#
# The last two rows are why there is a newer wire at all: servers that keep nothing can be stopped, moved and doubled
# (SEP-2322, SEP-2575).
#
# ## Exercise 10.1 · put frames in order ●●○ 10 minutes
#
# **Goal** Read any call from its frames. **Input** the frames of one call as a list of dictionaries, shuffled. Each is
# the JSON-RPC message, and `"to"` says to whom it went. **Return** the same frames in the order in which they crossed.
#
# Each side numbers its own requests upwards and does not know the other's numbers. A reply has the id of its request,
# and goes the other way. Samples on the older wire come one after the other.
#
# **Example** A reply with id 3 to the client, a request with id 3 to the server: the request comes first.


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

# %% [markdown] tags=["instructor"]
# **10.1, explained.** One loop does for both wires, and shows the difference: on the older one there is one call with
# questions inside it, on the newer one there are several calls and no question of its own. To match a reply by its id
# alone fails when server and client happen to use the same number, which is no fault: ids belong to the side that sent
# the request. *Common in class:* sorting by id alone; trusting the first `result` for the last frame.

# %% [markdown]
# ## What is in `requestState`?
#
# This desk opens a ticket, which is a deed and not only a text, and its key is ours, so that we can look into the state.
# `leg` makes one call by hand: the first one, or one that brings an answer to `asked`.

# %%
from secrets import token_bytes

from mcp.server.request_state import AESGCMRequestStateCodec, RequestStateSecurity

tickets, key = [], token_bytes(32)


async def name_it(line: str) -> Sample:
    return Sample([message("user", f"Name this fault in three words.\n{line}")], max_tokens=10)


# %%
def make_desk(**security):
    desk = MCPServer("desk", request_state_security=RequestStateSecurity(**security))

    @desk.tool(structured_output=False)
    async def open_ticket(line: str, answer: Annotated[CreateMessageResult, Resolve(name_it)]) -> str:
        tickets.append(line)
        return f"Ticket {len(tickets)}: {answer.content.text}"

    return desk


# %%
said = await model(None, CreateMessageRequestParams(messages=[], max_tokens=10))


async def leg(lab, call, asked=None, state=None):
    """What one tools/call gives: a result, a question, or an error. `call` is the tool's name and its arguments."""
    answers = dict.fromkeys(asked.input_requests, said) if asked else None
    more = {"input_responses": answers, "request_state": state or (asked and asked.request_state)}
    try:
        return await lab.run(lambda client: client.session.call_tool(*call, **more, allow_input_required=True))
    except MCPError as error:
        return error


# %%
lab = Lab(make_desk(keys=[key]), name="desk", sampling_callback=model)
ticket = "open_ticket", {"line": line}
asked = await leg(lab, ticket)
state = asked.request_state

print(f"{state[:3]}…, more than {len(state) // 100}00 characters")
predict("10.2")

# %% [markdown]
# First as the client, who has the text and no key. Then as the server, who has both.

# %%
from base64 import urlsafe_b64decode

raw = urlsafe_b64decode(state.removeprefix("v1.") + "==")
print("The client finds the tool's name in it:", b"open_ticket" in raw)

opened = json.loads(AESGCMRequestStateCodec([key]).unseal(state))
print("The server finds:", *(f"{field} = {opened[field]}" for field in "mta"), f"s = {opened['s'][:30]}…", sep="\n  ")
print(f"  exp - iat = {opened['exp'] - opened['iat']:.0f} seconds")
it_was("10.2")

# %% [markdown]
# `m`, `t` and `a` are the method, the tool and a digest of the arguments; `iat` and `exp` say from when to when it holds.
# `s` is the tool's own part: here the digest of the question, so that an answer finds it again. All is encrypted and
# sealed with the server's key (AES-GCM): what was changed by one byte no longer opens.
#
# ## Attack it
#
# You are the client now, and may send what you like. Before you run it: what becomes of the second line?

# %%
predict("10.3")

# %%
stale = Lab(make_desk(keys=[key], ttl=1e-6), name="short-lived", sampling_callback=model)
twin = Lab(make_desk(keys=[key]), name="another process, same key", sampling_callback=model)
alien = Lab(make_desk(keys=[token_bytes(32)]), name="another key", sampling_callback=model)
changed = state[:60] + ("A" if state[60] != "A" else "B") + state[61:]

# %%
attacks = {
    "as it is": (lab, ticket, asked),
    "sent again": (lab, ticket, asked),
    "one byte changed": (lab, ticket, asked, changed),
    "another line": (lab, ("open_ticket", {"line": "all is well"}), asked),
    "an expired one": (stale, ticket, await leg(stale, ticket)),
    "at another process": (twin, ticket, asked),
    "at another server": (alien, ticket, asked),
}

for name, attack in attacks.items():
    came = await leg(*attack)
    print(f"{name:<20}", came if isinstance(came, MCPError) else came.content[0].text)

it_was("10.3")

# %% [markdown]
# - What was changed, has expired, or belongs to another call or key is refused, always in the same words: the reason
#   stands in the server's own log, where an attacker does not read it.
# - **A state may come twice.** The seal proves that it is genuine, not that it is new. Each time the tool's body ran, and
#   there are three tickets. A network that loses a reply makes honest clients send again, too.
#
# So make the deed harmless to repeat, as the archiver does ("Already in the report"), or keep a note of what was done.

# %%
quiz("10.5", "")
quiz("10.6", "")

# %% [markdown]
# ## A state that nobody seals
#
# What if a server does without the seal? With the SDK's `Server`, one floor below `MCPServer`, that is the default. This
# cleaner has a codec that only encodes. It looks up once whether a file is yours, and keeps that in its state.

# %%
from base64 import urlsafe_b64encode


class Encoded:
    """Turns a state into letters, and back. It has no key."""

    def seal(self, payload):
        return urlsafe_b64encode(payload).decode()

    def unseal(self, token):
        return urlsafe_b64decode(token)


# %%
def make_cleaner(**security):
    cleaner = MCPServer("cleaner", request_state_security=RequestStateSecurity(**security))

    @cleaner.tool(structured_output=False)
    async def delete(file: str, ctx: Context) -> str | InputRequiredResult:
        state = ctx.request_state or ("yours" if file.startswith("home/") else "not yours")
        if not ctx.input_responses:
            asked = {"urgent": request(f"How urgent is it to delete {file}?")}
            return InputRequiredResult(input_requests=asked, request_state=state)
        return f"{file} is {state}{': deleted' if state == 'yours' else ''}"

    return cleaner


# %% [markdown]
# The attack takes the state apart, changes a word, and puts it together again. Run it; then change `forge` and try to get
# past `keys=[key]` too.


# %%
def forge(state):
    claims = json.loads(urlsafe_b64decode(state))
    claims["s"] = "yours"
    return urlsafe_b64encode(json.dumps(claims).encode()).decode()


orders = "delete", {"file": "srv/orders.db"}
encoded = Lab(make_cleaner(codec=Encoded()), name="encoded", sampling_callback=model)
sealed = Lab(make_cleaner(keys=[key]), name="sealed", sampling_callback=model)
asked = {lab.name: await leg(lab, orders) for lab in (encoded, sealed)}

# %%
for lab, attack in ((encoded, str), (encoded, forge), (sealed, lambda state: state[:-1] + "A")):
    came = await leg(lab, orders, asked[lab.name], attack(asked[lab.name].request_state))
    print(f"{lab.name:8}", came if isinstance(came, MCPError) else came.content[0].text)

# %% [markdown]
# The specification says it in one sentence: a server MUST treat `requestState` as written by an attacker
# (2026-07-28, basic/patterns/mrtr, Server Requirements 4). `MCPServer` seals by default, with a key of its own process;
# two processes that share the work need `RequestStateSecurity(keys=[…])` with one secret, from the environment.
#
# ## Rounds without a question, and without an end
#
# An unfinished result needs no question: with a state alone it says "call again". The client does so after a short
# pause, and no model is asked. Here the state is a count.

# %%
waiting = MCPServer("waiting")
bodies = []


@waiting.tool(structured_output=False)
async def wait(rounds: int, ctx: Context) -> str | InputRequiredResult:
    bodies.append("ran")
    done = int(ctx.request_state or 0)
    return "done" if done == rounds else InputRequiredResult(request_state=str(done + 1))


# %%
lab = Lab(waiting, sampling_callback=model, input_required_max_rounds=4)
for rounds in (3, 1_000):
    bodies.clear()
    try:
        end = (await lab.call_tool("wait", {"rounds": rounds})).content[0].text
    except RuntimeError as error:
        end = str(error).partition(";")[0]
    print(f"{rounds} rounds wanted, the body ran {len(bodies)} times: {end}")

# %% [markdown]
# Nobody but the client ends an endless tool: after ten rounds, or here after four. Lesson 04 met the usual reason, a
# question that is another one each time. A server may also mean it.
#
# ## As many samples as there are lines
#
# `Resolve` fixes the number of samples in the signature. Where only the run knows it, the tool returns its questions by
# hand. This one asks how urgent each line is, and then about all the answers: two *steps*. `request(text)` makes a
# question out of a text. How often does the tool's body run?

# %%
summary = MCPServer("summary")
bodies.clear()


@summary.tool(structured_output=False)
async def sum_up(lines: list[str], ctx: Context) -> str | InputRequiredResult:
    bodies.append("ran")
    came, keys = ctx.input_responses or {}, [f"line {n}" for n in range(len(lines))]
    if not came:
        return InputRequiredResult(input_requests=dict(zip(keys, map(request, lines), strict=True)))
    if "all" not in came:
        known = "\n".join(text_of(came[key]) for key in keys)
        return InputRequiredResult(input_requests={"all": request(known)}, request_state=known)
    return f"{text_of(came['all'])}, of {ctx.request_state.split()}"


predict("10.4")

# %%
model = Scripted(lambda params: "high")
lab = Lab(summary, name="two steps", sampling_callback=model)
result = await lab.call_tool("sum_up", {"lines": [*SAMPLE_LINES.values()][:3]})

print(result.content[0].text, "| samples:", len(model.asked))
print(*map(sketch, frames(lab.flow)), sep="\n")
it_was("10.4", len(bodies))

# %% [markdown]
# The client sends the answers of the last step and no earlier ones: whatever the tool needs later it must put into its
# state, as `known` here. `servers/rounds.py` does this for any number of steps, and for both wires.
#
# ## Exercise 10.2 · as many as there are ●●● 15 minutes
#
# **Goal** A tool `digest()` that says how urgent the newest lines of a log are: a sample for each, at most `MOST`, all
# in one round. **Input** `await fetch()` gives the lines; a moment later it gives others. **Return** a text with a row
# `- {line}: {text_of(answer)}` for each line, and where there are more than `MOST`, a last row that says how many more.
#
# - Fetch once a call, and keep the lines in `request_state`. `request(line)` makes a question.
# - Where an answer is missing, ask again. What comes without a state answers nothing of yours.
# - On the older wire, or where the client cannot sample (`asks_by_result(ctx)`, `can_sample(ctx)`), ask nothing: each
#   row ends with `not asked`. No lines at all: say so.
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

# %% [markdown] tags=["instructor"]
# **10.2, explained.** The first round has no state: it fetches. Every later one reads what the first fetched, so the
# questions stay the same although the log does not. Asking for all again where one is missing is simple and costs the
# client samples that it has paid for; the specification only wants the missing ones, and `servers/rounds.py` keeps what
# came. Nothing stands outside of `digest`: two callers would mix.
#
# *Common in class:* `await fetch()` above the `if`; a list of the server in place of the state; `if ctx.input_responses`
# for "all answers are there"; the cap applied to the rows and not to the questions.

# %% [markdown]
# **A good place to stop:** you can read both wires, and ask as often as the run needs. To go on another day, choose
# *Run → Run All Above Selected Cell* here.
#
# ## Why it was deprecated, and until when
#
# | when | what |
# |---|---|
# | November 2024 | sampling is in the first revision |
# | 2025-11-25 | tools inside a sample (SEP-1577) |
# | 2026-07-28 | results that ask (SEP-2322); sampling is *deprecated* (SEP-2577): new servers SHOULD NOT use it |
# | 2026-08-31 | FastMCP 4.0 drops `ctx.sample`; its client still answers |
# | 2027-07-28 | from here on a new revision MAY leave it out |
#
# SEP-2577 names three reasons: few clients ever did it; to do it well is hard (approval, choice of a model, security,
# tool loops: your lessons 02 to 06); and a server can call a provider by itself. Its last page adds a fourth: a server
# that may ask your model is a way in for an attack.
#
# Deprecated is not removed. What speaks 2025-11-25 or 2026-07-28 goes on speaking it, whatever a later revision says.
# Nothing has to be moved in a hurry, but no new server should begin so without a reason of the kind that follows.
#
# ## The migration clinic
#
# Four servers of 2025. Each was run and recorded with the packages of its time, and then with those of today. Each
# stands moved in `servers/clinic/`, as a program to open.
#
# | server | in 2025 | moved to |
# |---|---|---|
# | `session_asks` | `create_message` in the middle of a tool | `Resolve` |
# | `ctx_sample` | FastMCP 3's `ctx.sample` | a result by hand, for many reports at once |
# | `stateless` | `create_message` from a server without sessions | a provider that the server calls itself |
# | `tool_loop` | a loop of samples with tools | kept, for clients with `mode="legacy"` |

# %%
from importlib.resources import files

records = files("labkit.course").joinpath("clinic")
clinic = {
    name: json.loads(records.joinpath(f"{name}.json").read_text(encoding="utf-8"))
    for name in ("session_asks", "ctx_sample", "stateless", "tool_loop")
}
print(clinic["session_asks"]["source"].partition("\n\nif __name__")[0])

predict("10.5")

# %% [markdown]
# What comes of each today: the old file in its old environment, called by a client of today; the same file with the
# packages of today; and with its imports renamed and nothing else.

# %%
for name, record in clinic.items():
    print(f"{name}, written for {record['written_for'][0]}")
    for run in record["now"]:
        client = run["client"].partition("mode=")[2]
        print(f"  {run['file']:<15} on {run['server'][0]:<16} {client:<7}", run["text"].replace(" 'sampling", "…")[:50])

it_was("10.5")

# %% [markdown]
# Two things follow. **Nothing breaks by itself**: an old server in its old environment is spoken to on the older wire,
# also by a client with `mode="auto"`, which agrees on what both know. And **renaming is not moving**: on the newer wire
# `create_message` has no way back, and `ctx.sample` is gone from FastMCP 4. The stateless one never worked.
#
# ### `session_asks` → `Resolve`
#
# Recorded frames on the left, those of the moved server on the right, from this kernel.


# %%
from itertools import zip_longest

from servers.clinic import ctx_sample, session_asks, stateless, tool_loop


def recorded(run):
    """The frames of a recorded call, in the form of `frames`."""
    told = [{"to": "client" if each["from"] == "server" else "server", **each["frame"]} for each in run["frames"]]
    first = next(n for n, frame in enumerate(told) if frame.get("method") == "tools/call")
    return [f for f in told[first:] if f.get("method") != "tools/list" and "tools" not in f.get("result", {})]


def beside(run, lab):
    for old, new in zip_longest(map(sketch, recorded(run)), map(sketch, frames(lab.flow)), fillvalue=""):
        print(f"{old:<42} | {new}")


# %%
then = clinic["session_asks"]
script = Scripted(["The disk is full."])
lab = Lab(session_asks.make_server(), name="moved", sampling_callback=script)
result = await lab.call_tool("explain", then["call"]["arguments"])

print(result.content[0].text)
beside(then["then"][0], lab)

# %% [markdown]
# The body is cut in two where the question stood: what was above it became the resolver, what was below it stayed the
# tool. On the older wire it goes on as on the left.
#
# ### `ctx_sample` → a result by hand
#
# The loop is gone: all questions go out at once, and the answers are found by their keys.

# %%
then = clinic["ctx_sample"]
reports = ["Orders have stopped: the disk is full.", "The lamp in the hall is broken.", "Backups take longer."]
lab = Lab(ctx_sample.make_server(), name="moved", sampling_callback=Scripted(lambda params: "high"))
result = await lab.call_tool("triage", {"reports": reports})

print(result.content[0].text)
beside(then["then"][0], lab)

# %% [markdown]
# ### `stateless` → a provider
#
# Recorded: the call went out, and nothing ever came. The server had asked, and the process that would have been given
# the answer was not there any more. Moved, it calls a model by itself; a stand-in plays the provider here.

# %%
from labkit.checks.apis import Says
from labkit.checks.standin import Standin

then = clinic["stateless"]
print("then:", then["then"][0]["text"])

async with Standin(Says("The disk was full; orders run again.")) as provider:
    lab = Lab(stateless.make_server(provider.url), name="moved")
    result = await lab.call_tool("handover", then["call"]["arguments"])

print("now: ", result.content[0].text)
beside(then["then"][0], lab)

# %% [markdown]
# No sample crosses the wire, and the client needs no callback. The price: the server has a key, a bill and a model, and
# the user no longer sees what is asked. (With clients of 2026-07-28 alone `Resolve` would do too: on the newer wire a
# server without sessions can ask.)
#
# ### `tool_loop`, kept
#
# Each question depends on the answer before it, and the model may use a tool in between. Lesson 11 of this course is to
# move such a loop; until then it stays, and says what it needs.

# %%
from mcp.types import CreateMessageResultWithTools, SamplingCapability, SamplingToolsCapability, ToolUseContent

can = SamplingCapability(tools=SamplingToolsCapability())


async def searches(context, params):
    """A model that searches first, and then answers."""
    content = ToolUseContent(id="call_1", name="find", input={"word": "orders"})
    if len(params.messages) > 1:
        return await Scripted(["No space was left."])(context, params)
    return CreateMessageResultWithTools(role="assistant", model="scripted", content=content, stop_reason="toolUse")


# %%
import warnings

from mcp import MCPDeprecationWarning

warnings.simplefilter("ignore", MCPDeprecationWarning)  # create_message warns each time it is called

for mode in ("auto", "legacy"):
    lab = Lab(tool_loop.make_server(), mode=mode, sampling_callback=searches, sampling_capabilities=can)
    result = await lab.call_tool("investigate", clinic["tool_loop"]["call"]["arguments"])
    print(f"{mode:7}", result.content[0].text)

beside(clinic["tool_loop"]["then"][0], lab)

# %% [markdown]
# ## Exercise 10.3 · move a tool ●●○ 10 minutes
#
# **Goal** This tool of 2025 for both wires. **Input** `filed`, a list: the report. **Return** a server with the tool
# `explain(line)`, whose result is `Filed as {n}: {answer}`; `n` is how many lines are in the report now.
#
# Look at what happens before the question, and what the question is made of. Where the client cannot sample, file the
# line all the same, and let `text_of(answer)` say why it is not explained.


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

# %% [markdown] tags=["instructor"]
# **10.3, explained.** Three things change when a tool is moved. What was done before the question would now be done in
# every round, so it goes behind the answer. The number in the question makes it another one each time, so it goes. And
# a client that cannot sample is asked first, for `create_message` failed there. The digest of the question is in the
# state, so even a small change between rounds is noticed, and costs another sample.

# %% [markdown]
# ## What takes the time?
#
# One model answers the same question in four ways: asked directly, as a sample on each wire, and as a sample of a client
# whose person takes half a second to approve, which is quick for a person.

# %% tags=["live"]
import asyncio
from time import perf_counter

tiny, server = TinyModel(), session_asks.make_server()


async def approved(context, params):
    await asyncio.sleep(0.5)  # a person reads, and clicks
    return await tiny(context, params)


# %% tags=["live"]
async def milliseconds(lab):
    """The median of three."""
    took = []
    for _ in range(3):
        began = perf_counter()
        await (
            lab.call_tool("explain", clinic["session_asks"]["call"]["arguments"])
            if lab
            else tiny(None, script.asked[0])
        )
        took.append(1_000 * (perf_counter() - began))
    return {"milliseconds": round(sorted(took)[1])}


labs = {"the model itself": None}
for mode in ("legacy", "auto"):
    labs[f"a sample, {mode}"] = Lab(server, name=mode, mode=mode, sampling_callback=tiny)
labs["a sample, approved"] = Lab(server, name="approved", sampling_callback=approved)
plot_bars({name: await milliseconds(lab) for name, lab in labs.items()})

# %%
quiz("10.7", "")

# %% [markdown]
# The wire costs some milliseconds. What a server cannot know beforehand is the rest: which model the client has, how
# many wait before it, and whether a person is at lunch. A limit of your own only ends the waiting.
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
# - **d** Letters of patients, which may not leave the doctor's machine. Server and client both run there.
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
# **10.4, explained.** In `a` an index by code and a small model of one's own are both right, and for the same reason. In
# `d` a model on the doctor's machine may be the client's or the server's. The rest has one way, as each scenario names
# what the others cannot give: `b` the bill, `e` the few clients that sample, `f` the person who would be asked 500
# times, `g` that nobody can wait for an answer on the older wire without a session. In `h` sampling is what it was made
# for, deprecated or not. *Common in class:* `sample` for `f`, because it costs the server nothing.

# %% [markdown]
# [When to move, and where to](../docs/moving-off.md) says the same as a page, with dates and sources, for a server of
# your own.

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
# **Next:** [the playground](playground.ipynb), where all of this can be tried together. `Playground(my_server)` opens it
# on a server of your own: begin with `careful_desk()` of lesson 04, or with a tool that you need yourself.
