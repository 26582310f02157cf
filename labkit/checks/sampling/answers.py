"""What an answer holds: role, model, one block, and why the model stopped."""

from mcp_types import CreateMessageRequestParams, ToolUseContent

from labkit.callbacks import Answer
from labkit.checks.engine import Problem, request
from labkit.checks.judging import asks, ended, given, handles, said
from labkit.checks.sampling.messages import QUESTION
from labkit.checks.trial import NotApplicable, Trial

PROVIDERS_WORDS = {
    "end_turn": "endTurn",
    "stop": "endTurn",
    "max_tokens": "maxTokens",
    "length": "maxTokens",
    "stop_sequence": "stopSequence",
    "tool_use": "toolUse",
    "tool_calls": "toolUse",
}
"""How providers call what MCP has a word of its own for."""
ROOM = 1_000
"""Tokens: an answer of fewer characters can hardly have been cut by this limit."""
ENDS = tuple(".!?…。\uff01\uff1f」”\"'")
"""How a whole sentence ends."""


def has_role(answer: Answer, _: CreateMessageRequestParams) -> None:
    if (role := given(answer).role) != "assistant":
        raise Problem(f'An answer with role="{role}".')


def has_model(answer: Answer, _: CreateMessageRequestParams) -> None:
    if not given(answer).model.strip():
        raise Problem("An answer that names no model.")


def is_one_block(answer: Answer, _: CreateMessageRequestParams) -> None:
    content = given(answer).content
    if isinstance(content, list):
        number = "one block" if len(content) == 1 else f"{len(content)} blocks"
        raise Problem(f"A list of {number} ({type(answer).__name__}).")
    if isinstance(content, ToolUseContent):
        raise Problem("A tool use, where no tools were offered.")


def has_mcps_stop_reason(answer: Answer, _: CreateMessageRequestParams) -> None:
    reason = given(answer).stop_reason
    if reason is None:
        return
    if not reason.strip():
        raise Problem("An empty stop reason.")
    if reason in PROVIDERS_WORDS:
        raise Problem(f'The stop reason "{reason}", for which MCP says "{PROVIDERS_WORDS[reason]}".')


async def tells_its_cut(trial: Trial) -> None:
    if trial.provider:
        raise NotApplicable("The model cuts here: see stop-reasons.cut-off.")
    whole, cut = [await trial.ask(QUESTION.model_copy(update={"max_tokens": limit})) for limit in (100, 3)]
    texts = [" ".join(said(given(answer)).split()) for answer in (whole, cut)]
    if texts[0] == texts[1] or not texts[0].startswith(texts[1]):
        raise NotApplicable("Its answer to a limit of 3 tokens is no part of the one to 100.")
    if given(cut).stop_reason in ("endTurn", "stopSequence"):
        raise Problem(f"{texts[1]!r} with {ended(given(cut))}, where a limit of 100 tokens gave {texts[0][:60]!r}.")


async def claims_no_cut(trial: Trial) -> None:
    """Two short questions with much room. What its own limit cut hardly ends as a sentence does, or is one word."""
    whole = list[str]()
    for params in (QUESTION, request("Say hello.")):
        answer = given(await trial.ask(params.model_copy(update={"max_tokens": ROOM})))
        text = said(answer).strip()
        is_whole = text.endswith(ENDS) or (text.isascii() and len(text.split()) == 1)
        if answer.stop_reason == "maxTokens" and len(text) < ROOM and is_whole:
            whole.append(text)
    if len(whole) == 2:
        raise Problem(f'{whole[0][:60]!r} with the stop reason "maxTokens", where there was room for {ROOM:,} tokens.')


JUDGES = {
    "answers.role": asks(QUESTION, has_role),
    "answers.model": asks(QUESTION, has_model),
    "answers.one-block": asks(QUESTION, is_one_block),
    "stop-reasons.words": asks(QUESTION, has_mcps_stop_reason),
    "stop-reasons.own-cut": tells_its_cut,
    "stop-reasons.whole": claims_no_cut,
    "stop-reasons.sequences": asks(request("Count to three, then write END.", stop_sequences=["\n\n", "END"]), handles),
}
