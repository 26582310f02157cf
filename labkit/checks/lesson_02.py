"""Lesson 02, your own callback: map a conversation, keep to a limit and say why, and a callback that refuses well."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from mcp_types import (
    INVALID_PARAMS,
    AudioContent,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    ImageContent,
    Role,
    SamplingMessage,
    SamplingMessageContentBlock,
    TextContent,
    Tool,
    ToolChoice,
    ToolResultContent,
    ToolUseContent,
)

from labkit.callbacks import Answer
from labkit.checks.engine import CallbackExercise, Exercise, FunctionExercise, Problem, Request, called, request, rows
from labkit.checks.factories import FactoryExercise
from labkit.checks.judging import said
from labkit.checks.lesson_01 import DEADLOCK, DISK, OTHER, PIXEL, PLENTY, answers, text_of, through_the_archiver

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


def maps(params: CreateMessageRequestParams, what: str, why: str, hint: str = "") -> Callable[..., Awaitable[None]]:
    """A case: the messages of `params`, behind the system prompt where there is one."""
    texts = [
        (message.role, "\n".join(block.text for block in message.content_as_list if isinstance(block, TextContent)))
        for message in params.messages
    ]
    told = [("system", params.system_prompt), *texts] if params.system_prompt else texts
    wanted = [{"role": role, "content": text} for role, text in told]

    async def case(function: Callable[..., Any]) -> None:
        copy = params.model_copy(deep=True)
        given: object = called(function, copy)
        if (turns := _turns(given)) is None:
            raise Problem(
                f'We sent {what}, and it returned {_cut(given)}. Return a list of {{"role": ..., "content": ...}}.',
                hint="list",
            )
        if turns != wanted:
            no_prompt = not params.system_prompt and any(turn.get("role") == "system" for turn in turns)
            raise Problem(
                f"We sent {what}, and it returned {_cut(given)}, where {_cut(wanted)} is right. {why}",
                hint="system" if no_prompt else hint,
            )
        if copy != params:
            raise Problem(
                f"We sent {what}, and afterwards `params` was another. Build a list of your own.",
                hint="request-changed",
            )

    return case


def _turns(given: object) -> list[Mapping[str, object]] | None:
    turns: list[object] = list(cast("Sequence[object]", given)) if isinstance(given, list | tuple) else [None]
    return cast("list[Mapping[str, object]]", turns) if all(isinstance(turn, Mapping) for turn in turns) else None


def _cut(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 240 else f"{text[:239]}…"


# 2.2: how long an answer may be, and why it ended


def ends(
    text: str, *, limit: int, right: str, reason: str, why: str, hint: str = "", stops: list[str] | None = None
) -> Callable[..., Awaitable[None]]:
    """A case: `text` comes back as `right`, with a stop reason."""

    async def case(function: Callable[..., Any]) -> None:
        params = request("How are you?", max_tokens=limit, stop_sequences=stops)
        copy = params.model_copy(deep=True)
        and_stop = f" and stop_sequences {stops}" if stops is not None else ""
        told = f"finish({_cut(text)}, params) with max_tokens {limit}{and_stop}"
        given: Any = called(function, text, copy)
        if not isinstance(given, CreateMessageResult | CreateMessageResultWithTools):
            got = "nothing" if given is None else f"a {type(given).__name__}"
            raise Problem(
                f"{told} returned {got}. Return a CreateMessageResult with content=TextContent(text=...).",
                hint="result",
            )
        if right:
            answers(given)
        if said(given).split() != right.split():
            raise Problem(f"{told} gave the text {_cut(said(given))}, and {_cut(right)} is right. {why}", hint=hint)
        if given.stop_reason != reason:
            raise Problem(
                f"{told} gave the stop reason {given.stop_reason!r}, and {reason!r} is right. {why}", hint="stop-reason"
            )
        if copy != params:
            raise Problem(f"{told} changed `params`. Others read it too: leave it as it is.", hint="request-changed")

    return case


# 2.3: a whole callback


def keeps_to(limit: int) -> Callable[[Answer], None]:
    """An answer of at most `limit` words: no tokenizer makes less than one token of a word."""

    def judge(answer: Answer) -> None:
        answers(answer)
        if (words := len(text_of(answer).split())) > limit:
            raise Problem(
                f"We sent a question with max_tokens {limit}, and the answer has {words} word{'s'[: words > 1]}. "
                "Cut it: a limit holds for every answer.",
                hint="limit",
            )
        if not isinstance(answer, ErrorData) and answer.stop_reason == "maxTokens" and words < limit:
            raise Problem(
                f"We sent a question with max_tokens {limit}, and an answer of {words} words has the stop reason "
                '"maxTokens". Nothing cut it: say "endTurn".',
                hint="stop-reason",
            )

    return judge


def _at_its_length(first: Answer) -> Sequence[Request]:
    """The first question again, at just as many words as the first answer has, and at fewer."""
    whole = text_of(first).split()

    def judge(limit: int, answer: Answer) -> None:
        keeps_to(limit)(answer)
        words, reason = text_of(answer).split(), None if isinstance(answer, ErrorData) else answer.stop_reason
        told = (
            f"We sent a question with max_tokens {limit}, and the answer has {len(words)} "
            f'word{"s"[: len(words) > 1]} and the stop reason "{reason}". With room for 100 it has {len(whole)}'
        )
        if words == whole and reason not in (None, "endTurn"):
            raise Problem(f'{told}, so nothing was cut: say "endTurn".', hint="stop-reason")
        if len(words) < len(whole) and words == whole[: len(words)] and reason not in (None, "maxTokens"):
            raise Problem(f'{told}, so it was cut: say "maxTokens".', hint="stop-reason")

    limits = {1, 2, 3, len(whole) - 1, len(whole)} & set(range(1, 100))
    return [Request(request(FIRST, max_tokens=limit), partial(judge, limit)) for limit in sorted(limits)]


def refuses(what: str, hint: str = "") -> Callable[[Answer], None]:
    """A refusal in words, which says that the request is at fault."""

    def judge(answer: Answer) -> None:
        if not isinstance(answer, ErrorData):
            raise Problem(
                f"We sent {what}, and it answered {said(answer)[:60]!r}. Refuse it: return ErrorData(code=-32602, "
                "message=...).",
                hint=hint,
            )
        if answer.code != INVALID_PARAMS:
            raise Problem(
                f"We sent {what}, and it refused with code {answer.code}. Here the request is at fault, and the code "
                "for that is -32602.",
                hint="code",
            )
        if not answer.message.strip():
            raise Problem(
                f"We sent {what}, and it refused without a word. Say in the message what would be right.",
                hint="no-word",
            )

    return judge


_TEXT = TextContent(text="What does this show?")
_IMAGE = ImageContent(data=PIXEL, mime_type="image/png")
_SOUND = AudioContent(data="UklGRg==", mime_type="audio/wav")


def _holding(*contents: SamplingMessageContentBlock | list[SamplingMessageContentBlock]) -> CreateMessageRequestParams:
    """A request whose messages, of the user and of the assistant in turn, hold these."""
    messages = [
        SamplingMessage(role="assistant" if number % 2 else "user", content=content)
        for number, content in enumerate(contents)
    ]
    return CreateMessageRequestParams(messages=messages, max_tokens=100)


FIRST = f"Log line:\n{DEADLOCK}"


def _callback_requests() -> list[Request]:
    line = FIRST
    talk = asking(
        ("user", ["What is a deadlock?"]),
        ("assistant", ["Two processes that wait for each other."]),
        ("user", ["Then explain this line.", DISK]),
    )
    use = ToolUseContent(id="1", name="weather", input={})
    result = ToolResultContent(tool_use_id="1", content=[TextContent(text="It rains.")])
    return [
        Request(request(line), keeps_to(100)),
        Request(talk, keeps_to(100)),
        Request(request(line, system_prompt=EXPLAIN, temperature=0.2, stop_sequences=["END"]), keeps_to(100)),
        Request(asking(("user", ["Voilà: größer als 5 µs, 日本語"]), ("assistant", ["Und?"])), keeps_to(100)),
        Request(request(OTHER, max_tokens=PLENTY), keeps_to(PLENTY)),
        Request(request(OTHER, max_tokens=3), keeps_to(3)),
        Request(request(line, max_tokens=1), keeps_to(1)),
        Request(request(line, max_tokens=0), refuses("a question with max_tokens 0", "zero")),
        Request(request(line, max_tokens=-5), refuses("a question with max_tokens -5", "zero")),
        Request(
            CreateMessageRequestParams(messages=[], max_tokens=100), refuses("a request without messages", "empty")
        ),
        Request(_holding(_IMAGE), refuses("an image", "image")),
        Request(_holding(_SOUND), refuses("a sound", "image")),
        Request(_holding([_TEXT, _IMAGE]), refuses("an image behind a text", "first-block")),
        Request(_holding([_IMAGE, _TEXT]), refuses("an image in front of a text", "first-block")),
        Request(
            _holding(_IMAGE, TextContent(text="A graph."), _TEXT),
            refuses("an image in the first of three messages", "last-message"),
        ),
        Request(
            _holding(_TEXT, [TextContent(text="I look."), use], [result]),
            refuses("a conversation with a tool's result", "image"),
        ),
        Request(request(line, tools=[WEATHER]), refuses("a request with a tool", "tools")),
        Request(
            request(line, tool_choice=ToolChoice(mode="required")), refuses("a request that demands a tool", "tools")
        ),
    ]


_ONE = asking(("user", ["What is a deadlock?"]))
_TALK = asking(
    ("user", ["What is a deadlock?"]),
    ("assistant", ["In short:", "two that wait for each other."]),
    ("user", ["Then explain:", "deadlock detected"]),
)
_BLOCKS = asking(
    ("assistant", ["Which line?", "I see three.", "Say its number."]),
    ("user", ["The second."]),
    ("user", ["And", "", "the third."]),
)
_LETTERS = asking(
    ("user", ["  – „Größe“: 5 µs?\n\n\t{0} %s \\n"]), ("assistant", ["日本語 🙂", "e\u0301t\u00e9 "]), ("user", [""])
)
_WITH_PROMPT = asking(
    ("user", ["Full?"]), ("assistant", ["Which disk?"]), ("user", ["db-1"]), system_prompt="Be brief."
)
_LONG = " ".join(f"word{number}" for number in range(250))

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
                "blocks",
            ),
            maps(
                _WITH_PROMPT, "a system prompt and three messages",
                'The system prompt is the first entry, with the role "system".', "system",
            ),
            maps(
                _BLOCKS, "a conversation that the assistant began, with two messages of the user in a row",
                "Each message has a role of its own, and as many blocks as it likes.", "roles",
            ),
            maps(
                _LETTERS, "texts with blanks, line breaks and letters of other languages, and one without a letter",
                "A text comes as it is, and an empty one too.", "text-changed",
            ),
        ],
        tried="one message and three, one block and many, roles in any turn, any letters, a system prompt or none",
    ),
    "2.2": FunctionExercise(
        "2.2",
        [
            *(ends(**row) for row in rows("lesson_02", "short")),
            ends(
                _LONG, limit=100, right=" ".join(_LONG.split()[:100]), reason="maxTokens", hint="limit",
                why="The limit is 100 words.",
            ),
            *(ends(**row) for row in rows("lesson_02", "stopped")),
        ],
        tried="limits of 1, 3 and 100 words and of just the length, several stop sequences, none, any piece of text",
    ),
    "2.3": CallbackExercise(
        "2.3",
        _callback_requests(),
        through_the_archiver,
        tried="limits of 1, 3, 100 and just the length, faults in every message and every block, both wires",
        follow=_at_its_length,
    ),
    "2.6": FactoryExercise(
        "2.6",
        (
            "messages.shape", "messages.one", "messages.none", "answers.one-block", "limits.one-token",
            "limits.negative", "content.image", "tools.undeclared", "provider.tool-use", "provider.messages",
            "provider.system-prompt", "provider.limit", "stop-reasons.cut-off", "stop-reasons.refusal",
            "provider.no-text", "provider.wrong-key", "provider.malformed", "provider.error-in-reply",
            "provider.hangs-up", "provider.gone", "provider.broken", "manners.key", "provider.silent",
        ),
        "what is refused, what the API is sent, how a reply ends, and an API that is wrong, silent, broken or gone",
    ),
}  # fmt: skip
