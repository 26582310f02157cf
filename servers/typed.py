"""`ask_for`: an answer of a given form, or the reason why there is none.

    class Triage(BaseModel):
        level: Literal["error", "warning", "info"]
        cause: str

    triage = await ask_for(Triage, question, rounds, ctx)   # a Triage, or a NoAnswer

A client whose model can use tools is offered one tool, whose arguments have that form; any other is asked for JSON.
What comes is validated, and where it does not fit, the model is told why and asked once more. A form is all that this
proves: whether what it holds is true is the server's to check.
"""

import json
import re
from typing import TypeVar

from mcp.server.mcpserver import Context
from mcp_types import CreateMessageRequestParams, Tool, ToolChoice
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from servers.asking import NoAnswer, can_use_tools
from servers.checked import ask_until
from servers.rounds import Answered, Rounds

Form = TypeVar("Form", bound=BaseModel)

ANSWER = "answer"
"""The name of the tool that takes the answer."""

_OPENING = re.compile(r"[{\[]")


async def ask_for(
    form: type[Form], question: CreateMessageRequestParams, rounds: Rounds, ctx: Context
) -> Form | NoAnswer:
    """The model's answer as a `form`.

    Args:
        form: The model of pydantic that the answer has to fit. Its docstring and its fields' descriptions are sent.
        question: The request, without a word on the form. Its `max_tokens` have to suffice for the JSON.
        rounds: The call's; on the newer wire the tool runs again for each try.
        ctx: The tool's.

    Returns:
        A `NoAnswer` where the client cannot sample, declines, or has answered twice in another form.

    Raises:
        MoreNeeded: The client has to answer first.
    """
    schema = form.model_json_schema()
    asked = question.model_copy(update=_by_tool(schema) if can_use_tools(ctx) else _in_words(question, schema))

    def read(answer: Answered) -> Form:
        try:
            return form.model_validate(_told(answer))
        except ValidationError as error:
            raise ValueError("; ".join(map(_fault, error.errors()))) from None

    unfit = "did not have the form that was asked for"
    return (await ask_until(read, asked, rounds, ctx, as_said=True, unfit=unfit))[0]


def _by_tool(schema: dict[str, object]) -> dict[str, object]:
    tool = Tool(name=ANSWER, description="Give your answer with this tool.", input_schema=schema)
    return {"tools": [tool], "tool_choice": ToolChoice(mode="required")}


def _in_words(question: CreateMessageRequestParams, schema: dict[str, object]) -> dict[str, object]:
    words = f"Answer with one JSON object and nothing else. It has to fit this JSON Schema:\n{json.dumps(schema)}"
    return {"system_prompt": "\n\n".join(filter(None, [question.system_prompt, words]))}


def _told(answer: Answered) -> object:
    """What an answer tells: the input of its one use of the tool, or the JSON in its text.

    Raises:
        ValueError: There is none.
    """
    if answer.uses:
        [use, *others] = answer.uses
        if others or use.name != ANSWER:
            raise ValueError(f"use the tool {ANSWER}, once")
        return use.input
    for opening in _OPENING.finditer(answer.text):
        try:
            return json.JSONDecoder().raw_decode(answer.text, opening.start())[0]
        except (ValueError, RecursionError):
            continue
    raise ValueError("there is no JSON in it" if answer.text else "it is empty")


def _fault(error: ErrorDetails) -> str:
    """What is wrong, in words of ours alone: the name of a field that is not asked for is the model's."""
    if error["type"] == "extra_forbidden":
        return f"{_place(error['loc'][:-1])}there is a field that is not asked for"
    return f"{_place(error['loc'])}{error['msg']}"


def _place(path: tuple[int | str, ...]) -> str:
    return f"{'.'.join(map(str, path))}: " if path else ""
