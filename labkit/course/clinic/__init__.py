"""The migration clinic: what four servers did before they were moved, and how frames are told in a line.

before = recorded("session_asks")
print(before["source"])
print(beside(before, lab.flow))
"""

import json
from collections.abc import Awaitable, Callable, Iterable
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol

from mcp_types import CreateMessageRequestParams, CreateMessageResult, CreateMessageResultWithTools

Frame = dict[str, Any]
"""A JSON-RPC message; and `to`, "server" or "client"."""

SERVERS = ("session_asks", "ctx_sample", "stateless", "tool_loop")


class Steps(Protocol):
    """A flow."""

    @property
    def steps(self) -> Iterable[Any]: ...


def recorded(name: str) -> dict[str, Any]:
    """What is kept of a server: `source`, `call`, what came of it `then` and comes of it `now`; of `then` the frames of
    the call alone."""
    kept: dict[str, Any] = json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))
    for run in kept["then"]:
        told = [{"to": "server" if each["from"] == "client" else "client", **each["frame"]} for each in run["frames"]]
        first = next(at for at, frame in enumerate(told) if frame.get("method") == "tools/call")
        run["frames"] = [each for each in told[first:] if "tools/list" not in (each.get("method"), _answers(each))]
    return kept


def _answers(frame: Frame) -> str:
    return "tools/list" if "tools" in frame.get("result", {}) else ""


def answering(name: str) -> Callable[[object, CreateMessageRequestParams], Awaitable[Any]]:
    """A sampling callback that gives the recorded answers in their order."""
    frames = recorded(name)["then"][-1]["frames"]
    answers = iter([frame["result"] for frame in frames if "model" in frame.get("result", {})])

    async def callback(_: object, params: CreateMessageRequestParams) -> object:
        return (CreateMessageResultWithTools if params.tools else CreateMessageResult).model_validate(next(answers))

    return callback


def frames_of(flow: Steps) -> list[Frame]:
    """The frames of a flow, in their order."""
    return [{"to": step.target, **step.data} for step in flow.steps if step.kind != "host"]


def sketch(frame: Frame) -> str:
    """A frame in a line: which way it went, its id, what it is, and what the newer wire has beside that."""
    result = frame.get("result", {})
    kind = "a model's answer" if "model" in result else result.get("resultType", "result")
    what = frame.get("method") or ("error" if "error" in frame else kind)
    parts = result if "result" in frame else frame.get("params", {})
    more = [key for key in ("inputRequests", "inputResponses", "requestState") if parts.get(key)]
    arrow = "  →" if frame["to"] == "server" else "←  "
    return f"{arrow} id {frame['id']}  {what}{''.join(f' + {key}' for key in more)}"


def beside(before: dict[str, Any], flow: Steps) -> str:
    """The recorded frames of a server on the left, those of a flow on the right."""
    then, now = map(sketch, before["then"][0]["frames"]), map(sketch, frames_of(flow))
    return "\n".join(f"{old:<36} |  {new}".rstrip() for old, new in zip_longest(then, now, fillvalue=""))
