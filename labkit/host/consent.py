"""Consent: what a person has approved on a connection, and which later requests that covers.

A server may change what it asks for once it was let pass. So consent is no free pass: it covers a request in which
nothing is new to the person, and what is new is asked about.
"""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any, Literal, cast
from weakref import WeakKeyDictionary

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.cutting import Latest
from labkit.host.approval import TIMEOUT, Approval, Ask
from labkit.host.duty import Result
from labkit.host.review import AllowServer, Approve, Decision, Refuse, ReviewRequest
from labkit.host.texts import dumped, texts
from labkit.secret_forms.in_json import is_binary
from labkit.steps import Lane, origin

When = Literal["never", "doubt", "first", "always"]
Lasts = Literal["call", "connection"]

RUN = 24
"""Characters in a row, spaces aside, that make a text known which stands in another place. Fewer may be chance, and
with few a new sentence could be put together out of old ones."""

SHORT = 40
"""Characters of a line in which digits are all one: `Part 3 of 10` is no news after `Part 2 of 10`."""

LARGER, ROOM = 2, 500
"""How many times as long as what was approved a request may be, and how many characters more."""

MOST_KNOWN = 200_000
"""Runs that are remembered of a scope."""

CALLS = 100
"""Calls of a connection that are remembered."""

WHILE = 600.0
"""Seconds in which the questions about a call are counted."""


class Known:
    """The texts that a person knows: they were shown to him, or are his own."""

    def __init__(self) -> None:
        self._lines: set[str] = set()
        self._runs: set[int] = set()

    def add(self, text: str) -> None:
        """Know `text`. Where too much is known already it stays unknown, and is asked about."""
        if len(self._runs) + len(text) > MOST_KNOWN:
            return
        self._lines.update(map(_line, text.splitlines()))
        together = "".join(text.split())
        self._runs.update(hash(together[n : n + RUN]) for n in range(len(together) - RUN + 1))

    def has(self, text: str) -> bool:
        """Whether there is nothing new in `text`."""
        return all(line in self._lines or self._has_runs(line) for line in map(_line, text.splitlines()))

    def _has_runs(self, line: str) -> bool:
        together = "".join(line.split())
        end = 0
        for start in range(len(together) - RUN + 1):
            if hash(together[start : start + RUN]) in self._runs:
                if start > end:
                    return False
                end = start + RUN
        return end >= len(together)


def _line(line: str) -> str:
    line = " ".join(line.split())
    return "".join("0" if each.isdigit() else each for each in line) if len(line) <= SHORT else line


@dataclass
class Scope:
    """What is consented to in a call, or on a connection.

    Attributes:
        forms: The form of each request that was approved, with the most tokens and characters that it had.
        known: Texts by the role in which they were shown.
        tools: The tools that were shown, as JSON.
        refused: Requests that the person refused, as JSON: the same is not asked about again.
    """

    forms: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    known: dict[str, Known] = field(default_factory=lambda: {"user": Known(), "assistant": Known(), "": Known()})
    tools: set[str] = field(default_factory=set[str])
    media: set[int] = field(default_factory=set[int])
    refused: set[str] = field(default_factory=set[str])

    def add(self, request: ReviewRequest) -> None:
        """The person has approved `request`."""
        asked = _Asked(request)
        tokens, characters = self.forms.get(asked.form, (0, 0))
        self.forms[asked.form] = max(tokens, asked.max_tokens), max(characters, asked.characters)
        self.tools |= set(asked.tools)
        self.media |= set(asked.media)
        for role, text in asked.texts:
            self.known[role].add(text)

    def covers(self, request: ReviewRequest) -> bool:
        """Whether nothing in `request` is new."""
        asked = _Asked(request)
        tokens, characters = self.forms.get(asked.form, (0, 0))
        return (
            asked.max_tokens <= tokens
            and asked.characters <= characters * LARGER + ROOM
            and set(asked.tools) <= self.tools
            and set(asked.media) <= self.media
            and all(self.known[role].has(text) for role, text in asked.texts)
        )


class _Asked:
    """A request taken apart."""

    def __init__(self, request: ReviewRequest) -> None:
        fields = dumped(request.params)
        messages = cast("list[dict[str, Any]]", fields.pop("messages"))
        self.max_tokens = int(fields.pop("maxTokens"))
        self.tools = [as_json(tool) for tool in fields.pop("tools", [])]
        self.form = as_json(fields)
        self.texts = [(str(message["role"]), text) for message in messages for _, text in texts(message)]
        self.texts += [("", remark.text) for remark in request.remarks]
        self.media = [hash(data) for data in _media(messages)]
        self.characters = sum(len(text) for _, text in self.texts)


