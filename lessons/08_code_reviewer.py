# %% [markdown]
# # 08 · Code reviewer
#
# Plain code finds what it can, exactly and for nothing. A model says the rest, and no line number is believed unchecked.
#
# | | |
# |---|---|
# | **You will be able to** | find facts before you ask · keep secrets out of a sample · check what a model says of a line · choose between one sample and two, one tool and two |
# | **Needs** | lesson 04. No key, no network |
# | **Time** | 40–60 minutes (an estimate), with a place to stop |
# | **Wire** | both: revisions 2025-11-25 and 2026-07-28 |

# %%
from mcp.server.mcpserver import Context, MCPServer, Resolve
from mcp.types import CreateMessageResult, ErrorData

from labkit import Lab, Scripted, TinyModel, check, hint, it_was, lesson, predict, quiz, show, try_out
from servers import code_reviewer
from servers.asking import ask, text_of
from servers.code_facts import analyse
from servers.code_reviewer import SYSTEM, Review, question
from servers.sample_code import SAMPLE_CODE

server = code_reviewer.make_server()
code = SAMPLE_CODE["orders"]
print("ready")
lesson("08")

# %% [markdown]
# ## What needs no model
#
# This program works. Read it, and count the faults that you find; two concern security.

# %%
for number, row in enumerate(code.splitlines(), 1):
    print(f"{number:2} {row}")

predict("8.1")

# %% [markdown]
# The reviewer parses code into a syntax tree (its statements and their parts) and looks for known faults in it. It
# never runs the code, and this tool asks nobody: the Lab has no callback.

# %%
lab = Lab(server)
result = await lab.call_tool("analyze_code", {"code": code})

print(result.content[0].text)
it_was("8.1", len(analyse(code).facts))

# %% [markdown]
# These are *facts*: the right line, the same answer every time, no tokens. What code can find, code should find.
#
# ## What a model is shown
#
# `review_code` does the same, and then asks the client's model for an opinion on code *and* facts. Line 3 holds a key;
# *to mask* it is to put `***` in its place. The next cell prints what a model is shown.


# %%
async def curious(context, params):
    print(params.messages[0].content.text)
    return await TinyModel()(context, params)


lab = Lab(server, name="curious", sampling_callback=curious)
result = await lab.call_tool("review_code", {"code": code, "aspects": ["security"]})

for step in lab.flow.steps:
    if "sk-live" in str(step.data):
        print(f"The key is in step {step.n}: {step.source} → {step.target}, {step.kind}")

# %% [markdown]
# The server masked it: a model needs no key to tell you that there is one. The key crosses the wire towards the server
# alone, in the arguments of your own call. On this wire the call goes out again with the model's answer, so there are
# two.
#
# Masking has limits. A key is known by its form, or by the name or the option that it is given to: `x = "hunter2"`
# passes, and so does one that is put together, `"hun" + "ter2"`. Code that does not parse is not sent at all.
#
# ## Believe no line number
#
# A model that reads facts may still mix them up. Here a script plays such a model. A finding of its five is `confirmed`
# where plain code finds the same fault on the same line.

# %%
claims = """Line 8 builds SQL from a string; pass the values as parameters.
Line 7 keeps a secret in the source code; read it from the environment.
Line 40 opens a file and never closes it.
There is no SQL injection on line 8.
The function names are too short."""
predict("8.2")

# %%
lab = Lab(server, name="script", sampling_callback=Scripted([claims]))
result = await lab.call_tool("review_code", {"code": code, "aspects": ["security"]})

print(result.content[0].text)
it_was("8.2", result.content[0].text.count("] confirmed: "))

# %% [markdown]
# | mark | what plain code says |
# |---|---|
# | `confirmed` | by its words it is about a fact, and that fact is on that line |
# | `wrong line` | it stands on another line, or there is no code on that one |
# | `unconfirmed` | the line exists, and no rule found anything like it; or the sentence may deny a fault: a *no* or a *safe* is in it |
# | `no such line` | the code has no such line |
# | `names no line` | nothing to check |
#
# The check knows words, not meaning: *which is not safe* is left to you as well. The last block lists what no confirmed
# finding is about: what the model left out.

# %%
quiz("8.4", "")
quiz("8.5", "")

# %% [markdown]
# Now the tiny model. Whatever it says, the marks are plain code's. A program reads the same result as fields:

# %%
lab = Lab(server, name="tiny", sampling_callback=TinyModel())
result = await lab.call_tool("review_code", {"code": code})
review = Review.model_validate(result.structured_content)

for finding in review.findings:
    print(f"{finding.check:14} tiny model: {finding.text}")
print("not said:", [f"line {fact.line}: {fact.rule}" for fact in review.missed])

# %% [markdown]
# ## Two samples or one?
#
# By default each aspect gets a sample of its own: `strategy="two"`. With `strategy="one"` a single sample covers both.
# Or you call the tool twice, with one aspect each. Below are four programs, reviewed in all three ways.


