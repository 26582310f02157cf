"""`with_policy`: what a server may do with the client's model, said once, as data.

What a policy says is done by the duties that there are: a guard looks, a queue and a budget count, tools are held to
the protocol, a person consents, a timeout ends.
"""

import re
from threading import Lock
from time import monotonic
from typing import Annotated, Literal, cast
from weakref import WeakKeyDictionary

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import (
    CreateMessageRequestParams,
    ErrorData,
    ToolResultContent,
    ToolUseContent,
)
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from labkit.callbacks import Answer
from labkit.cutting import Latest
from labkit.host.approval import Ask
from labkit.host.audit import AuditLog, with_audit
from labkit.host.budget import Budget, with_budget
from labkit.host.consent import CALLS, Consent, Lasts, When
from labkit.host.duty import Duty, Remark, Result, inspecting, models_in, refusal, remarking
from labkit.host.findings import Bounds, short
from labkit.host.guard import Guard
from labkit.host.ledger import call_at
from labkit.host.plain_answers import plain_answer
from labkit.host.queue import with_queue
from labkit.host.rules import RULES, Action
from labkit.host.switch import Stopped, Switch
from labkit.host.terminal import ask_in_terminal
from labkit.host.texts import Media, dumped, values
from labkit.host.timeout import with_timeout
from labkit.host.tools import NAME, with_tools
from labkit.host.usage import prompt_tokens
from labkit.steps import origin, report

IN_LINE = 16
"""Requests that wait for their turn; the next is turned away."""

MEDIA = 3 * 1024**2
"""Bytes of images and sounds that the requests of one call may hold."""

MESSAGES, BLOCKS, VALUES, DEPTH = 60, 60, 3_000, 32
"""Messages, blocks of content, JSON values, and levels of JSON that a request may have."""


MOST = 10**12
"""The largest number of a policy."""

_Some = Annotated[int, Field(strict=True, gt=0, le=MOST)]
_Any = Annotated[int, Field(strict=True, ge=0, le=MOST)]


