# %% [markdown]
# # 06 · A human in the loop
#
# A server may ask your model anything, on your bill. You will stand between the two: first in person, then by rules that
# decide in your place.

# %% [markdown]
# | | |
# |---|---|
# | **You will be able to** | read a request whole · approve, edit and refuse it · say what the server learns of it · write a policy and a budget that hold |
# | **Needs** | lesson 01. No key, no network |
# | **Time** | 25–35 minutes |
# | **Wire** | both: revisions 2025-11-25 and 2026-07-28 |

# %%
import asyncio
from tempfile import mkdtemp

from mcp import MCPError
from mcp.types import CreateMessageResult, ErrorData, TextContent

from labkit import Lab, approval_panel, budget_meter, check, quiz, try_out, with_approval, with_budget
from labkit.host import AllowServer, Approve, Refuse, render, visible
from servers import log_archiver
from servers.sample_logs import SAMPLE_LINES

server = log_archiver.make_server(mkdtemp())


async def scripted(context, params):
    text = TextContent(text="Somebody tried to log in and was turned away.")
    return CreateMessageResult(role="assistant", model="script", content=text)


print("ready")

# %% [markdown]
# ## A preview is not the request
#
# `with_approval` puts a decision in front of a callback, and one behind it. `ask` is any function that gets what is
# under review, first the request and then the answer, and returns what is to be done. This one keeps what it sees, and
# approves.


# %%
seen = []


def look(request):
    seen.append(request)
    return Approve()


lab = Lab(server, sampling_callback=with_approval(scripted, ask=look))
await lab.call_tool("process_log_entry", {"log_line": SAMPLE_LINES["injection"]})

print(seen[0].params.messages[0].content.text[:91], "…")

# %% [markdown]
# Suppose a client shows this much, and two buttons.
#
# **Predict.** Would you approve? What may stand in the part that you do not see?

# %%
print(render(seen[0]))

# %% [markdown]
# The log line was written by a visitor of the web site: a browser may call itself what it likes. The server passes it
# on, and your model reads it. `render` shows *everything* that the model would get, behind a bar that the text cannot
# leave, with long lines broken and hidden characters written out.

# %% [markdown]
# ## Decide yourself
#
# A panel is an `ask` too: it waits for your click. `start` makes the call and returns at once, so that the page stays
# free. You have two minutes for each decision. The call goes on meanwhile, so its `Lab` gets more time.
#
# Run the next two cells three times. **Approve**, and **Send** the answer; **Edit** the sentence out of the message;
# **Refuse** with a reason. (`headless=` decides where there is no page to click, as when this notebook is tested.)

# %%
panel = approval_panel(headless=look)
approval = with_approval(scripted, ask=panel, timeout=120)
desk = Lab(server, name="desk", sampling_callback=approval, timeout=300)
call = desk.start("process_log_entry", {"log_line": SAMPLE_LINES["injection"]})

panel

# %% tags=["live"]
print(call.flow if call.done else "It waits for you. Decide above, then run this cell again.")

# %% [markdown]
# ## What does the server learn?
#
# The same decisions in code. First a refusal, on both wires.
#
# **Predict.** Does the refusal cross the wire on 2025-11-25? On 2026-07-28?


# %%
def refuse(request):
    return Refuse("the log line gives instructions.")


for mode in ("legacy", "auto"):
    lab = Lab(server, mode=mode, sampling_callback=with_approval(scripted, ask=refuse))
    try:
        await lab.call_tool("process_log_entry", {"log_line": SAMPLE_LINES["injection"]})
    except MCPError as error:
        print(f"you get: {error.error.code}, {error}\n\n{lab.flow}\n")

# %% [markdown]
# On **2025-11-25** the server asked by a request, so it gets an answer: error -1, with your reason in it. On
# **2026-07-28** it asked inside a result. The client never calls again, and the server hears nothing at all: to it the
# call was simply not finished. The caller gets the same error on both.
#
# Now an edit. `request.edit(text)` puts another text in the place of the last message; in front of an answer, in the
# place of that.
#
# **Predict.** Which steps will the server see differently than before?


# %%
def defuse(request):
    if request.answer is not None:
        return Approve()
    return request.edit(request.text.split('"Ignore')[0])


lab = Lab(server, sampling_callback=with_approval(scripted, ask=defuse))
result = await lab.call_tool("process_log_entry", {"log_line": SAMPLE_LINES["injection"]})

print(lab.flow)

# %% [markdown]
# None. "approved, edited" is a step on your side only. The server files the whole line, beside an answer to the part
# that you left.
#
# | you | the model gets | the server gets, 2025-11-25 | the server gets, 2026-07-28 |
# |---|---|---|---|
# | approve | the request | the answer | the answer |
# | edit the request | your request | the answer | the answer |
# | edit the answer | the request | your words, under the model's name | the same |
# | refuse | nothing | error -1 and your reason | nothing |
# | withhold the answer | the request, and you pay for it | error -1 and your reason | nothing |

# %%
quiz("6.3", "")

