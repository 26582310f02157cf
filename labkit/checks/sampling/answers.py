"""What an answer holds: role, model, one block, and why the model stopped."""

from mcp_types import CreateMessageRequestParams, ToolUseContent

from labkit.callbacks import Answer
from labkit.checks.case import Case
from labkit.checks.engine import Problem, request
from labkit.checks.judging import asks, given, handles
from labkit.checks.sampling.messages import QUESTION

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


def has_role(answer: Answer, _: CreateMessageRequestParams) -> None:
    if (role := given(answer).role) != "assistant":
        raise Problem(f'An answer with role="{role}".')


def has_model(answer: Answer, _: CreateMessageRequestParams) -> None:
    if not given(answer).model.strip():
        raise Problem("An answer that names no model.")


def is_one_block(answer: Answer, _: CreateMessageRequestParams) -> None:
    content = given(answer).content
    if isinstance(content, list):
        raise Problem(f"A list of {len(content)} blocks ({type(answer).__name__}).")
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


CASES = [
    Case(
        "answers.role",
        "the answer is the assistant's",
        "one text of the user",
        "The asker is the user, the answerer the assistant. A server puts the answer into the next request as it is.",
        "advice: 2026-07-28, client/sampling, Result Fields",
        'CreateMessageResult(role="assistant", ...).',
        asks(QUESTION, has_role),
    ),
    Case(
        "answers.model",
        "the answer names its model",
        "one text of the user",
        "The client chooses the model, so the server learns only here which it was.",
        "advice: 2026-07-28, client/sampling, Result Fields",
        "Take the name from the model's reply; write your own where you answer by yourself.",
        asks(QUESTION, has_model),
    ),
    Case(
        "answers.one-block",
        "one block for a plain request",
        "one text of the user, no tools",
        "The schema allows a list. Servers of mcp 2.3 take one block where they offered no tools; a list fails there.",
        "SDK: mcp 2.3, CreateMessageResult",
        "Join the text blocks of the reply into one TextContent.",
        asks(QUESTION, is_one_block),
    ),
    Case(
        "stop-reasons.words",
        "a stop reason in MCP's words",
        "one text of the user",
        'Own words are allowed. But a server looks for "maxTokens" to see a cut, and does not know your provider.',
        "advice: 2026-07-28, client/sampling, Result Fields",
        "Map them: end_turn or stop to endTurn, max_tokens or length to maxTokens; let the others through.",
        asks(QUESTION, has_mcps_stop_reason),
    ),
    Case(
        "stop-reasons.sequences",
        "stop sequences",
        'the stop sequences ["\\n\\n", "END"]',
        "They are a wish. A client may leave it out, but not fail over it.",
        "advice: 2026-07-28, client/sampling, Sampling Parameters",
        "Hand `params.stop_sequences` to the model if it takes them; it is None when there are none.",
        asks(request("Count to three, then write END.", stop_sequences=["\n\n", "END"]), handles),
    ),
]
