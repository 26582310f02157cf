# %% [markdown]
# # 02 · Your own callback
#
# A callback that always says the same is of no use to a server. Turn it into a real one, in six steps, and leave with
# one that would pass review in a real client.

# %% [markdown]
# | | |
# |---|---|
# | **You will be able to** | map messages and a system prompt for a model · keep a limit and say why an answer ended · refuse in words that help · put a real model behind it |
# | **Needs** | lesson 01. No key, no network |
# | **Time** | 60–80 minutes (an estimate), with a place to stop |
# | **Wire** | both; the callback is the same |

# %%
from tempfile import mkdtemp

from mcp import MCPError
from mcp.types import CreateMessageRequestParams, CreateMessageResult, ErrorData, SamplingMessage, TextContent

from labkit import Claude, Lab, OpenAICompatible, TinyModel, check, quiz, show, show_scorecard, try_out
from servers import log_archiver
from servers.sample_logs import SAMPLE_LINES

server = log_archiver.make_server(mkdtemp())
line = SAMPLE_LINES["deadlock"]
print("ready")

# %% [markdown]
# ## Step 1 · Read what you are asked
#
# This answer was written before the question:


# %%
async def canned(context, params):
    return CreateMessageResult(role="assistant", model="canned", content=TextContent(text="Something went wrong."))


lab = Lab(server, sampling_callback=canned)
result = await lab.call_tool("process_log_entry", {"log_line": line})

print(result.content[0].text)

# %% [markdown]
# Everything that the server wants is in `params`.
#
# **Predict.** Which will be set: the messages, a system prompt, a limit on tokens, a temperature, a model?


# %%
async def curious(context, params):
    for field, value in params.model_dump(exclude_none=True).items():
        print(f"{field:18}", str(value)[:96])
    return await canned(context, params)


lab.callback = curious
result = await lab.call_tool("process_log_entry", {"log_line": line})

# %% [markdown]
# It names no model, only hints: the client chooses (lesson 05). Only `messages` and `max_tokens` are in every request.
# Whatever else a server leaves out is `None`, so look before you use it.
#
# ## Step 2 · Messages
#
# Callbacks in many examples send `params.messages[0].content.text` to a model, and nothing else. Here is a request that
# holds more than that, made by hand. **Predict.** For which of its messages does `message.content.text` fail?

# %%
talk = CreateMessageRequestParams(
    max_tokens=100,
    messages=[
        SamplingMessage(role="user", content=TextContent(text="What is a deadlock?")),
        SamplingMessage(role="assistant", content=TextContent(text="Two processes that wait for each other.")),
        SamplingMessage(role="user", content=[TextContent(text="Then explain this line:"), TextContent(text=line)]),
    ],
)

for message in talk.messages:
    print(f"{message.role:10} {type(message.content).__name__:12} {[b.text[:40] for b in message.content_as_list]}")

# %% [markdown]
# The content is one block *or* a list of blocks; `content_as_list` is a list either way. Blocks that are not text
# (images, audio, uses of tools) wait for step 5.
#
# ## Step 3 · The system prompt
#
# It says how to answer. In the Chat Completions API (Ollama, LM Studio, OpenAI) it is the first message, with the role
# `system`; in the Messages API (Claude) a field of its own. A request may have none: then leave it out.
#
# ## Exercise 2.1 · map a conversation ●●○ 5 minutes
#
# **Goal** Write a request as Chat Completions wants it. **Input** `params`, with text alone.
# **Return** a list of `{"role": ..., "content": ...}`: the system prompt first, if there is one, with the role
# `"system"`; then each message with its role and the texts of its blocks, joined by `"\n"`.
#
# **Example** for `talk`:
# `[{"role": "user", "content": "What is a deadlock?"}, {"role": "assistant", "content": …}, …]`


# %%
def conversation(params):
    """The request as a list of {"role": ..., "content": ...}, the system prompt first where there is one."""
    # SOLUTION
    turns = [{"role": "system", "content": params.system_prompt}] if params.system_prompt else []
    for message in params.messages:
        texts = [block.text for block in message.content_as_list]
        turns.append({"role": message.role, "content": "\n".join(texts)})
    return turns
    # END SOLUTION


# %%
await check("2.1", conversation)

