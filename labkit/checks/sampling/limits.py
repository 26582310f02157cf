"""Limits and wishes: how long an answer may be, the temperature, the preferred models."""

from mcp_types import CreateMessageRequestParams, ErrorData, ModelHint, ModelPreferences

from labkit.callbacks import Answer
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


JUDGES = {
    "limits.one-token": asks(LABEL, within_limit),
    "limits.few-tokens": few_tokens,
    "limits.absurd": asks(request("Say hello.", max_tokens=ABSURD), handles),
    "limits.negative": asks(request("Say hello.", max_tokens=-5), says_nothing),
    "limits.temperature": temperatures,
    "limits.model-match": matching_hint,
    "limits.model-no-match": no_matching_hint,
}
