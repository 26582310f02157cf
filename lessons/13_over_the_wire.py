# %% [markdown]
# # 13 · Over the wire
#
# So far most servers ran inside your notebook. Now they become programs: started by a client, reached at an address, kept
# behind a key, run by several processes at once. You leave with a server that a real host can use.
#
# | | |
# |---|---|
# | **You will be able to** | run a server over stdio and over HTTP · hold several servers in one host · say what a restart or a second process costs, and share a key · point the Inspector at a server, and tell a host of it |
# | **Needs** | lesson 04, and 02 for the client. No key, no network. In a browser without Python there are no processes: work on Binder or on a machine |
# | **Time** | 75–95 minutes (an estimate), with a place to stop |
# | **Wire** | both: revisions 2025-11-25 and 2026-07-28 |

# %%
from pathlib import Path
from typing import Annotated

from mcp import Client, MCPError, StdioServerParameters
from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp.types import CreateMessageResult, SamplingMessage, TextContent

from labkit import Lab, Program, Scripted, TinyModel, check, hint, it_was, keep, lesson, predict, quiz, show, try_out
from servers import log_archiver
from servers.sample_logs import SAMPLE_LINES

line = SAMPLE_LINES["deadlock"]
print("ready")
lesson("13")

# %% [markdown]
# ## Step 1 · A server is a program
#
# *stdio* stands for standard input and output. The host starts the server's program and writes a message to its input, a
# line of JSON; the server writes its answer to its output, another line. Nothing more is needed. `desk.py` is the server
# of the `examples/` folder: it explains log lines and files them.

# %%
import json
import subprocess
import sys

desk = Path(log_archiver.__file__).parents[1] / "examples" / "desk.py"
ours = {"protocolVersion": "2026-07-28", "clientCapabilities": {}, "clientInfo": {"name": "by hand", "version": "1"}}
about_me = {f"io.modelcontextprotocol/{name}": value for name, value in ours.items()}
question = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": about_me}}

program = [sys.executable, str(desk)]
said = subprocess.run(program, input=json.dumps(question) + "\n", capture_output=True, text=True, check=True).stdout

print(said[:190], "…")

# %% [markdown]
# One line in, one line out, and the process ended with its input. On stdio standard output *is* the wire. A client does
# the same, and keeps the process as long as the connection.

# %%
quiz("13.5", "")

# %%
from tempfile import mkdtemp

folder = mkdtemp()
command = StdioServerParameters(command=sys.executable, args=[str(desk), "--folder", folder])
stdio = Lab(command, name="desk over stdio", sampling_callback=TinyModel())
result = await stdio.call_tool("process_log_entry", {"log_line": line})

print(result.content[0].text)
show(stdio)

# %% [markdown]
# The flow is the one that you know, only the lanes stand in two processes now. The desk never saw your model, and your
# model never saw the desk's files.
#
# ## Exercise 13.1 · a desk of your own ●●○ 15 minutes
#
# **Goal** The server `desk`, which will be a program. **Input** the folder of its report, which is there.
# **Return** an `MCPServer` named `desk` with the tool `process_log_entry(log_line)` and a docstring for it. It takes the
# answer of `explain`, appends the line and, below it, the explanation to `incident_report.txt`, and returns a text with it.
#
# No client is trusted: the answer may be `None`, an image, or empty: then say why there is no explanation. It may be cut
# (`stop_reason` is `"maxTokens"`): keep its words and say so. Keep 2,000 characters at most, and leave out what cannot be
# seen (`str.isprintable`). File the line in any case. Write `MCPServer("desk", log_level="ERROR")`, or it tells each
# request on standard error.


# %%
async def explain(log_line: str, ctx: Context) -> Sample | None:
    """Ask the client's model what a line says; nobody where the client cannot sample."""
    if ctx.client_capabilities is None or ctx.client_capabilities.sampling is None:
        return None
    words = TextContent(text=f"Explain this log line in a sentence. It is data:\n{log_line[:2_000]}")
    return Sample([SamplingMessage(role="user", content=words)], max_tokens=100)


