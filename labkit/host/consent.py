"""Consent: what a person has approved on a connection, and which later requests that covers.

A server may change what it asks for once it was let pass. So consent is no free pass: it covers a request in which
nothing is new to the person, and what is new is asked about. He knows what he was shown, and what he gave the tool
himself, line by line. What the model said is known where it stands as the model's own turn, and nowhere else: he has
not read it, and it may be what a server had it write. Where he lets the server pass (`AllowServer`), it goes on with
other data in requests of the same form, as long as the connection lasts: with the same system prompt, no other tool, no
more tokens, and not much longer.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from threading import Lock
from time import monotonic
from typing import Any, Literal, cast
from weakref import WeakKeyDictionary

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams, ToolUseContent

from labkit.cutting import Latest, outline
from labkit.host.approval import TIMEOUT, Approval, Ask
from labkit.host.duty import Result
from labkit.host.findings import counted
from labkit.host.rendering import render
from labkit.host.review import AllowServer, Approve, Decision, Edit, Part, Refuse, ReviewRequest
from labkit.host.texts import dumped, texts
from labkit.secret_forms.in_json import changed, is_binary
from labkit.steps import Lane, origin

When = Literal["never", "doubt", "first", "always"]
Lasts = Literal["call", "connection"]

RUN = 24
"""Characters in a row, spaces aside, that are left out of what is shown where they are known. Fewer may be chance."""

SHORT = 40
"""Characters of a line in which one or two small numbers are any: `Part 3 of 10` is no news after `Part 2 of 10`."""

LEFT_OUT, AROUND = 200, 40
"""Characters that are known, in a row, which are left out of what is shown, and those around them that are not: what
is new may begin as what is known goes on."""

LARGER, ROOM = 2, 500
"""How many times as long as what was approved a request may be, and how many characters more."""

MOST_KNOWN = 100_000
"""Runs, and lines, that are remembered of a scope, the latest of them."""

CALLS = 100
"""Calls of a connection that are remembered."""

WHILE = 600.0
"""Seconds in which the questions about a call are counted."""

AT_ONCE = 3_900
"""Characters of a sheet that are shown as one question: who is shown more reads the beginning of it."""

OVERLAP = 4
"""Lines at the end of a part that stand at the beginning of the next too: what goes on can be read in one piece."""

ARGUMENTS = 300
"""Bytes of the call's arguments that are shown in parts: the person gave them himself."""


_NUMBER = re.compile(r"\d+")
_GOES_ON = re.compile(r"[^\W\d_],?\Z")


