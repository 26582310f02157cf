# %% [markdown]
# # 03 · Turn the dials
#
# A model does not say words, it weighs them; a dial decides which one is drawn. Here you see every weight.

# %% [markdown]
# | | |
# |---|---|
# | **You will be able to** | predict what temperature, max tokens, stop, top-p, top-k and the seed do · choose them for a job · say which of them a server may ask for, and which a client may ignore |
# | **Needs** | lesson 01. No key, no network |
# | **Time** | 30–40 minutes |
# | **Wire** | either; the dials are the same on both |

# %%

from labkit import Lab, check, quiz, try_out
from labkit.models.tiny import Dials, TinyModel
from labkit.widgets.dials import tune
from labkit.widgets.sweep import plot_sweep
from labkit.widgets.token_view import show_tokens
from servers import log_archiver, text_analyst
from servers.sample_logs import SAMPLE_LINES
from servers.sample_texts import SAMPLE_TEXTS

model = TinyModel(seed=7)
line = SAMPLE_LINES["deadlock"]
print("ready")

# %% [markdown]
# ## A model in the box
#
# `TinyModel` is a real language model of 3.5 million weights that runs in this kernel. It knows log lines, short
# reviews of code, abstracts, short texts and one-word labels, and nothing else: mark everything it says as *tiny model*.
# Like any model here it is a sampling callback.


# %%
def explain(**options):
    """The tiny model's answer to the question that the log archiver asks, with every choice it made."""
    question = f"Log line:\n{line}"
    return model.trace(question, system_prompt=log_archiver.EXPLAIN, **options)


print(explain(dials=Dials(temperature=0)).text)

# %% [markdown]
# ## It weighs every word
#
# For each place the model gives every token of its vocabulary a probability. A *token* is a word or a piece of one.
# These are the best of them for the first token of its answer:

# %%
first = explain(dials=Dials(temperature=0)).tokens[0]

for rival in first.stages["model"][:5]:
    print(f"{rival.probability:6.1%}  {rival.text!r}")

# %% [markdown]
# Choose a token below, with the mouse or with the arrow keys: its rivals stand beside it, before and after each dial.

# %%
show_tokens(explain(dials=Dials(temperature=1, top_k=40, top_p=0.9)))

# %% [markdown]
# ## Temperature
#
# The logits, which become probabilities, are divided by the temperature first. Below 1 the likely tokens gain, above 1
# the unlikely ones. At 0 the best token always wins.
#
# **Predict.** You ask twice at temperature 0. Then twice at 1, with different seeds. Which pairs are equal?

# %%
for temperature in (0, 1):
    for seed in (1, 2):
        print(temperature, seed, "|", explain(dials=Dials(temperature=temperature), seed=seed).text)

# %% [markdown]
# **Predict.** At which temperature does the answer stop being true? And stop being English?

# %%
for temperature in (0, 0.5, 1, 1.5, 2):
    print(temperature, "|", explain(dials=Dials(temperature=temperature), max_tokens=40).text)

# %% [markdown]
# The same over ten seeds each: how many answers differ, and how probable the model itself finds what was drawn.

# %%
plot_sweep(f"Log line:\n{line}", system_prompt=log_archiver.EXPLAIN)

# %% [markdown]
# Temperature 0 is not "better". It is the likeliest token at each step, and always the same answer: for ten names for a
# server you would get one name ten times.

# %% [markdown]
# ## Max tokens, and why an answer ended
#
# **Predict.** The limit is 12 tokens. Will the model write a shorter sentence?

# %%
cut = explain(dials=Dials(temperature=0), max_tokens=12)

print(repr(cut.text))
print(cut.stop_reason)

# %% [markdown]
# No. It does not know the limit; it is cut off, in the middle of a word if need be. The stop reason says so:
#
# | stop reason | the answer |
# |---|---|
# | `endTurn` | is complete, the model was done |
# | `maxTokens` | was cut by the limit |
# | `stopSequence` | ended before a text that the request names |

# %%
stopped = explain(dials=Dials(temperature=0), stop_sequences=["."])

print(repr(stopped.text))
print(stopped.stop_reason)

# %%
quiz("3.6", "")

# %% [markdown]
# ## Top-k and top-p
#
# Both cut off the tail before the draw. Top-k keeps the *k* best tokens. Top-p keeps the fewest best that together hold
# *p* of the probability. **Predict.** Where the model is sure, how many tokens does top-p 0.9 keep? Where it is not?