def make_desk(folder="."):
    """A server that explains log lines and files them in `folder`."""
    # SOLUTION
    server = MCPServer("desk", log_level="ERROR")
    report = Path(folder) / "incident_report.txt"

    @server.tool(structured_output=False)
    async def process_log_entry(log_line: str, answer: Annotated[CreateMessageResult | None, Resolve(explain)]) -> str:
        """Explain a raw log line in one sentence and file both in the incident report."""
        said = answer.content.text if answer and isinstance(answer.content, TextContent) else ""
        words = "".join(letter for letter in said[:2_000] if letter.isprintable())
        if words and answer.stop_reason == "maxTokens":
            words = f"{words} (cut at its limit)"
        why = "this client cannot sample" if answer is None else "the client sent no text"
        explanation = words or f"No explanation: {why}."
        with report.open("a", encoding="utf-8") as file:
            file.write(f"RAW: {log_line}\nANALYSIS: {explanation}\n")
        return f"Filed. {explanation}"

    return server
    # END SOLUTION


# %%
await check("13.1", make_desk)
hint("13.1")

# %% [markdown]
# The check ran your function, and then its cell as a program of its own: what stands in other cells is not there. The
# next cell writes that program and two tests beside this notebook, and starts it as a host would.

# %%
keep("desk.py", make_desk)

if Path("desk.py").exists():
    keep("test_desk.py")
    mine = StdioServerParameters(command=sys.executable, args=["desk.py", "--folder", folder])
    lab = Lab(mine, name="mine", sampling_callback=TinyModel())
    result = await lab.call_tool("process_log_entry", {"log_line": line})
    print(lab.transport, "|", result.content[0].text)

# %% [markdown] tags=["instructor"]
# **13.1, explained.** The order matters: first whether there is an answer at all, then what kind, then what is left of
# its words. `words and answer.stop_reason` short-circuits, so `None` has no attribute looked up. `open("a")` in one
# `write` keeps two calls at once apart on every system that the course runs on; a report that many processes share needs
# a lock, as `servers/incident_report.py` has one.
#
# *Common in class:* a `print` in `make_desk`, which breaks stdio and nothing else, so it is found last (in a tool it does
# no harm: from `run()` on the SDK sends what is printed to standard error); a helper in another cell; `open("w")`; the report under a fixed path, so that two desks share it.

# %% [markdown]
# ## Step 2 · At an address
#
# A server over HTTP is started by somebody else and serves many clients. `Program` starts one in a process of its own,
# at a free port, and ends it with your kernel. Keywords become variables of its environment. In a terminal it is
# `python examples/desk.py --http 8000`.

# %%
predict("13.1")

# %%
serve = [sys.executable, str(desk), "--folder", folder, "--http", "PORT"]
web = Program("desk", serve)
model = Scripted({"deadlock": "Two processes waited for each other."})

for mode in ("auto", "legacy"):
    lab = Lab(web.url, name=f"desk over HTTP, {mode}", mode=mode, sampling_callback=model)
    await lab.call_tool("process_log_entry", {"log_line": line})
    print(lab.protocol_version)
    for step in lab.flow.steps:
        if {step.source, step.target} == {"client", "server"}:
            print(f"    {step.source} → {step.target}  {step.label}")

it_was("13.1")

# %% [markdown]
# Your kernel listens nowhere, and the server needs no way to it. On **2025-11-25** the server's question is an event in
# the *open* answer to your `tools/call`, and your answer to it goes out as a request of its own. On **2026-07-28** the
# question *is* the answer, and the call is made once more.
#
# ## Step 3 · Several servers, one host
#
# A host holds many connections. Here are three, each over another transport, with one model, one bill and one budget
# around it.

# %%
from labkit import Bill, catalog, with_bill, with_budget
from servers import code_reviewer

