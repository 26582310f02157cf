# %% [markdown]
# # 06 · A human in the loop
#
# A server may ask your model anything, on your bill. You will stand between the two: first in person, then by rules that
# decide in your place.
#
# | | |
# |---|---|
# | **You will be able to** | read a request whole · approve, edit, refuse and withhold · say what the server learns of it · write a policy and a budget that hold |
# | **Needs** | lesson 01. No key, no network |
# | **Time** | 40–60 minutes (an estimate), with a place to stop |
# | **Wire** | both: revisions 2025-11-25 and 2026-07-28 |

# %%
from tempfile import mkdtemp

from mcp import MCPError
from mcp.types import ErrorData

from labkit import Lab, Scripted, approval_panel, check, hint, it_was, lesson, predict, quiz, try_out, with_approval
from labkit.host import AllowServer, Approve, Refuse, render, visible
from servers import log_archiver
from servers.sample_logs import SAMPLE_LINES

print("ready")
lesson("06")

# %% [markdown]
# ## A preview is not the request
#
# `with_approval` puts a decision in front of a callback, and one behind it. `ask` is any function that is given what is
# under review, first the request and then the answer, and returns what is to be done. This one keeps what it sees, and
# approves. The model is a script, so that you can watch the rest.

# %%
server = log_archiver.make_server(mkdtemp())
scripted = Scripted(lambda params: "A login was turned away.")
injected = {"log_line": SAMPLE_LINES["injection"]}
seen = []


def look(request):
    seen.append(request)
    return Approve()


# %%
lab = Lab(server, sampling_callback=with_approval(scripted, ask=look))
await lab.call_tool("process_log_entry", injected)

print(seen[0].params.messages[0].content.text[:91], "…")

# %% [markdown]
# Suppose a client shows this much, and two buttons. Would you approve? Here is the rest:

# %%
print(render(seen[0]))

# %% [markdown]
# A visitor of the web site wrote the end of that line: a browser may call itself what it likes. The server passes it on,
# and your model reads it. `render` shows *everything* that the model would get, behind a bar that the text cannot leave,
# with hidden characters written out.
#
# ## Decide yourself
#
# A panel is an `ask` too: it waits for your click, two minutes for each decision. `start` makes the call and returns at
# once, so that the page stays free. Run the next two cells **twice**. First **Edit** the sentence out of the message,
# approve, and **Send** the answer. Then **Refuse** with a reason.

# %%
panel = approval_panel(headless=lambda request: Approve())  # who decides where there is no page to click
approval = with_approval(scripted, ask=panel, timeout=120)
desk = Lab(server, name="desk", sampling_callback=approval, timeout=300)
call = desk.start("process_log_entry", injected)

panel

# %% tags=["live"]
print(call.flow if call.done else "It waits for you. Decide above, then run this cell again.")

# %% [markdown]
# ## What does the server learn?
#
# The same in code. `request.edit(text)` puts another text in the place of the last message, or of the answer.

# %%
decisions = {
    "approve": look,
    "edit": lambda request: Approve() if request.answer else request.edit(request.text.split('"Ignore')[0]),
    "edit the answer": lambda request: request.edit("Nothing of interest.") if request.answer else Approve(),
    "refuse": lambda request: Refuse("it gives orders."),
    "withhold": lambda request: Refuse("I keep it.") if request.answer else Approve(),
}
predict("6.1")

# %%
flows = {}
for name, decide in decisions.items():
    for mode in ("legacy", "auto"):
        lab = Lab(server, mode=mode, sampling_callback=with_approval(scripted, ask=decide))
        try:
            told = (await lab.call_tool("process_log_entry", injected)).content[0].text.splitlines()[-1]
            told = told.partition(", because")[0]
        except MCPError as error:
            told = f"error {error.error.code}"
        flows[name, mode] = lab.flow
        gets = [step.label for step in lab.flow.steps if step.target == "server"][1:] or ["nothing"]
        print(f"{name:<15}  {lab.protocol_version}  server: {gets[0]:<35}  you: {told}")

# %%
labels = [[step.label for step in flow.steps if step.target == "server"] for flow in flows.values()]
it_was("6.1", sum(any(label.startswith("error") for label in each) for each in labels))