# %% [markdown]
# <details><summary>Hint 1: a nudge</summary>
#
# Begin with an empty list. One thing may come first; then go through `params.messages`.
#
# </details>
# <details><summary>Hint 2: the shape</summary>
#
# `turns = []`, an `if` with one `append`, a `for` with one `append`, and `return turns` after the loop.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `if params.system_prompt: turns.append({"role": "system", "content": …})`, then for each message
# `turns.append({"role": message.role, "content": "\n".join(…)})` over `message.content_as_list`.
#
# </details>
# <details><summary>I see "'list' object has no attribute 'text'"</summary>
#
# This message has a list of blocks. Go through `message.content_as_list`, which is a list for every message.
#
# </details>

# %% [markdown]
# ## Step 4 · Limits and stop reasons
#
# `max_tokens` is the one limit that a client *must* keep. The temperature and the stop sequences are wishes.
#
# **Predict.** The same question, once with 5 tokens and once with 100. What differs, apart from the length?

# %%
tiny = TinyModel()
question = SamplingMessage(role="user", content=TextContent(text=f"Explain this log line:\n{line}"))

for limit in (5, 100):
    answer = await tiny(None, CreateMessageRequestParams(messages=[question], max_tokens=limit))
    print(f"{limit:3} tokens: {answer.stop_reason} · {answer.content.text}")

# %% [markdown]
# The stop reason is how a server learns that an answer is only half of one. Providers have words of their own for it;
# the server knows MCP's.
#
# | MCP | Messages (Claude) | Chat Completions | the model |
# |---|---|---|---|
# | `endTurn` | `end_turn` | `stop` | had finished |
# | `maxTokens` | `max_tokens` | `length` | was cut off |
# | `stopSequence` | `stop_sequence` | `stop` | met a stop sequence |
# | `toolUse` | `tool_use` | `tool_calls` | wants a tool |
#
# What has no word in MCP, such as `refusal`, passes as it is.

# %%
quiz("2.4", "")

# %% [markdown]
# ## Exercise 2.2 · end an answer ●●○ 7 minutes
#
# **Goal** Answer with as much of `text` as the request allows; count a word as a token.
# **Input** `text`, and `params` with `max_tokens` and `stop_sequences`, which may be `None`.
# **Return** a `CreateMessageResult` whose text ends before the first stop sequence in it, has at most `max_tokens`
# words, and whose `stop_reason` says which of the two it was, or `endTurn`.
#
# **Example** `"Full. END Delete old logs."` with the stop sequence `END`: the text `"Full."`, `stopSequence`.


# %%
def finish(text, params):
    """As much of `text` as `params` allows, with the stop reason that belongs to it."""
    # SOLUTION
    reason = "endTurn"
    for stop in params.stop_sequences or []:
        if stop in text:
            text, reason = text[: text.index(stop)], "stopSequence"
    words = text.split()
    if len(words) > params.max_tokens:
        text, reason = " ".join(words[: params.max_tokens]), "maxTokens"
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text=text), stop_reason=reason)
    # END SOLUTION


# %%
await check("2.2", finish)

# %% [markdown]
# <details><summary>Hint 1: a nudge</summary>
#
# Three steps, one after the other: cut at the stop sequences, cut at the limit, return. Keep the reason in a variable.
#
# </details>
# <details><summary>Hint 2: the shape</summary>
#
# Begin with `reason = "endTurn"`. Each cut changes `text` and `reason`. `params.stop_sequences or []` is a list also
# where there are none.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `if stop in text: text, reason = text[: text.index(stop)], "stopSequence"` for each `stop`; then `words = text.split()`,
# and `if len(words) > params.max_tokens:` join the first of them again.
#
# </details>
# <details><summary>I see "'NoneType' object is not iterable"</summary>
#
# A request without stop sequences has `None` there: write `params.stop_sequences or []`.
#
# </details>

# %% [markdown]
# **A good place to stop:** you can map a conversation and end an answer. To go on another day, choose *Run → Run All
# Above Selected Cell* here.
#
# ## Step 5 · Refuse, and fail well
#
# A callback may also say no. It *returns* an `ErrorData`; its code says whose affair it is.
#
# | code | means | for example |
# |---|---|---|
# | -1 | the user said no | a person, or a rule of yours, declines |
# | -32602 | the request is at fault | no messages, a limit below 1, an image for a model that reads text |
# | -32603 | your side failed | the provider cannot be reached |
#
# **Predict.** Your callback refuses. What does `call_tool` do?