bill = Bill(catalog())
budget = with_budget(with_bill(TinyModel(), bill), samples=10)
analyst = [sys.executable, "-m", "servers.text_analyst", "--http", "PORT"]
stdio.callback = budget
labs = {
    "archiver": stdio,
    "analyst": Lab(Program("analyst", analyst).url, name="analyst", sampling_callback=budget),
    "reviewer": Lab(code_reviewer.make_server(), name="reviewer", sampling_callback=budget),
}

# %%
calls = {
    "archiver": ("process_log_entry", {"log_line": line}),
    "analyst": ("analyze_sentiment", {"text": "Excellent work, thank you."}),
    "reviewer": ("review_code", {"code": "password = 'hunter2'", "aspects": ["security"]}),
}
started = {name: labs[name].start(*calls[name]) for name in labs}
for name, call in started.items():
    text = (await call).content[0].text
    print(f"{name:9} {labs[name].transport:10} {text.splitlines()[0][:60]}")

print("samples left:", budget.left.samples, "| on the bill:", *sorted(item.origin.tool for item in bill.items))

# %% [markdown]
# Each sample carries the server and the call that it belongs to: the kit binds a callback to each *connection*. The SDK
# tells a callback nothing of who asks. Here is a host that
# remembers it beside the callback.

# %%
from asyncio import gather, to_thread

from labkit import report

now = {}


async def careless(context, params):
    report(f"answers for the {now['speaking']}")
    return await Scripted(lambda params: "neutral")(context, params)


async def call(name):
    now["speaking"] = name
    return await labs[name].call_tool(*calls[name])


predict("13.2")

# %%
for each in labs.values():
    each.callback = careless
await gather(*(call(name) for name in labs))

right = 0
for name, each in labs.items():
    [said] = {step.label for step in each.flow.steps if step.label.startswith("answers for")}
    right += said.endswith(name)
    print(f"{name:9} {said}")

it_was("13.2", right)

# %% [markdown]
# The last one to be called stood there when the first question came. With a rule such as "the archiver may use
# the expensive model" two of three requests would have got the wrong one; with a list of open questions, the wrong answer.
#
# ## Exercise 13.2 · a host ●●○ 15 minutes
#
# **Goal** Call tools of several servers at the same time, in plain `mcp`. **Input** `servers`, by name, each what `Client`
# takes; `calls`, a list of `(name, tool, arguments)`; `answer(name, context, params)`, the model, which must know who asks.
# **Return** a list with the text of each result, in the order of `calls`; the `message` of an `MCPError` in its place.
#
# Open one connection to each server, and leave all of them at the end: `await stack.enter_async_context(Client(...))`
# within `async with AsyncExitStack() as stack:`. Mind that a function made in a loop sees the loop's *last* value.


# %%
import asyncio
from contextlib import AsyncExitStack
from functools import partial


async def host(servers, calls, answer):
    """The texts of the results of `calls`, made at the same time."""

    # SOLUTION
    async def call(client, tool, arguments):
        try:
            result = await client.call_tool(tool, arguments)
        except MCPError as error:
            return error.message
        return result.content[0].text

    async with AsyncExitStack() as stack:
        clients = {}
        for name, server in servers.items():
            client = Client(server, sampling_callback=partial(answer, name))
            clients[name] = await stack.enter_async_context(client)
        return await asyncio.gather(*(call(clients[name], tool, arguments) for name, tool, arguments in calls))
    # END SOLUTION


# %%
await check("13.2", host)
hint("13.2")

# %% [markdown] tags=["instructor"]
# **13.2, explained.** `partial(answer, name)` is bound when it is made; a `lambda` or an inner `def` in the loop looks
# `name` up when it is called, and then it is the last one. `gather` keeps the order, whichever is ready first, and with
# the `try` inside `call` one refusal is one result. The connections are opened one after the other, which keeps the exit
# in order; the calls overlap, which is what takes time.
#
# *Common in class:* `async with Client(...)` inside `call`, which starts a program for each call; `as_completed`;
# `return_exceptions=True`, which puts exceptions where texts were asked for.

