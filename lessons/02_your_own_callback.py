# %% [markdown]
# # 02 · Your own callback
#
# A callback that always says the same is of no use to a server. Turn it into a real one, step by step, and leave with a
# file of your own that asks a model and passes the scorecard.

# %% [markdown]
# | | |
# |---|---|
# | **You will be able to** | map messages and a system prompt for a model · keep a limit and say why an answer ended · refuse in words that help · ask a model behind an API, and keep that as a program |
# | **Needs** | lesson 01. No key, no network |
# | **Time** | 75–95 minutes (an estimate), with a place to stop |
# | **Wire** | both; the callback is the same |

# %%
from tempfile import mkdtemp

import httpx2
from mcp import MCPError
from mcp.types import CreateMessageRequestParams, CreateMessageResult, ErrorData, SamplingMessage, TextContent

from labkit import Lab, TinyModel, check, hint, it_was, keep, lesson, predict, quiz, show, show_scorecard, try_out
from servers import log_archiver
from servers.sample_logs import SAMPLE_LINES

server = log_archiver.make_server(mkdtemp())
line = SAMPLE_LINES["deadlock"]
print("ready")
lesson("02")

# %% [markdown]
# ## Step 1 · Read what you are asked
#
# This answer was written before the question. Everything that the server wants is in `params`, which it does not read.
# The next cell prints that; before, say what you expect: choose and enter it, or write `predict("2.1", "a")`.


# %%
async def canned(context, params):
    return CreateMessageResult(role="assistant", model="canned", content=TextContent(text="Something went wrong."))


lab = Lab(server, sampling_callback=canned)
result = await lab.call_tool("process_log_entry", {"log_line": line})

print(result.content[0].text)
predict("2.1")


# %%
async def curious(context, params):
    for field, value in params.model_dump(exclude_none=True).items():
        print(f"{field:18}", str(value)[:96])
    return await canned(context, params)


lab.callback = curious
result = await lab.call_tool("process_log_entry", {"log_line": line})

it_was("2.1")

# %% [markdown]
# The hints say which kind of model would do; lesson 05 is about them. Only `messages` and `max_tokens` are in every
# request. Whatever else a server leaves out is `None`, so look before you use it.
#
# ## Step 2 · Messages
#
# Callbacks in many examples send `params.messages[0].content.text` to a model, and nothing else. Here is a request that
# holds more than that, made by hand.

# %%
talk = CreateMessageRequestParams(
    max_tokens=100,
    messages=[
        SamplingMessage(role="user", content=TextContent(text="What is a deadlock?")),
        SamplingMessage(role="assistant", content=TextContent(text="Two processes that wait for each other.")),
        SamplingMessage(role="user", content=[TextContent(text="Then explain this line:"), TextContent(text=line)]),
    ],
)
predict("2.2")

# %%
for message in talk.messages:
    print(f"{message.role:10} {type(message.content).__name__:12} {[b.text[:40] for b in message.content_as_list]}")

it_was("2.2")

# %% [markdown]
# The content is one block *or* a list of blocks; `content_as_list` is a list either way. Blocks that are not text
# (images, audio, uses of tools) wait for step 5.
#
# ## Step 3 · The system prompt
#
# A *system prompt* says how to answer, apart from the question. In the Chat Completions API (Ollama, LM Studio, OpenAI) it is the first message, with the role
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
hint("2.1")

# %% [markdown]
# ## Step 4 · Limits and stop reasons
#
# A model writes *tokens*, one after the other, until it has finished, meets a *stop sequence* (a text at which it is to
# end), or has used up `max_tokens`. That is the one limit that a client *must* keep. The temperature and the stop
# sequences are wishes.

# %%
predict("2.3")

# %%
tiny, words = TinyModel(), {}
question = SamplingMessage(role="user", content=TextContent(text=f"Explain this log line:\n{line}"))

for limit in (5, 100):
    answer = await tiny(None, CreateMessageRequestParams(messages=[question], max_tokens=limit))
    print(f"{limit:3} tokens: {answer.stop_reason} · {answer.content.text}")
    words[limit] = len(answer.content.text.split())

it_was("2.3", words[5])

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
hint("2.2")

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

# %%
predict("2.4")


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

it_was("2.4")

# %% [markdown]
# `auto` is revision **2026-07-28** here, `legacy` is **2025-11-25**. There the server gets code and sentence, and
# decides: this one goes on without you and files your sentence, another may fail. Now an *error* in the callback:


# %%
async def crashes(context, params):
    return params.messages[7].content.text


await try_out(lab, crashes, "process_log_entry", {"log_line": line})

# %% [markdown]
# The kit names your line, and tells a server no more than that the callback failed. With the bare SDK the error comes
# inside exception groups, and on 2025-11-25 the server is sent its text, whatever stands in it. So expect what can go
# wrong, and return a sentence about it.
#
# ## Exercise 2.3 · your callback ●●● 10 minutes
#
# **Goal** A callback for a "model" that reads text and uses no tools. **Input** any request at all.
# **Return** an answer of at most `max_tokens` words; by rules, as in lesson 01, is good enough. Refuse with -32602 and a
# sentence: no messages, `max_tokens` below 1, a block that is not text, `tools` or a `tool_choice`.
#
# **Example** `max_tokens` of -5: `ErrorData(code=-32602, message="Ask for at least 1 token.")`
#
# Below the check the real server asks it. Run that again after each change.


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
hint("2.3")

# %%
mine = Lab(server, name="my callback", sampling_callback=my_callback)
await try_out(mine, my_callback, "process_log_entry", {"log_line": SAMPLE_LINES["disk_full"]})