# %% [markdown]
# - An **edit** is told on no wire. The server files the whole line beside an answer to the part that you left, and your
#   words under the model's name.
# - A **refusal** is told on 2025-11-25 only, with your reason, and this server goes on without an explanation. So it
#   does without a withheld answer, for which you have paid.
#
# Why only there?

# %%
print(flows["refuse", "legacy"], flows["refuse", "auto"], sep="\n\n")

# %% [markdown]
# On **2025-11-25** the server asked by a request, so it is owed an answer. On **2026-07-28** it asked inside a result:
# the client simply never calls again. To the server the call was not finished; you get the error.

# %%
quiz("6.3", "")

# %% [markdown]
# **A good place to stop:** you have decided as a person, and know what a server learns of it. To go on another day,
# choose *Run → Run All Above Selected Cell* here.
#
# ## Ask less, read more
#
# A night shift has nine such lines and a summary. Who is asked about everything soon approves everything: *consent
# fatigue*. A policy lets some requests pass and asks a person about the rest. `look` stands in for that person here.

# %%
policies = {
    "always": look,
    "by server": lambda request: look(request) and AllowServer(),  # once, then all over this connection passes
    "by size": lambda request: Approve() if request.params.max_tokens <= 100 else look(request),
    "by risk": lambda request: look(request) if "instructions" in render(request) else Approve(),
}
predict("6.2")

# %%
for name, policy in policies.items():
    seen.clear()
    lab = Lab(server, sampling_callback=with_approval(scripted, ask=policy))
    for line in SAMPLE_LINES.values():
        await lab.call_tool("process_log_entry", {"log_line": line})
    await lab.call_tool("summarize_logs", {"hours": 24})
    was_seen = any("Ignore all earlier" in render(request) for request in seen)
    print(f"{name:<9}  asked: {len(seen):>2}  the injected line {'was shown' if was_seen else 'passed unseen'}")

it_was("6.2")

# %% [markdown]
# *Always* shows it, among twenty questions: ten requests and ten answers. *By server* trusts the archiver, which is
# honest; its data is not. *By size* looks at the cost, not at the meaning. *By risk* looks for a word, and the next
# attacker writes another. So combine them, and when in doubt ask: a needless question tires a person, a missing one
# costs more.

# %%
quiz("6.4", "")

# %% [markdown]
# ## Exercise 6.1 · a policy ●●○ 10 minutes
#
# **Goal** Let the harmless pass, ask about the rest. **Input** `request`, as above, and `ask`: a person, who is asked by
# `ask(request)`. **Return** `Approve()` when *all* of this holds, otherwise what `ask` returns:
#
# 1. The server's name, `request.origin.server`, is in `TRUSTED`. `request.origin` may be `None`: nobody knows who asks.
#    (A server names itself, so this rule alone proves nothing.)
# 2. It wants at most 200 tokens: `request.params.max_tokens`.
# 3. What a model reads is at most 1,000 characters, all lengths added up: `system_prompt`, which may be `None`, and
#    *every* message, of the user or the assistant.
# 4. Nothing in these texts is hidden: `visible(text) == text`.
# 5. None of them speaks of `instructions`, in capitals or not.
#
# The same request comes once more with its answer, as `request.answer`: the same rules decide, on the request alone.
#
# **Example** The deadlock line passes, the injected line is asked about. All messages are single texts, without tools.

# %%
TRUSTED = {"log-archiver"}


def my_policy(request, ask):
    """Approve() what is harmless; what ask(request) says about the rest."""
    # SOLUTION
    params = request.params
    text = "".join([params.system_prompt or "", *(message.content.text for message in params.messages)])
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
hint("6.1")

# %% [markdown] tags=["instructor"]
# **6.1, explained.** The policy collects what a model would read and asks five things of it. The order matters in one
# place: `origin` before `origin.server`. It asks whenever it is not sure, and it never refuses: a rule that refuses
# leaves nobody to notice that it was wrong.
#
# *Common in class:* only the last message is read, or the first and the last, or the user's: an attack stands in the
# others, or in the system prompt; a list of hidden characters of one's own in place of `visible`; `"\n".join`, whose
# line breaks are counted; `ask(request)` without `return`. Ask the class what still passes: a harmless-looking lie in a
# log line, as no rule on form reads meaning; any server that calls itself `log-archiver`; whatever the *answer* says.