def _tool(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{short(repr(name))} is no name of a tool: 1 to 128 letters, digits, _, - and dots")
    return name


def _model(name: str) -> str:
    if not name.strip():
        raise ValueError(f"{name!r} is no name of a model")
    return name


class Policy(BaseModel, frozen=True):
    """What one server may do. Its defaults are the policy that the kit recommends; it is read and written as JSON.

        Policy.model_validate_json('{"samples_per_call": 3, "ask": "always"}').model_dump_json(indent=2)

    Attributes:
        when: When the server may sample: `"in a call"`, while a request of the client is open, which a Lab tells, and a
            plain client as `with_guard` says; `"always"`; `"never"`.
        models: Names of the models that may answer; `None` for all. One with a date or a number behind it is meant too.
        max_tokens: The most that a request may ask for.
        samples_per_call: Samples for one tool call.
        tokens_per_call: Tokens that the requests of one tool call may ask for, by their prompts and their maxTokens;
            what is not used of them counts too.
        samples_per_minute: Samples that may begin in a minute, of all connections together.
        samples: Samples in all; `None` without a limit.
        tokens: Tokens in all, of prompts and answers; `None` without a limit.
        seconds: For one answer of the model.
        rounds: Rounds of tools in one conversation.
        parallel: Samples that are answered at the same time, and tools that one answer may ask for.
        characters: Characters of a request.
        tools: Names of the tools that the server may offer to the model. Where there are none, the client does not
            declare that its model can use tools.
        context: What `includeContext` may be; another is left out.
        ask: When a person is asked: `"never"`; in `"doubt"`, about tools and what the guard remarked; about the
            `"first"` request, and each that is not like one that was approved; `"always"`, about the answers too.
        consent: How long an approval lasts: for this `"call"`, or as long as this `"connection"`. Where it is not known
            which call asks, the connection is the call.
        questions: How often a person is asked within a call, in ten minutes. Who is asked more often does not read any
            more; what comes then is refused.
        answers: `"plain"`: what would act in an answer is made text, as `labkit.host.plain_answers` says;
            `"as they are"`.
        rules: Actions of the guard's rules (`labkit.host.RULES`), where not their own.
        audit: What is kept in an audit log, where there is one: `"nothing"`, `"facts"`, or the `"texts"` too.
    """

    model_config = ConfigDict(extra="forbid")

    when: Literal["in a call", "always", "never"] = "in a call"
    models: Annotated[tuple[Annotated[str, AfterValidator(_model)], ...], Field(min_length=1)] | None = None
    max_tokens: _Some = 4_096
    samples_per_call: _Any = 12
    tokens_per_call: _Any = 40_000
    samples_per_minute: _Any = 20
    samples: _Any | None = 200
    tokens: _Any | None = 200_000
    seconds: float = Field(default=45.0, strict=True, ge=0.001, le=86_400, allow_inf_nan=False)
    rounds: _Some = 5
    parallel: _Some = 4
    characters: _Some = 50_000
    tools: tuple[Annotated[str, AfterValidator(_tool)], ...] = ()
    context: tuple[Literal["none", "thisServer", "allServers"], ...] = Field(default=("none",), min_length=1)
    ask: When = "first"
    consent: Lasts = "call"
    questions: _Any = 10
    answers: Literal["plain", "as they are"] = "plain"
    rules: dict[str, Action] = {}
    audit: Literal["nothing", "facts", "texts"] = "facts"

    @field_validator("rules")
    @classmethod
    def _known(cls, rules: dict[str, Action]) -> dict[str, Action]:
        for name in rules:
            if name not in RULES:
                raise ValueError(f"there is no rule {name!r}; there are {', '.join(RULES)}")
        return rules


def with_policy(
    callback: SamplingFnT,
    policy: Policy | None = None,
    *,
    ask: Ask = ask_in_terminal,
    stop: Switch | None = None,
    audit: AuditLog | None = None,
) -> "Policed":
    """Answer a server as far as `policy` lets it sample.

        with_policy(callback)                                               # as the kit recommends
        with_policy(callback, Policy(tools=("search_papers", "read_paper"), consent="connection"), ask=panel)

    What a policy does not allow is answered with an error and a sentence. Consent is remembered for a connection and
    its calls, and never by the name that a server gives itself: whoever connects anew is asked about anew. It covers a
    request in which nothing is new: the same but for whole lines that the person was shown before or gave the tool
    himself, and for the model's own turns; with no more tokens, and not much longer. A piece that is cut out of a line
    is new, since what stands around it may say the opposite; so are results of tools. A server that the
    person lets pass (`AllowServer`) may go on with other data, as long as the connection lasts: the form stays, no tool
    and no token is added, and nothing is remarked. What is too long to be read at once is shown in parts, each a
    question of its own, and what is known is left out of them.

    One such callback may serve several Labs; its limits then hold for all of them together.

    A Lab tells which call asks. A plain `mcp.Client` does not, on either wire: all samples of its connection in ten
    minutes then count as one call, so 12 of them with 10 questions are the most, and consent to one call is consent to
    all. And on revision 2025-11-25 it does not tell whether any call is open, so a server may sample unasked, until the
    client's transport is tapped:

        Client(tap(stdio_client(server), OpenRequests(lambda frame: None)), sampling_callback=with_policy(callback))

    Args:
        callback: Who is asked.
        policy: What the server may do; `Policy()` where it is left out.
        ask: Decides on a `ReviewRequest`, as for `with_approval`.
        stop: Ends all that is under way, and has all that comes refused.
        audit: Where an entry is kept of each request.

    Raises:
        TypeError: `policy` is no policy, `ask` no function, or `stop` no switch.
        ValueError: A model that `callback` names may not answer.
        WrongOrder: `callback` holds a duty that belongs outside, or one that the policy brings itself.
    """
    policy = Policy() if policy is None else policy
    if not isinstance(policy, Policy):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
        raise TypeError(f"policy={policy!r}: give a Policy(...), or Policy.model_validate(...) of what was read")
    stop = Switch() if stop is None else stop
    if not isinstance(stop, Switch):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"stop={stop!r}: give a Switch()")
    return Policed(callback, policy, ask, stop, audit)


