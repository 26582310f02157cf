"""The callback of a playground: the answerer, the dials, the host's duties, and the record of what passed.

Everything can be changed while a call is under way, and holds from the next sample on: the Lab is given one callback,
which asks what is set at that moment. The dials come first: what the guard checks, the budget counts and a human
reviews is what the answerer then gets.
"""

from asyncio import CancelledError
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.callbacks import Answer, uses_tools
from labkit.callbacks import name_of as called
from labkit.dial_table import OWN, turned_model
from labkit.dial_table import Settings as Dials
from labkit.host import Approval, Ask, Budget, Duty, ReviewRequest
from labkit.host.approval import Said
from labkit.host.dials import DialReading, DialState, defaults, read
from labkit.host.usage import Meter, Usage, metering, prompt_tokens
from labkit.models.answerers import ANSWERERS, FREE, usual_settings
from labkit.models.catalog import catalog
from labkit.models.tracing import can_be_traced, drawing
from labkit.playground.choices import Choices
from labkit.playground.duties import AT_FIRST, DUTIES, checked
from labkit.playground.runs import Sampled
from labkit.playground.who import ByHand, callback_of
from labkit.steps import HostStep, overhearing

APPROVAL_TIME = 120.0
"""Seconds that a person has for a decision."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a sample is answered by, as it was set when the sample came."""

    sampled: Sampled
    dials: Dials
    duties: Mapping[str, Duty]
    model: SamplingFnT


_standing: ContextVar[Standing | None] = ContextVar("labkit_playground_standing", default=None)


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
        self.duties = checked(AT_FIRST)
        """The duties that are on, by name, and what is set about each."""
        self.set_last = {name: row.usual for name, row in DUTIES.items()}
        """What was set last about each duty, also about those that are off."""
        self.record: Callable[[Sampled], object] = lambda _: None
        """Called with each sample: the run under way takes it up."""
        self.settled: Callable[[], object] = lambda: None
        """Called when a sample of the run under way is over."""
        self.noted = 0
        """How much the guard has found in the last run."""
        self._made: dict[str, tuple[Mapping[str, Any], Duty]] = {}
        """The duties that were made, and what was set about each."""
        self._made_of: tuple[object, ...] = ()
        self._approval = cast("Approval", self._duty("approval"))
        self.budget = cast("Budget", self._duty("budget"))
        self.budget.listen(self._spent)

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
        self.use(choices.who)
        self.set_last |= {name: {**values} for name, values in choices.duties.items()}
        self.hold(**{name: name in choices.duties for name in DUTIES})

    def hold(self, **duties: bool | Mapping[str, Any]) -> None:
        """Turn duties of the host on or off: `hold(guard=True, budget={"samples": 20}, timeout=False)`.

        What was set last about a duty stays so where nothing else is said. What a budget has spent stays spent.

        Raises:
            ValueError: There is no such duty, or something about one cannot be so; nothing is changed.
        """
        wanted = {
            name: {**self.set_last.get(name, {}), **(value if isinstance(value, Mapping) else {})}
            for name, value in duties.items()
            if value is not False
        }
        now = checked({name: value for name, value in self.duties.items() if name not in duties} | wanted)
        self.budget.set_limits(**now.get("budget", {}))
        if "approval" in now and "approval" not in self.duties:
            self.forget()
        self.set_last |= {name: now[name] for name in wanted}
        self.duties = now
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
        return ", ".join(self.duties) or "none"

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody has to click or type before there is an answer."""
        return "approval" in self.duties or self.who == "hand"

    def vary(self, i: int | None) -> None:
        """Give run number `i` of several a seed of its own, where the dial sets none and the model has one.

        With a cache on, which is there for equal requests, it keeps the one it has.
        """
        if defaults(self._chosen).get("seed") is not None:
            # A copy shares what was loaded: one made anew would load a model's file at every run.
            same = i is None or "cache" in self.duties
            self.dials.use(self._chosen if same else turned_model(self._chosen, Dials(seed=i)))

    # What is answered

    @property
    def callback(self) -> SamplingFnT:
        """The callback that all Labs are given."""
        return _Chain(self)

    async def answer(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Answer as everything is set at this moment, and keep what passed."""
        sampled, settled = Sampled(params), self.settled
        self.record(sampled)
        dials = self.dials.settings
        standing = Standing(sampled, dials, *self._stand(dials))
        token = _standing.set(standing)
        try:
            sampled.dials = read(self.dials.model, dials, params)
            sampled.seen = turned = self.dials.turned(params)
            with overhearing(self._hear), metering(turned) as meter:
                try:
                    sampled.answer = await self.inside("")(context, turned)
                except CancelledError:
                    sampled.take(self._at_most(meter))
                    raise
            sampled.take(meter.usage)
            return sampled.answer
        finally:
            _standing.reset(token)
            sampled.cut_down()
            settled()
            self._changed()

    def _at_most(self, meter: Meter) -> Usage:
        """The tokens of a cancelled sample, as the budget counts them: what was told, or what may have been taken."""
        if meter.usage.tokens or not meter.witness.asked:
            return meter.usage
        params = meter.witness.params or meter.params
        most = params.max_tokens if "tokens" in self.duties.get("budget", {}) else 0
        return Usage(prompt := prompt_tokens(params), most, prompt + most)

    def _hear(self, step: HostStep) -> None:
        self.noted += "rule" in step.data

    def _asked(self, request: ReviewRequest) -> Said:
        return self.ask(request)  # as it is set at this moment

    def inside(self, duty: str) -> SamplingFnT:
        """Who is asked inside a duty; inside none, the outermost. For the sample that is being answered, or now."""
        standing = _standing.get()
        duties, model = (standing.duties, standing.model) if standing else self._stand(self.dials.settings)
        names = [*DUTIES]
        inner = names[names.index(duty) + 1 :] if duty else names
        return next((duties[name] for name in inner if name in duties), model)

    def _stand(self, dials: Dials) -> tuple[Mapping[str, Duty], SamplingFnT]:
        """The duties that are on, and the answerer with the client's own dials."""
        own = Dials(**{name: getattr(dials, name) for name in OWN})
        made_of = (self.dials.model, own)
        if made_of != self._made_of:  # what is kept of earlier answers was said by another
            self._made_of = made_of
            self._made = {name: made for name, made in self._made.items() if DUTIES[name].keeps}
        names = (name for name in DUTIES if name in self.duties or name == "budget")  # which counts in any case
        return {name: self._duty(name) for name in names}, _Told(turned_model(self.dials.model, own), own)

    def _duty(self, name: str) -> Duty:
        values, made = self.duties.get(name, {}), self._made.get(name)
        if made is None or (made[0] != values and name != "budget"):  # whose limits are set, since it has spent
            more: dict[str, Mapping[str, Any]] = {
                "approval": {"ask": self._asked, "timeout": APPROVAL_TIME},
                "budget": {"prices": catalog(), "free": FREE},
            }
            inside = _Inside(lambda: self.inside(name))
            made = values, DUTIES[name].make(inside, values, self._other, **more.get(name, {}))
            inside.is_made, self._made[name] = True, made
        return made[1]

    def _spent(self, _: Budget) -> None:
        self._changed()

    def _other(self, who: str) -> SamplingFnT:
        return _Told(self._callback_of(who))