def as_json(value: object) -> str:
    """A value as JSON that is equal for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _media(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _media(each)
    elif isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        for key, each in fields.items():
            if isinstance(each, str) and is_binary(fields, key):
                yield each
            else:
                yield from _media(each)


@dataclass
class _Connection:
    """What is remembered of a connection as long as it lasts."""

    whole: Scope = field(default_factory=Scope)
    calls: Latest[int | None, Scope] = field(default_factory=lambda: Latest[int | None, Scope](CALLS))
    asked: Latest[int | None, deque[float]] = field(default_factory=lambda: Latest[int | None, deque[float]](CALLS))
    tools: dict[str, str] = field(default_factory=dict[str, str])


class Consent(Approval):
    """An approval that asks about what is new: see `labkit.host.policy.Policy`, whose fields it takes."""

    def __init__(self, callback: SamplingFnT, ask: Ask, when: When, lasts: Lasts, questions: int) -> None:
        super().__init__(callback, ask, TIMEOUT)
        self._when: When = when
        self._lasts: Lasts = lasts
        self._questions = questions
        self._connections: WeakKeyDictionary[object, _Connection] = WeakKeyDictionary()
        self._lock = Lock()

    def forget(self) -> None:
        """Ask about everything again."""
        with self._lock:
            self._connections.clear()

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Answer `params` as the person decides, and know the model's own words from then on."""
        answer = await super().__call__(context, params)
        if isinstance(answer, Result):
            with self._lock:
                for scope in self._scopes(context):
                    for _, text in texts(dumped(answer)):
                        scope.known["user"].add(text)
                        scope.known["assistant"].add(text)
        return answer

    def _passes(self, context: ClientRequestContext, request: ReviewRequest) -> bool:
        insists = any(remark.must_ask for remark in request.remarks)
        if self._when == "always":
            return False
        if request.answer is not None:
            return not insists
        with self._lock:
            changed = self._tools_changed(context, request)
            if self._when == "never":
                return not insists and not changed
            if not insists and any(scope.covers(request) for scope in self._scopes(context)):
                return True
            return self._when == "doubt" and not (request.remarks or request.params.tools)

    async def _decision(self, context: ClientRequestContext, request: ReviewRequest) -> tuple[Decision, Lane]:
        if self._when == "never":
            return Refuse("it would have to be asked about, and the policy asks nobody."), "callback"
        whole = as_json(dumped(request.params)) if request.answer is None else ""
        with self._lock:
            scopes = self._scopes(context)
            if any(whole in scope.refused for scope in scopes):
                return Refuse("it was refused before."), "callback"
            if not self._may_ask(context):
                return Refuse(f"{self._questions} questions were asked, and the policy asks no more."), "callback"
        decision, by = await super()._decision(context, request)
        if request.answer is None:
            with self._lock:
                self._remember(context, request, decision, whole)
        return decision, by

    def _remember(self, context: ClientRequestContext, request: ReviewRequest, decision: Decision, whole: str) -> None:
        connection = self._connection(context)
        if connection is None:
            return
        match decision:
            case Refuse():
                for scope in self._scopes(context):
                    scope.refused.add(whole)
            case Approve() | AllowServer():
                scopes = [connection.whole] if isinstance(decision, AllowServer) else self._scopes(context)[:1]
                for scope in scopes:
                    scope.add(request)
                connection.tools |= {tool.name: as_json(dumped_tool(tool)) for tool in request.params.tools or ()}
            case _:
                pass

    def _tools_changed(self, context: ClientRequestContext, request: ReviewRequest) -> bool:
        """Whether a tool is another than the one of its name that came before. The first one stands."""
        connection = self._connection(context)
        if connection is None:
            return False
        now = {tool.name: as_json(dumped_tool(tool)) for tool in request.params.tools or ()}
        return any(connection.tools.setdefault(name, tool) != tool for name, tool in now.items())

    def _may_ask(self, context: ClientRequestContext) -> bool:
        connection = self._connection(context)
        if connection is None:
            return True
        asked, now = connection.asked.setdefault(_call(), deque()), monotonic()
        while asked and now - asked[0] >= WHILE:
            asked.popleft()
        if len(asked) >= self._questions:
            return False
        asked.append(now)
        return True

    def _scopes(self, context: ClientRequestContext) -> list[Scope]:
        """Where consent for a request may have been given; first, where it is given."""
        connection, call = self._connection(context), _call()
        if connection is None:
            return []
        if self._lasts == "connection":
            return [connection.whole]
        if call is None:
            return [connection.whole]
        if call not in connection.calls:
            connection.calls[call] = scope = Scope()
            arguments = (by.arguments if (by := origin()) else None) or {}
            for _, text in texts(arguments, free=True):
                scope.known["user"].add(text)
        return [connection.calls[call], connection.whole]

    def _connection(self, context: ClientRequestContext) -> _Connection | None:
        session: object = getattr(context, "session", None)
        return None if session is None else self._connections.setdefault(session, _Connection())


def dumped_tool(tool: Any) -> object:
    """A tool as JSON."""
    return tool.model_dump(mode="json", by_alias=True, exclude_none=True, warnings=False)


def _call() -> int | None:
    return by.call if (by := origin()) else None
