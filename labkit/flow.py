"""`Flow`: what happened in one call, as numbered steps between lanes.

A flow is made from the record: frames, which crossed the wire, and host steps, which the client's side reported. Each
entry becomes one step. Requests are paired with their answers on both wires. On revision 2025-11-25 a sampling request
and its answer are a JSON-RPC request of the server and our response; on 2026-07-28 the question is in a result of the
server (`inputRequests`) and the answer in our next request (`inputResponses`): one sample either way.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Self, get_args

from mcp_types import RequestId

from labkit import diagram
from labkit.cutting import Latest, cut
from labkit.diagram import Diagram, Kind, Step, json_object
from labkit.loop_reader import SAMPLING, loops_of
from labkit.loops import Loop, lines_of
from labkit.record import Entry
from labkit.steps import LANES, HostStep
from labkit.wire import Frame

OPEN = 10_000
"""Requests and questions without an answer that are remembered: a flow that is shown may go on without an end."""

LONGEST_DRAWING = 200
"""Steps that a notebook draws by itself; a longer flow shows its table, and `to_svg` draws it all the same."""


@dataclass(frozen=True, slots=True)
class Flow(Diagram):
    """The steps of one call.

    flow = lab.flow
    print(flow)          # a table
    flow                 # a sequence diagram, as the last line of a cell
    flow.to_mermaid()
    Flow.from_json(flow.to_json()) == flow
    """

    @classmethod
    def of(cls, entries: Iterable[Entry], *, title: str, server: str, wire: str, transport: str) -> Self:
        """Make a flow from entries of a record, in their order."""
        reader = Reader()
        return cls(title, server, wire, transport, tuple(reader.read(entry) for entry in entries))

    @property
    def seconds(self) -> float:
        """From the first step to the last."""
        return self.steps[-1].time if self.steps else 0.0

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The samples that go on with one conversation while a model uses the tools of the server, loop by loop."""
        return loops_of(self.steps)

    @property
    def remarks(self) -> list[tuple[int, str]]:
        """The loops as lines."""
        return lines_of(self.loops)

    def to_json(self) -> str:
        """The flow as JSON: `{"title", "server", "wire", "transport", "steps": [...]}`, steps as `Step` has them."""
        return json.dumps(asdict(self), ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote.

        Raises:
            ValueError: `text` is no flow.
        """
        try:
            told: dict[str, Any] = json.loads(text)
            rows: list[dict[str, Any]] = told.pop("steps")
            for row in rows:
                row["samples"] = tuple(row["samples"])
            flow = cls(steps=tuple(Step(**row) for row in rows), **told)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"this JSON is no flow: {error}") from None
        # It may come from anywhere, and a number that is a text in truth would reach a drawing unescaped.
        if not all(type(part) is str for part in told.values()) or not all(map(_is_sound, flow.steps)):
            raise ValueError("this JSON is no flow: a field has the wrong type")
        return flow

    def to_mermaid(self) -> str:
        """The flow as a Mermaid sequence diagram."""
        return diagram.mermaid(self)

    def to_svg(self) -> str:
        """The flow as a sequence diagram in SVG, with alternative text and no times: the same run draws the same."""
        return diagram.svg(self)

    def __str__(self) -> str:
        return diagram.table(self)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        drawn = {"image/svg+xml": self.to_svg()} if len(self.steps) <= LONGEST_DRAWING else {}
        return {"text/plain": str(self), **drawn}


Meaning = tuple[Kind, str, tuple[int, ...], int | None]
"""What a frame is: its kind, its label, its samples, and the step that it answers."""


class Reader:
    """Reads entries one after the other and makes a step of each; it remembers what is still unanswered."""

    def __init__(self) -> None:
        self.n = 0
        self.samples = 0
        self._start: float | None = None
        self._requests: dict[tuple[str, RequestId], tuple[int, tuple[int, ...]]] = Latest(OPEN)
        self._questions: dict[tuple[int | None, str], tuple[int, int]] = Latest(OPEN)

    def read(self, entry: Entry) -> Step:
        """The step of `entry`, which follows all entries read before."""
        self.n += 1
        self._start = entry.time if self._start is None else self._start
        time = entry.time - self._start
        if isinstance(entry.item, HostStep):
            return self._host(entry, entry.item, time)
        return self._frame(entry, entry.item, time)

    def _host(self, entry: Entry, step: HostStep, time: float) -> Step:
        key = entry.call, entry.sample or ""
        if key not in self._questions and step.target == "callback" and "messages" in step.data:
            self._question(*key)  # it was asked again, without a server, and no frame holds it
        known = self._questions.get(key) if entry.sample is not None else None
        samples = (known[1],) if known else ()
        return Step(
            self.n, step.source, step.target, step.label, "host", step.data, samples, reply=step.reply, time=time
        )

    def _frame(self, entry: Entry, frame: Frame, time: float) -> Step:
        source, target = ("client", "server") if frame.direction == "to server" else ("server", "client")
        message = frame.message
        kind, label, samples, reply_to = self._meaning(entry.call, frame, message)
        reply = frame.method is None and frame.fault is None
        if entry.times > 1:
            label = f"{label} ×{entry.times:,}"
        sha256 = frame.whole.sha256 if frame.whole else ""
        http = frame.http.told() if frame.http else None
        if frame.http and source == "server" and (status := frame.http.status or 0) >= 400:
            label = f"{label} · HTTP {status}"
        return Step(
            self.n, source, target, label, kind, message, samples, reply_to, reply, time, frame.size, sha256, http
        )

    def _meaning(self, call: int | None, frame: Frame, message: dict[str, Any]) -> Meaning:
        if frame.fault is not None:
            return "fault", frame.fault, (), None
        if frame.method is None:
            return self._response(call, frame, message)
        if frame.id is None:
            return "notification", cut(_told(frame.method, json_object(message.get("params")))), (), None
        params = json_object(message.get("params"))
        label = f"{frame.method} · id {frame.id}"
        if frame.method == SAMPLING:
            samples = (self._question(call, str(frame.id)),)
            self._requests[frame.direction, frame.id] = self.n, samples
            return "question", label, samples, None
        self._requests[frame.direction, frame.id] = self.n, ()
        keys = json_object(params.get("inputResponses"))
        answered = [self._questions[call, key] for key in keys if (call, key) in self._questions]
        if not answered:
            return "request", label, (), None
        with_answers = "with the answer" if len(answered) == 1 else f"with {len(answered)} answers"
        return "answer", f"{label}, {with_answers}", tuple(number for _, number in answered), answered[0][0]

    def _response(self, call: int | None, frame: Frame, message: dict[str, Any]) -> Meaning:
        other = "to client" if frame.direction == "to server" else "to server"
        reply_to, samples = self._requests.pop((other, frame.id), (None, ())) if frame.id is not None else (None, ())
        kind: Kind = "answer" if samples else "response"
        if "error" in message:
            error = json_object(message["error"])
            return kind, f"error {error.get('code')}: {error.get('message')}", samples, reply_to
        result = json_object(message.get("result"))
        if result.get("resultType") == "input_required":
            requests = json_object(result.get("inputRequests"))
            methods = {key: str(json_object(request).get("method")) for key, request in requests.items()}
            asked = tuple(self._question(call, key) for key, method in methods.items() if method == SAMPLING)
            times = f" ×{len(requests)}" if len(requests) > 1 else ""
            label = (
                f"input_required: {', '.join(dict.fromkeys(methods.values()))}{times}" if methods else "input_required"
            )
            return ("question" if asked else "response"), label, asked, reply_to
        if samples:
            return kind, f"answer · id {frame.id}", samples, reply_to
        return kind, "result: the tool failed" if result.get("isError") is True else "result", samples, reply_to

    def _question(self, call: int | None, key: str) -> int:
        self.samples += 1
        self._questions[call, key] = self.n, self.samples
        return self.samples


def _told(method: str, params: dict[str, Any]) -> str:
    """A notification in a few words: what is logged, how far a request has come; of any other the method."""
    if method == "notifications/message" and "level" in params:
        data = params.get("data")
        told = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, default=repr)
        return f"log {params['level']}: {told}"
    if method == "notifications/progress" and "progress" in params:
        of = f" of {params['total']}" if params.get("total") is not None else ""
        told = f": {params['message']}" if params.get("message") else ""
        return f"progress {params['progress']}{of}{told}"
    return method


def _is_sound(step: Step) -> bool:
    """Whether every field of a step that was read from JSON has its type."""
    whole = [step.n, *step.samples, *(number for number in (step.reply_to, step.size) if number is not None)]
    return (
        all(type(number) is int for number in whole)
        and (type(step.label), type(step.data), type(step.reply), type(step.sha256)) == (str, dict, bool, str)
        and type(step.time) in (int, float)
        and type(step.http) in (dict, type(None))
        and step.source in LANES
        and step.target in LANES
        and step.kind in get_args(Kind)
    )