show(mine)

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
# stays yours is what stands in front of it. To change the model is to change one name: `Claude()`, also of `labkit`,
# needs `ANTHROPIC_API_KEY` in the environment and costs money; `OpenAICompatible()` asks Ollama on this machine.

# %%
model = TinyModel()


async def guarded(context, params):
    if params.max_tokens > 500:
        return ErrorData(code=-1, message="This client gives at most 500 tokens: ask for less.")
    return await model(context, params)


real = Lab(server, name="a real model", sampling_callback=guarded)
await try_out(real, guarded, "process_log_entry", {"log_line": line})
predict("2.5")

# %%
show(real)

# %%
it_was("2.5")

# %% [markdown]
# A model wrote that answer. Hold it against the log line before you believe it: a small one gets names and numbers wrong.
#
# ## Step 7 · Ask the model yourself
#
# `OpenAICompatible` hides one HTTP request. Ollama, LM Studio, llama.cpp, vLLM and OpenAI all answer it:
# `POST {base_url}/v1/chat/completions`, with JSON in it.
#
# | you send | out of |
# |---|---|
# | `model` | a name that the API knows |
# | `messages` | `conversation(params)`, your exercise 2.1 |
# | `max_tokens` | `params.max_tokens` |
# | `stop` | `params.stop_sequences`, if there are any |
#
# | you get | what becomes of it |
# |---|---|
# | `choices[0]["message"]["content"]` | the text. It may be `None`, when the model said nothing |
# | `choices[0]["finish_reason"]` | the stop reason, by the table of step 4 |
# | `model` | the name of the model |
# | a status from 400 on, text that is no JSON, an `error` and no `choices`, no connection | `ErrorData(code=-32603, …)`, in words of your own |
#
# In Python:
#
# ```python
# async with httpx2.AsyncClient(timeout=60) as client:
#     response = await client.post(url, json=body)
#     reply = response.raise_for_status().json()   # raises httpx2.HTTPError, or ValueError where it is no JSON
# ```
#
# ## Exercise 2.6 · ask an API ●●● 15 minutes
#
# **Goal** A callback that asks the API at `base_url`, out of what you have: `my_callback` says what to refuse,
# `conversation` maps, `finish` keeps the limit. **Input** an address such as `http://127.0.0.1:11434`, a model's name,
# and seconds to wait. **Return** the callback, an `async def` inside `make`.
#
# **Example** The reply ends with `"finish_reason": "length"`: the answer's stop reason is `maxTokens`.


# %%
def make(base_url, model="llama3.2", timeout=60):
    """A callback that asks `model` through the Chat Completions API at `base_url`."""

    # SOLUTION
    async def ask_model(context, params):
        refused = await my_callback(context, params)
        if isinstance(refused, ErrorData):
            return refused
        body = {"model": model, "messages": conversation(params), "max_tokens": params.max_tokens}
        if params.stop_sequences:
            body["stop"] = params.stop_sequences
        try:
            async with httpx2.AsyncClient(timeout=timeout) as client:
                response = await client.post(f"{base_url}/v1/chat/completions", json=body)
                reply = response.raise_for_status().json()
            choice = reply["choices"][0]
        except (httpx2.HTTPError, ValueError, LookupError):
            return ErrorData(code=-32603, message="The model gave no answer: see that it runs, and ask again.")
        text, reason = choice["message"]["content"], choice["finish_reason"]
        if not text and reason == "stop":
            return ErrorData(code=-32603, message="The model answered without a word: ask in another way.")
        answer = finish(text or "", params)
        answer.model = reply["model"]
        if reason != "stop":
            answer.stop_reason = "maxTokens" if reason == "length" else reason
        return answer

    return ask_model
    # END SOLUTION


# %%
await check("2.6", make)
hint("2.6")

# %% [markdown] tags=["instructor"]
# 2.6 asks `my_callback` first, for what that refuses no model should be asked. `answer.model` is the name in the reply,
# not the one that was asked for. `"stop"` means both "finished" and "met a stop sequence", so what `finish` found stays.
# Any other reason passes as it is: a server may know it.
#
# *Common in class:* `raise_for_status` outside the `try`; the text of the error as the text of an answer, which the
# server files; `except Exception`, which also hides a wrong name in one's own code; `params.messages[-1]` once more.

# %% [markdown]
# ## The scorecard, and a file to keep
#
# The check of 2.6 ran some twenty cases. Here are all, some seventy requests and mishaps, from the specification and from
# practice: choose one to read what was sent, what came back, why it matters and how to mend it. MUST and SHOULD are words
# of the specification, SDK is what mcp needs, advice is ours. The cell below it writes your four functions as a program.

# %%
await show_scorecard(make)

# %%
keep("my_client.py", conversation, finish, my_callback, make)
lesson("02")

# %% [markdown]
# The file lies beside this notebook. In a terminal in that folder `../.venv/bin/python my_client.py` calls the log
# archiver, and a model of Ollama answers it (on Windows `..\.venv\Scripts\python`, on Binder `python`). An address behind
# it, such as `http://127.0.0.1:1234`, asks another API; where nothing listens your own sentence says so. The same Python
# with `-m labkit.checks my_client.py:make` is the scorecard. Change the file; it is yours.
#
# ## Recap
#
# - Read all of `params`: several messages, lists of blocks, a system prompt or none. What is missing is `None`.
# - Keep `max_tokens`, and say with the stop reason why the answer ended.
# - Return `ErrorData` where you cannot answer: -1 the user, -32602 the request, -32603 your side. Raise nothing.
#
# **Next:** [03 · Turn the dials](03_turn_the_dials.ipynb)
