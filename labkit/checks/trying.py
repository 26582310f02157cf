"""`try_out`: let a real server ask a student's callback, also while it is still a stub."""

from typing import Any

from mcp import MCPError
from mcp.client.session import SamplingFnT
from mcp_types import TextContent

from labkit.errors import CallbackError, LabError, sentence
from labkit.lab import Lab


async def try_out(lab: Lab, callback: SamplingFnT, tool: str, arguments: dict[str, Any] | None = None) -> None:
    """Set `callback` on `lab`, call a tool, and print what it returns.

    A callback that is not written yet prints `TODO`, and one that fails prints what it did, so that a notebook runs to
    its end either way. The call stands in `lab.flow`.
    """
    lab.callback = callback
    name = getattr(callback, "__name__", type(callback).__name__)
    try:
        result = await lab.call_tool(tool, arguments)
    except CallbackError as error:
        unwritten = isinstance(error.__cause__, NotImplementedError)
        print(f"TODO: {name} is not written yet." if unwritten else error)
    except (LabError, MCPError) as error:
        print(sentence(error))
    else:
        print("\n".join(block.text for block in result.content if isinstance(block, TextContent)))