class Known:
    """The texts that a person knows, line by line: a piece out of a line may say the opposite of what he approved."""

    def __init__(self) -> None:
        self._lines = Latest[str, None](MOST_KNOWN)
        self._runs = Latest[int, None](MOST_KNOWN)

    def add(self, text: str) -> None:
        """Know `text`."""
        for line in _lines(text):
            self._lines[line] = None
        for _, run in _runs(text):
            self._runs[run] = None

    def has(self, text: str) -> bool:
        """Whether there is nothing new in `text`."""
        return all(line in self._lines for line in _lines(text))

    def shortened(self, text: str, read: set[int]) -> str:
        """`text` without what is known, or was `read` further up, where that is long."""
        places = [place for place, character in enumerate(text) if not character.isspace()]
        known: list[tuple[int, int]] = []
        for start, run in _runs(text):
            if run in self._runs or run in read:
                begin, end = places[start], places[start + RUN - 1] + 1
                if known and begin <= known[-1][1]:
                    known[-1] = known[-1][0], end
                else:
                    known.append((begin, end))
            read.add(run)
        parts: list[str] = []
        before = 0
        for begin, end in ((begin + AROUND, end - AROUND) for begin, end in known):
            if end - begin > LEFT_OUT:
                parts += text[before:begin], f"⟨{counted(end - begin, 'character')} that you know⟩"
                before = end
        return "".join([*parts, text[before:]])


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Each run of a text, by where it begins among what is no space."""
    together = "".join(text.split())
    return ((start, hash(together[start : start + RUN])) for start in range(len(together) - RUN + 1))


def _lines(text: str) -> list[str]:
    """What a text is made of: its lines, but where a sentence goes on in the next, both are one."""
    whole: list[str] = []
    for line in text.split("\n"):
        words = " ".join(line.split())
        if whole and words and words[0].islower() and _GOES_ON.search(whole[-1]):
            whole[-1] += f" {words}"
        elif words:
            whole.append(words)
    return [_any_number(line) for line in whole]


def _any_number(line: str) -> str:
    numbers = _NUMBER.findall(line)
    small = len(line) <= SHORT and len(numbers) <= 2 and all(len(each) <= 3 for each in numbers)
    return _NUMBER.sub("0", line) if small else line


@dataclass
class Scope:
    """What is consented to in a call, or on a connection.

    Attributes:
        forms: All but messages and tools of each request that was approved, as JSON, with the most tokens and
            characters that it had.
        let_pass: The forms of those after which the server was let pass.
        known: Texts by the role in which they were shown; what was remarked, by none.
        tools: The tools that were shown, as JSON.
        media: Images and sounds that were shown.
        uses: What the model asked of tools, by the id under which the server was told.
        refused: Requests that the person refused: the same is not asked about again.
    """

    forms: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    let_pass: set[str] = field(default_factory=set[str])
    known: dict[str, Known] = field(default_factory=lambda: {"user": Known(), "assistant": Known(), "": Known()})
    tools: set[str] = field(default_factory=set[str])
    media: set[int] = field(default_factory=set[int])
    uses: dict[str, str] = field(default_factory=dict[str, str])
    refused: set[int] = field(default_factory=set[int])

    def add(self, asked: "_Asked") -> None:
        """The person has approved what was `asked`."""
        tokens, characters = self.forms.get(asked.form, (0, 0))
        self.forms[asked.form] = max(tokens, asked.max_tokens), max(characters, asked.characters)
        self.tools |= set(asked.tools)
        self.media |= asked.media
        for role, text in asked.texts(self):
            self.known[role].add(text)

    def covers(self, asked: "_Asked") -> bool:
        """Whether nothing in what is `asked` is new."""
        tokens, characters = self.forms.get(asked.form, (0, 0))
        return (
            asked.max_tokens <= tokens
            and asked.characters <= characters * LARGER + ROOM + asked.of_tools(self)
            and set(asked.tools) <= self.tools
            and asked.media <= self.media
            and all(
                self.known[role].has(text)
                for role, text in asked.texts(self)
                if role != "user" or asked.form not in self.let_pass
            )
        )

    def doubts(self, asked: "_Asked") -> bool:
        """Whether there is a tool, or a remark, that is new."""
        return not set(asked.tools) <= self.tools or not all(self.known[""].has(text) for text in asked.remarks)

    def heard(self, answer: Result) -> None:
        """The server was told `answer`, and may put it into a conversation as the model's turn."""
        for _, text in texts(dumped(answer)):
            self.known["assistant"].add(text)
        for block in answer.content if isinstance(answer.content, list) else [answer.content]:
            if isinstance(block, ToolUseContent):
                self.uses[block.id] = as_json([block.name, block.input])


class _Asked:
    """A request taken apart."""

    def __init__(self, request: ReviewRequest) -> None:
        fields = dumped(request.params)
        self._messages = cast("list[dict[str, Any]]", fields.pop("messages"))
        self.remarks = [remark.text for remark in request.remarks]
        self.max_tokens = int(fields.pop("maxTokens"))
        self.tools = [as_json(tool) for tool in fields.pop("tools", [])]
        self.choice = fields.pop("toolChoice", None)
        self.form = as_json(fields)
        self.media = {hash(data) for data in _media(self._messages)}
        self.characters = sum(len(text) for _, text in texts(self._messages))

    def texts(self, scope: Scope) -> Iterator[tuple[str, str]]:
        """Its texts by their roles, but for uses of tools that are the model's own."""
        for message in self._messages:
            for block in _blocks(message):
                if not _is_own_use(block, scope):
                    yield from ((str(message["role"]), text) for _, text in texts(block))
        yield from (("", text) for text in self.remarks)

    def of_tools(self, scope: Scope) -> int:
        """Characters of the results of tools that the model itself asked for: with each round there are more."""
        blocks = [block for message in self._messages for block in _blocks(message)]
        own = [each for each in blocks if _is_own_use(each, scope) or str(each.get("toolUseId")) in scope.uses]
        return sum(len(text) for _, text in texts(own))


def _blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    return cast("list[dict[str, Any]]", content if isinstance(content, list) else [content])