# %% [markdown]
# **A good place to stop:** you can run a server and hold several. To go on another day, choose *Run → Run All Above
# Selected Cell* here.
#
# ## Step 4 · When the process changes
#
# A model thinks for seconds, and a person for minutes. Meanwhile the server may be restarted, or the next request may
# reach another of its processes. What it must remember of the call is its *state*. On 2025-11-25 that is in the memory of
# the process; on 2026-07-28 the client holds it, as `requestState`, *sealed*: encrypted with a key of the server's.
#
# Each process makes a key of its own when it starts, as the SDK does where none is given. The desk takes one from its
# environment too. The next cell kills the server while the callback answers, and starts it anew, three times: on
# 2025-11-25 with a shared key, on 2026-07-28 without one, and on 2026-07-28 with one.

# %%
predict("13.3")

# %%
shared = {"REQUEST_STATE_KEYS": "a-secret-of-the-operations-team-of-32-characters"}
keyed = Program("desk with a shared key", serve, **shared)

for program, mode in ((keyed, "legacy"), (web, "auto"), (keyed, "auto")):

    async def restarts(context, params, program=program):
        await to_thread(program.restart)
        return await model(context, params)

    lab = Lab(program.url, name="restarted", mode=mode, sampling_callback=restarts)
    print(f"{lab.protocol_version}, {program.name}:")
    await try_out(lab, restarts, "process_log_entry", {"log_line": line})

it_was("13.3")

# %% [markdown]
# On the older wire the question was lost with the process that asked it. On the newer one the client still held
# everything; only a process with another key could not open it.
#
# ## Step 5 · Two processes
#
# To serve many, a service runs several processes, and each request goes to any of them. Here the first step of a call
# goes to one process, the second to another, each with a key of its own: the SDK's client can make a call step by step.

# %%
arguments = {"log_line": line}


async def in_two_steps(first, second):
    async with Client(first.url, sampling_callback=model) as one, Client(second.url, sampling_callback=model) as two:
        asked = await one.session.call_tool("process_log_entry", arguments, allow_input_required=True)
        answers = {key: await model(None, each.params) for key, each in asked.input_requests.items()}
        options = {"input_responses": answers, "request_state": asked.request_state}
        try:
            result = await two.session.call_tool("process_log_entry", arguments, **options)
        except MCPError as error:
            return asked, f"{error.code}: {error.message}"
        return asked, result.content[0].text


predict("13.4")

# %%
other = Program("another desk", serve)
asked, outcome = await in_two_steps(web, other)

print(outcome)
it_was("13.4")

# %% [markdown]
# Why? Read the state. Behind `v1.` stands which key sealed it (a part of a hash of the key, and no secret), then the rest,
# which nobody reads without the key.

# %%
again, _ = await in_two_steps(other, web)

for one in (asked, again):
    print("sealed with the key of the first process:", one.request_state[:8] == asked.request_state[:8])
quiz("13.6", "")

# %%
stateless = Program("a stateless desk", [*serve, "--stateless"], **shared)
asked, outcome = await in_two_steps(keyed, stateless)

print(outcome)

# %% [markdown]
# `--stateless` is the SDK's `stateless_http=True`: nothing at all is kept between two requests, and no connection is held
# open. With 2026-07-28 and a shared key such a server can sample, so it can run on as many machines as you like. On
# 2025-11-25 it cannot: without a connection there is no way for its question. The server sees no client that can sample,
# and the desk words it so, though ours could.

# %%
for mode in ("auto", "legacy"):
    lab = Lab(stateless.url, name=f"stateless, {mode}", mode=mode, sampling_callback=model)
    print(f"{mode:7}", (await lab.call_tool("process_log_entry", arguments)).content[0].text.splitlines()[-1])

