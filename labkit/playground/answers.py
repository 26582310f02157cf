"""The callback of a playground: the answerer, the dials, the host's duties, and the record of what passed.

Everything can be changed while a call is under way, and holds from the next sample on: the Lab is given one callback,
which asks what is set at that moment. The dials come first: what the guard checks, the budget counts and a human
reviews is what the answerer then gets.
"""

from asyncio import CancelledError
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import fields, replace
from typing import Any

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.callbacks import name_of as called
from labkit.dial_table import OWN, turned_model
from labkit.dial_table import Settings as Dials
from labkit.host import RULES, Ask, Budget, Duty, ReviewRequest, with_approval, with_budget, with_guard
from labkit.host.approval import Said
from labkit.host.dials import DialReading, DialState, defaults, read
from labkit.host.duty import models_in
from labkit.host.usage import Meter, Usage, metering, prompt_tokens
from labkit.models.answerers import ANSWERERS, FREE, usual_settings
from labkit.models.catalog import catalog
from labkit.models.tracing import can_be_traced, drawing
from labkit.playground.choices import Choices
from labkit.playground.runs import Sampled
from labkit.playground.who import ByHand, callback_of
from labkit.steps import HostStep, overhearing

LIMITS = {"samples": 100, "tokens": 20_000}
"""The limits of the budget at first."""

APPROVAL_TIME = 120.0
"""Seconds that a person has for a decision."""

_sampled: ContextVar[tuple[Sampled, Dials] | None] = ContextVar("labkit_playground_sampled", default=None)
"""The sample that is being answered, and where the dials stood when it came."""


