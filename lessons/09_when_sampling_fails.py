# %% [markdown]
# # 09 · When sampling fails
#
# A model is busy, late, cut off or gone, and a person may say no. See how each failure looks and to whom, then build
# what copes with it, on both sides.
#
# | | |
# |---|---|
# | **You will be able to** | tell from a flow what failed and who knows of it · give a callback a time, tries, a stand-in, a line and a memory, in an order that works · say when trying again harms · write a tool for every client · choose limits from measured times |
# | **Needs** | lessons 04 and 06. No key, no network |
# | **Time** | 70–90 minutes (an estimate), with a place to stop |
# | **Wire** | both: revisions 2025-11-25 and 2026-07-28 |

# %%
from typing import Annotated

from mcp import MCPError
from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp.types import CreateMessageResult, ErrorData, TextContent

from labkit import Faulty, Lab, LabError, Scripted, check, hint, it_was, lesson, predict, quiz, try_out
from servers import log_archiver, text_analyst
from servers.asking import Answer, NoAnswer, ask, message, or_none, visible
from servers.sample_logs import SAMPLE_LINES

print("ready")
lesson("09")

# %% [markdown]
# ## Fail on purpose
#
# You cannot wait until a model fails by itself. `Faulty` is a callback that fails as a plan says, one way after the
# other, and lets another one answer where the plan says `ok`. The text analyst asks it whether a text is positive,
# negative or neutral.

# %%
from tempfile import mkdtemp
from textwrap import shorten

analyst, text = text_analyst.make_server(), {"text": "The help was quick, and nothing broke."}
archiver, disk = log_archiver.make_server(mkdtemp()), {"log_line": SAMPLE_LINES["disk_full"]}
model = Scripted(lambda params: "Positive.")

lab = Lab(analyst, sampling_callback=Faulty(model, ["ok", "wrong form", "wrong form", "empty", "cut"]))
for _ in range(3):
    result = await lab.call_tool("analyze_sentiment", text)
    print(result.content[0].text)

predict("9.1")

# %% [markdown]
# Three calls, five samples. Where an answer is no label this server asks once more, and then gives up with what plain
# code knows. `Posi`, half an answer, is no label either.
#
# ## Who learns of it?
#
# A failure may be seen by the *callback's side*, which is yours, by the *server*, and by the *caller* of the tool. Here
# are eight ways, each on both wires: what the server, here the log archiver, is sent after its question, and what the
# caller is told in the end. In the last, `late`, nobody gives the callback a time: it is the *caller* who gives up.

# %%
for way in ("no callback", "refuse", "429 after 2", "raise", "two blocks", "empty", "cut", "late"):
    for mode in ("legacy", "auto"):
        callback = None if way == "no callback" else Faulty(model, [way, way], deadline=1)
        lab = Lab(archiver, mode=mode, sampling_callback=callback, timeout=1.5 if way == "late" else 60)
        try:
            told = (await lab.call_tool("process_log_entry", disk)).content[0].text.splitlines()[-1]
        except (MCPError, LabError) as error:
            told = f"{type(error).__name__}: {error}"
        sent = [step.label for step in lab.flow.steps if step.target == "server"][1:] or ["nothing"]
        print(f"{way:12} {lab.protocol_version}  server: {shorten(sent[0], 70)}")
        print(f"{'':24} caller: {shorten(told, 76, placeholder=' …')}")
it_was("9.1")

# %% [markdown]
# | | on 2025-11-25 | on 2026-07-28 |
# |---|---|---|
# | a bad answer: empty, cut, of a wrong form, two where one is wanted | the server gets it, and decides | the same |
# | no answer: refused, busy, raised | the server is sent an error, and may go on without | **the server is sent nothing, and the call ends.** The caller alone knows |
# | the caller waits no longer | a notification says so | nothing says so |
#
# So a server checks answers on both wires, and what a *callback* cannot do is best mended where it happened: on your
# side.
#
# ## What a time-out bounds
#
# `read_timeout_seconds` of the SDK's client is how long it waits for the reply to a request *of its own*. Here it waits
# for one second, and the callback takes 1.3 (`slow` takes half of its `deadline`, `late` twice as long).

# %%
predict("9.2")

# %%
from mcp import Client

slow = Faulty(model, ["slow", "slow"], deadline=2.6)
for mode in ("legacy", "auto"):
    async with Client(analyst, mode=mode, sampling_callback=slow) as client:
        try:
            result = await client.call_tool("analyze_sentiment", text, read_timeout_seconds=1)
            print(client.protocol_version, result.content[0].text)
        except MCPError as error:
            print(client.protocol_version, error.code, error)