# %%
async def declines(context, params):
    return ErrorData(code=-1, message="The user said no.")


for mode in ("auto", "legacy"):
    no = Lab(server, name=f"refused, {mode}", mode=mode, sampling_callback=declines)
    try:
        result = await no.call_tool("process_log_entry", {"log_line": line})
        print(f"{mode:7} {result.content[0].text}")
    except MCPError as error:
        print(f"{mode:7} {error.code}: {error.message}")

# %% [markdown]
# On **2026-07-28** the call ends, and your program gets code and sentence: the server never hears of it. On
# **2025-11-25** the server gets both, and decides. This one goes on without you and files your sentence; another may
# fail. Now an *error* in the callback:


# %%
async def crashes(context, params):
    return params.messages[7].content.text


await try_out(lab, crashes, "process_log_entry", {"log_line": line})

# %% [markdown]
# The kit names your line. Without it the error arrives inside exception groups, and on revision 2025-11-25 its text is
# sent to the server, whatever stands in it. So expect what can go wrong, and return a sentence about it.

# %%
quiz("2.5", "")

# %% [markdown]
# ## Exercise 2.3 · your callback ●●● 10 minutes
#
# **Goal** A callback for a "model" that reads text and uses no tools. **Input** any request at all.
# **Return** an answer of at most `max_tokens` words; by rules, as in lesson 01, is good enough. Refuse with -32602 and a
# sentence: no messages, `max_tokens` below 1, a block that is not text, `tools` or a `tool_choice`.
#
# **Example** `max_tokens` of -5: `ErrorData(code=-32602, message="Ask for at least 1 token.")`


# %%
async def my_callback(context, params):
    """Answer a log line in a sentence, or refuse in words."""
    # SOLUTION
    fault = ""
    if not params.messages:
        fault = "There is no message to answer: send at least one."
    elif params.max_tokens < 1:
        fault = "An answer needs at least 1 token: ask with a larger maxTokens."
    elif params.tools or params.tool_choice:
        fault = "I cannot use tools: ask without them."
    elif any(block.type != "text" for message in params.messages for block in message.content_as_list):
        fault = "I read text alone: ask without images and sounds."
    if fault:
        return ErrorData(code=-32602, message=fault)

    line = " ".join(block.text for block in params.messages[-1].content_as_list).lower()
    text = "I do not know this line: look at what came before it."
    if "deadlock" in line:
        text = "Two processes waited for each other, so one was ended: run it again."
    elif "no space left" in line:
        text = "The disk is full: delete old files or make it larger."
    words = text.split()
    reason = "endTurn" if len(words) <= params.max_tokens else "maxTokens"
    content = TextContent(text=" ".join(words[: params.max_tokens]))
    return CreateMessageResult(role="assistant", model="my rules", content=content, stop_reason=reason)
    # END SOLUTION


# %%
await check("2.3", my_callback)

# %% [markdown]
# <details><summary>Hint 1: a nudge</summary>
#
# First all that you refuse, each with a `return`. After that nothing can surprise you, and the rest is short.
#
# </details>
# <details><summary>Hint 2: the shape</summary>
#
# Four times `if …: return ErrorData(code=-32602, message="…")`, no messages first. Then a text by rules, and
# `return finish(text, params)` from exercise 2.2.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# A block that is not text: `any(block.type != "text" for message in params.messages for block in message.content_as_list)`.
# The text to look at: `" ".join(block.text for block in params.messages[-1].content_as_list)`.
#
# </details>
#
# What you may see, here, and in other words with the bare `mcp.Client`:
#
# <details><summary>I see "raised IndexError", or ExceptionGroup: unhandled errors in a TaskGroup</summary>
#
# The callback *raised*. On revision 2026-07-28 your error lies inside nested groups, so read the last lines first. On
# 2025-11-25 you get `MCPError` with its text. Look at the line that the kit names, and refuse in that case.
#
# </details>
# <details><summary>I see "returned nothing" or "returned a str", or 4 validation errors for CallToolRequestParams</summary>
#
# The callback returned something that is no answer: `None`, since a `return` is missing, or a bare text. On 2025-11-25
# it reads `Invalid request parameters`. Return a `CreateMessageResult` or an `ErrorData`, on every path.
#
# </details>
# <details><summary>I see "is a plain function", or object CreateMessageResult can't be used in 'await' expression</summary>
#
# It begins with `def`. Write `async def`. The words are the same on both wires, on 2025-11-25 as an `MCPError`.
#
# </details>
#
# [The solutions, explained](instructor/02_your_own_callback.ipynb)