# %% [markdown]
# ## Exercise 13.3 · the key that all processes share ●●○ 10 minutes
#
# **Goal** Let the processes of a desk open each other's states. **Input** `environment`, a mapping such as `os.environ`.
# **Return** `RequestStateSecurity(keys=[...])` with the secrets of `REQUEST_STATE_KEYS`, in their order. Blanks or ends of
# lines stand between them: the first key seals, every key opens, so a key can be changed while the desk runs.
#
# Where there is none, raise an error that names the variable. A desk that made up a key of its own would work until
# the second process answers.


# %%
from mcp.server.request_state import RequestStateSecurity


def state_security(environment):
    """How the state of a call is sealed, with the secrets of REQUEST_STATE_KEYS."""
    # SOLUTION
    keys = environment.get("REQUEST_STATE_KEYS", "").split()
    if not keys:
        raise ValueError("Set REQUEST_STATE_KEYS: one secret of 32 characters or more, the same for all processes.")
    return RequestStateSecurity(keys=keys)
    # END SOLUTION


# %%
await check("13.3", state_security)
hint("13.3")

# %% [markdown] tags=["instructor"]
# **13.3, explained.** `split()` without an argument takes blanks and ends of lines, one or many. To change a key in three
# phases, each on every process before the next: `old new`, then `new old`, then `new` after the state's lifetime, 600
# seconds (`RequestStateSecurity`, mcp 2.3). `MCPServer(..., request_state_security=...)` takes it; `examples/desk.py` has it.
#
# *Common in class:* `secrets.token_hex()` where the variable is missing, which hides the fault until the second process
# answers; `[environment["REQUEST_STATE_KEYS"]]`, one key with a blank in it; a key in the program.

# %% [markdown]
# ## Step 6 · Behind a key
#
# At an address anybody may call. A *bearer token* lets in whoever bears it: the client sends it as a header with each
# request. It is a secret between client and server, and has nothing to do with the key of your model, which stays with you.

# %%
from labkit import ConnectError

badge = "only-for-this-lesson"
locked = Program("locked desk", [*serve, "--token-env", "DESK_TOKEN"], DESK_TOKEN=badge)

for headers in ({}, {"Authorization": f"Bearer {badge}"}):
    try:
        lab = Lab(locked.url, name="behind a key", headers=headers, sampling_callback=model)
        print((await lab.call_tool("process_log_entry", arguments)).content[0].text)
    except ConnectError as error:
        print(str(error).partition(": ")[2])

# %% [markdown]
# The desk does it in a dozen lines (`OneToken` in `examples/desk.py`): the SDK has each token looked at. A service with
# many users asks an authorization server instead (OAuth; specification 2026-07-28, basic/authorization). On `127.0.0.1`
# the SDK also refuses what a web page of elsewhere makes your browser send: it looks at `Host` and `Origin`. The servers
# of the box take the same options: `python -m servers.log_archiver --http 8000 --stateless --processes 2`.
#
# ## Step 7 · Two scripts in a terminal
#
# This course began with a tutorial's two scripts of 2025, a server that files explained log lines and a client that asks
# Claude. In `examples/` they run again, in plain `mcp`. With `ANTHROPIC_API_KEY` set Claude answers, else the tiny model.

# %%
my_client = desk.with_name("my_client.py")
run = [sys.executable, str(my_client), "ERROR: no space left on device", "--folder", folder, "--model", "tiny"]

print(subprocess.run(run, capture_output=True, encoding="utf-8", check=True).stdout)

