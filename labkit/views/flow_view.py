"""`show(lab)`, `show(call)`: a flow as a live diagram. The twin in plain code is `print(call.flow)`."""

import json
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any

import anywidget
import traitlets

from labkit import diagram
from labkit.call import Call
from labkit.diagram import LOOKS, Step
from labkit.errors import LabError
from labkit.flow import Flow
from labkit.lab import Lab
from labkit.record import CONNECTION, ROOM, Entry, held
from labkit.redacting import redact, redact_flow, redact_json
from labkit.views.flow_rows import Rows, data_text, text_of
from labkit.views.pace import Pace, weakly
from labkit.views.page import read_parts, style_of_times
from labkit.views.placed import Placed
from labkit.views.replaying import replay_step
from labkit.wire import Frame

LONGEST_SHOWN = 256_000
"""How many characters of a step's JSON are ever sent to the browser."""

LONGEST_DRAWING = 200
"""How many steps of a flow are drawn for where no kernel runs."""

_HERE = Path(__file__).parent
_PARTS = ("json", "fold", "steps", "loops", "filters", "time", "row", "detail", "controls", "list", "view")
_SCRIPT = tuple(f"flow_{part}.js" for part in _PARTS)
_STYLE = ("times.css", "flow_view.css", "flow_row.css", "flow_time.css", "flow_detail.css")


_FIELDS: dict[str, Any] = json.loads((_HERE / "fields.json").read_text(encoding="utf-8"))
_views: weakref.WeakKeyDictionary[Lab | Call[Any], "FlowView"] = weakref.WeakKeyDictionary()


def show(of: Lab | Call[Any] | Flow, *, redacting: bool = False) -> "FlowView":
    """A diagram of what a Lab does, or one call of it, which grows meanwhile; or of a flow that is over.

        show(lab)       # the call made last, while it goes on; as the last line of a cell
        show(call)      # one call alone, while it goes on: call = lab.start(...)
        show(lab.flow)  # one call, as it is now

    What is shown stays that call when there are others: these can be chosen. Shown before the first call it follows
    what happens. Choose a step with the mouse or the arrow keys to read its JSON.

    Args:
        of: The Lab, the call or the flow to show.
        redacting: Show `[redacted: …]` in place of secrets, by the guard's patterns. The frames stay what they were.

    Raises:
        TypeError: `of` is no Lab, no call of one, and no flow.
    """
    if isinstance(of, Flow):
        return FlowView(of, redacting=redacting)
    lab = of.lab if isinstance(of, Call) else of
    if not isinstance(lab, Lab):
        raise TypeError(f"a {type(of).__name__} has no flow to show: write show(lab) or show(lab.flow)")
    view = _views.get(of)
    if view is None or view.comm is None:
        view = _views[of] = FlowView(of, redacting=redacting)
        if isinstance(of, Lab):  # where one call is shown alone, nobody would see another
            view.on_replay = partial(_replay, weakref.ref(of))
    return view


def _replay(lab: "weakref.ref[Lab]", seq: int) -> None:
    if (there := lab()) is not None:
        replay_step(there, seq)