# %% [markdown] tags=["instructor"]
# **The solutions, explained.** 2.1 keeps three things that examples on the web drop: the earlier turns, the roles, the
# system prompt. An empty system prompt counts as none here.
#
# 2.2 cuts at each stop sequence in turn, so the earliest one in the text wins whatever the order of the list. The limit
# comes last: an answer that meets both was cut off by whichever came first. With `>=` in place of `>` an answer of just
# the right length claims to be cut, and the server asks again for nothing.
#
# 2.3 refuses first and answers after. The order of the four matters only in that `params.messages[-1]` comes after the
# test for none. A client that did not declare `sampling.tools` must refuse both `tools` and `tool_choice` (schema of
# `CreateMessageRequestParams`). The solution passes every case of the scorecard that applies to it.
#
# *Common in class:* -1 for everything (it means that a person said no, and a server may ask again another time);
# `text[: params.max_tokens]`, which counts letters and for -5 cuts off the end; an apology as an answer, which the
# server files as the explanation.

# %% [markdown]
# ## Step 6 · A real model
#
# `TinyModel` is a callback like yours, with a small model in it: it maps messages, keeps limits and gives reasons. What
# stays yours is what stands in front of it. To change the model is to change one word: `"claude"` needs
# `ANTHROPIC_API_KEY` in the environment and costs money, `"ollama"` a model that runs on this machine.

# %%
models = {"tiny": TinyModel, "claude": Claude, "ollama": OpenAICompatible}

model = models["tiny"]()


async def guarded(context, params):
    if params.max_tokens > 500:
        return ErrorData(code=-1, message="This client gives at most 500 tokens: ask for less.")
    return await model(context, params)


real = Lab(server, name="a real model", sampling_callback=guarded)
await try_out(real, guarded, "process_log_entry", {"log_line": line})

# %% [markdown]
# A model wrote this. Hold it against the log line before you believe it: a small one gets names and numbers wrong.
#
# ## See the wire
#
# **Predict.** The server was answered by a script before, and now by a model. In which step can it tell?

# %%
show(real)

# %% [markdown]
# In none. What the callback and the model do stays on your side of the wire. The server gets an answer, and the name of
# a model as *you* wrote it.
#
# ## Your callback at work
#
# The real server asks your `my_callback`. Run it again after each change.

# %%
mine = Lab(server, name="my callback", sampling_callback=my_callback)
await try_out(mine, my_callback, "process_log_entry", {"log_line": SAMPLE_LINES["disk_full"]})

show(mine)

# %% [markdown]
# ## The scorecard
#
# The check of 2.3 asked a handful of questions. These are some sixty, from the specification and from practice. Choose a case
# to read what was sent, what came back, why it matters and how to mend it. Each says how binding its rule is: MUST and
# SHOULD are words of the specification, SDK is what mcp needs, and advice is ours alone. Change your callback, run its
# cell and this one again: the panel says what has changed. In plain code: `print(await scorecard(my_callback))`.

# %%
await show_scorecard(my_callback)

# %% [markdown]
# ## Stretch
#
# A third of the cases read "not applicable": they need a provider that is slow, busy or down. Write `def make(base_url):`
# which returns a callback that asks the Chat Completions API at that address, and run `await show_scorecard(make)`. The
# kit plays the provider. The same for a file of your own: `python -m labkit.checks my_client.py:make`.
#
# ## Recap
#
# - Read all of `params`: several messages, lists of blocks, a system prompt or none. What is missing is `None`.
# - Keep `max_tokens`, and say with the stop reason why the answer ended.
# - Return `ErrorData` where you cannot answer: -1 the user, -32602 the request, -32603 your side. Raise nothing.
#
# **Next:** [03 · Turn the dials](03_turn_the_dials.ipynb)
