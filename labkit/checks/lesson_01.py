"""Lesson 01, borrow a brain: a callback that answers, and one that looks at what it is asked."""

from collections.abc import Callable
from functools import wraps

from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams, ErrorData, ImageContent, SamplingMessage, TextContent

from labkit.callbacks import Answer
from labkit.checks.asking_servers import archiver
from labkit.checks.engine import CallbackExercise, Problem, Request, request

DEADLOCK = "2026-11-20 02:14:11 UTC [821] ERROR:  deadlock detected"
DISK = "nov 20 02:31:40 db-1 postgres[612]: FATAL: could not write to file: No space left on device"
OTHER = "2026-11-20 02:40:02 web-2 app: WARNING cache miss rate is 0.81"
NEARLY = "2026-11-20 02:44:19 db-1: a dead letter, a lock held for 3 s, some space left on the disk of the database"
"""A line with many words of the rules, and none of the two that count."""
SHORTER = ("mysqld: ERROR 1213: [Deadlock] found, restart the transaction", "cp: /backup/db: No space left.")
"""The two words that count, each without what stands beside it in the lines above."""
PLENTY = 8_192
"""Tokens of a request that leaves room for a long answer."""
PIXEL = (  # a whole PNG: one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
EXPLAIN = "You explain log lines."


def text_of(answer: Answer) -> str:
    """The text of a good answer to a plain request, of whatever class.

    Raises:
        Problem: The answer is a refusal, holds something else than one text, or an empty one.
    """
    if isinstance(answer, ErrorData):
        told = f"It refused ({answer.code}: {answer.message}). This request is in order and wants an answer."
        raise Problem(told, hint="refuses")
    if not isinstance(answer.content, TextContent):
        of_one = isinstance(answer.content, list) and len(answer.content) == 1
        told = "a list of one block, and a server that offered no tools takes no list" if of_one else "no block of text"
        raise Problem(f"The answer's content is {told}. Use content=TextContent(text=...).", hint="content")
    if not answer.content.text.strip():
        raise Problem("The answer's text is empty. Put a sentence into TextContent(text=...).", hint="empty")
    return answer.content.text


def answers(answer: Answer) -> None:
    """A text of the assistant, with the name of a model."""
    text_of(answer)
    if isinstance(answer, ErrorData):
        return
    if answer.role != "assistant":
        raise Problem(f'The answer has role="{answer.role}". What a model says has role="assistant".', hint="role")
    if not answer.model.strip():
        raise Problem('The answer names no model. Say who answered, as in model="me".', hint="model")


def begins(word: str, hint: str) -> Callable[[Answer], None]:
    """An answer that begins with a word; `hint` is the key of the mistake of one that does not."""

    def judge(answer: Answer) -> None:
        answers(answer)
        if not (text := text_of(answer)).startswith(word):
            raise Problem(f"The answer begins {text[:30]!r}. It should begin with {word!r}.", hint=hint)

    return judge


def said(*texts: str, system_prompt: str | None = None) -> CreateMessageRequestParams:
    """A request of several messages, of the user and of the assistant in turn."""
    messages = [
        SamplingMessage(role="assistant" if number % 2 else "user", content=TextContent(text=text))
        for number, text in enumerate(texts)
    ]
    return CreateMessageRequestParams(messages=messages, max_tokens=100, system_prompt=system_prompt)


async def through_the_archiver(callback: SamplingFnT, mode: str) -> None:
    """The callback is asked by `process_log_entry`, and answers."""
    heard: list[str] = []

    @wraps(callback)
    async def listening(context: object, params: object) -> Answer:
        answer = await callback(context, params)  # pyright: ignore[reportArgumentType] - passed on as it came
        heard.append(text_of(answer))
        return answer

    with archiver(listening, mode) as process:
        result = await process(DEADLOCK)
    # What the server then makes of the words is its own affair: it files no answer that only repeats the question.
    if not heard:
        told = "".join(block.text for block in result.content if isinstance(block, TextContent))
        raise Problem(f"The tool returned {told[:80]!r}, and your callback was not asked.")


def _any_requests() -> list[CreateMessageRequestParams]:
    blocks = SamplingMessage(role="user", content=[TextContent(text="Explain this line."), TextContent(text=DISK)])
    image = SamplingMessage(role="user", content=ImageContent(data=PIXEL, mime_type="image/png"))
    return [
        request(f"Log line:\n{DEADLOCK}"),
        request(OTHER, system_prompt=EXPLAIN, temperature=0.2, stop_sequences=["END"]),
        said("What is a deadlock?", "Two that wait for each other.", "And a full disk?"),
        CreateMessageRequestParams(messages=[blocks], max_tokens=10),
        request(OTHER, max_tokens=PLENTY),
        CreateMessageRequestParams(messages=[image], max_tokens=100),
    ]


EXERCISES = {
    "1.1": CallbackExercise(
        "1.1",
        [Request(params, answers) for params in _any_requests()],
        through_the_archiver,
        tried="a text, a conversation, blocks in a list, an image, with and without a system prompt, both wires",
    ),
    "1.2": CallbackExercise(
        "1.2",
        [
            Request(request(f"Log line:\n{DEADLOCK}", system_prompt=EXPLAIN), begins("Database:", "word")),
            Request(request(f"Log line:\n{DISK}", system_prompt=EXPLAIN), begins("Disk:", "word")),
            Request(request(f"Log line:\n{OTHER}", system_prompt=EXPLAIN), begins("Unknown:", "other")),
            Request(request(DEADLOCK.upper()), begins("Database:", "capitals")),
            Request(
                request(DEADLOCK.replace("deadlock detected", "heartbeat missing").upper()), begins("Unknown:", "other")
            ),
            Request(request(NEARLY), begins("Unknown:", "other")),
            *(
                Request(request(line), begins(word, "word"))
                for line, word in zip(SHORTER, ("Database:", "Disk:"), strict=True)
            ),
            Request(said(DEADLOCK, "Database: two wait.", DISK), begins("Disk:", "first-message")),
            Request(
                said(DISK, "Disk: it is full.", OTHER, system_prompt="Say deadlock."),
                begins("Unknown:", "first-message"),
            ),
        ],
        through_the_archiver,
        tried="both words, neither, capitals, lines that come near, the last of three messages, both wires",
    ),
}