# %%
answer = explain(dials=Dials(temperature=1, top_k=5))
by_entropy = sorted(answer.tokens, key=lambda token: token.entropy)

for token in (by_entropy[0], by_entropy[-1]):
    held, kept = 0.0, 0
    for rival in token.stages["model"]:
        if held < 0.9:
            held, kept = held + rival.probability, kept + 1
    print(f"{token.text!r}: entropy {token.entropy:.1f} bits, top-k 5 keeps 5, top-p 0.9 keeps {kept}")

# %%
quiz("3.7", "")

# %% [markdown]
# ## The dials in your hand
#
# Beside each dial: what a server asked, what is used, and whether this model honours it. Draw ten answers, then turn one
# dial and draw again.

# %%
tune(f"Log line:\n{line}", system_prompt=log_archiver.EXPLAIN, model=model)

# %% [markdown]
# Without the panel that is:
#
# ```python
# explain(dials=Dials(temperature=0.8, top_k=40, top_p=0.9), max_tokens=60, stop_sequences=["."], seed=7).text
# ```

# %% [markdown]
# ## A label wants other dials than a sentence
#
# The text analyst asks for one word. Look at what it asks for: `temperature` and `maxTokens`.

# %%
lab = Lab(text_analyst.make_server(), sampling_callback=model)

for name in ("complaint", "announcement"):
    result = await lab.call_tool("analyze_sentiment", {"text": SAMPLE_TEXTS[name]})
    print(name, "|", result.content[0].text)

# %%
asked = next(step for step in lab.flow.steps if step.kind == "question").data
request = next(iter(asked["result"]["inputRequests"].values()))["params"]

{name: request[name] for name in ("temperature", "maxTokens", "systemPrompt")}

# %% [markdown]
# ## Who decides
#
# | | a server may ask for it | the client |
# |---|---|---|
# | `maxTokens` | must, in every request | must not answer with more |
# | `temperature`, `stopSequences`, `systemPrompt` | may | may change or ignore them |
# | `modelPreferences` | may | weighs them; the choice is its own |
# | top-p, top-k, seed | has no field for them | sets them as it likes |
#
# What becomes of a wish depends on the model too. Current Claude models take *no* temperature, top-p or top-k at all: a
# callback for them drops the wish, and should say so to its user. Local models take them.

# %%
quiz("3.5", "")

# %% [markdown]
# ## Exercise 3.1 · temperature ●●○ 8 minutes
#
# **Goal** Turn logits into probabilities at a temperature. **Input** a list of logits and a temperature of at least 0.
# **Return** a list of probabilities: the softmax of the logits divided by the temperature. At 0 the best logit gets 1.0
# and all others 0.0; of equal ones the first wins.
#
# **Example** `apply_temperature([2.0, 1.0], 0.5)` is about `[0.881, 0.119]`.


# %%
import math


def apply_temperature(logits, temperature):
    """Probabilities of `logits` at `temperature`."""
    # SOLUTION
    best = max(logits)
    if temperature == 0:
        winner = logits.index(best)
        return [1.0 if i == winner else 0.0 for i in range(len(logits))]
    weights = [math.exp((logit - best) / temperature) for logit in logits]
    return [weight / sum(weights) for weight in weights]
    # END SOLUTION


# %%
await check("3.1", apply_temperature)

# %% [markdown]
# ## Exercise 3.2 · top-p ●●○ 8 minutes
#
# **Goal** Keep the fewest best tokens that together hold at least `p`. **Input** a list of probabilities, in any order,
# and `p`. **Return** a list of the same length: 0.0 for what is ruled out, and the kept ones scaled up to add to 1.
# Keep at least one; of equal ones the first goes first.
#
# **Example** `top_p([0.2, 0.5, 0.3], 0.7)` is `[0.0, 0.625, 0.375]`.


# %%
def top_p(probabilities, p):
    """`probabilities` without the tail beyond `p`."""
    # SOLUTION
    order = sorted(range(len(probabilities)), key=lambda i: -probabilities[i])
    kept, held = [], 0.0
    for i in order:
        if kept and held >= p:
            break
        kept.append(i)
        held += probabilities[i]
    return [probabilities[i] / held if i in kept else 0.0 for i in range(len(probabilities))]
    # END SOLUTION