# %%
from labkit import Bill, catalog, with_bill


async def compare(way, calls):
    bill, reviews = Bill(catalog()), []
    lab = Lab(server, name=way, sampling_callback=with_bill(TinyModel(), bill))
    for name in ("orders", "poller", "login", "sound"):
        for arguments in calls:
            result = await lab.call_tool("review_code", {"code": SAMPLE_CODE[name], **arguments})
            reviews.append(Review.model_validate(result.structured_content))
    return bill, reviews


security, performance = {"aspects": ["security"]}, {"aspects": ["performance"]}
ways = {"one sample": [{"strategy": "one"}], "two samples": [{"strategy": "two"}], "two calls": [security, performance]}
predict("8.3")

# %%
figures = {way: await compare(way, calls) for way, calls in ways.items()}
print("way          samples  tokens in  tokens out  findings  confirmed  facts not said")
for way, (bill, reviews) in figures.items():
    usages = [item.usage for item in bill.items]
    tokens = [sum(usage.input_tokens for usage in usages), sum(usage.output_tokens for usage in usages)]
    findings = [finding for review in reviews for finding in review.findings]
    confirmed = sum(finding.check == "confirmed" for finding in findings)
    missed = sum(len(review.missed) for review in reviews)
    cells = zip([len(usages), *tokens, len(findings), confirmed, missed], (7, 9, 10, 8, 9, 14), strict=True)
    print(f"{way:11}", *(f"{cell:{width}}" for cell, width in cells), sep="  ")

it_was("8.3")

# %% [markdown]
# Two samples send code and facts twice, so tokens *in* roughly double. What that buys depends on the model: a question
# about one thing is easier, and each answer has the whole of `maxTokens` to itself. Two calls ask the very same two
# questions, one after the other. Measure with your own model and your own code, and then decide.
#
# ## At once or in turn
#
# Two samples in one tool, on each wire:

# %%
both = Scripted({"for security": "Line 8 builds SQL.", "for performance": "Line 15 loops over the same data twice."})
lab = Lab(server, name="at once", sampling_callback=both)
old = Lab(server, name="in turn", mode="legacy", sampling_callback=both)

for each in (old, lab):
    await each.call_tool("review_code", {"code": code})
    steps = [step for step in each.flow.steps if step.kind in ("question", "answer")]
    told = [f"{step.kind} {' and '.join(map(str, step.samples))}" for step in steps]
    print(each.protocol_version, "|", " → ".join(told))

show(lab)

# %% [markdown]
# On revision **2026-07-28**, drawn here, one result holds both questions, and both callbacks run at the same time. On
# **2025-11-25** the second question waits for the first answer.
#
# ## One tool or two?
#
# A human, or a rule, may refuse a sample. This client lends its model for security and for nothing else.


# %%
async def for_security_only(context, params):
    if "performance" in params.messages[0].content.text.split("\n")[0]:
        return ErrorData(code=-1, message="I lend my model for security alone.")
    return await both(context, params)


predict("8.4")

# %%
lab = Lab(server, name="refuses", sampling_callback=for_security_only)

for aspects in (["security", "performance"], ["security"], ["performance"]):
    print("---", *aspects)
    await try_out(lab, for_security_only, "review_code", {"code": code, "aspects": aspects})

it_was("8.4")
quiz("8.6", "")

# %% [markdown]
# On 2025-11-25 the server hears of a refusal, and this one keeps the facts and the other half. Two calls lose only the
# half that was refused. Whichever you take, keep the facts in a tool of their own: `analyze_code` asks nobody.
#
# | | one tool, one sample | one tool, two samples | two calls, or two tools |
# |---|---|---|---|
# | tokens in | code once | code twice | code twice |
# | waiting | one answer | the slower one; on 2025-11-25 one after the other | one call after the other, unless the host starts both |
# | a refusal costs, on 2026-07-28 | everything | everything | that half |
# | … on 2025-11-25 | what the model would say | that half of it | that half of it |
# | who combines the answers | the model | the server | whoever called |
# | who decides what is reviewed | the server's prompt | the server | the caller, each time |
#
# **A good place to stop:** what follows is for you to write, and needs what is above. To go on another day, choose
# *Run → Run All Above Selected Cell* here.
#
# ## Exercise 8.1 · another aspect ●●○ 10 minutes
#
# **Goal** A resolver that asks for a review of readability. **Input** the code, and the tool's context.
# **Return** what `ask(ctx, SYSTEM, text, max_tokens=240)` returns, where `text` is
# `question(masked_code, facts, "readability")`; or `None` where no fact is about readability.
#
# `analyse(code)` has `.code`, which is masked, and `.facts`, each with `.rule`. Tell the model only of facts whose rule
# is in `READABILITY`.

# %%
READABILITY = {"complexity", "unused-name", "mutable-default", "bare-except"}