class FlowView(Placed, anywidget.AnyWidget):
    """The widget that `show` makes. Until it is closed it listens to the Lab's record. It keeps no Lab alive."""

    _esm = read_parts("page.js", "times.js", *_SCRIPT)
    _css = read_parts("page.css", *_STYLE) + style_of_times("flow")

    head = traitlets.Dict().tag(sync=True)
    fields = traitlets.Dict(_FIELDS).tag(sync=True)
    rows = traitlets.Bytes().tag(sync=True)
    looks = traitlets.Dict({kind: look.words for kind, look in LOOKS.items()}).tag(sync=True)
    replays = traitlets.Bool(False).tag(sync=True)

    def __init__(self, of: Lab | Call[Any] | Flow, *, redacting: bool = False) -> None:
        self._lock = RLock()
        self._redacting = redacting
        self._skipped: deque[int] = deque(maxlen=1_000_000)
        self._held = 0
        """About how many bytes wait. A front end that is busy gets no more of a flood than the record has room for."""
        self._only = of.number if isinstance(of, Call) else None
        """The number of the call that is shown alone."""
        self._waiting: deque[Entry] = deque()
        self._pace = Pace(self._flush)
        self._open = False
        self._read_until = 0
        self._on_replay: Callable[[int], object] | None = None
        self._flow: Flow | None = None
        self._names: dict[int, str] | None = None
        # The Lab, while it lives, and how to stop listening. ipywidgets keeps every widget of a kernel: held firmly,
        # each Lab whose cell was run again would stay with all its frames.
        self._listening: weakref.WeakKeyDictionary[Lab, Callable[[], None]] = weakref.WeakKeyDictionary()
        if isinstance(of, Flow):
            self._flow = of = redact_flow(of) if redacting else of
            self._name = diagram.head(of)
            self._rows = Rows(max(1, len(of.steps)))
            for step in of.steps:
                self._rows.add(step, step.n, 1, step.time, data_text(step.data))
        else:
            lab: Lab = of.lab if isinstance(of, Call) else of
            self._name = of.title if isinstance(of, Call) else of.name
            self._waiting = deque(maxlen=lab.record.keep)
            self._rows = Rows(lab.record.keep, redacting=redacting)
            # To listen first and then read misses nothing; an entry that is both read and heard is known by its number.
            self._listening[lab] = lab.record.listen(weakly(self.hear))
            self._read_until = lab.record.added
            for entry in lab.record.entries():
                if entry.seq <= self._read_until and self._only in (None, entry.call):
                    self._rows.read(entry)
        super().__init__(head=self._head(), rows=self._rows.update())
        self.on_msg(self._asked)
        self._open = True
        self._flush()

    def __repr__(self) -> str:
        return f"<FlowView {diagram.short(self._name)}>"

    def close(self) -> None:
        """Stop listening and take the diagram off the page. More than once does no harm."""
        for forget in list(self._listening.values()):
            forget()
        super().close()

    def go(self, step: int) -> None:
        """Open a step on the page, whatever is shown there: `step` is the `seq` of its entry, of a flow its number."""
        self.send({"go": step})

    @property
    def on_replay(self) -> Callable[[int], object] | None:
        """What is called with a step, as `go` takes one, where it is to be asked for once more.

        Without it the page offers that for no step. What it raises is told there.
        """
        return self._on_replay

    @on_replay.setter
    def on_replay(self, function: Callable[[int], object] | None) -> None:
        self._on_replay = function
        self.replays = function is not None

    def hear(self, entry: Entry) -> None:
        """Show `entry` soon. Called in the middle of a call, from the thread that adds it: quick, and never raises."""
        if self._only not in (None, entry.call):
            return
        with suppress(IndexError):  # it was read in this moment
            if entry.times > 1 and self._waiting and self._waiting[-1].seq == entry.seq:
                self._held -= held(self._waiting.pop().item)
            self._waiting.append(entry)
            self._held += held(entry.item)
            while self._held > ROOM and len(self._waiting) > 1:
                gone = self._waiting.popleft()
                self._held -= held(gone.item)
                self._skipped.append(gone.seq)
        if not self._open:
            return
        self._pace.soon()

    def _flush(self) -> None:
        with self._lock:
            if not self._waiting:
                return
            if self._skipped:
                first, count = self._waiting[0], len(self._skipped)
                label = f"{count:,} steps came faster than they can be shown; print(lab.flow) tells what is on record"
                self._rows.add(Step(0, "client", "client", label, "fault", {}), self._skipped[-1], first.call, 0.0, "")
                self._skipped.clear()
            self._held = 0  # of what is heard meanwhile the next round knows
            while self._waiting:
                entry = self._waiting.popleft()
                if entry.seq > self._read_until:
                    self._rows.read(entry)
            try:
                self.head, self.rows = self._head(), self._rows.update()
            except Exception:  # noqa: BLE001 - a kernel that shuts down must not break the call that is shown
                self._open = False

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """The widget's state, as ipywidgets has it. A page that asks for everything, new or not, gets every row."""
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        if key is None:
            with self._lock:
                state["rows"] = self._rows.since(0)
        return state

    @property
    def _lab(self) -> Lab | None:
        return next(iter(self._listening), None)

    def _head(self) -> dict[str, Any]:
        if self._flow is not None:
            flow = self._flow
            return {"title": flow.title, "server": flow.server, "wire": flow.wire, "transport": flow.transport}
        lab = self._lab
        if lab is None:
            return self.head
        wire = lab.protocol_version or lab.mode
        told = {"server": lab.server, "wire": wire, "transport": lab.transport, "keep": lab.record.keep}
        if self._only is not None:
            told["title"] = self._name
        return told if self._names is None else {**told, "names": {str(n): name for n, name in self._names.items()}}

    def name_calls(self, names: dict[int, str]) -> None:
        """Give calls names in place of the Lab's own numbers, as `{2: "run 1"}`; the others then have neither."""
        if names != self._names:
            self._names = names
            self.head = self._head()

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        """Answer the browser. May run on the kernel's thread or on that of a subshell."""
        if message.get("ask") == "rows":
            with self._lock:
                self.send({"answer": "rows"}, [self._rows.since(int(message["first"]))])
        elif message.get("ask") == "text":
            text = self._text(int(message["seq"]))
            shown = None if text is None else text[:LONGEST_SHOWN]
            # Of a frame that was kept in part nobody has more.
            whole = shown == text and not self._in_part(int(message["seq"]))
            self.send({"answer": "text", "seq": message["seq"], "text": shown, "whole": whole})
        elif message.get("ask") == "http":
            http = self._http(int(message["seq"]))
            self.send({"answer": "http", "seq": message["seq"], "http": redact(http) if self._redacting else http})
        elif message.get("ask") == "replay" and self._on_replay is not None:
            try:
                self._on_replay(int(message["seq"]))
            except (LabError, LookupError, ValueError) as error:
                self.send({"answer": "replay", "text": str(error)})
        elif message.get("ask") == "copy":
            flow = self._flow_of(message["call"])
            text = flow and (flow.to_mermaid() if message["form"] == "Mermaid" else flow.to_json())
            self.send({"answer": "copy", "form": message["form"], "call": message["call"], "text": text})

    def _entry(self, seq: int) -> Entry | None:
        entries = self._lab.record.entries(after=seq - 1) if self._lab else []
        return entries[0] if entries and entries[0].seq == seq else None

    def _http(self, seq: int) -> dict[str, Any] | None:
        """The request over HTTP that carried a frame, as far as it has gone by now."""
        if self._flow is not None:
            return self._flow.steps[seq - 1].http
        entry = self._entry(seq)
        return entry.item.http.told() if entry and isinstance(entry.item, Frame) and entry.item.http else None

    def _in_part(self, seq: int) -> bool:
        if self._flow is not None:
            return bool(self._flow.steps[seq - 1].sha256)
        entry = self._entry(seq)
        return entry is not None and isinstance(entry.item, Frame) and entry.item.whole is not None

    def _text(self, seq: int) -> str | None:
        if self._flow is not None:
            return data_text(self._flow.steps[seq - 1].data)
        entry = self._entry(seq)
        text = None if entry is None else text_of(entry)
        return redact_json(text) if text and self._redacting else text

    def _flow_of(self, call: int | str | None) -> Flow | None:
        """The flow of call number `call`, of the frames of no known call (`None`), or of all (`"all"`)."""
        lab = self._lab
        if self._flow is not None or lab is None:
            return self._flow
        call = self._only or call
        entries = [entry for entry in lab.record.entries() if call in ("all", entry.call)]
        titles = {"all": "all calls", CONNECTION: "connect", None: "call unknown"}
        title = titles.get(call) or (getattr(entries[0].item, "label", "") if entries else "")
        wire = lab.protocol_version or lab.mode
        flow = Flow.of(entries, title=title, server=lab.server, wire=wire, transport=lab.transport)
        return redact_flow(flow) if self._redacting else flow

    def shown_now(self) -> str:
        """The number of the call that was made last, which a place made now goes on showing; `last` before the first.

        A place that is made before the first call follows what happens.
        """
        lab = self._lab
        return "" if lab is None else str(self._only or lab.calls or "last")

    def stored(self) -> dict[str, str]:
        return self.picture(self.shown_now())

    def picture(self, shown: str) -> dict[str, str]:
        """The picture of a call, by MIME type: as text and as a drawing, of a long flow the first steps."""
        lab = self._lab
        if lab is None and self._flow is None:
            return {}  # the Lab is gone: what is stored already stays
        flow = self._flow_of(int(shown) if shown.isdigit() else self._only or (lab and lab.calls) or None)
        if flow is None or not flow.steps:
            return {"text/plain": f"{self._name}: nothing has happened yet"}
        if (steps := len(flow.steps)) > LONGEST_DRAWING:
            title = f"{flow.title}, the first {LONGEST_DRAWING} of {steps:,} steps"
            flow = replace(flow, title=title, steps=flow.steps[:LONGEST_DRAWING])
        return {"text/plain": str(flow), "image/svg+xml": flow.to_svg()}
