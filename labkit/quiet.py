"""A server made in a cell does not fill the notebook with log lines, and a tool that raises is told in one.

`MCPServer()` sets Python's root logger up to print from INFO on, unless it is set up already. From then on each request
over HTTP prints a line, and a tool that raises a traceback with the kernel's own paths. The SDK shows a client nothing
of such an error ("Error executing tool label"), so the line of the tool that raised is printed in its place. What the
user logs, and logging that the user has set up, stay as they are.
"""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from labkit.errors import line_of, sentence, unwrap

_LIBRARIES = {"anthropic", "httpx", "httpx2", "openai"}


def quieten() -> None:
    """Keep what the SDK and the libraries beneath it log from the handler that `MCPServer()` has put on the root.

    The SDK's handler is told by its form. Should the user have made another just like it, it still prints all that
    is the user's own.
    """
    for handler in logging.root.handlers:
        if _is_the_sdks(handler) and not any(isinstance(each, _Quiet) for each in handler.filters):
            handler.addFilter(_Quiet(handler))


@dataclass(frozen=True)
class Crash:
    """What a tool, one of its resolvers, or a resource raised. `str(crash)` is a sentence with the line that did."""

    name: str
    error: BaseException

    def __str__(self) -> str:
        line = line_of(self.error)
        return f"{self.name} raised {sentence(self.error)}{f' at {line}' if line else ''}"


@contextmanager
def crashes() -> Generator[list[Crash]]:
    """A list of what the tools of this process raise within the block, which is then printed nowhere."""
    _listeners.append(found := list[Crash]())
    _logger.addHandler(_TELLS)  # the same one again does no harm
    try:
        yield found
    finally:
        # Not by what it holds: two empty lists are equal.
        _listeners[:] = [each for each in _listeners if each is not found]


def _crash(record: logging.LogRecord) -> Crash | None:
    """What a record of the SDK tells of something of the student's that raised, where it does."""
    if record.name != _logger.name or not record.exc_info or record.exc_info[1] is None:
        return None
    error = record.exc_info[1].__cause__ or record.exc_info[1]  # the SDK wraps it in an error of its own
    name = record.args[0] if isinstance(record.args, tuple) and record.args else "the server"
    return Crash(str(name), unwrap(error))


class _Tells(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if crash := _crash(record):
            for found in _listeners:
                found.append(crash)


def _is_the_sdks(handler: logging.Handler) -> bool:
    """Whether a handler looks like the one of `mcp.server.mcpserver.utilities.logging`."""
    style: object = getattr(handler.formatter, "_fmt", None)
    return type(handler).__name__ in ("StreamHandler", "RichHandler") and style == "%(message)s"


class _Quiet(logging.Filter):
    """Lets pass what is neither the SDK's nor a library's remark on a request that went well; tells of a crash."""

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__()
        self._handler = handler

    def filter(self, record: logging.LogRecord) -> bool:
        library = record.name.partition(".")[0]
        if library == "mcp":
            if (crash := _crash(record)) and not _listeners:
                told = {"name": "labkit", "msg": str(crash), "levelno": record.levelno}
                self._handler.handle(logging.makeLogRecord(told))
            return False
        return library not in _LIBRARIES or record.levelno >= logging.WARNING


_listeners: list[list[Crash]] = []
_logger = logging.getLogger("mcp.server.mcpserver.server")
_TELLS = _Tells()

# Without a handler of its own, Python prints what this logger warns of, where nobody has set logging up.
logging.getLogger("mcp").addHandler(logging.NullHandler())