class Policed(Duty):
    """What `with_policy` makes.

    Attributes:
        policy: What it holds to.
        stop: The switch.
        budget: What was spent, and what is left.
        consent: Its `forget()` has a person asked anew about everything.
        guard: Its `counts` tell what was found.
    """

    made_by = "with_policy"

    def __init__(self, callback: SamplingFnT, policy: Policy, ask: Ask, stop: Switch, audit: AuditLog | None) -> None:
        super().__init__(callback)  # which holds nothing that belongs outside
        self.policy, self.stop = policy, stop
        if policy.models is not None:
            for name in models_in(callback):
                if name and not may_answer(policy, name):
                    raise ValueError(f"{name} may answer, and models={policy.models!r} does not name it")
        self.consent = Consent(
            with_timeout(callback, policy.seconds), ask, policy.ask, policy.consent, policy.questions
        )
        self.budget: Budget = with_budget(
            with_tools(self.consent, max_rounds=policy.rounds, max_parallel=policy.parallel)
            if policy.tools
            else self.consent,
            samples=policy.samples,
            tokens=policy.tokens,
            per_call=policy.samples_per_call,
            per_minute=policy.samples_per_minute,
        )
        rules: dict[str, Action] = {"unasked": "off"} if policy.when == "always" else {}
        self.guard = Guard(
            _Within(with_queue(self.budget, at_once=policy.parallel, waiting=IN_LINE), policy),
            rules | policy.rules,
            Bounds(
                max_tokens=policy.max_tokens,
                characters=policy.characters,
                media=MEDIA,
                messages=MESSAGES,
                values=VALUES,
                tools=bool(policy.tools),
                context=set(policy.context) > {"none"},
            ),
        )
        inner: Duty = _Around(self.guard, policy, stop, self.consent)
        if audit is not None and policy.audit != "nothing":
            inner = with_audit(inner, audit, texts=policy.audit == "texts")
        self.inner = (inner,)
        self.seconds = self.consent.seconds

    @property
    def declares_tools(self) -> bool:
        """Whether a client with this callback declares `sampling.tools`."""
        return bool(self.policy.tools)

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Answer `params` as far as the policy allows."""
        return await self.ask(self.inner[0], context, params)


class _Around(Duty):
    """What a policy does outside of its guard: it stops, and has an answer do nothing."""

    made_by = "with_policy"

    def __init__(self, guard: Guard, policy: Policy, stop: Switch, consent: Consent) -> None:
        super().__init__(guard)
        self._policy, self._stop, self._consent = policy, stop, consent

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        if self._policy.when == "never":
            return _refused("The client's policy lets this server sample never.")
        if _is_deep(params):
            return _refused(f"The client's policy takes {DEPTH} levels of JSON and no more.")
        try:
            async with self._stop.heeded():
                with inspecting(lambda answer: (self._plain(answer, params), ())):
                    answer = await self.ask(self.inner[0], context, params)
        except Stopped as reason:
            return _refused(f"Stopped by the user{f': {reason}' if str(reason) else ''}.", by="switch")
        # What the guard takes out may have kept apart what acts together.
        answer = self._plain(answer, params)
        if isinstance(answer, Result):
            self._consent.heard(context, answer)
        return answer

    def _plain(self, answer: Answer, params: CreateMessageRequestParams) -> Answer:
        if isinstance(answer, Result) and not may_answer(self._policy, answer.model):
            return _refused(f"The model {short(answer.model)} answered, and the client's policy does not take it.")
        return plain_answer(answer, params) if self._policy.answers == "plain" else answer


class _Within(Duty):
    """What a policy refuses of what its guard lets through."""

    made_by = "with_policy"

    def __init__(self, inner: Duty, policy: Policy) -> None:
        super().__init__(inner)
        self._policy = policy
        self._asked_for: WeakKeyDictionary[object, _Calls] = WeakKeyDictionary()
        self._lock = Lock()

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        if wrong := self._wrong(params) or self._too_much(context, params):
            return _refused(wrong)
        wanted, found = params.include_context, list[Remark]()
        if wanted is not None and wanted not in self._policy.context:
            found.append(Remark("context", f"includeContext is {short(wanted)}, left out"))
            params = params.model_copy(update={"include_context": None})
        with remarking(found):
            return await self.ask(self.inner[0], context, params)

    def _wrong(self, params: CreateMessageRequestParams) -> str:
        """What the policy does not take in a request, in a sentence; nothing where it may pass."""
        taken = self._policy.tools
        blocks = [block for message in params.messages for block in message.content_as_list]
        if len(blocks) > BLOCKS:
            return f"The client's policy takes {BLOCKS} blocks of content, and not {len(blocks):,}."
        if others := [tool.name for tool in params.tools or () if tool.name not in taken]:
            return f"The client's policy takes {_listed(taken)}, and not {short(others[0])}."
        uses = [block for block in blocks if isinstance(block, ToolUseContent | ToolResultContent)]
        if not taken and (uses or params.tools is not None or params.tool_choice is not None):
            return "The client's policy takes no tools, and no uses or results of any."
        return ""

    def _too_much(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> str:
        """Why a call has asked for too much; nothing where it has not, and then `params` count too."""
        session: object = getattr(context, "session", None)
        call, most = call_at(by.call if (by := origin()) else None, monotonic()), self._policy.tokens_per_call
        tokens = prompt_tokens(params) + max(0, params.max_tokens)
        media = sum(each.bytes for each in values(dumped(params)) if isinstance(each, Media))
        with self._lock:
            calls = _Calls(CALLS) if session is None else self._asked_for.setdefault(session, _Calls(CALLS))
            tokens_asked, media_asked = calls.pop(call, (0, 0))
            calls[call] = tokens_asked, media_asked
            if tokens_asked + tokens > most:
                left = max(0, most - tokens_asked)
                return f"It asks for {tokens:,} tokens, and of the {most:,} of one call {left:,} are left."
            if media_asked + media > MEDIA:
                left = max(0, MEDIA - media_asked)
                return (
                    f"It has {media:,} bytes of images and sounds, and of the {MEDIA:,} of one call {left:,} are left."
                )
            calls[call] = tokens_asked + tokens, media_asked + media
        return ""


_Calls = Latest[int, tuple[int, int]]
"""Tokens and bytes of media that the calls of a connection have asked for, by their numbers."""


def _listed(tools: tuple[str, ...]) -> str:
    return f"the tools {', '.join(tools)}" if tools else "no tools"


def may_answer(policy: Policy, model: str) -> bool:
    """Whether a model of this name, or of one with a date or a number behind it, may answer."""
    names = policy.models
    return names is None or any(re.fullmatch(rf"{re.escape(name)}(?:[-@:]\d.*)?", model) for name in names)


def _refused(words: str, by: str = "policy") -> ErrorData:
    report(f"refused: {words}")
    return refusal(by, words)


def _is_deep(params: CreateMessageRequestParams) -> bool:
    try:
        level: list[object] = [dumped(params)]
    except (ValueError, RecursionError):  # more levels than any wire carries; in process they come
        return True
    for _ in range(DEPTH):
        level = [each for item in level if isinstance(item, dict | list) for each in _members(cast("object", item))]
    return bool(level)


def _members(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*cast("dict[str, object]", value).values()]
    return cast("list[object]", value)
