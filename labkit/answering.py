"""What stands between the SDK and the student's sampling callback.

It calls the callback as the SDK would, tells the flow when it is asked and what it answers, and turns the mistakes that
would come back as three nested exception groups into one sentence with the student's own line.
"""

import inspect
from asyncio import CancelledError, current_task
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Self, cast

from mcp.client.session import SamplingFnT
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ErrorData,
    SamplingMessageContentBlock,
    TextContent,
    ToolUseContent,
)
from pydantic import ValidationError

from labkit.callbacks import Answer, answer_of, awaitable, name_of, takes_two
from labkit.dial_table import CUT
from labkit.errors import CallbackError, CallbackStuck, LabError, line_of, sentence, unwrap
from labkit.steps import HostStep
from labkit.unawaited import missing

if TYPE_CHECKING:
    from labkit.call import Call

NEVER_GAVE_BACK = (
    "It never gave control back: code that waits must use `await`; "
    "put a blocking call into `await asyncio.to_thread(...)`."
)
PATIENCE = 10
"""How often in a row the student's code may catch its cancellation; one or two will do to clean up."""


async def ask(callback: SamplingFnT, context: Any, params: CreateMessageRequestParams) -> Answer:
    """Call `callback` and check that what it returns is an answer.

    Raises:
        CallbackError: The callback raised, is no coroutine function, or returned something else; the message says what
            to do.
    """
    name = name_of(callback)
    return _valid(answer_of(await returned(callback, context, params), name), name)


async def returned(callback: Callable[..., object], *given: object) -> object:
    """What `callback`, of whatever kind, returns when it is called with what is `given`.

    Raises:
        CallbackError: The callback raised, or is no coroutine function.
    """
    name = name_of(callback)
    if not callable(callback):
        raise CallbackError(f"{name} cannot be called. Give the Lab the function itself, without brackets behind it.")
    try:
        return await cast("Awaitable[object]", _Breakable(awaitable(callback(*given), name)))
    except CallbackStuck as error:
        raise CallbackError(f"{name} was stopped{_at(error)}. {str(error) or NEVER_GAVE_BACK}") from error
    except (LabError, GeneratorExit):  # the second closes the coroutine, which must not go on
        raise
    except CancelledError as error:
        if _is_cancelled():
            raise
        # Something the callback awaited was cancelled. To asyncio that looks as if the callback itself had been.
        raise CallbackError(f"{name} raised CancelledError{_at(error)}: what it awaited was cancelled.") from error
    except BaseException as error:  # an exit would end the event loop, and anything else the connection
        if isinstance(error, TypeError) and len(given) == 2 and _takes_other_arguments(callback):
            raise CallbackError(takes_two(name)) from error
        forgotten = f". {what}" if (what := missing(error)) else ""
        raise CallbackError(f"{name} raised {sentence(error)}{_at(error)}{forgotten}") from error


def _valid(answer: Answer, name: str) -> Answer:
    """`answer`, which pydantic checked when it was made and not when it was changed later."""
    if type(answer) is CreateMessageResult and type(answer.content) is TextContent and _is_text(answer):
        return answer  # the usual answer: to validate it anew would cost as much as all the rest
    try:
        type(answer).model_validate(answer.model_dump(warnings=False))
        answer.model_dump_json(warnings=False)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        told = f"{name} returned a {type(answer).__name__} whose {field} is wrong: {first['msg']}. {missing(answer)}"
        raise CallbackError(told.rstrip()) from error
    except ValueError as error:  # no JSON can hold it
        raise CallbackError(f"{name} returned a {type(answer).__name__} that cannot be sent: {error}.") from error
    return answer


def _is_text(answer: CreateMessageResult) -> bool:
    content = cast("TextContent", answer.content)
    strings: tuple[object, ...] = (answer.model, content.text, answer.stop_reason or "")
    bare = content.annotations is None and content.meta is None and answer.meta is None
    return bare and all(map(_is_sendable, strings)) and answer.role in ("assistant", "user")


