"""What becomes of a model's reply. It shows only on a factory, which asks our stand-in."""

from collections.abc import Awaitable, Callable

from mcp_types import CreateMessageRequestParams, ErrorData

from labkit.callbacks import Answer
from labkit.checks.apis import Asked, Says
from labkit.checks.engine import Problem, request
from labkit.checks.judging import Judge, ended, handles, said
from labkit.checks.sampling.messages import QUESTION
from labkit.checks.sampling.provider import asked_of
from labkit.checks.standin import Behaviour, Reply
from labkit.checks.trial import NotApplicable, Trial

THOUGHT = "The keeper has to think of the tide first."


def comes_back(reply: Behaviour, judge: Judge) -> Callable[[Trial], Awaitable[None]]:
    """Ask while the provider replies with `reply`, and judge what becomes of it."""

    async def run(trial: Trial) -> None:
        if trial.provider:
            trial.provider.behaves(reply)
        answer = await trial.ask(QUESTION)
        asked_of(trial)
        handles(answer, QUESTION)
        judge(answer, QUESTION)

    return run


def says(*reasons: str | None) -> Judge:
    """An answer with one of these stop reasons, or a refusal."""

    def judge(answer: Answer, _: CreateMessageRequestParams) -> None:
        if not isinstance(answer, ErrorData) and answer.stop_reason not in reasons:
            raise Problem(f"An answer with {ended(answer)}.")

    return judge


def claims_no_end(answer: Answer, _: CreateMessageRequestParams) -> None:
    """A refusal of the model has no word in MCP: any will do that does not mean something else."""
    if not isinstance(answer, ErrorData) and answer.stop_reason in ("endTurn", "maxTokens", "stopSequence", "toolUse"):
        raise Problem(f"An answer with {ended(answer)}.")


async def counts_to_three(asked: Asked) -> Reply:
    stops = asked.body.get("stop_sequences") or asked.body.get("stop")
    return Says("one, two, ", "sequence") if stops else Says("one, two, three")


async def stop_sequence(trial: Trial) -> None:
    params = request("Count to three.", stop_sequences=["three"])
    if trial.provider:
        trial.provider.behaves(counts_to_three)
    answer = await trial.ask(params)
    handles(answer, params)
    if "three" in said(answer):
        raise NotApplicable("It leaves stop sequences out, as it may, so none was met.")
    # Chat Completions has one word for the end of a turn and for a stop sequence.
    says("stopSequence", *(("endTurn", None) if asked_of(trial).api == "chat" else ()))(answer, params)


def keeps_thoughts(answer: Answer, _: CreateMessageRequestParams) -> None:
    if THOUGHT in said(answer):
        raise Problem("What the model had thought went out as its answer.")


JUDGES = {
    "stop-reasons.cut-off": comes_back(Says("The disk is", "limit"), says("maxTokens")),
    "stop-reasons.sequence": stop_sequence,
    "stop-reasons.refusal": comes_back(Says(stop="refusal"), claims_no_end),
    "provider.no-text": comes_back(Says(thought=THOUGHT), keeps_thoughts),
}