# %%
await check("3.2", top_p)

# %% [markdown]
# ## Exercise 3.3 · dials for a job ●○○ 4 minutes
#
# **Goal** Choose temperature and max tokens for three jobs, and be ready to defend them. **Input** the job: `"label"`
# (one word for the mood of a text), `"explain"` (one true sentence on a log line) or `"names"` (ten different names for a
# server). **Return** two numbers, temperature and max tokens.


# %%
def my_dials(job):
    """Temperature and max tokens for a job."""
    # SOLUTION
    return {"label": (0.0, 8), "explain": (0.2, 100), "names": (1.2, 100)}[job]
    # END SOLUTION


# %%
await check("3.3", my_dials)

# %% [markdown]
# ## Exercise 3.4 · a careful callback ●●● 10 minutes
#
# **Goal** A callback that keeps to limits of its own. **Input** another callback, `model`. **Return** a callback that
# asks `model` with at most 120 tokens and a temperature between 0 and 1, and returns its answer.
#
# Never ask for more tokens than the server did. Leave a temperature of `None` alone. Do not change the request itself:
# `params.model_copy(update={"max_tokens": 50})` makes a changed copy.


# %%
def careful(model):
    """A callback that asks `model` within limits."""

    # SOLUTION
    async def callback(context, params):
        limits = {"max_tokens": min(params.max_tokens, 120)}
        if params.temperature is not None:
            limits["temperature"] = min(max(params.temperature, 0.0), 1.0)
        return await model(context, params.model_copy(update=limits))

    return callback
    # END SOLUTION


# %%
await check("3.4", careful)

# %% [markdown]
# <details><summary>Hint 1: a nudge</summary>
#
# 3.1: take the largest logit off all of them before you call `math.exp`. 3.2: sort the *places*, not the numbers.
# 3.4: `min` and `max` do it.
#
# </details>
# <details><summary>Hint 2: the shape</summary>
#
# 3.2: walk through the places from the best on, add up what they hold, and stop once it is `p` or more. 3.4: an inner
# `async def callback(context, params)` that ends in `return await model(...)`, and `return callback` after it.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# 3.1: `weights = [math.exp((logit - best) / temperature) for logit in logits]`, then divide each by their sum.
# 3.4: `limits = {"max_tokens": min(params.max_tokens, 120)}`, add the temperature where there is one, copy, await.
#
# </details>
# <details><summary>I see "division by zero"</summary>
#
# Temperature 0 is a case of its own: decide it before you divide.
#
# </details>
#
# [The solutions, explained](instructor/03_turn_the_dials.ipynb)

# %% [markdown] tags=["instructor"]
# **The solutions, explained.** 3.1 takes the largest logit off first: the result is the same, and `exp` cannot overflow.
# Temperature 0 is the limit of ever smaller ones and cannot be computed by division. 3.2 asks `held >= p` *before* it
# adds the next token, so the token that crosses `p` is kept: "at least p". 3.4 is a duty of the host: a callback round a
# callback. It works on a copy, since the same request may be shown to a human, logged, or sent to a second model.
#
# *Common in class:* clamping the tokens up instead of down (`max` for `min`); a temperature of 0 taken for "none given"
# (`if params.temperature:`), which turns the coldest wish into the model's default.

# %% [markdown]
# ## Your callback at work
#
# Your limits round the tiny model, asked by the real server:


# %%
async def within_limits(context, params):
    return await careful(model)(context, params)


await try_out(lab, within_limits, "analyze_sentiment", {"text": SAMPLE_TEXTS["complaint"]})

# %% [markdown]
# Without the kit's help that is:
#
# ```python
# lab.callback = careful(model)
# print((await lab.call_tool("analyze_sentiment", {"text": "..."})).content[0].text)
# ```

# %% [markdown]
# ## Stretch
#
# Put `report(f"temperature {asked} became {used}")` (from `labkit`) into `careful` and look at `show(lab)`. A client that
# changes a wish should say so.

# %% [markdown]
# ## Recap
#
# - A model gives a probability to every token; dials change which one is drawn.
# - `maxTokens` binds the client. Everything else about decoding is a wish, and some models take none.
# - A label wants temperature 0 and few tokens, a sentence a little room, ideas a high temperature.
#
# **Back to:** [00 · Start here](00_start_here.ipynb)