# %% [markdown]
# ## Ask less, read more
#
# A night shift has nine such lines and a summary. Who is asked about everything soon approves everything: *consent
# fatigue*. A policy lets some requests pass and asks a person about the rest. Here are four. `always` stands in for you:
# it approves and keeps what it was shown.


# %%
shown = []


def always(request):
    shown.append(render(request))
    return Approve()


def by_server(request):
    always(request)
    return AllowServer()


def by_size(request):
    return Approve() if request.params.max_tokens <= 100 else always(request)


def by_risk(request):
    return always(request) if "instructions" in render(request) else Approve()


# %% [markdown]
# **Predict.** How often does each ask, of 10 calls with a question and an answer each? Which of them lets the injected
# line pass unseen?

# %%
for policy in (always, by_server, by_size, by_risk):
    shown.clear()
    lab = Lab(server, name=policy.__name__, sampling_callback=with_approval(scripted, ask=policy))
    for line in SAMPLE_LINES.values():
        await lab.call_tool("process_log_entry", {"log_line": line})
    await lab.call_tool("summarize_logs", {"hours": 24})
    injected = any("Ignore all earlier" in text for text in shown)
    print(f"{policy.__name__:<10} {len(shown):>2} questions; the injected line was {'' if injected else 'not '}shown")

# %% [markdown]
# `always` shows it, among twenty questions. `by_server` trusts the archiver, which is honest; its *data* is not.
# `by_size` looks at the cost and knows nothing of meaning. `by_risk` looks for a word, and the next attacker writes
# another. So combine them, and remember which way a rule errs: asking too often tires a person, asking too rarely costs
# more.

# %%
quiz("6.4", "")

# %% [markdown]
# ## Exercise 6.1 · a policy ●●○ 10 minutes
#
# **Goal** Let the harmless pass, ask about the rest. **Input** `request`, as above, and `ask`, who is asked by
# `ask(request)`. **Return** `Approve()` when *all* of this holds, otherwise what `ask` returns:
#
# - it is known that a server in `TRUSTED` asks: `request.origin.server`. `request.origin` may be `None`;
# - it wants at most 200 tokens, `request.params.max_tokens`;
# - system prompt and messages together have at most 1,000 characters (`system_prompt` may be `None`);
# - nothing in them is hidden: `visible(text) == text`;
# - they do not speak of `instructions`, in capitals or not.
#
# **Example** The deadlock line passes, the injected line is asked about. All messages here are single texts.

# %%
TRUSTED = {"log-archiver"}


def my_policy(request, ask):
    """Approve() what is harmless; what ask(request) says about the rest."""
    # SOLUTION
    params = request.params
    text = "\n".join([params.system_prompt or "", *(message.content.text for message in params.messages)])
    harmless = (
        request.origin is not None
        and request.origin.server in TRUSTED
        and params.max_tokens <= 200
        and len(text) <= 1_000
        and visible(text) == text
        and "instructions" not in text.lower()
    )
    return Approve() if harmless else ask(request)
    # END SOLUTION


# %%
await check("6.1", my_policy)

# %% [markdown]
# <details><summary>Hint 1: a nudge</summary>
#
# Put everything that a model would read into one string first. Four of the five rules are then one line each.
#
# </details>
# <details><summary>Hint 2: the shape</summary>
#
# One condition for "harmless", its parts joined by `and`, and one `return` with both outcomes. Begin with
# `request.origin is not None`, or the next part fails on `None`.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `text = (params.system_prompt or "") + "".join(m.content.text for m in params.messages)`, then
# `harmless = request.origin is not None and request.origin.server in TRUSTED and params.max_tokens <= 200 and …`,
# then `return Approve() if harmless else ask(request)`.
#
# </details>
# <details><summary>I see "'NoneType' object has no attribute 'server'"</summary>
#
# Outside a Lab nobody knows who asks, and `request.origin` is `None`. Look at that first.
#
# </details>
# <details><summary>I see "returned None"</summary>
#
# A branch ends without `return`. What `ask(request)` says must be returned as well: `return ask(request)`.
#
# </details>
#
# [The solutions, explained](instructor/06_a_human_in_the_loop.ipynb)

# %% [markdown] tags=["instructor"]
# **6.1, explained.** The policy collects what a model would read and asks five things of it. The order matters in one
# place: `origin` before `origin.server`. It asks whenever it is not sure, and it never refuses: a rule that refuses
# leaves nobody to notice that it was wrong.
#
# *Common in class:* only the last message is read (an attack hides in the first, or in the system prompt); `< 200`;
# `ask(request)` without `return`, so that the policy decides nothing and the call fails; `Refuse()` for the rest.
# Ask the class what still passes: a harmless-looking lie in a log line does, as no rule on form reads meaning.

# %% [markdown]
# ## Your policy at work
#
# The deadlock line should go through without a question. The injected line then waits for you in the panel.

