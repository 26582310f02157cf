# %% [markdown]
# # 01 · Borrow a brain
#
# The log archiver writes reports that need understanding, and owns no model. You will see how it borrows yours.
#
# | | |
# |---|---|
# | **You will be able to** | say who asks whom and why the server holds no key · read a flow on both wires · write a callback that looks at what it is asked · say when *not* to sample |
# | **Needs** | lesson 00. No key, no network |
# | **Time** | 30–40 minutes (an estimate) |
# | **Wire** | both: revisions 2025-11-25 and 2026-07-28 |

# %%
from tempfile import mkdtemp

from mcp.types import CreateMessageResult, TextContent

from labkit import Lab, TinyModel, check, hint, it_was, lesson, predict, quiz, show, try_out
from servers import log_archiver
from servers.sample_logs import SAMPLE_LINES

server = log_archiver.make_server(mkdtemp())
line = SAMPLE_LINES["deadlock"]
print("ready")
lesson("01")

# %% [markdown]
# ## A server without a brain
#
# Connect a client that cannot sample: it has no callback. Before each run that may surprise you, say what you expect:
# choose and enter it, or write `predict("1.1", "a")`.

# %%
predict("1.1")

# %%
lab = Lab(server)
result = await lab.call_tool("process_log_entry", {"log_line": line})

print(result.content[0].text)
it_was("1.1")

# %% [markdown]
# It knew before it asked: a client says whether it can sample, on 2025-11-25 once, when it connects, and since
# 2026-07-28 with every request, in its `_meta`.

# %% [markdown]
# ## Lend it one
#
# Set a callback. The SDK's client is made with one or without, so the kit connects anew; from now on the client declares
# that it can sample. `TinyModel` is the language model of the kit: it runs beside this notebook, and it may be wrong.

# %%
model = TinyModel()
lab.callback = model
result = await lab.call_tool("process_log_entry", {"log_line": line})

print("By the tiny model:", result.content[0].text)

# %% [markdown]
# What did the server ask for? The callback gets it as `params`. This one prints what it is asked and then leaves the
# answer to the model; it is swapped in on the running connection.


# %%
async def curious(context, params):
    print("system prompt:", params.system_prompt)
    print("message:      ", params.messages[0].content.text)
    print("max tokens:   ", params.max_tokens)
    return await model(context, params)


lab.callback = curious
result = await lab.call_tool("process_log_entry", {"log_line": line})

# %% [markdown]
# The server wrote the question in its own words. Its report holds the line twice by now: once without an explanation,
# and once with.

# %%
report = await lab.run(lambda client: client.read_resource("report://incidents"))

print(report.contents[0].text)

# %% [markdown]
# ## See the wire
#
# The *wire* is all that crosses between client and server. This server wants something from the client in the middle of
# a tool call. A callback needs no model. This one has its answer ready, so that the picture has few steps.


# %%
async def scripted(context, params):
    text = "Two processes each held a lock that the other needed, so PostgreSQL stopped one of them."
    return CreateMessageResult(role="assistant", model="script", content=TextContent(text=text))


lab.callback = scripted
await lab.call_tool("process_log_entry", {"log_line": line})

predict("1.2")

# %%
show(lab)

# %% [markdown]
# On revision **2026-07-28** the server sends no request. It *returns* what it still needs (step 3, `input_required`),
# and the client calls the tool again with the answer (step 6). The older revision does it in another way.

# %%
it_was("1.2")
predict("1.3")

# %%
old = Lab(server, mode="legacy", sampling_callback=scripted)
await old.call_tool("process_log_entry", {"log_line": line})

old.flow

# %%
it_was("1.3")

# %% [markdown]
# On revision **2025-11-25** step 3 is a request of the *server*, `sampling/createMessage`, and step 6 is the client's
# response to it. The tool call waits in between. In the diagram a broken arrow is a response: compare step 3 of both.
#
# | | 2025-11-25 | 2026-07-28 |
# |---|---|---|
# | the server asks | with a request of its own | inside the result of your call |
# | the client answers | with a response | by calling the tool again |
# | the server meanwhile | waits, and keeps the call open | forgets; what it needs is in `requestState` |
# | your callback | the same | the same |

# %% [markdown]
# ## Who holds the key?
#
# A model behind an API wants a key. The next cell looks for four signs of one in all that crossed.

# %%
predict("1.4")

# %%
crossed = lab.flow.to_json() + old.flow.to_json()
found = [word for word in ("api_key", "apiKey", "Authorization", "sk-ant") if word in crossed]

print(found)
it_was("1.4", len(found))

