"""The demands on every sampling callback, whoever calls it, and the sentence for one that falls short.

Lab, duty and check call callbacks in their own ways; what a callback is called and what is wrong with it is said here.
"""

import inspect
from collections.abc import Awaitable
from functools import partial
from typing import cast

from mcp_types import CreateMessageResult, CreateMessageResultWithTools, ErrorData

from labkit.errors import CallbackError
from labkit.unawaited import missing

Answer = CreateMessageResult | CreateMessageResultWithTools | ErrorData


def name_of(function: object) -> str:
    """The name of a callback: its own, that of the function which a `functools.partial` calls, or its class's name."""
    while isinstance(function, partial):
        function = cast("object", function.func)
    name: object = getattr(function, "__name__", None)
    return name if isinstance(name, str) else type(function).__name__


def uses_tools(callback: object) -> bool:
    """Whether a duty that lets a model use tools stands in a callback: a client then declares `sampling.tools`.

    Where one outside says that it does not (`declares_tools`), what stands inside does not count.
    """
    declared = getattr(callback, "declares_tools", None)
    inner = cast("tuple[object, ...]", getattr(callback, "inner", ()))
    return declared if isinstance(declared, bool) else any(map(uses_tools, inner))


def awaitable(returned: object, name: str) -> Awaitable[object]:
    """`returned`, if it can be awaited.

    Raises:
        CallbackError: `returned` cannot be awaited: the callback is a plain function.
    """
    if not inspect.isawaitable(returned):
        raise CallbackError(not_awaited(f"{name} is a plain function", f"`async def {name}(context, params):`"))
    return returned


def not_awaited(what: str, mend: str) -> str:
    """The sentence for a callback that is called and not awaited."""
    return f"{what}, and the client awaits it. Write {mend}."


def takes_two(name: str) -> str:
    """The sentence for a callback that has other parameters."""
    return f"The client calls {name}(context, params). Give it these two parameters."


def answer_of(returned: object, name: str) -> Answer:
    """`returned`, if it is an answer.

    Raises:
        CallbackError: `returned` is no answer.
    """
    if isinstance(returned, Answer):
        return returned
    if inspect.isawaitable(returned):
        what = missing(returned) or "It was not awaited: write `return await ...`."
        raise CallbackError(f"{name} returned a {type(returned).__name__}. {what}")
    got = "nothing: is a `return` missing?" if returned is None else f"a {type(returned).__name__}."
    raise CallbackError(
        f"{name} returned {got} The client needs a CreateMessageResult, or ErrorData(code=-1, message=...) to refuse. "
        f"{missing(returned)}".rstrip()
    )


TOO_MANY = 429
"""The HTTP status of too many requests (RFC 6585, section 4)."""


def hint(status: int, wait: float = 0.0) -> dict[str, float]:
    """The `data` of an `ErrorData` that tells whether to ask again: the provider's HTTP status, and seconds to wait."""
    return {"status": status, **({"retryAfter": wait} if wait > 0 else {})}
