"""`try_out`: let a real server ask a student's callback, also while one of the two is still a stub."""

from typing import Any

from mcp import MCPError
from mcp.client.session import SamplingFnT
from mcp_types import TextContent

from labkit.callbacks import name_of
from labkit.errors import CallbackError, LabError, sentence
from labkit.lab import Lab
from labkit.notebook import say_if_stale
from labkit.quiet import crashes


async def try_out(lab: Lab, callback: SamplingFnT, tool: str, arguments: dict[str, Any] | None = None) -> None:
    """Set `callback` on `lab`, call a tool, and print what it returns.

    A callback or a tool that is not written yet prints `TODO`, and one that fails prints what it did, so that a
    notebook runs to its end either way. The call stands in `lab.flow`.
    """
    say_if_stale(callback)
    lab.callback = callback
    name = name_of(callback)
    try:
        with crashes() as raised:
            result = await lab.call_tool(tool, arguments)
    except CallbackError as error:
        unwritten = isinstance(error.__cause__, NotImplementedError)
        print(f"TODO: {_stub(error.__cause__) or name} is not written yet." if unwritten else error)
    except (LabError, MCPError) as error:
        print(sentence(error))
    else:
        if raised:
            unwritten = isinstance(raised[0].error, NotImplementedError)
            print(f"TODO: {tool} is not written yet." if unwritten else raised[0])
            return
        print("\n".join(block.text for block in result.content if isinstance(block, TextContent)))


def _stub(error: BaseException | None) -> str:
    """The function that raised `error`. It may stand behind the callback, as the policy of an approval does."""
    traceback, name = error.__traceback__ if error else None, ""
    while traceback is not None:
        traceback, name = traceback.tb_next, traceback.tb_frame.f_code.co_name
    return name if name.isidentifier() and not name.startswith("__") else ""