it_was("9.2")

# %% [markdown]
# On 2025-11-25 the one request stays open until the model has answered, so a model, or a person who thinks, is on its
# clock. Hence the `-32001` after 60 s that many clients show. On 2026-07-28 each *leg*, a request and its reply, has the
# time anew, and the callback runs between two legs. So give the *callback* a time: that holds on both wires.

# %%
from labkit import with_timeout

late = Faulty(model, ["late", "late"], deadline=1)
for mode in ("legacy", "auto"):
    lab = Lab(analyst, name=f"in time, {mode}", mode=mode, sampling_callback=late)
    await try_out(lab, with_timeout(late, 0.2), "analyze_sentiment", text)

quiz("9.5", "")

# %% [markdown]
# `with_timeout` also cancels the callback. One that blocks the loop (`time.sleep`, a call without `await`) cannot be
# cancelled so.
#
# ## Exercise 9.1 · five flows ●●○ 8 minutes
#
# **Goal** Find what failed in each of five calls, and whether the *server* was given a sign that something had.
# **Return** a dict from `"A"` to `"E"`, each a cause from the list and `True` or `False`.
#
# **Example** `{"A": ("cut", True), …}`

# %%
from labkit.checks.night_calls import CAUSES, night_calls

await night_calls()
for cause, words in CAUSES.items():
    print(f"{cause:14} {words}")


# %%
def my_findings():
    """The cause, and whether the server was given a sign of it, for each of the flows A to E."""
    # SOLUTION
    return {
        "A": ("wrong form", True),
        "B": ("given up", True),
        "C": ("late", False),
        "D": ("empty", True),
        "E": ("busy", False),
    }
    # END SOLUTION


# %%
await check("9.1", my_findings)
hint("9.1")

# %% [markdown]
# ## Ask again
#
# `429` is what HTTP says to too many requests; its header `retry-after` says how many seconds to wait. `with_retry` waits
# that long, or a little longer each time, and asks again. A refusal (-1: a person's, a budget's) and a wrong request
# (-32602) it leaves as they are.

# %%
from labkit import with_retry

busy, refused = Faulty(model, ["429", "raise"]), Faulty(model, ["refuse"])
lab = Lab(analyst, name="again", sampling_callback=with_retry(busy, tries=3, wait=0.01))
await lab.call_tool("analyze_sentiment", text)
print(lab.flow)

await try_out(lab, with_retry(refused), "analyze_sentiment", text)
print("asked:", busy.done.total(), "times, and after a refusal", refused.done.total())
predict("9.3")


# %%
async def package(context, params):
    """A provider's package: it tries three times by itself, and tells nobody."""
    for _ in range(3):
        answer = await down(context, params)
    return answer


down = Faulty(model, {"429": 1.0})  # all of its answers are 429
lab = Lab(analyst, name="down", sampling_callback=with_retry(package, tries=3, wait=0))
for _ in range(3):
    await try_out(lab, lab.callback, "analyze_sentiment", text)
it_was("9.3", down.done.total())

# %% [markdown]
# Tries multiply, and fall on a model that has too much to do already. So retry in *one* place, the one that hears
# `retry-after`. For a budget around it all tries are *one* of its `samples`, and each is one of its `per_minute`. Where
# the budget says no, `with_retry` does not ask again.
#
# ## The herd
#
# Thirty clients fail in the same second. Each waits one second, then two, then four: left. Right, each waits a *random
# part* of one, two and four. A row is half a second, a block a client.


# %%
from random import Random


def arrivals(part):
    """When thirty clients come back, three times each."""
    return [sum(2**n * part() for n in range(tries + 1)) for _ in range(30) for tries in range(3)]


same, spread = arrivals(lambda: 1), arrivals(Random(30).random)
for half in range(15):
    counts = [sum(half <= 2 * when < half + 1 for when in each) for each in (same, spread)]
    print(f"{half / 2:3} s  {'█' * counts[0]:31} {'█' * counts[1]}")

# %% [markdown]
# ## Exercise 9.2 · a retry ●●● 15 minutes
#
# **Goal** Write the heart of `with_retry`. **Input** a callback; how many `tries` in all; the `longest` wait in seconds;
# `sleep`, which waits (the check gives you one that only notes the seconds). **Return** a callback that
#
# - returns the first answer of `callback`, or the failure of the last try, as they came,
# - asks again after an `ErrorData` of code -32603 alone; any other is final, and what is raised goes through,
# - waits before it asks again, with `await sleep(…)`: a random part of 1, 2, 4, 8, … seconds, and at most `longest`.
#   Where the failure's `data` is a dict that holds `"retryAfter"`, it waits that long and a random part of one second;
#   where `retryAfter` alone is more than `longest`, it gives up at once.
#
# **Example** `ErrorData(code=-32603, message="busy", data={"status": 429, "retryAfter": 2})`: 2 to 3 seconds.


