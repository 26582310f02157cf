# %% [markdown]
# # 05 · Which model?
#
# A server cannot see which models you have, and you pay. So it wishes, and you choose: here you write what chooses, and
# read the bill.
#
# | | |
# |---|---|
# | **You will be able to** | choose a model from hints and priorities · say what a server may expect of its wish · read a bill and keep to a budget |
# | **Needs** | lesson 01. No key, no network |
# | **Time** | 45–65 minutes (an estimate), with a place to stop |
# | **Wire** | both: the wish is the same on 2025-11-25 and 2026-07-28 |

# %%
from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp.types import CreateMessageResult, ModelHint, ModelPreferences

from labkit import Bill, Lab, catalog, check, hint, it_was, lesson, predict, quiz, show, try_out
from servers import log_archiver
from servers.asking import ask
from servers.sample_logs import SAMPLE_LINES

print("ready")
lesson("05")

# %% [markdown]
# ## A wish
#
# A sampling request may carry `modelPreferences`. These are the log archiver's:

# %%
print(log_archiver.MODEL.model_dump_json(by_alias=True, exclude_none=True, indent=2))

# %% [markdown]
# - A **hint** is a part of a model's name. There may be several; the first counts most.
# - A **priority** from 0 to 1 says how much something matters: to keep the cost low, to be fast, to be clever.
#
# All of it is advice. Your client may have none of the models, or good reasons of its own.
#
# ## What there is to choose from
#
# A priority needs something to weigh: a score for each model. The protocol has none, so each client keeps its own list.
# This is the kit's list of Claude models. Prices change: look for the month beside them.

# %%
print(catalog())
quiz("5.4", "")

# %% [markdown]
# ## Choose, without asking anybody
#
# `choose` is the kit's chooser. It asks no model: it compares names and numbers, and says why. You will give it
# four wishes. The first hints `opus`, and its `costPriority` is 1.

# %%
from labkit import choose

names = [model.name for model in catalog().models if model.scores]


def preferring(*hints, **priorities):
    return ModelPreferences(hints=[ModelHint(name=hint) for hint in hints], **priorities)


predict("5.1")

# %%
for wish in (
    preferring("opus", cost_priority=1),
    preferring("gpt-9", "Sonnet"),
    preferring(cost_priority=0.2, intelligence_priority=0.8),
    None,
):
    chosen = choose(wish, names, catalog(), default=catalog().default)
    print(f"{chosen.name:<18} {'; '.join(chosen.reasons)}")

it_was("5.1")

# %% [markdown]
# 1. **Hints first**, in their order. The first that is part of a name leaves only the models it is part of.
# 2. **Then the priorities**, among the models that are left: priority × score, added up. Most points win.
# 3. **Else the default**, which is yours to set.
#
# The specification gives the order and no formula, so clients differ. The kit's points are not the plain sum: it first
# spreads each score over 0 to 1 among the models left, and divides by the sum of the priorities.
#
# ## Three models, played by one
#
# So that you need no key, the kit's tiny model plays three parts, with other dials for each. Their names say *tiny*, and
# their scores and prices are made up. The choosing is real. Four jobs will wish for a model:

# %%
from labkit.models.players import players, players_catalog

WISHES = {
    "no wish": None,
    "the archiver's": log_archiver.MODEL,
    "a hint that fits": preferring("steady", cost_priority=1),
    "a hard question": preferring(cost_priority=0.1, intelligence_priority=0.9),
}
print(players_catalog())

# %% [markdown]
# A small server that sends the wish of a job; lesson 04 explains such tools. This one passes on who answered: the
# answer's `model`.

# %%
server = MCPServer("wisher")


async def question(job: str, ctx: Context) -> Sample | None:
    line = f"Log line:\n{SAMPLE_LINES['deadlock']}"
    return ask(ctx, log_archiver.EXPLAIN, line, max_tokens=100, model=WISHES[job])


@server.tool(structured_output=False)
async def explain(job: str, answer: Annotated[CreateMessageResult, Resolve(question)]) -> str:
    """Explain a log line with the model that is wished for."""
    return f"answered by {answer.model}"


# %% [markdown]
# `choose_model` is a callback that asks one of several callbacks. `with_bill` around it writes down what each sample
# cost: tokens × price.

# %%
predict("5.2")

# %%
from labkit import choose_model, with_bill