def _is_sendable(string: object) -> bool:
    """Whether `string` is a text without half a character (a lone surrogate), which ends a connection as it is sent."""
    if type(string) is not str:
        return False
    try:
        return string.isascii() or bool(string.encode())
    except UnicodeEncodeError:
        return False


class _Breakable:
    """Awaits the student's code, and breaks it when it goes on however often it is cancelled.

    A cancel scope cancels what is inside it at every turn of the loop until it ends: code that catches the cancellation
    would never end, and keep the loop busy for ever.
    """

    def __init__(self, awaitable: Awaitable[object]) -> None:
        self.cr_await = awaitable
        """The awaitable, under the name that coroutines give to what they await."""
        self._steps = awaitable.__await__()
        self._cancelled = 0

    def __await__(self) -> Self:
        return self

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> object:
        return next(self._steps)

    def throw(self, kind: Any, error: Any = None, traceback: Any = None) -> object:
        error = kind if error is None else error
        if isinstance(error, CancelledError):
            self._cancelled += 1
            if self._cancelled > PATIENCE:
                error = CallbackStuck("It was cancelled and went on: let `asyncio.CancelledError` pass.")
        waits_for = self._steps.throw(error)
        if not _is_cancelled():
            self._cancelled = 0  # the code's own timeout did it, and has taken it back
        return waits_for

    def close(self) -> None:
        self._steps.close()


def _is_cancelled() -> bool:
    task = current_task()
    return task is not None and task.cancelling() > 0


def _takes_other_arguments(callback: Callable[..., object]) -> bool:
    try:
        inspect.signature(callback).bind(None, None)
    except (TypeError, ValueError):
        return True
    return False


def _at(error: BaseException) -> str:
    line = line_of(unwrap(error)) or line_of(error)
    return f" at {line}" if line else ""


def asked(params: CreateMessageRequestParams) -> str:
    """A sampling request in a few words: `1 message, ≤ 100 tokens`."""
    counts = {"message": len(params.messages), "token": params.max_tokens, "tool": len(params.tools or ())}
    messages, tokens, tools = (f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())
    return f"{messages}, ≤ {tokens}, {tools}" if params.tools else f"{messages}, ≤ {tokens}"


def answered(answer: Answer) -> str:
    """An answer in a few words: its stop reason, or the refusal."""
    if isinstance(answer, ErrorData):
        return f"refused ({answer.code}): {answer.message}"
    blocks: list[SamplingMessageContentBlock] = answer.content if isinstance(answer.content, list) else [answer.content]
    kinds = [
        f"{len(block.text)} characters"
        if isinstance(block, TextContent)
        else f"use {block.name}"
        if isinstance(block, ToolUseContent)
        else block.type
        for block in blocks
    ]
    end = CUT if answer.stop_reason == "maxTokens" else answer.stop_reason
    return ", ".join([*(kinds or ["empty"]), *([end] if end else [])])


def dumped(model: CreateMessageRequestParams | Answer) -> dict[str, Any]:
    """A request or an answer as a frame would hold it."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True, warnings=False)


async def answer_for(
    call: "Call[Any] | None",
    sample: str,
    answering: Coroutine[Any, Any, Answer],
    params: CreateMessageRequestParams,
    add: Callable[[HostStep], None],
    *,
    whole: bool = False,
) -> Answer:
    """Await `answering` as the sample of `call`, and tell what is asked and what comes of it: `whole`, with its JSON.

    Raises:
        LabError: The callback gave no answer.
    """
    add(HostStep(asked(params), "client", "callback", dumped(params) if whole else {}))
    if call:
        call.asking[sample] = answering
    try:
        answer = await answering
    except LabError as fault:
        add(HostStep(str(fault), "callback", "client", {"error": {"message": str(fault)}}, reply=True))
        if call:
            call.asking.pop(sample, None)
        raise
    if call:
        call.asking.pop(sample, None)
    refused = {"error": {"code": answer.code, "message": answer.message}} if isinstance(answer, ErrorData) else {}
    add(HostStep(answered(answer), "callback", "client", refused or (dumped(answer) if whole else {}), reply=True))
    return answer