class _Chain:
    """The whole chain; errors are told with the name of the answerer."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers

    @property
    def __name__(self) -> str:
        return called(self.answers.dials.model)

    @property
    def declares_tools(self) -> bool:
        """Whether what is set just now lets a model use tools."""
        return "tools" in self.answers.duties or uses_tools(self.answers.dials.model)

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        return await self.answers.answer(context, params)


class _Inside(Duty):
    """Whoever stands inside a duty when a sample comes: the duty stays, and knows what it knew."""

    def __init__(self, who: Callable[[], SamplingFnT]) -> None:
        self._who, self.is_made = who, False

    @property
    def inner(self) -> tuple[SamplingFnT, ...]:  # pyright: ignore[reportIncompatibleVariableOverride] - read alone
        """The one who is asked."""
        return (self._who(),) if self.is_made else ()

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        return await self.ask(self.inner[0], context, params)


class _Told(Duty):
    """An answerer, with a note in the sample of what it was asked and how it drew."""

    def __init__(self, model: SamplingFnT, own: Dials | None = None) -> None:
        super().__init__(model)
        self._own = own
        """The client's own dials; `None` for one who is asked in another's place, whose tokens are not drawn."""

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        [model] = self.inner
        if (standing := _standing.get()) is not None:
            sampled = standing.sampled
            sampled.seen = params
            sampled.dials = [_as_used(reading, params, model) for reading in sampled.dials]
            own = self._own
            sampled.drawing = drawing(model, params, own) if own is not None and can_be_traced(model) else None
        return await self.ask(model, context, params)


def _as_used(reading: DialReading, params: CreateMessageRequestParams, model: SamplingFnT) -> DialReading:
    """`reading` with what a request holds that the guard, or a human, has changed since."""
    if reading.dial in OWN:
        return reading
    used = getattr(params, reading.dial)
    used = defaults(model).get(reading.dial) if used in (None, [], "") else used
    return reading if used == reading.used else replace(reading, used=used, turned=True)