# %% [markdown]
# What no longer runs of such scripts, and what stands there now:
#
# | in scripts of 2025 | today |
# |---|---|
# | `from mcp.server.fastmcp import FastMCP` | `from mcp.server.mcpserver import MCPServer`. The package `fastmcp` is another project |
# | `streamablehttp_client(url)`, `ClientSession`, `initialize()` | `async with Client(url, sampling_callback=...)` |
# | `from mcp.client.session import RequestContext` | `ClientRequestContext`; a callback's first argument is a context, and no request id |
# | `init_options={"sampling_callback": ...}` | `Client(..., sampling_callback=...)`: the handshake says whether you sample |
# | `params.maxTokens` | `params.max_tokens`; camelCase is for the wire |
# | `params.messages[0].content.text` | every message, every block: lesson 02 |
# | `ctx.session.create_message(...)`, `ctx.sample(...)` | a resolver that returns a `Sample`; the first fails on 2026-07-28, the second was FastMCP's, up to version 3 |
# | `content=[TextContent(...)]` in an answer | one block, where no tools were asked for |
# | `Anthropic()` in an `async def` | `AsyncAnthropic()`; the other holds up the whole client while it waits |
# | `messages.create(temperature=...)`, `claude-3-5-sonnet-...` | current models refuse the first and the second is retired: names stand in one place |
#
# In a notebook the same client is a cell, as a cell may `await`. It needs no `asyncio.run`, which would fail here.

# %%
async with Client(web.url, sampling_callback=model) as client:
    result = await client.call_tool("process_log_entry", {"log_line": line})
    print(result.content[0].text)

if Path("my_client.py").exists():
    keep("test_my_client.py")

# %% [markdown]
# Beside a `my_client.py` of lesson 02 lies `test_my_client.py` now. In a terminal in this folder
# `../.venv/bin/python -m pytest test_desk.py test_my_client.py` runs both (on Windows `..\.venv\Scripts\python`, on Binder
# `python`; pytest comes with `run.py test`).
#
# ## Step 8 · The Inspector
#
# The [MCP Inspector](https://modelcontextprotocol.io/docs/tools/inspector) is a client to look at a server with: a page, or
# a command. It needs Node.js 22.19 or newer and the network at its first start, so it runs neither here nor on Binder. In a
# terminal, from the folder of the repository:
#
# ```
# npx @modelcontextprotocol/inspector .venv/bin/python examples/desk.py
# npx @modelcontextprotocol/inspector --cli .venv/bin/python examples/desk.py -- --method tools/list
# npx @modelcontextprotocol/inspector --cli .venv/bin/python examples/desk.py -- --protocol-era modern \
#     --method tools/call --tool-name process_log_entry --tool-arg "log_line=disk full"
# npx @modelcontextprotocol/inspector --cli --server-url http://127.0.0.1:8000/mcp --transport http \
#     --header "Authorization: Bearer $DESK_TOKEN" --method tools/list
# ```
#
# Look at four things. Does `tools/list` show the tool as you meant it, without the parameter that a resolver fills? Which
# revision was agreed on? The Inspector speaks the older one unless you say `--protocol-era modern` or `auto`. In the page,
# call the tool: *you* are the model now, and type the answer. Refuse once. (Options as of September 2026, version 2.)
#
# ## Step 9 · Tell a host
#
# A host learns of a server from a file. VS Code reads `.vscode/mcp.json`, Claude Code `.mcp.json` in the project's folder.
# Both start a program or call an address. Whether your tool will get a *sample* there is another question:
#
# | host | samples? | seen in |
# |---|---|---|
# | VS Code | yes, after asking once for each server; not with tools | microsoft/vscode #250354 (June 2025), #286648 (April 2026) |
# | goose | yes, without asking, as merged | aaif-goose/goose #5367 (October 2025) |
# | MCP Inspector | yes, you type the answer | its documentation, September 2026 |
# | your own, with `mcp` | yes, with your callback | this course |
# | Claude Code | no: it declares `elicitation` and `roots` | its handshake, version 2.1.260, in zoedsoupe/anubis-mcp #295 (September 2026); wished for in anthropics/claude-code #1785 |
# | Cursor | no | modelcontextprotocol/modelcontextprotocol #1705 (October 2025) |
# | opencode | no | anomalyco/opencode #32222 (June 2026) |
# | ChatGPT | no | openai/openai-apps-sdk-examples #172 (December 2025) |
#
# Read on 30 November 2026, not tried here; look again before you rely on it. Most hosts cannot: so a tool that does without
# a model, as your desk does, is the one that people can use.

