"""What becomes of a model's reply. It shows only on a factory, which asks our stand-in."""

from collections.abc import Awaitable, Callable

from mcp_types import CreateMessageRequestParams, ErrorData

from labkit.callbacks import Answer
from labkit.checks.apis import Asked, Says
from labkit.checks.case import Case
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


CASES = [
    Case(
        "stop-reasons.cut-off",
        "the model is cut off",
        "a question; the reply ends at its limit",
        "A server that does not know takes half a sentence, or half a JSON object, for a whole one.",
        "advice: 2026-07-28, client/sampling, Result Fields",
        "Map max_tokens (Messages API) and length (Chat Completions) to maxTokens.",
        comes_back(Says("The disk is", "limit"), says("maxTokens")),
        needs_provider=True,
        wrong='stop_reason="endTurn", whatever the reply says',
    ),
    Case(
        "stop-reasons.sequence",
        "the model meets a stop sequence",
        "count to three, with the stop sequence three; the reply ends before it",
        "The server cuts the text at its own mark, and has to know that the mark was met.",
        "advice: 2026-07-28, client/sampling, Result Fields",
        "Map stop_sequence (Messages API) to stopSequence.",
        stop_sequence,
        needs_provider=True,
        wrong='stop_reason="endTurn", whatever the reply says',
    ),
    Case(
        "stop-reasons.refusal",
        "the model refuses",
        "a question; the reply holds no text, only the reason refusal or content_filter",
        "Nothing went wrong, and yet there is no text. content[0] ends in an IndexError.",
        "advice: 2026-07-28, client/sampling, Result Fields (values of your own)",
        "Pass the stop reason through with an empty text, or return ErrorData with a sentence.",
        comes_back(Says(stop="refusal"), claims_no_end),
        needs_provider=True,
        wrong="text = reply.content[0].text",
    ),
    Case(
        "provider.no-text",
        "a reply without text",
        "a question; the reply holds what the model thought, and no text",
        "Models that think may use up their limit before the first word. The first block need not be text.",
        "advice: 2026-07-28, client/sampling, Result Fields",
        "Pick blocks by type; if no text is left, return ErrorData with a sentence.",
        comes_back(Says(thought=THOUGHT), keeps_thoughts),
        needs_provider=True,
        wrong="text = reply.content[0].text",
    ),
]