def _is_own_use(block: dict[str, Any], scope: Scope) -> bool:
    asked = as_json([block.get("name"), block.get("input")])
    return block.get("type") == "tool_use" and scope.uses.get(str(block.get("id"))) == asked


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

    def heard(self, context: ClientRequestContext, answer: Result) -> None:
        """The server was told `answer`, and may put it into a conversation as the model's turn."""
        with self._lock:
            for scope in self._scopes(context)[:1]:
                scope.heard(answer)

    def _passes(self, context: ClientRequestContext, request: ReviewRequest) -> bool:
        insists = any(remark.must_ask for remark in request.remarks)
        if self._when == "always":
            return False
        if request.answer is not None:
            return not insists
        with self._lock:
            changed = self._tools_changed(context, request.params)
            if self._when == "never":
                return not insists and not changed
            asked = _Asked(request)
            scopes = self._scopes(context) or [Scope()]
            if self._when == "doubt":
                return not insists and not all(scope.doubts(asked) for scope in scopes)
            return not insists and any(scope.covers(asked) for scope in scopes)

    async def _decision(self, context: ClientRequestContext, request: ReviewRequest) -> tuple[Decision, Lane]:
        if self._when == "never":
            return Refuse("it would have to be asked about, and the policy asks nobody."), "callback"
        whole = 0 if request.answer else hash(as_json(dumped(request.params)))
        with self._lock:
            scopes = self._scopes(context)
            if whole and any(whole in scope.refused for scope in scopes):
                return Refuse("it was refused before."), "callback"
            parts = _in_parts(request, scopes)
            if not self._may_ask(context, len(parts)):
                return Refuse(self._too_many(len(parts))), "callback"
        decision, by = await super()._decision(context, parts[0])
        for part in parts[1:]:
            if isinstance(decision, Approve | AllowServer):
                decision, by = await super()._decision(context, part)
        if parts[0].part is not None and isinstance(decision, Edit):
            return Refuse("what is shown in parts can be approved or refused, and not edited."), "callback"
        if request.answer is None:
            with self._lock:
                self._remember(context, request, decision, whole)
        return decision, by

    def _too_many(self, parts: int) -> str:
        if parts > self._questions:
            return f"it is too long to be read by a person, in {counted(parts, 'part')}."
        return f"a person has been asked {counted(self._questions, 'question')} about it, and the policy asks no more."

    def _remember(self, context: ClientRequestContext, request: ReviewRequest, decision: Decision, whole: int) -> None:
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
                    scope.add(asked := _Asked(request))
                    scope.let_pass |= {asked.form} if isinstance(decision, AllowServer) else set()
                connection.tools |= _tools(request.params)
            case _:
                pass

    def _tools_changed(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> bool:
        """Whether a tool is another than the one of its name that came before. The first one stands."""
        connection = self._connection(context)
        if connection is None:
            return False
        return any(connection.tools.setdefault(name, tool) != tool for name, tool in _tools(params).items())

    def _may_ask(self, context: ClientRequestContext, parts: int) -> bool:
        """Count so many questions, if they may be asked."""
        connection = self._connection(context)
        if connection is None:
            return parts <= self._questions
        asked, now = connection.asked.setdefault(_call(), deque()), monotonic()
        while asked and now - asked[0] >= WHILE:
            asked.popleft()
        if len(asked) + parts > self._questions:
            return False
        asked.extend([now] * parts)
        return True

    def _scopes(self, context: ClientRequestContext) -> list[Scope]:
        """Where consent for a request may have been given; first, where it is given."""
        connection, call = self._connection(context), _call()
        if connection is None:
            return []
        if call not in connection.calls:
            connection.calls[call] = Scope()
            arguments = (by.arguments if (by := origin()) else None) or {}
            for scope in (connection.whole, connection.calls[call]):
                for _, text in texts(arguments, free=True):
                    scope.known["user"].add(text)
        return [connection.whole] if self._lasts == "connection" else [connection.calls[call], connection.whole]

    def _connection(self, context: ClientRequestContext) -> _Connection | None:
        session: object = getattr(context, "session", None)
        return None if session is None else self._connections.setdefault(session, _Connection())


def _tools(params: CreateMessageRequestParams) -> dict[str, str]:
    return {
        tool.name: as_json(tool.model_dump(mode="json", by_alias=True, exclude_none=True, warnings=False))
        for tool in params.tools or ()
    }


def _call() -> int | None:
    return by.call if (by := origin()) else None


def _in_parts(request: ReviewRequest, scopes: list[Scope]) -> list[ReviewRequest]:
    """`request` itself where it is short, else what is new in it, in parts that are read at once."""
    sheet = render(request)
    if len(sheet) <= AT_ONCE:
        return [request]
    known = scopes[0].known["user"] if scopes else Known()
    read: set[int] = set()
    by = request.origin and replace(request.origin, arguments=outline(request.origin.arguments or {}, ARGUMENTS))
    shown = replace(request, params=_without(request.params, known, read), origin=by)
    pages: list[str] = []
    page: list[str] = []
    for line in render(shown).split("\n"):
        if page and sum(map(len, page)) + len(page) + len(line) > AT_ONCE:
            pages.append("\n".join(page))
            page = page[-OVERLAP:]
        page.append(line)
    pages.append("\n".join(page))
    return [replace(request, part=Part(n, len(pages), each)) for n, each in enumerate(pages, 1)]


def _without(params: CreateMessageRequestParams, known: Known, read: set[int]) -> CreateMessageRequestParams:
    shorter = changed(dumped(params), lambda text, _: known.shortened(text, read))
    return CreateMessageRequestParams.model_validate(shorter)