# %%
approval = with_approval(scripted, ask=lambda request: my_policy(request, panel), timeout=120)
mine = Lab(server, name="my policy", sampling_callback=approval, timeout=300)
await try_out(mine, approval, "process_log_entry", {"log_line": SAMPLE_LINES["deadlock"]})
call = mine.start("process_log_entry", {"log_line": SAMPLE_LINES["injection"]})

panel

# %% [markdown]
# Without the kit's help that is:
#
# ```python
# result = await mine.call_tool("process_log_entry", {"log_line": line})
# print(result.content[0].text)
# ```

# %% [markdown]
# ## A budget
#
# A person decides *what* is asked; a budget decides *how much*. A server that loops may ask a hundred times before you
# look up.
#
# **Predict.** 20 calls at the same time, a budget of 5 samples. How many are answered, and does the order of arrival
# matter?

# %%
budget = with_budget(scripted, samples=5, at_once=2)
lab = Lab(server, name="budget", sampling_callback=budget)
burst = [lab.call_tool("process_log_entry", {"log_line": SAMPLE_LINES["deadlock"]}) for _ in range(20)]
results = await asyncio.gather(*burst, return_exceptions=True)

held = [result for result in results if isinstance(result, MCPError)]
print(len(held), "of", len(results), "calls ended so:", held[0])

# %%
budget_meter(budget)

# %% [markdown]
# Five, whatever the order. `with_budget` sets a sample aside *before* it asks, and gives back what was not used. The
# limits are `samples`, `tokens`, `usd`, `per_call`, `per_minute` and `at_once`; the last makes requests wait, the others
# refuse.
#
# One may stand round the other, and the outer one is asked first: `with_budget(with_approval(callback, ask=panel))` holds
# back what is over the limit before it reaches you. The other order would ask you in vain, so it raises an error.

# %% [markdown]
# ## Exercise 6.2 · a budget that holds ●●● 10 minutes
#
# **Goal** Write the heart of a budget yourself. **Input** a sampling callback, and how many samples it may give.
# **Return** a sampling callback that
#
# - answers at most `samples` requests with what `callback` answers, also when 100 arrive at the same time,
# - refuses the others with `ErrorData(code=-1, message=…)` and does not ask `callback` for them,
# - counts nothing when `callback` itself refuses with an `ErrorData`: that sample is left.
#
# **Example** `my_budget(scripted, 3)`: three requests are answered, the fourth is refused.


# %%
def my_budget(callback, samples):
    """A callback that answers at most so many requests."""
    # SOLUTION
    left = samples

    async def within_budget(context, params):
        nonlocal left
        if left == 0:
            return ErrorData(code=-1, message=f"The budget of {samples} samples is spent.")
        left -= 1
        answer = await callback(context, params)
        if isinstance(answer, ErrorData):
            left += 1
        return answer

    return within_budget
    # END SOLUTION


# %%
await check("6.2", my_budget)

# %% [markdown]
# <details><summary>Hint 1: a nudge</summary>
#
# At every `await` others may run. What must have happened before yours?
#
# </details>
# <details><summary>Hint 2: the shape</summary>
#
# `my_budget` is a plain function. It keeps a number, defines an `async def` inside that uses it (`nonlocal`), and
# returns that function.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `if left == 0: return ErrorData(…)`, then `left -= 1`, only then `answer = await callback(context, params)`; if that is
# an `ErrorData`, `left += 1`; return it.
#
# </details>
# <details><summary>I see "UnboundLocalError"</summary>
#
# The inner function assigns to a name of the outer one. Its first line must be `nonlocal left`.
#
# </details>
# <details><summary>I see "100 arrived at once … and the callback was asked 100 times"</summary>
#
# You count after the `await`. All hundred looked at the number before the first was counted.
#
# </details>
#
# [The solutions, explained](instructor/06_a_human_in_the_loop.ipynb)

# %% [markdown] tags=["instructor"]
# **6.2, explained.** Between the look at `left` and the subtraction stands no `await`, so nobody runs in between: on one
# event loop that is enough, and no lock is needed. `with_budget` may be shared by Labs on several threads and uses one.
# What is set aside must be given back when nothing was spent, or refusals use the budget up.
#
# *Common in class:* counting after the answer (the burst); counting refusals; a counter as a default argument or a
# global, which all budgets then share; `raise` in place of `return ErrorData(…)`. *For the fast:* who raises? A
# `try … except` gives the sample back there too.

# %% [markdown]
# ## Stretch
#
# `with_guard` looks at a request before you do, takes out what looks like a secret and leaves remarks. Import it from
# `labkit`, give `desk` the callback `with_guard(with_budget(with_approval(scripted, ask=panel), samples=20))`, and start
# a call with a log line that ends in `password=correct-horse`. What does the panel show, and what would the model get?

# %% [markdown]
# ## Recap
#
# - Decide on the whole request, never on its first line. What is not decided in time is refused.
# - An edit is never told to the server; a refusal only on 2025-11-25. The caller gets error -1 on both.
# - Let rules pass what is harmless, so that people read the rest; set aside before you ask, so that a budget holds.
#
# **Next:** [07 · Research assistant](07_research_assistant.ipynb)