# %% [markdown]
# ## Your policy at work
#
# What your policy asks about comes to a panel of its own. Then two calls: the deadlock line should go through without a
# question, and the injected line waits for you, in the panel. Without the kit's help a call is:
#
# ```python
# result = await mine.call_tool("process_log_entry", {"log_line": line})
# print(result.content[0].text)
# ```

# %%
my_panel = approval_panel(headless=lambda request: Approve())
approval = with_approval(scripted, ask=lambda request: my_policy(request, my_panel), timeout=120)
mine = Lab(server, name="my policy", sampling_callback=approval, timeout=300)

my_panel

# %%
await try_out(mine, approval, "process_log_entry", {"log_line": SAMPLE_LINES["deadlock"]})
waits = mine.start("process_log_entry", injected)

# %% [markdown]
# ## A budget
#
# A person decides *what* is asked; a budget decides *how much*. A server that loops may ask a hundred times before you
# look up.

# %%
predict("6.3")

# %%
import asyncio

from labkit import budget_meter, with_budget

budget = with_budget(scripted, samples=5, at_once=2)
lab = Lab(server, name="budget", sampling_callback=budget)
burst = [lab.call_tool("process_log_entry", {"log_line": SAMPLE_LINES["deadlock"]}) for _ in range(20)]
results = await asyncio.gather(*burst, return_exceptions=True)
held = [result for result in results if isinstance(result, MCPError)]
print(len(held), "of", len(results), "calls ended so:", held[0])
it_was("6.3", len(results) - len(held))
budget_meter(budget)

# %% [markdown]
# `with_budget` sets a sample aside *before* it asks, and gives back what was not used.
# `at_once` makes requests wait; every other limit refuses.
#
# ## Exercise 6.2 · a budget that holds ●●● 8 minutes
#
# **Goal** Write the heart of a budget yourself. **Input** a sampling callback, and how many samples it may give.
# **Return** a sampling callback that
#
# - hands at most `samples` requests on to `callback`, as they came, and returns its answers as they are, also when 100
#   arrive at the same time,
# - refuses the others with `ErrorData(code=-1, message=…)` and does not ask `callback` for them,
# - counts nothing when `callback` itself refuses: its `ErrorData` goes back as it is, and that sample is left.
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
hint("6.2")

# %% [markdown] tags=["instructor"]
# **6.2, explained.** Between the look at `left` and the subtraction stands no `await`, so nobody runs in between: on one
# event loop that is enough, and no lock is needed. `with_budget` may be shared by Labs on several threads and uses one.
# What is set aside must be given back when nothing was spent, or refusals use the budget up.
#
# *Common in class:* counting after the answer (the burst); counting refusals; a refusal in one's own words in place of
# the callback's; a counter as a default argument or a global, which all budgets then share; `raise` in place of
# `return ErrorData(…)`. *For the fast:* who raises? A `try … except` gives the sample back there too.

# %% [markdown]
# ## Stretch
#
# Duties stand around one another, and the outermost is asked first: a guard, which takes out what looks like a secret
# and what nobody can see, then the budget, then you. Run this in a cell of its own, and decide in the panel below it:
#
# ```python
# from labkit import with_guard
#
# desk.callback = with_guard(with_budget(with_approval(scripted, ask=panel, timeout=120), samples=20))
# call = desk.start("process_log_entry", {"log_line": "login failed for bob, password=correct-horse"})
# panel
# ```
#
# The message is redacted, and a remark says so; what the tool was called with still holds the password, as that is your
# own call. What did the model get (`scripted.asked[-1]`)? Then put the guard inside of `with_approval`: what does the
# kit say, and why?

# %%
lesson("06")

# %% [markdown]
# ## Recap
#
# - Decide on the whole request, never on its first line. What is not decided in time is refused.
# - An edit is never told to the server; a refusal only on 2025-11-25. On 2026-07-28 it ends your call with error -1.
# - Let rules pass what is harmless, so that people read the rest; set aside before you ask, so that a budget holds.
#
# **Next:** [07 · Research assistant](07_research_assistant.ipynb)