async def ask_readability(code: str, ctx: Context):
    """The sample to ask for, or None where there is nothing to ask."""
    # SOLUTION
    analysis = analyse(code)
    facts = [fact for fact in analysis.facts if fact.rule in READABILITY]
    if not facts:
        return None
    return ask(ctx, SYSTEM, question(analysis.code, facts, "readability"), max_tokens=240)
    # END SOLUTION


# %%
await check("8.1", ask_readability)
hint("8.1")

# %% [markdown]
# Your resolver in a tool of its own; `code_reviewer` need not change. The tiny model answers as well as it can, and this
# tool checks none of its lines. Without the kit's help the call is
# `result = await mine.call_tool("review_readability", {"code": "…"})`, and the flow `print(mine.flow)`.

# %%
from typing import Annotated

desk = MCPServer("readability")
Answer = Annotated[CreateMessageResult | None, Resolve(ask_readability)]


@desk.tool(structured_output=False)
async def review_readability(code: str, answer: Answer) -> str:
    """Review how readable Python code is."""
    return text_of(answer)


mine = Lab(desk, name="readability", sampling_callback=TinyModel())
await try_out(mine, TinyModel(), "review_readability", {"code": SAMPLE_CODE["poller"]})

show(mine)

# %% [markdown]
# ## Exercise 8.2 · two answers made one ●●○ 8 minutes
#
# **Goal** Combine the findings of several answers without repeats. **Input** a list of answers, each a list of
# `Finding`s with `.line`, `.rule` and `.text`. **Return** one list, in the order in which they came.
#
# Two findings on the same line by the same rule are a repeat, in whatever words: the first stays. Where `.rule` is
# `None`, only the same text is a repeat.
#
# **Example** `[[a, b], [b2, c]]` becomes `[a, b, c]` where `b2` says of line 8 what `b` said.


# %%
def combined(answers):
    """The findings of all answers, each once."""
    # SOLUTION
    kept = {}
    for answer in answers:
        for finding in answer:
            key = (finding.line, finding.rule) if finding.rule else finding.text
            kept.setdefault(key, finding)
    return list(kept.values())
    # END SOLUTION


# %%
await check("8.2", combined)
hint("8.2")

# %% [markdown]
# ## Exercise 8.3 · the gravest first ●○○ 5 minutes
#
# **Goal** Put findings in order of severity, and change nothing else. **Input** a list of `Finding`s with `.severity`:
# `"high"`, `"medium"`, `"low"`, or `None` where no rule is known. **Return** a new list: high, medium, low, then `None`;
# of one severity, in the order in which they came.


# %%
def by_severity(findings):
    """The findings, gravest first."""
    # SOLUTION
    order = ["high", "medium", "low", None]
    return sorted(findings, key=lambda finding: order.index(finding.severity))
    # END SOLUTION


# %%
await check("8.3", by_severity)
hint("8.3")

# %% [markdown] tags=["instructor"]
# **The solutions, explained.** 8.1 does what the server's own resolvers do. It looks before it asks, so code without a
# fact of readability costs no sample; it sends the masked code; and it leaves the question "can this client sample?" to
# `ask`. A third aspect as a third `Resolve` in `review_code` would work as well, and a refusal of it would then cost the
# other two: this is the trade-off of the lesson, met from the other side. `analyse` raises `CodeError` on what is too
# long or too deep, and the tool then fails; `code_reviewer` shows how to say why.
#
# 8.2 hangs on the key. By text, a model that says the same in other words repeats itself; by line, a second fault on the
# line is lost; with `None` as part of the key, all findings without a rule fall together. `setdefault` keeps the first,
# and a `dict` keeps the order.
#
# 8.3 is one line because `sorted` is stable. *Common in class:* sorting by the word, which puts low before medium;
# `findings.sort`, which changes what the caller still holds; the line number in the key, which looks tidy and undoes the
# order of 8.2.

# %% [markdown]
# ## Together
#
# The tiny model's two answers of above, through `combined` and `by_severity`.

# %%
answers = [
    [finding for finding in review.findings if finding.aspect == aspect] for aspect in ("security", "performance")
]

try:
    for finding in by_severity(combined(answers)):
        print(f"{finding.severity or '-':6} {finding.check:14} tiny model: {finding.text}")
except NotImplementedError:
    print("TODO: combined and by_severity are still to be written.")

# %% [markdown]
# ## Stretch
#
# The check believes a finding when a word of it fits the fact on its line. Write a finding that is `confirmed` and
# nonsense all the same: `read_findings(text, "security", analyse(code))` of `servers.code_findings` takes any text.
# Would a second sample, that is shown the first answer, catch it?

# %%
lesson("08")

# %% [markdown]
# ## Recap
#
# - Facts first, by code: exact, free, and still there when nobody lends a model.
# - Mask before you ask, and hold every line number against the code.
# - One sample is cheaper, two are simpler questions; on 2026-07-28 a refusal ends the whole call. Measure, then choose.
#
# **Next:** [09 · When sampling fails](09_when_sampling_fails.ipynb)
