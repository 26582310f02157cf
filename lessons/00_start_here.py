# %% [markdown]
# # 00 · Start here
#
# The Model Context Protocol, MCP, connects programs that have a language model with programs that have data and tools:
#
# ```
# you ── host, with a client ══ server, with tools
#                 │
#               model
# ```
#
# | word | here it means |
# |---|---|
# | **host** | the program in front of you, such as a chat or this notebook |
# | **client** | the part of the host that talks to one server |
# | **server** | a program that offers something to hosts |
# | **tool** | a function of the server that the host can call |
# | **sampling** | the other direction: the server asks *your* side for a text, and a model there, or you, answers |
#
# In this lesson you answer once, and see every message. Sampling is deprecated and still in use;
# [the end of this page](#Is-this-still-worth-learning?) says why it is worth your time.
#
# | | |
# |---|---|
# | **You will be able to** | check your set-up · tell the two meanings of "sampling" apart · answer one sample |
# | **Needs** | a browser. No key, no network. You have met `async def` before |
# | **Time** | 15–25 minutes (an estimate) |
# | **Wire** | revision 2026-07-28: the version of the protocol, by its date, in which client and server talk here |
#
# Run a cell with **Shift + Enter**. Run them in order, from the top.

# %%
from tempfile import mkdtemp

from mcp.types import CreateMessageResult, TextContent

from labkit import Lab, TinyModel, click_me, course_map, it_was, lesson, my_progress, predict, quiz, show
from labkit.doctor import doctor
from servers import log_archiver
from servers.sample_logs import SAMPLE_LINES

print("ready")
lesson("00")

# %% [markdown]
# ## Is everything in order?
#
# Each line says `[OK]`, or `[FIX]` and what to do. `[LOOK]` is for your own eyes.

# %%
doctor()

# %% [markdown]
# Widgets need a way from the browser back to Python. Click the button: its text must change.

# %%
click_me()

# %% [markdown]
# ## One word, two meanings
#
# | | MCP sampling | decoding |
# |---|---|---|
# | what happens | a *server* asks the *client* for a completion | a *model* draws the next token |
# | who does it | your client, in its sampling callback | the model, inside |
# | you meet it as | `sampling/createMessage`, `maxTokens`, a refusal | temperature, top-p, top-k |
#
# They meet in one place: a sampling request may carry wishes for the decoding, such as a temperature. The client decides
# what becomes of them.
#
# Which one is meant here? Put the letter of your answer between the empty quotes, and run the cell again.

# %%
quiz("0.1", "")

# %%
quiz("0.2", "")

# %% [markdown]
# ## Your first sample, in three cells
#
# **1. A server.** The log archiver files log lines in a report, each with an explanation. It cannot explain anything by
# itself: it has no model and no key.

# %%
server = log_archiver.make_server(mkdtemp())

SAMPLE_LINES["deadlock"]


# %% [markdown]
# **2. A callback, and a client that has it.** The callback is what answers when a server asks. This one does not even
# read the question. `Lab` connects a client to the server; inside it is the SDK's own `mcp.Client`.


# %%
async def my_first_callback(context, params):
    answer = TextContent(text="Two processes waited for each other, so the database stopped one.")
    return CreateMessageResult(role="assistant", model="nobody, I typed this", content=answer)


lab = Lab(server, sampling_callback=my_first_callback)
predict("0.1")

# %% [markdown]
# Say what you expect before you run on: choose and enter it, or write `predict("0.1", "a")` in that cell. Nobody marks it.
#
# **3. Call the tool.**

# %%
result = await lab.call_tool("process_log_entry", {"log_line": SAMPLE_LINES["deadlock"]})

print(result.content[0].text)
predict("0.2")

# %% [markdown]
# The server filed *your* sentence as the explanation. It has no way to check whether a model was involved: of who
# answered it gets a name, and that is whatever the callback writes there.

# %% [markdown]
# ## What crossed the wire
#
# Every arrow is a step. Heavy arrows crossed the wire between client and server; light ones stayed on your side. Find
# the step in which the server asks, and the one in which the client answers. In a live notebook, choose a step to read
# its JSON, field by field.

# %%
show(lab)

# %% [markdown]
# The same in plain code, for when you cannot click:

# %%
print(lab.flow)
it_was("0.1")
it_was("0.2", sum({step.source, step.target} == {"client", "server"} for step in lab.flow.steps))

# %% [markdown]
# The server asked (step 3), the client asked you (step 4), and your answer went back (step 6) before the tool could
# finish.

# %%
quiz("0.3", "")
predict("0.3")

# %% [markdown]
# **Try it.** Change the sentence in `my_first_callback`, run its cell and the two after it again. Nothing breaks when a
# cell is run twice: a new `Lab` closes the one before it.
#
# ## Now let a model answer
#
# `TinyModel` is a language model that comes with the kit and runs beside this notebook. It is a sampling callback too,
# so it can take the place of yours. It is small, and what it says may be wrong.

# %%
lab.callback = TinyModel()
result = await lab.call_tool("process_log_entry", {"log_line": SAMPLE_LINES["disk_full"]})

print("By the tiny model:", result.content[0].text)
it_was("0.3")
lab.flow

# %% [markdown]
# The callback asks the model and the model answers: both on your side, by light arrows. The server cannot see what kind
# of callback it has.

# %% [markdown]
# ## Is this still worth learning?
#
# Sampling is *deprecated*, which is to say on its way out, since revision 2026-07-28 of MCP (SEP-2577). It stays for at least twelve months, and a new
# server should rather call a model provider directly. You learn it here because every server written for the 2025
# revisions may use it, and because its questions stay: who may ask a model, who approves it, who pays, and what an
# answer may be trusted with.

# %% [markdown]
# ## Save your work
#
# - **On Binder** everything is gone when you close the tab, and after ten idle minutes. Save with
#   *File → Download* before a break; upload the file with the arrow above the file list to go on.
# - **On your own machine** Lab saves as you go. *File → Save Notebook* makes sure.

# %% [markdown]
# ## The course
#
# What you do is kept in `progress.jsonl` beside the notebooks, on this machine alone. The map reads it: come back here to
# see how far you are, and where to go on. The buttons write it as one file, to hand in or to take with you, or delete it;
# `export_progress()` and `delete_progress()` of `labkit` do the same.

# %%
course_map()

# %%
my_progress()

# %% [markdown]
# ## Recap
#
# - In MCP sampling the server asks and the client answers, through a callback that you write.
# - The callback decides everything: which model, which limits, or no model at all.
# - You can see every step: `show(lab)`, or `print(lab.flow)`.
#
# **Next:** [01 · Borrow a brain](01_borrow_a_brain.ipynb)
