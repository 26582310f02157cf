"""Limits and wishes: how long an answer may be, the temperature, the preferred models."""

from mcp_types import CreateMessageRequestParams, ErrorData, ModelHint, ModelPreferences

from labkit.callbacks import Answer
from labkit.checks.case import Case
from labkit.checks.engine import Problem, request
from labkit.checks.judging import asks, given, handles, refuses, said
from labkit.checks.sampling.messages import QUESTION, refuses_this_alone
from labkit.checks.trial import NotApplicable, Trial
from labkit.errors import LabError

ABSURD = 10**9
FEW = (3, 12)
STRANGER = "no-such-model"
LABEL = request("Is this line an error? FATAL: could not write to file", max_tokens=1)
USUAL = 0.2
"""The temperature that the servers in the box wish for."""


def within_limit(answer: Answer, params: CreateMessageRequestParams) -> None:
    """No tokenizer makes less than one token of a word, so more words than tokens are too many."""
    handles(answer, params)
    words = 0 if isinstance(answer, ErrorData) else len(said(answer).split())
    if words > params.max_tokens:
        most = f"{params.max_tokens} token{' was' if params.max_tokens == 1 else 's were'}"
        raise Problem(f"An answer of {words} words, where at most {most} asked for.")


def says_nothing(answer: Answer, params: CreateMessageRequestParams) -> None:
    """A refusal, or an answer without a word that says it was cut."""
    if isinstance(answer, ErrorData) or said(answer):
        refuses(answer, params)
    handles(answer, params)


async def few_tokens(trial: Trial) -> None:
    one, *few = (LABEL.model_copy(update={"max_tokens": limit}) for limit in (1, *FEW))
    answer = await trial.attempt(one.model_copy(deep=True))
    if not isinstance(answer, LabError | ErrorData) and len(said(answer).split()) > 1:
        raise NotApplicable("A limit of one token is not kept either: see limits.one-token.")
    for params in few:
        within_limit(await trial.ask(params), params)


async def temperatures(trial: Trial) -> None:
    usual = QUESTION.model_copy(update={"temperature": USUAL})
    answer = await trial.ask(usual)
    handles(answer, usual)
    if isinstance(answer, ErrorData):
        await refuses_this_alone(trial, answer)
        raise Problem(
            f"It refused ({answer.code}: {answer.message}) with the temperature {USUAL:g} what it answers without one."
        )
    absurd = QUESTION.model_copy(update={"temperature": 99.0})
    handles(await trial.ask(absurd), absurd)


async def matching_hint(trial: Trial) -> None:
    name = given(await trial.ask(QUESTION)).model
    hints = [ModelHint(name=STRANGER), ModelHint(name=name[: max(1, len(name) - 2)])]
    params = request("Say hello.", model_preferences=ModelPreferences(hints=hints, intelligence_priority=0.8))
    handles(await trial.ask(params), params)


async def no_matching_hint(trial: Trial) -> None:
    for preferences in (
        ModelPreferences(hints=[ModelHint(name=STRANGER), ModelHint()], cost_priority=0.3),
        ModelPreferences(hints=[]),
        ModelPreferences(speed_priority=1.0),
    ):
        params = request("Say hello.", model_preferences=preferences)
        answer = await trial.ask(params)
        handles(answer, params)
        if not isinstance(answer, ErrorData) and answer.model == STRANGER:
            raise Problem(f'An answer of the model "{STRANGER}", which there is not.')


CASES = [
    Case(
        "limits.one-token",
        "at most one token",
        "a question with maxTokens 1",
        "maxTokens is the one limit that a client must respect: the server may be paying for a label of one word.",
        "MUST: 2026-07-28, client/sampling, Sampling Parameters",
        'Give `params.max_tokens` to the model. Where you answer yourself, cut the text: stop_reason="maxTokens".',
        asks(LABEL, within_limit),
        wrong="TextContent(text=text), however long it is",
    ),
    Case(
        "limits.few-tokens",
        "at most a few tokens",
        "the same question with maxTokens 3, then with 12",
        "A limit is a number, not a switch: what is cut at one token and nowhere else was tried with one.",
        "MUST: 2026-07-28, client/sampling, Sampling Parameters",
        'Cut to `params.max_tokens` whatever it is, with stop_reason="maxTokens".',
        few_tokens,
        wrong="text if params.max_tokens > 1 else text.split()[0]",
    ),
    Case(
        "limits.absurd",
        "an absurd number of tokens",
        f"a question with maxTokens {ABSURD:,}",
        "It is an upper limit, and no order: no answer needs room for it, and models refuse such a number.",
        "advice: 2026-07-28, client/sampling, Sampling Parameters",
        "Use min(params.max_tokens, your own limit), or refuse in words; never make room for it.",
        asks(request("Say hello.", max_tokens=ABSURD), handles),
        wrong="buffer = [None] * params.max_tokens",
    ),
    Case(
        "limits.negative",
        "a negative number of tokens",
        "a question with maxTokens -5",
        "No rule names it, and no answer is that short. The SDK's client lets it pass, and [:-5] cuts the wrong end.",
        "advice: 2026-07-28, client/sampling, Sampling Parameters",
        "Below 1, refuse: ErrorData(code=-32602, message=...).",
        asks(request("Say hello.", max_tokens=-5), says_nothing),
        wrong="words[:params.max_tokens]",
    ),
    Case(
        "limits.temperature",
        "a usual temperature, and one that no model takes",
        f"a question with temperature {USUAL:g}, then one with 99",
        "Most servers wish for one. Current models of Claude take none at all: who hands it on is answered 400.",
        "advice: 2026-07-28, client/sampling, Sampling Parameters",
        "Leave it out or bring it into range; a client may. Compare with None, since 0 is a temperature too.",
        temperatures,
        wrong="temperature=params.temperature, for a model that takes none",
    ),
    Case(
        "limits.model-match",
        "a hint that names your model",
        "the hints no-such-model and a part of the name that your own answers carry",
        "Hints are parts of names, in order of preference, and the second is yours.",
        "advice: 2025-11-25, client/sampling, Model Hints",
        "Compare with `hint.name in model`, in their order. You may also ignore them all.",
        matching_hint,
        wrong="MODELS[hint.name]",
        requirement="sampling:create:model-preferences",
    ),
    Case(
        "limits.model-no-match",
        "hints that name no model of yours",
        "an unknown hint and one without a name; no hints; priorities alone",
        "A server cannot know your models. Hints are wishes, and each part of the preferences may be missing.",
        "advice: 2025-11-25, client/sampling, Model Preferences",
        "Fall back to your default model; see that hints and hint.name are not None; name the model that answers.",
        no_matching_hint,
        wrong="model = params.model_preferences.hints[0].name",
    ),
]