# %% [markdown]
# The server needs no key because it never talks to a model. There are three ways to give a tool some
# intelligence, and each is right somewhere:
#
# | | the server calls a model | **sampling** | pass-through |
# |---|---|---|---|
# | how | the tool calls a provider's API | the tool asks the client | the tool returns raw data; the host's own model reads it |
# | the key is | with every server | with the client only | with the client only |
# | who pays | whoever runs the server | the client's user | the client's user |
# | who chooses the model | the server | the client | the client |
# | the user can see and refuse it | no | yes, each request | the result only |
# | the server can check the answer | yes | yes | no, it never sees one |
# | what goes wrong | the provider is down | the client cannot, refuses, or is slow | the model ignores the data |
# | the wait | one hop to the model | one hop more, and perhaps a human | none for the server |
# | context | what the tool was given | what the tool was given | the whole conversation |

# %%
quiz("1.3", "")

# %% [markdown]
# ## When not to sample
#
# How many errors were in last night's log? Code counts exactly, at once, and for nothing. This tool does, and asks for
# a sample only for what counting cannot tell. Here it is called by a client that cannot sample:

# %%
plain = Lab(server, name="cannot sample")
result = await plain.call_tool("summarize_logs", {"hours": 24})

print(result.content[0].text)

# %%
quiz("1.4", "")
quiz("1.5", "")

# %% [markdown]
# ## Exercise 1.1 · answer ●○○ 5 minutes
#
# **Goal** Write a callback that answers any request. **Input** `context` and `params`, as above.
# **Return** a `CreateMessageResult` with `role="assistant"`, a `model`, and a `TextContent` that is not empty.
#
# This first exercise carries its answer in a comment, so that you learn how exercises go: write the body, run the cell,
# run the check below it.


# %%
async def my_callback(context, params):
    """Answer every sampling request with one sentence."""
    # The answer, for this once. Put it in the place of the last line:
    # text = TextContent(text="Somebody should look at this.")
    # return CreateMessageResult(role="assistant", model="me", content=text)
    # SOLUTION
    text = TextContent(text="Somebody should look at this.")
    return CreateMessageResult(role="assistant", model="me", content=text)
    # END SOLUTION


# %%
await check("1.1", my_callback)
hint("1.1")

# %% [markdown]
# ## Exercise 1.2 · look at the question ●●○ 10 minutes
#
# **Goal** Answer by what is asked. **Input** the log line is in the text of the last message,
# `params.messages[-1].content.text`. **Return** a `CreateMessageResult` whose text begins with
#
# - `Database:` when the line speaks of a `deadlock`, in capitals or not,
# - `Disk:` when it says `No space left`,
# - `Unknown:` otherwise.
#
# **Example** for a deadlock: `Database: two processes waited for each other.`


# %%
async def my_triage(context, params):
    """Answer with a sentence that begins with Database:, Disk: or Unknown:."""
    # SOLUTION
    line = params.messages[-1].content.text.lower()
    if "deadlock" in line:
        text = "Database: two processes waited for each other."
    elif "no space left" in line:
        text = "Disk: it is full."
    else:
        text = "Unknown: somebody should look at this."
    return CreateMessageResult(role="assistant", model="rules", content=TextContent(text=text))
    # END SOLUTION


# %%
await check("1.2", my_triage)
hint("1.2")

# %% [markdown] tags=["instructor"]
# **The solutions, explained.** 1.1 needs nothing of `params`: an answer is complete with a role, a model's name and one
# block of content. The name is a claim that nobody checks; the server sees it and nothing else of who answered.
#
# 1.2 looks at the *last* message, since a request may hold a whole conversation. It compares in lower case because log
# lines shout. It answers in every case: a callback that falls off its end returns `None`, and with the bare SDK the tool
# call fails with an error that names neither the callback nor the line. A rule is a poor model, but a real client does just this to
# keep cheap questions away from an expensive one.
#
# *Common in class:* `params.messages[0]`, which is the question only while there is one message; `content` taken for a `str`; an answer
# with `role="user"`, which the protocol lets pass and a reader of the flow will not.

# %% [markdown]
# ## Your callback at work
#
# The real server asks your `my_triage`. Run it again after each change.

# %%
mine = Lab(server, name="my triage", sampling_callback=my_triage)
await try_out(mine, my_triage, "process_log_entry", {"log_line": SAMPLE_LINES["disk_full"]})

show(mine)

# %% [markdown]
# Without the kit's help that is:
#
# ```python
# result = await mine.call_tool("process_log_entry", {"log_line": line})
# print(result.content[0].text)
# print(mine.flow)
# ```

# %% [markdown]
# ## Stretch
#
# Among the sample lines is one that is no honest log line: `SAMPLE_LINES["injection"]`. Read it, then read the system
# prompt that `curious` printed above. Which sentence of it is there because of such lines? What could a callback do?

# %%
lesson("01")

# %% [markdown]
# ## Recap
#
# - The server asks, the client answers, the callback decides. The key, the bill and the choice stay on the client's side.
# - Both wires ask the same callback. On 2025-11-25 the question is a request; since 2026-07-28 it is part of a result.
# - Sample for what needs judgement. Count, parse and sort with code.
#
# **Next:** [02 · Your own callback](02_your_own_callback.ipynb)