# %%
import asyncio
from random import random


def my_retry(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """A callback that asks `callback` again where it failed for now. random() is a number from 0 to 1."""

    # SOLUTION
    async def trying(context, params):
        for tried in range(tries - 1):
            answer = await callback(context, params)
            if not isinstance(answer, ErrorData) or answer.code != -32603:
                return answer
            after = answer.data.get("retryAfter") if isinstance(answer.data, dict) else None
            if after is None:
                await sleep(min(longest, random() * 2**tried))
            elif after > longest:
                return answer
            else:
                await sleep(after + random())
        return await callback(context, params)

    return trying
    # END SOLUTION


# %%
await check("9.2", my_retry)
hint("9.2")

# %% [markdown] tags=["instructor"]
# **9.2, explained.** The loop holds all tries but the last, so nobody waits behind that one. It is left early by an
# answer, by a failure that is final, and by one that asks to wait too long. `sleep` is an argument because code that
# waits is tested with a clock of its own: the check draws some 500 waits and takes no time.
#
# *Common in class:* a wait after the last try; `random()` outside of the loop; `min(longest, after)`, which comes back
# too early and fails again; a counter outside of `trying`, which all requests share; `except Exception`, which asks
# again after one's own mistake; jitter for the growing wait and none for `retryAfter`, which 30 clients were told alike.
#
# `with_retry` knows more: it reads statuses (a 401 is -32603 too, and does not pass), tries again after a broken
# connection, and leaves what a duty inside it refused.
#
# *The stretch, further down:* what stands inside a function cannot be seen, so no order that is hidden in one is refused.

# %% [markdown]
# Without the kit that is `Client(server, sampling_callback=my_retry(my_callback))`: a callback around a callback is a
# callback.
#
# ## What must not be done twice
#
# `alarm` wakes whoever is on call, and asks a model for the words. The model is busy once; the caller is told so and
# calls again, which works.

# %%
pager, pages = MCPServer("pager"), []


async def wake_and_ask(log_line: str, ctx: Context) -> Sample | None:
    pages.append(log_line)
    return ask(ctx, "Word a page for whoever is on call.", log_line, max_tokens=40)


@pager.tool(structured_output=False)
async def alarm(log_line: str, answer: Annotated[CreateMessageResult, Resolve(wake_and_ask)]) -> str:
    return answer.content.text


# %%
predict("9.4")

# %%
lab = Lab(pager, sampling_callback=Faulty(Scripted(lambda params: "db01 is full."), ["429"]))
for _ in range(2):
    await try_out(lab, lab.callback, "alarm", disk)

it_was("9.4", len(pages))

# %% [markdown]
# A resolver runs in every round and at every call. **Ask first, act last**: in the tool's body, which runs once the
# answer is there. A call, or on 2026-07-28 a single round of it, may still come twice: its sender cannot know what became
# of the first. So give the act a key that follows from the arguments, and do nothing where that key is known, as the
# log archiver does with a line that it has filed. What may be done twice without harm is called *idempotent*.
#
# **A good place to stop:** you can tell what failed, and ask again without harm. To go on another day, choose *Run → Run
# All Above Selected Cell* here.
#
# ## A stand-in, a line, a memory
#
# `with_fallback` asks the next one where the first fails, and leaves a refusal as it is. `with_queue` lets a few in at
# once, keeps a line, and turns away who finds it full: a no at once is better than an answer for which nobody waits any
# more.

# %%
from labkit import TinyModel, with_fallback, with_queue

empty, slow = Faulty(model, ["empty"]), Faulty(model, {"slow": 1.0}, deadline=1.2)
lab = Lab(analyst, name="stand-in", sampling_callback=empty)
stands_in = with_fallback(empty, TinyModel(seed=7), usable=lambda answer: answer.content.text.strip())
await try_out(lab, stands_in, "analyze_sentiment", text)

lab.callback = with_queue(slow, at_once=2, waiting=2)
calls = [lab.call_tool("analyze_sentiment", text) for _ in range(6)]
for result in await asyncio.gather(*calls, return_exceptions=True):
    print(result if isinstance(result, MCPError) else result.content[0].text)

# %%
quiz("9.6", "")
predict("9.5")

# %%
from labkit import with_cache

answerers = {"no seed": Scripted(lambda params: "It is full."), "seed 7": TinyModel(seed=7)}
for name, answerer in answerers.items():
    lab = Lab(archiver, name=name, sampling_callback=with_cache(answerer))
    for _ in range(2):
        await lab.call_tool("process_log_entry", disk)
        labels = [step.label for step in lab.flow.steps if step.source == step.target == "callback"]
        print(name, "|", labels[0].partition(",")[0] if labels else "asked, and kept")

it_was("9.5")

# %% [markdown]
# Who asks for a temperature above 0 wants a *draw*, and may want another one. Only with a seed is the second draw the
# first, so above 0 `with_cache` answers where the model tells its seed, and nowhere else. It keeps the
# connections apart: no server learns what another one asked.
#
# ## In which order?
#
# Duties, callbacks around a callback, stand around each other; the outermost is asked first. Some orders make no sense,
# and the kit says why.

# %%
from functools import partial

from labkit import with_approval
from labkit.host import Approve, WrongOrder

human = partial(with_approval, ask=lambda request: Approve())
in_time = partial(with_timeout, seconds=20)
orders = [(with_retry, human), (with_cache, human), (human, with_queue), (with_retry, with_retry)]

for outer, inner in [*orders, (in_time, with_retry), (with_retry, in_time)]:
    try:
        print("works:  ", outer(inner(model)))
    except WrongOrder as wrong:
        print("refused:", wrong)

# %% [markdown]
# The last two both work and differ: 20 s for all tries together, or for each. From the inside out:
# `with_timeout`, `with_retry`, `with_fallback`, `with_cache`, `with_approval`, `with_budget`, `with_queue`.
#
# MCP answers whole: no part of an answer crosses before all of it is there. A callback may read its model piece by piece
# all the same, to show them, or to notice early that none comes. `streams` does; it stands in for a model that is busy,
# late and gone.

# %%
from labkit import report, show, with_budget


async def streams(context, params):
    for piece in ("Posi", "tive", "."):
        report(f"a piece: {piece}", source="model", target="callback")
    return CreateMessageResult(role="assistant", model="streams", content=TextContent(text="Positive."))


tries = with_retry(with_timeout(Faulty(model, ["429", "late", "raise"], deadline=1), 0.2), wait=0)
tower = with_queue(with_budget(human(with_cache(with_fallback(tries, streams))), samples=20), at_once=2)

# %%
everything = Lab(analyst, name="everything", sampling_callback=tower)
await everything.call_tool("analyze_sentiment", text)

show(everything)

# %% [markdown]
# The budget counts four tries as one sample, with the tokens of each. The server was given one good answer, and saw
# nothing of all this. **Stretch:** `my_retry(human(model))` is refused by nobody. Why can the kit not see it?
#
# ## The server's side
#
# Good servers **degrade** (plain code does what it can), **check** what comes, **ask once more** where that may help,
# and **give up** with a result that says why. Here is a tool that does none of it. The kit has a
# scorecard for servers too, and these are eight of its clients.


# %%
def naive_desk():
    server = MCPServer("naive desk")

    async def question(line: str) -> Sample:
        return Sample([message("user", f"What is to be done?\n\n{line}")], max_tokens=60)

    @server.tool(structured_output=False)
    async def advise(line: str, answer: Annotated[CreateMessageResult, Resolve(question)]) -> str:
        return answer.content.text

    return server


# %%
from labkit.checks.lesson_09 import before_eight

await before_eight(naive_desk)

# %% [markdown]
# ## Exercise 9.3 · a tool that survives ●●● 12 minutes
#
# **Goal** Mend it. The question is written: `ask` gives `None` for a client that cannot sample, and `@or_none` makes a
# `NoAnswer` of an error, where a server hears of one. **Input** the line, and `answer`: `None`, a `NoAnswer`,
# or a `CreateMessageResult` of any content. **Return** a text:
#
# - the model's own, where it is text and more than blanks, with `visible()` around it, which writes hidden characters
#   out as numbers; of one of more than 1,000 characters the first 1,000 and a note; a note too where its stop reason is
#   `maxTokens`;
# - else a sentence that says which it was (`answer.reason` of a `NoAnswer` does), and `plain(line)`.


# %%
def plain(line):
    levels = [word for word in ("PANIC", "FATAL", "ERROR", "WARNING") if word in line]
    return f"The line says {levels[0] if levels else 'no level'}."


def sturdy_desk():
    server = MCPServer("sturdy desk")

    @or_none
    async def question(line: str, ctx: Context) -> Sample | None:
        return ask(ctx, "Say in one sentence what to do about this log line.", line, max_tokens=60)

    @server.tool(structured_output=False)
    async def advise(line: str, answer: Annotated[Answer, Resolve(question)]) -> str:
        # SOLUTION
        if answer is None:
            return f"No advice, because this client cannot sample. {plain(line)}"
        if isinstance(answer, NoAnswer):
            return f"No advice, because {answer.reason}. {plain(line)}"
        if not isinstance(answer.content, TextContent) or not answer.content.text.strip():
            return f"No advice, because the client's answer holds no text. {plain(line)}"
        text = visible(answer.content.text)
        if len(text) > 1_000:
            text = f"{text[:1_000]}\n(Cut here: it was longer.)"
        return f"{text}\n(The model was cut off here.)" if answer.stop_reason == "maxTokens" else text
        # END SOLUTION

    return server


# %%
await check("9.3", sturdy_desk)
hint("9.3")

# %% [markdown] tags=["instructor"]
# **9.3, explained.** Four shapes of an answer, in the order in which one can look at them: nothing, something in its
# place, no text, text. `visible` comes before the length, for it makes a text longer. On 2026-07-28 a refusal still ends
# the call, whatever the tool is like; the scorecard takes that for lawful.
#
# *Common in class:* `answer.content.text` before the type; `if not answer.content.text`, which takes blanks for text;
# one sentence for everything, so that a user whose client cannot sample looks for the fault in the model; an error
# (`raise ToolError`) in place of a result, which makes the calling model try again.

# %% [markdown]
# ## Limits for a class
#
# Thirty students share one machine with two cores and SmolLM, and all press *Run* within three seconds, then again half
# a minute after each answer: a fast one may begin three in a minute. One has written a loop: forty calls at once, and
# each that ends is made again. One request in 25 is never answered. While four are under way on two cores, each takes
# twice as long.
#
# `Hour` plays five minutes of that, with the seconds that SmolLM took on one core. It counts what became of the others'
# calls, the longest wait, and what the loop was given. Change the limits, run it again, and watch what gets worse.

# %%
from labkit.checks.class_hour import SMOLLM, Hour, Limits

print(f"{len(SMOLLM)} answers: {min(SMOLLM)} to {max(SMOLLM)} s, mean {sum(SMOLLM) / len(SMOLLM):.2f} s")

for numbers in ((60, 2, 30, 60), (60, 8, 30, 5), (2, 1, 100, 5)):
    hour = Hour(SMOLLM, limits := Limits(*numbers), Random(1))
    print(limits)
    print("   the others:", ", ".join(f"{count} {how}" for how, count in hour.became.items()))
    print(f"   longest wait {hour.longest:.0f} s, and the loop was given {hour.share:.0%} of the answers")

# %% [markdown]
# ## Exercise 9.4 · choose limits ●●○ 10 minutes
#
# **Goal** Choose the four numbers by what is measured. **Input** the measured seconds, of this machine and of others.
# **Return** a dict: `per_minute`, the samples that a student may begin in a minute (`with_budget`); `at_once` and
# `waiting` of the one `with_queue`; `timeout`, the seconds for an answer, once it is begun (`with_timeout`). Many settings
# are right. On each machine
#
# - none of the others is refused, turned away, or cut off while an answer is on its way,
# - nobody waits longer than 60 s, when many clients give up, and no more than 50 stand in line,
# - the loop is given at most a sixth of all answers.


# %%
def my_limits(times):
    """The limits of a class whose model takes so many seconds for an answer."""
    # SOLUTION
    at_once = 4  # two cores: each takes up to twice as long
    return {"per_minute": 6, "at_once": at_once, "waiting": 45, "timeout": 1.2 * max(times) * at_once / 2}
    # END SOLUTION


# %%
await check("9.4", my_limits)
hint("9.4")

# %% [markdown] tags=["instructor"]
# **9.4, explained.** Each number has two neighbours that are wrong. A time-out below the longest answer cuts answers that
# are on their way, and one request in 25 holds a place until it is over, so a long one starves the line. The more at
# once, the longer each takes, and the longer the time-out has to be. The line must hold the 29 and what the loop may
# begin in a minute. Who asks twice a minute must be let; the loop must not.
#
# Ask for the figures behind each number. *"60 s, to be safe"* is the common answer, and the first that fails.

# %%
lesson("09")

# %% [markdown]
# ## Recap
#
# - A bad answer reaches the server on both wires; that there is none it hears on 2025-11-25 alone. A time-out proves
#   nothing.
# - Retry in one place, with a random part, never after a no; count each try; ask first and act last.
# - Check, degrade, and say so. Limits come from measured times, and every one of them can be too large as well.
#
# **Next:** [10 · Two wires](10_two_wires.ipynb)