bill = Bill(players_catalog())
chooser = with_bill(choose_model(players(), players_catalog()), bill)

for mode in ("legacy", "auto"):
    lab = Lab(server, name=f"{mode} wire", mode=mode, sampling_callback=chooser)
    for job in WISHES:
        result = await lab.call_tool("explain", {"job": job})
        print(f"{mode:<6}  {job:<16}  {result.content[0].text}")

it_was("5.2")

# %% [markdown]
# Both wires carry the same wish. The last call, step by step:

# %%
show(lab)

# %% [markdown]
# Find the step in which the client chose, and what was billed for it. None of this crossed the wire: the server sees the
# answer, and in it a name, which is a claim.
#
# **A good place to stop:** you have seen three models chosen by their server's wishes. To go on another day, choose
# *Run → Run All Above Selected Cell* here.
#
# ## The bill
#
# All calls had the same prompt. The bill has a line for each.

# %%
quiz("5.5", "")
predict("5.3")

# %%
print(bill)
costs = [item.usd for item in bill.items]

it_was("5.3", round(max(costs) / min(costs)))

# %% [markdown]
# The tokens of the first call at Claude's prices, as far as one can say: each model counts tokens in its own way.

# %%
used = bill.items[0].usage
for model in catalog().models:
    if model.prices:
        usd = model.price(used.input_tokens, used.output_tokens)
        print(f"{model.name:<18} ${usd:.6f} a call, ${1000 * usd:.2f} for a thousand")

# %% [markdown]
# ## A choice is no limit
#
# A server that wishes for the most expensive model each time will get it each time. What holds is a budget around the
# choice: here of one cent. A hard question cost less than half of that.

# %%
predict("5.4")

# %%
from labkit import with_budget

before = len(bill.items)
held = with_budget(chooser, usd=0.01, prices=players_catalog())

for _ in range(4):
    await try_out(lab, held, "explain", {"job": "a hard question"})

print("left:", f"${held.left.usd:.6f}")
it_was("5.4", len(bill.items) - before)

# %% [markdown]
# Before each request the budget sets aside what it may cost *at most*: its estimate of the prompt, and all of
# `max_tokens`, at the price of the most expensive model. What is not used comes back. So it stops short of 0, with a
# sentence for whoever made the call.
#
# ## Exercise 5.1 · the chooser ●●○ 12 minutes
#
# **Goal** Choose a model. **Input** `preferences`, made as in `preferring` above: it, its `hints` and each priority may
# be `None`, and a hint has a `.name`; and `scores`, a dict from each name to its three scores:
# `{"claude-opus": (0.5, 0.5, 0.75), ...}` for cost, speed, intelligence.
# **Return** a name, by the rules above: hints in order, whatever their case; then priority × score, added up over the
# three, among the names that are left; of equal ones the first. With no preferences the first of all.
#
# **Example** `preferring("opus")` gives `"claude-opus"`.


# %%
def my_choice(preferences, scores):
    """The name of the model to ask."""
    # SOLUTION
    if preferences is None:
        return next(iter(scores))
    left = list(scores)
    for each in preferences.hints or []:
        fits = [name for name in scores if each.name.lower() in name.lower()]
        if fits:
            left = fits
            break
    wanted = (preferences.cost_priority, preferences.speed_priority, preferences.intelligence_priority)

    def points(name):
        return sum((priority or 0) * score for priority, score in zip(wanted, scores[name], strict=True))

    return max(left, key=points)
    # END SOLUTION


# %%
await check("5.1", my_choice)
hint("5.1")

# %% [markdown]
# ## Exercise 5.2 · six predictions ●○○ 5 minutes
#
# **Goal** Say whom `choose` takes. The models are the four Claude models with scores in the list above; the default is
# the first. **Return** a dict, `{"A": "haiku", "B": ...}`; a part of the name is enough.
#
# | | hints | cost | speed | intelligence |
# |---|---|---|---|---|
# | A | no preferences at all | | | |
# | B | `opus` | 1.0 | | |
# | C | `gpt-9`, `SONNET`, `haiku` | | | |
# | D | `claude` | 0.3 | | 0.9 |
# | E | `claude-sonnet-4-20250514` | 0.3 | 0.7 | 0.5 |
# | F | | 0.4 | | 0.6 |