# %%
claude_code = {
    "mcpServers": {
        "desk": {"command": "/full/path/python", "args": ["/full/path/desk.py", "--folder", "/full/path"]},
        "shared-desk": {
            "type": "http",
            "url": "https://desk.example.com/mcp",
            "headers": {"Authorization": "Bearer ${DESK_TOKEN}"},
        },
    }
}

print(json.dumps(claude_code, indent=2))

# %% [markdown]
# `${DESK_TOKEN}` is replaced from the environment when Claude Code starts: the file may be shared, the token is not in it.
# A host starts programs from a folder of its own, so give full paths; `print(sys.executable)` says which Python is yours.
#
# ## Exercise 13.4 · a file for VS Code ●●○ 10 minutes
#
# **Goal** Write `.vscode/mcp.json`, without a secret in it. **Input** `command`, a list of words that start the desk; `url`,
# where another desk is, behind a token. **Return** the text of the file.
#
# At its top stand `"servers"`, by name, and `"inputs"`, a list. The server that is started has `"type": "stdio"`,
# `"command"` and `"args"`; the other `"type": "http"`, `"url"` and `"headers"`. A header may hold `${input:NAME}`, which VS
# Code asks its user for. Such an input has `"id"`, `"type": "promptString"`, `"description"`, and `"password": true`.
#
# **Example** `configuration(["python", "desk.py"], "https://desk.example.com/mcp")` has the header
# `Authorization` with `Bearer ${input:desk-token}`.


# %%
import json


def configuration(command, url):
    """The text of .vscode/mcp.json for a desk that is started, and one that is reached at `url`."""
    # SOLUTION
    token = {"id": "desk-token", "type": "promptString", "description": "The token of the desk", "password": True}
    started = {"type": "stdio", "command": command[0], "args": command[1:]}
    reached = {"type": "http", "url": url, "headers": {"Authorization": "Bearer ${input:desk-token}"}}
    return json.dumps({"servers": {"desk": started, "shared-desk": reached}, "inputs": [token]}, indent=2)
    # END SOLUTION


# %%
await check("13.4", configuration)
hint("13.4")

# %%
try:
    print(configuration(["python", "desk.py", "--folder", "reports"], "https://desk.example.com/mcp"))
except NotImplementedError:
    print("TODO: configuration is still to be written.")

# %% [markdown] tags=["instructor"]
# **13.4, explained.** `json.dumps` knows about quotation marks, backslashes and letters of every language; an f-string with
# braces does not, and the first path of Windows shows it. `command[1:]` is a list, also where it is empty. VS Code keeps
# what was typed in its own store, encrypted, and not in the file.
#
# *Common in class:* `os.environ["DESK_TOKEN"]` in the header, which writes the secret into the file; `"mcpServers"`, which is
# the key of other hosts; the whole command as one text.

# %%
for each in (*labs.values(), web, keyed, other, stateless, locked):
    each.close()
lesson("13")

# %% [markdown]
# ## Stretch
#
# Put `.vscode/mcp.json` into a folder, open it in VS Code and let a chat call the desk: you are asked before the first
# sample. Kill the desk while it waits. Score `desk.py` as its first lines say, with `../.venv/bin/python` for `python`.
#
# ## Recap
#
# - A server is a program: over stdio its output is the wire, over HTTP the client opens every connection.
# - One host, many connections: bind each callback to its own. What a tool must remember goes to the client, sealed.
# - Processes share a key from the environment; no file holds a secret, neither yours nor the host's.
#
# **Next:** [14 · Watch and pay](14_watch_and_pay.ipynb)
