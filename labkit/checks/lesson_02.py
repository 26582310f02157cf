"""Lesson 02, your own callback: map a conversation, keep to a limit and say why, and a callback that refuses well."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from mcp_types import (
    INVALID_PARAMS,
    CreateMessageRequestParams,
    CreateMessageResult,
    ErrorData,
    ImageContent,
    Role,
    SamplingMessage,
    SamplingMessageContentBlock,
    TextContent,
    Tool,
    ToolChoice,
)

from labkit.callbacks import Answer
from labkit.checks.engine import CallbackExercise, Exercise, FunctionExercise, Problem, Request, called, request
from labkit.checks.lesson_01 import DEADLOCK, DISK, answers, text_of, through_the_archiver
from labkit.checks.quizzes import Question

PIXEL = (  # a whole PNG: one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WEATHER = Tool(name="weather", description="The weather in a city.", input_schema={"type": "object"})
EXPLAIN = "You explain log lines in one sentence."

Turn = tuple[Role, Sequence[str]]


def asking(*turns: Turn, system_prompt: str | None = None) -> CreateMessageRequestParams:
    """A request with a message for each turn. A single text is one block, several are a list of blocks."""
    messages: list[SamplingMessage] = []
    for role, texts in turns:
        blocks: list[SamplingMessageContentBlock] = [TextContent(text=text) for text in texts]
        messages.append(SamplingMessage(role=role, content=blocks[0] if len(blocks) == 1 else blocks))
    return CreateMessageRequestParams(messages=messages, max_tokens=100, system_prompt=system_prompt)


# 2.1: the conversation, as a model wants to read it


def maps(params: CreateMessageRequestParams, what: str, why: str) -> Callable[..., Awaitable[None]]:
    """A case: the messages of `params`, behind the system prompt where there is one."""
    texts = [
        (message.role, "\n".join(block.text for block in message.content_as_list if isinstance(block, TextContent)))
        for message in params.messages
    ]
    wanted = [("system", params.system_prompt), *texts] if params.system_prompt else texts

    async def case(function: Callable[..., Any]) -> None:
        copy = params.model_copy(deep=True)
        given: Any = called(function, copy)
        try:
            turns: list[object] = [(turn["role"], turn["content"]) for turn in given]
        except (TypeError, KeyError, IndexError):
            raise Problem(
                f'We sent {what}, and it returned {_cut(given)}. Return a list of {{"role": ..., "content": ...}}.'
            ) from None
        if turns != wanted:
            raise Problem(f"We sent {what}, and it returned {_cut(given)}. {why}")
        if copy != params:
            raise Problem(f"We sent {what}, and afterwards `params` was another. Build a list of your own.")

    return case


def _cut(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 240 else f"{text[:239]}…"


# 2.2: how long an answer may be, and why it ended


def ends(text: str, wanted: str, reason: str, why: str, *, max_tokens: int, stop: list[str] | None = None) -> Any:
    """A case: `text` comes back as `wanted`, with a stop reason."""

    async def case(function: Callable[..., Any]) -> None:
        params = request("How are you?", max_tokens=max_tokens, stop_sequences=stop)
        told = f"finish({text!r}, params) with max_tokens {max_tokens}{f' and stop_sequences {stop}' if stop else ''}"
        given: Any = called(function, text, params)
        if not isinstance(given, CreateMessageResult) or not isinstance(given.content, TextContent):
            got = "nothing" if given is None else f"a {type(given).__name__}"
            raise Problem(f"{told} returned {got}. Return a CreateMessageResult with content=TextContent(text=...).")
        if given.content.text.split() != wanted.split():
            raise Problem(f"{told} gave the text {given.content.text!r}, and {wanted!r} is right. {why}")
        if given.stop_reason != reason:
            raise Problem(f"{told} gave the stop reason {given.stop_reason!r}, and {reason!r} is right. {why}")

    return case


# 2.3: a whole callback


def keeps_to(limit: int) -> Callable[[Answer], None]:
    """An answer of at most `limit` words: no tokenizer makes less than one token of a word."""

    def judge(answer: Answer) -> None:
        answers(answer)
        if len(text_of(answer).split()) > limit:
            raise Problem(
                f"We sent a question with max_tokens {limit}, and the answer has {len(text_of(answer).split())} words. "
                "Cut it: a limit holds for every answer."
            )

    return judge


def refuses(what: str) -> Callable[[Answer], None]:
    """A refusal in words, which says that the request is at fault."""

    def judge(answer: Answer) -> None:
        if not isinstance(answer, ErrorData):
            said = text_of(answer) if isinstance(cast("object", answer.content), TextContent) else "something"
            raise Problem(
                f"We sent {what}, and it answered {said[:60]!r}. Refuse it: return ErrorData(code=-32602, message=...)."
            )
        if answer.code != INVALID_PARAMS:
            raise Problem(
                f"We sent {what}, and it refused with code {answer.code}. Here the request is at fault, and the code "
                "for that is -32602."
            )
        if not answer.message.strip():
            raise Problem(f"We sent {what}, and it refused without a word. Say in the message what would be right.")

    return judge


def _callback_requests() -> list[Request]:
    line = f"Log line:\n{DEADLOCK}"
    talk = asking(
        ("user", ["What is a deadlock?"]),
        ("assistant", ["Two processes that wait for each other."]),
        ("user", ["Then explain this line.", DISK]),
    )
    image = SamplingMessage(role="user", content=ImageContent(data=PIXEL, mime_type="image/png"))
    return [
        Request(request(line), answers),
        Request(talk, answers),
        Request(request(line, system_prompt=EXPLAIN, temperature=0.2, stop_sequences=["END"]), answers),
        Request(request(line, max_tokens=1), keeps_to(1)),
        Request(request(line, max_tokens=-5), refuses("a question with max_tokens -5")),
        Request(CreateMessageRequestParams(messages=[], max_tokens=100), refuses("a request without messages")),
        Request(CreateMessageRequestParams(messages=[image], max_tokens=100), refuses("an image")),
        Request(request(line, tools=[WEATHER]), refuses("a request with a tool")),
        Request(request(line, tool_choice=ToolChoice(mode="required")), refuses("a request that demands a tool")),
    ]


_ONE = asking(("user", ["What is a deadlock?"]))
_TALK = asking(
    ("user", ["What is a deadlock?"]),
    ("assistant", ["In short:", "two that wait for each other."]),
    ("user", ["Then explain:", "deadlock detected"]),
)
_WITH_PROMPT = asking(
    ("user", ["Full?"]), ("assistant", ["Which disk?"]), ("user", ["db-1"]), system_prompt="Be brief."
)
_SIX = "The disk of db-1 is full."

EXERCISES: dict[str, Exercise] = {
    "2.1": FunctionExercise(
        "2.1",
        [
            maps(_ONE, "one message without a system prompt", "One entry, with the role and the text of the message."),
            maps(
                _TALK,
                "three messages, two of them with a list of blocks",
                "One entry for each message in its turn, with its own role, and the texts of its blocks joined by a "
                "line break.",
            ),
            maps(
                _WITH_PROMPT,
                "a system prompt and three messages",
                'The system prompt is the first entry, with the role "system".',
            ),
        ],
    ),
    "2.2": FunctionExercise(
        "2.2",
        [
            ends(_SIX, _SIX, "endTurn", "There was room for all of it.", max_tokens=100),
            ends(_SIX, "The disk", "maxTokens", "It was cut off by the limit, a word for a token.", max_tokens=2),
            ends(_SIX, _SIX, "endTurn", "It has just as many words as the limit, so nothing is cut.", max_tokens=6),
            ends(
                "Full. END Delete old logs. STOP",
                "Full.",
                "stopSequence",
                "The text ends before the first stop sequence in it.",
                max_tokens=100,
                stop=["STOP", "END"],
            ),
            ends(
                "Delete the old logs. END",
                "Delete",
                "maxTokens",
                "The limit was reached before the stop sequence.",
                max_tokens=1,
                stop=["END"],
            ),
        ],
    ),
    "2.3": CallbackExercise("2.3", _callback_requests(), through_the_archiver),
}

QUESTIONS = {
    "2.4": Question(
        'A provider\'s reply ends with finish_reason "length". Which stop reason do you return?',
        {"a": "length", "b": "endTurn", "c": "maxTokens"},
        "c",
        {
            "a": "that is the provider's word. A server cannot know the words of every provider.",
            "b": "this says that the model had finished, and the server would file half a sentence.",
            "c": "the answer was cut off by the limit, and the server can now ask for more.",
        },
    ),
    "2.5": Question(
        "Your provider cannot be reached. What should the callback do?",
        {
            "a": "return ErrorData(code=-32603, message=...)",
            "b": "raise the error",
            "c": 'return a CreateMessageResult with the text "Sorry, no connection."',
        },
        "a",
        {
            "a": "internal error: your side failed, the request was fine, and it may be sent again later.",
            "b": "with the bare SDK it comes inside exception groups, and on the older wire the server gets its text.",
            "c": "the server takes it for the model's answer, and files it as the explanation of a log line.",
        },
    ),
}
