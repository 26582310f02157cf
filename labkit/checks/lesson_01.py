"""Lesson 01, borrow a brain: a callback that answers, and one that looks at what it is asked."""

from collections.abc import Callable
from functools import wraps
from tempfile import TemporaryDirectory

from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageResult, CreateMessageResultWithTools, ErrorData, TextContent

from labkit.callbacks import Answer
from labkit.checks.engine import STAGE_TIMEOUT, CallbackExercise, Problem, Request, quoted, request
from labkit.checks.quizzes import Question
from labkit.lab import Lab
from servers import log_archiver

DEADLOCK = "2026-11-20 02:14:11 UTC [821] ERROR:  deadlock detected"
DISK = "nov 20 02:31:40 db-1 postgres[612]: FATAL: could not write to file: No space left on device"
OTHER = "2026-11-20 02:40:02 web-2 app: WARNING cache miss rate is 0.81"


def text_of(answer: Answer) -> str:
    """The text of a good answer to a plain request.

    Raises:
        Problem: The answer is a refusal, holds no text block, or an empty one.
    """
    if isinstance(answer, ErrorData):
        raise Problem(f"It refused ({answer.code}: {answer.message}). This exercise wants an answer.")
    if isinstance(answer, CreateMessageResultWithTools) or not isinstance(answer.content, TextContent):
        raise Problem("The answer's content is not one block of text. Use content=TextContent(text=...).")
    if not answer.content.text.strip():
        raise Problem("The answer's text is empty. Put a sentence into TextContent(text=...).")
    return answer.content.text


def answers(answer: Answer) -> None:
    """A text of the assistant, with the name of a model."""
    text_of(answer)
    if isinstance(answer, CreateMessageResult) and answer.role != "assistant":
        raise Problem(f'The answer has role="{answer.role}". What a model says has role="assistant".')
    if isinstance(answer, CreateMessageResult) and not answer.model.strip():
        raise Problem('The answer names no model. Say who answered, as in model="me".')


def begins(with_: str, line: str) -> Callable[[Answer], None]:
    """An answer that begins with a word."""

    def judge(answer: Answer) -> None:
        answers(answer)
        text = text_of(answer)
        if not text.startswith(with_):
            raise Problem(
                f"We sent {quoted(request(line))} and the answer begins {text[:30]!r}. It should begin with {with_!r}."
            )

    return judge


async def through_the_archiver(callback: SamplingFnT, mode: str) -> None:
    """The callback's text reaches the result of `process_log_entry`."""
    heard: list[str] = []

    @wraps(callback)
    async def listening(context: object, params: object) -> Answer:
        answer = await callback(context, params)  # pyright: ignore[reportArgumentType] - passed on as it came
        heard.append(text_of(answer))
        return answer

    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = log_archiver.make_server(folder)
        with Lab(server, name="check", sampling_callback=listening, mode=mode, timeout=STAGE_TIMEOUT) as lab:
            result = await lab.call_tool("process_log_entry", {"log_line": DEADLOCK})
    told = "".join(block.text for block in result.content if isinstance(block, TextContent))
    if not heard or heard[0].strip() not in told:
        raise Problem(f"The tool returned {told[:80]!r}, and your answer is not in it.")


EXERCISES = {
    "1.1": CallbackExercise(
        "1.1",
        [Request(request(f"Log line:\n{line}"), answers) for line in (DEADLOCK, OTHER)],
        through_the_archiver,
    ),
    "1.2": CallbackExercise(
        "1.2",
        [
            Request(request(f"Log line:\n{line}", system_prompt="You explain log lines."), begins(word, line))
            for line, word in (
                (DEADLOCK, "Database:"),
                (DISK, "Disk:"),
                (OTHER, "Unknown:"),
                (DEADLOCK.upper(), "Database:"),
            )
        ],
        through_the_archiver,
    ),
}

QUESTIONS = {
    "1.3": Question(
        "Where is the API key in MCP sampling?",
        {"a": "with the client's side", "b": "with the server", "c": "it travels in the request"},
        "a",
        {
            "a": "the callback talks to the model, so only the client's side needs a key, or a local model.",
            "b": "a server that samples holds no key at all. That is the point of it.",
            "c": "no key crosses the wire: look through the frames, there is none.",
        },
    ),
    "1.4": Question(
        "A tool counts the ERROR lines of a log. Should it sample?",
        {"a": "yes, a model reads logs well", "b": "no, code counts exactly and for nothing"},
        "b",
        {
            "a": "a model may miscount, costs tokens, and needs a client that can sample. Count with code.",
            "b": "keep sampling for what code cannot do, like saying what a line means.",
        },
    ),
    "1.5": Question(
        "On revision 2026-07-28, how does the server's question reach the client?",
        {"a": "as a request of the server", "b": "as a notification", "c": "inside the result of tools/call"},
        "c",
        {
            "a": "that is revision 2025-11-25. Since 2026-07-28 the server sends no requests of its own.",
            "b": "a notification wants no answer, and the server wants one.",
            "c": "the result says input_required. The client answers by calling the tool again.",
        },
    ),
}
