"""Refusals: in words, and not the end of the callback."""

from mcp_types import CreateMessageRequestParams, ErrorData

from labkit.checks import judging
from labkit.checks.engine import Problem, request
from labkit.checks.sampling.messages import QUESTION
from labkit.checks.sampling.tools import RESULT, conversation, result
from labkit.checks.trial import NotApplicable, Trial

LONGEST = 500
"""Characters. The specification wants one concise sentence."""

FAULTY = (
    request("Say hello.", max_tokens=-5),
    CreateMessageRequestParams(messages=[], max_tokens=100),
    conversation(result(RESULT), mode="required"),
)


async def in_words(trial: Trial) -> None:
    answers = [await trial.attempt(params.model_copy(deep=True)) for params in FAULTY]
    refusals = [answer for answer in answers if isinstance(answer, ErrorData)]
    if not refusals:
        raise NotApplicable("It refused none of the three, so there is no refusal to read.")
    for refusal in refusals:
        message = refusal.message.strip()
        if not message:
            raise Problem(f"A refusal ({refusal.code}) without a word of explanation.")
        if "Traceback (most recent call last)" in message or len(message) > LONGEST:
            raise Problem(f"A refusal of {len(message):,} characters that begins {message[:60]!r}.")


async def goes_on(trial: Trial) -> None:
    for params in FAULTY:
        await trial.attempt(params.model_copy(deep=True))
    answer = await trial.ask(QUESTION)
    if isinstance(answer, ErrorData) and answer.code == judging.USER_REJECTED:
        raise NotApplicable(f"Somebody said no ({answer.code}: {answer.message}), so there is nothing to see.")
    judging.answers(answer, QUESTION)


JUDGES = {
    "errors.in-words": in_words,
    "errors.goes-on": goes_on,
}