# %%
def my_predictions():
    """The model for each of the cases A to F."""
    # SOLUTION
    return {"A": "haiku", "B": "opus", "C": "sonnet", "D": "fable", "E": "haiku", "F": "fable"}
    # END SOLUTION


# %%
await check("5.2", my_predictions)
hint("5.2")

# %% [markdown]
# ## Exercise 5.3 · a class within a budget ●●○ 8 minutes
#
# **Goal** Your class of 30 will send 360 requests. Which is the most intelligent model that the budget allows?
# **Input** `models`, entries of a catalogue; how many requests; tokens in and out of *each*; US dollars for all.
# **Return** the name of a model, of equally intelligent ones the first; or `None` if not one can be paid.
#
# An entry has `model.name`, `model.scores.intelligence`, and `model.price(tokens_in, tokens_out)`: dollars for one
# request of that size. A model that is on its way out has no price, and its `model.scores` is `None`: leave it out.


# %%
def within_budget(models, requests, tokens_in, tokens_out, usd):
    """The name of the most intelligent model that can be paid, or None."""
    # SOLUTION
    served = [model for model in models if model.scores]
    payable = [model for model in served if requests * model.price(tokens_in, tokens_out) <= usd]
    if not payable:
        return None
    return max(payable, key=lambda model: model.scores.intelligence).name
    # END SOLUTION


# %%
await check("5.3", within_budget)
hint("5.3")

# %% [markdown] tags=["instructor"]
# **The solutions, explained.** 5.1 keeps `left` as it was while no hint fits, so a wish for a model that you lack does
# not end in an empty list. `max` takes the first of equal ones, which makes the order of your models your own
# preference. A real server may also send a hint without a name, or a priority of 7: the kit's `choose` reads `None` as
# no hint, and brings priorities into 0 to 1.
#
# 5.2: B shows that a hint beats a priority, C that an unknown one is passed over and case does not count, D that a hint
# may leave several. E is the wish of a tutorial: it names a version, which is part of no name any more, and
# its cost and speed then outweigh its intelligence. A hint should be as short as `sonnet`. In F the scores lie on a line
# (what is cleverer costs more by the same step), so the larger priority wins outright and no model between is chosen.
#
# 5.3 leaves out what has no scores, as `catalog()` keeps one such model, and multiplies the price of *one* request. The
# price of all tokens at once would take the tariff for long prompts. Tokens out are a guess before the call; with
# `max_tokens` in their place the budget holds, as long as the guess of the tokens in does.
#
# *Common in class:* `costPriority` read as "how much it may cost"; `hint == name` for `hint in name`; a hint that leaves
# one model, and a loop that goes on to the next hint.

# %% [markdown]
# ## Your chooser at work
#
# Your function in the place of the kit's, asked by the server; and what the whole lesson cost, at made-up prices. Run it
# again after each change.

# %%
models = players()
SCORES = {m.name: (m.scores.cost, m.scores.speed, m.scores.intelligence) for m in players_catalog().models}


async def chosen_by_me(context, params):
    return await models[my_choice(params.model_preferences, SCORES)](context, params)


mine = Lab(server, name="my chooser", sampling_callback=chosen_by_me)
await try_out(mine, with_bill(chosen_by_me, bill), "explain", {"job": "a hint that fits"})
print(bill)
show(mine)

# %% [markdown]
# Without the kit's help: `mine.callback = chosen_by_me`, then
# `result = await mine.call_tool("explain", {"job": "a hint that fits"})` and `print(result.content[0].text)`.
#
# **With a key** the models are real and the rest stays as it is (`from labkit import Claude`):
#
# ```python
# claudes = {name: Claude(name) for name in names}
# bill = Bill(catalog())
# lab.callback = with_budget(with_bill(choose_model(claudes, catalog()), bill), usd=0.05, prices=catalog())
# ```
#
# **Stretch.** When does spreading the scores change the choice? Give `choose` and `my_choice` the same three players,
# and search for a wish on which they differ.

# %%
lesson("05")

# %% [markdown]
# ## Recap
#
# - Hints are parts of names, in order; priorities weigh scores that each client keeps for itself. All of it is advice.
# - `costPriority` near 1 asks for a cheap model.
# - The bill is tokens × price, and prices have a date. What limits it is a budget, not the choice.
#
# **Next:** [06 · A human in the loop](06_a_human_in_the_loop.ipynb)