class Answers:
    """The answerer, the dials and the duties that are set, behind one callback.

    Args:
        changed: Called after every change.
        ask: Asks a human for the decision where `approval` is on.
    """

    def __init__(self, changed: Callable[[], object], ask: Ask) -> None:
        self._changed = changed
        self.ask = ask
        self.settings = usual_settings()
        self.keys: dict[str, str] = {}
        """The keys that were typed, by answerer: none goes to another. They are in no setting, no record, no export."""
        self.own: SamplingFnT | None = None
        self.hand = ByHand(changed)
        self.who = next(iter(ANSWERERS))
        self._chosen = self._callback_of(self.who)
        self.dials = DialState(self._chosen)
        self.dials.listen(changed)
        self.approval = False
        self.guard = False
        self.limits: Mapping[str, int] = dict(LIMITS)
        self.record: Callable[[Sampled], object] = lambda _: None
        """Called with each sample: the run under way takes it up."""
        self.settled: Callable[[], object] = lambda: None
        """Called when a sample of the run under way is over."""
        self.noted = 0
        """How much the guard has found in the last run."""
        self._route = _Route(self)
        self._approval = with_approval(self._route, ask=self._asked, timeout=APPROVAL_TIME)
        self.budget = self._new_budget()

    # What is chosen

    def _callback_of(self, who: str) -> SamplingFnT:
        return callback_of(who, self.settings, self.keys.get(who), self.own, self.hand)

    def use(self, who: str) -> None:
        """Choose the answerer.

        Raises:
            ValueError: There is no such answerer, or a setting of the answerer is wrong.
        """
        if who not in ANSWERERS:
            raise ValueError(f"nobody is called {who!r}; there are {', '.join(ANSWERERS)}")
        self._chosen = self._callback_of(who)
        self.dials.use(self._chosen)
        self.who = who
        self._changed()

    def use_own(self, callback: SamplingFnT) -> None:
        """Let the student's own callback answer."""
        self.own = callback
        self.use("own")

    def use_key(self, key: str) -> None:
        """Ask the chosen answerer, or Claude where that one takes no key, with `key` until the playground is closed."""
        who = self.who if ANSWERERS[self.who].key else "claude"
        if key.strip():
            self.keys[who] = key.strip()
        else:
            self.keys.pop(who, None)
        self.use(who)

    def set(self, **settings: str) -> None:
        """Change a setting of an answerer, by its name in the table.

        Raises:
            ValueError: A setting cannot be so; nothing is changed.
        """
        former, self.settings = self.settings, {**self.settings, **settings}
        try:
            self.use(self.who)
        except ValueError:
            self.settings = former
            raise

    def take(self, choices: Choices) -> None:
        """Set answerer, dials, duties and limits at once, as in `choices`.

        Raises:
            ValueError: Something cannot be so.
        """
        self.settings = dict(choices.settings)
        self.dials.turn(**{field.name: getattr(choices.dials, field.name) for field in fields(choices.dials)})
        if dict(choices.limits) != dict(self.limits):
            self.limit(**choices.limits)
        self.use(choices.who)
        self.hold(approval=choices.approval, guard=choices.guard)

    def hold(self, *, approval: bool | None = None, guard: bool | None = None) -> None:
        """Turn a duty of the host on or off."""
        self.approval = self.approval if approval is None else approval
        self.guard = self.guard if guard is None else guard
        if approval:
            self.forget()
        self._changed()

    def limit(self, **limits: int | None) -> None:
        """Set other limits: `limit(samples=20, tokens=2_000)`; without a limit, everything is only counted.

        What was spent stays spent.

        Raises:
            ValueError: A limit is negative, or no whole number.
        """
        kept = {name: value for name, value in limits.items() if value is not None}
        asked: dict[str, Any] = dict(kept)
        self.budget.set_limits(**asked)
        self.limits = kept
        self._changed()

    def forget(self) -> None:
        """Forget the reviews so far: another server was connected, and all requests are reviewed again."""
        self._approval.forget()

    @property
    def name(self) -> str:
        """The answerer's name on the page."""
        own = f": {called(self.own)}" if self.who == "own" and self.own is not None else ""
        return ANSWERERS[self.who].title + own

    @property
    def host(self) -> str:
        """The duties that are on, in a few words."""
        duties = [*(["approval"] if self.approval else []), *(["guard"] if self.guard else [])]
        return ", ".join([*duties, *(["budget"] if self.limits else [])]) or "none"

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody has to click or type before there is an answer."""
        return self.approval or self.who == "hand"

    @property
    def rules(self) -> int:
        """How many rules the guard has."""
        return len(RULES)

    def vary(self, i: int | None) -> None:
        """Give run number `i` of several a seed of its own, where the dial sets none and the model has one."""
        if defaults(self._chosen).get("seed") is not None:
            # A copy shares what was loaded: one made anew would load a model's file at every run.
            self.dials.use(self._chosen if i is None else turned_model(self._chosen, Dials(seed=i)))

    # What is answered

    @property
    def callback(self) -> SamplingFnT:
        """The callback that all Labs are given."""
        return _Chain(self)

    async def answer(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Answer as everything is set at this moment, and keep what passed."""
        sampled, settled = Sampled(params), self.settled
        self.record(sampled)
        callback: SamplingFnT = self.budget
        if self.guard:
            callback = with_guard(callback)
        dials = self.dials.settings
        token = _sampled.set((sampled, dials))
        try:
            sampled.dials = read(self.dials.model, dials, params)
            sampled.seen = turned = self.dials.turned(params)
            with overhearing(self._hear), metering(turned) as meter:
                try:
                    sampled.answer = await callback(context, turned)
                except CancelledError:
                    sampled.take(self._at_most(meter))
                    raise
            sampled.take(meter.usage)
            return sampled.answer
        finally:
            _sampled.reset(token)
            sampled.cut_down()
            settled()
            self._changed()

    def _at_most(self, meter: Meter) -> Usage:
        """The tokens of a cancelled sample, as the budget counts them: what was told, or what may have been taken."""
        if meter.usage.tokens or not meter.witness.asked:
            return meter.usage
        params = meter.witness.params or meter.params
        most = params.max_tokens if "tokens" in self.limits else 0
        return Usage(prompt := prompt_tokens(params), most, prompt + most)

    def _hear(self, step: HostStep) -> None:
        self.noted += "rule" in step.data

    def _asked(self, request: ReviewRequest) -> Said:
        return self.ask(request)  # as it is set at this moment

    async def approved(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Ask the human where approval is on, then the answerer."""
        return await (self._approval if self.approval else self._route)(context, params)

    async def model(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Ask the answerer, with the client's own dials as they stood when the request came."""
        model, own = self.dials.model, Dials()
        if (now := _sampled.get()) is not None:
            sampled, dials = now
            own = Dials(**{name: getattr(dials, name) for name in OWN})
            sampled.seen = params
            sampled.dials = [_as_used(reading, params, model) for reading in sampled.dials]
            if can_be_traced(model):
                sampled.drawing = drawing(model, params, own)
        return await self._route.ask(turned_model(model, own), context, params)

    def _new_budget(self) -> Budget:
        limits: dict[str, Any] = dict(self.limits)
        budget = with_budget(_Approved(self), **limits, prices=catalog(), free=FREE)
        budget.listen(self._spent)
        return budget

    def _spent(self, _: Budget) -> None:
        self._changed()


class _Chain:
    """The whole chain; errors are told with the name of the answerer."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers

    @property
    def __name__(self) -> str:
        return called(self.answers.dials.model)

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        return await self.answers.answer(context, params)


class _Link(Duty):
    """A duty that hands on to what is set at this moment."""

    def __init__(self, answers: Answers) -> None:
        super().__init__()
        self.answers = answers

    def models(self) -> Iterator[str]:
        """The name of the answerer that is set now."""
        yield from models_in(self.answers.dials.model)


class _Approved(_Link):
    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        return await self.answers.approved(context, params)


class _Route(_Link):
    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        return await self.answers.model(context, params)


def _as_used(reading: DialReading, params: CreateMessageRequestParams, model: SamplingFnT) -> DialReading:
    """`reading` with what a request holds that the guard, or a human, has changed since."""
    if reading.dial in OWN:
        return reading
    used = getattr(params, reading.dial)
    used = defaults(model).get(reading.dial) if used in (None, [], "") else used
    return reading if used == reading.used else replace(reading, used=used, turned=True)
