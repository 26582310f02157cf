"""The callback of a playground: the answerer, the dials, the host's duties, and the record of what passed.

It is made anew whenever something is set, from the inside out, and holds from the next sample on; a request that is
under way keeps the one that it came to. The dials come first: what the guard checks, the budget counts and a human
reviews is what the answerer then gets.
"""

from asyncio import CancelledError
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import partial
from typing import Any, cast

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.callbacks import name_of as called
from labkit.dial_table import OWN, turned_model
from labkit.dial_table import Settings as Dials
from labkit.host import Approval, Ask, Budget, Duty, ReviewRequest
from labkit.host.approval import Said
from labkit.host.dials import DialReading, DialState, defaults, read
from labkit.host.duty import surrounding
from labkit.host.usage import Meter, Usage, metering, prompt_tokens
from labkit.models.answerers import ANSWERERS, FREE, usual_settings
from labkit.models.catalog import catalog
from labkit.models.trace import Traceable
from labkit.models.tracing import Drawing, can_be_traced, drawing
from labkit.playground.by_hand import ByHand, callback_of
from labkit.playground.choices import Choices
from labkit.playground.duties import AT_FIRST, DUTIES, checked
from labkit.playground.limits import FALLBACK, Limit
from labkit.playground.sampled import Sampled
from labkit.steps import HostStep, overhearing, reading_along

APPROVAL_TIME = 120.0
"""Seconds that a person has for a decision."""


class Answers:
    """The answerer, the dials and the duties that are set, behind one callback.

    Args:
        changed: Called after every change.
        ask: Asks a human for the decision where `approval` is on.
    """

    def __init__(self, changed: Callable[[], object], ask: Ask) -> None:
        self.tell = changed
        self.ask = ask
        self.settings = usual_settings()
        self.keys: dict[str, str] = {}
        """The keys that were typed, by answerer: none goes to another. They are in no setting, no record, no export."""
        self.own_callback: SamplingFnT | None = None
        self.hand = ByHand(changed)
        self.who = next(iter(ANSWERERS))
        self._chosen = self._callback_of(self.who)
        self._drawn_by: tuple[object, SamplingFnT] = None, self._chosen
        self.dials = DialState(self._chosen)
        self.duties = checked(AT_FIRST)
        """The duties that are on, by name, and what is set about each."""
        self.set_last = {name: row.usual for name, row in DUTIES.items()}
        """What was set last about each duty, also about those that are off."""
        self.record: Callable[[Sampled], object] = lambda _: None
        """Called with each sample: the run under way takes it up."""
        self.settled: Callable[[], object] = lambda: None
        """Called when a sample of the run under way is over."""
        self.draft = ""
        """The answer that a model is drawing now, as far as it goes."""
        self.drafted: Callable[[], object] = lambda: None
        """Called whenever there is more of it, from any thread."""
        self.noted = 0
        """How much the guard has found in the last run."""
        self._made: dict[str, tuple[Mapping[str, Any], Duty]] = {}
        """The duties that were made, and what was set about each."""
        self.chain = self._chained()
        """The callback as everything is set now."""
        self.budget.listen(self._spent)
        self.dials.listen(self._changed)

    # What is chosen

    def _callback_of(self, who: str) -> SamplingFnT:
        return callback_of(who, self.settings, self.keys.get(who), self.own_callback, self.hand)

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
        self.own_callback = callback
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
        if "approval" in self._made:
            cast("Approval", self._made["approval"][1]).forget()

    @property
    def name(self) -> str:
        """The answerer's name on the page."""
        own = f": {called(self.own_callback)}" if self.who == "own" and self.own_callback is not None else ""
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

    def drew(self, drawn: Drawing) -> Traceable | None:
        """The model that made a draw: the chosen one or one of the box; `None` where another file was chosen since."""
        model, name = self.dials.model, drawn.model_as_code[1]
        if can_be_traced(model) and model.as_code[1] == name:
            return model
        in_the_box = (row for row in ANSWERERS.values() if row.module and not row.settings)
        row = next((row for row in in_the_box if f"{row.name}()" == name), None)
        return cast("Traceable", row.make({})) if row else None

    # What is answered

    @property
    def budget(self) -> Budget:
        """The budget, which counts in any case: what was spent, and what is left."""
        return cast("Budget", self._made["budget"][1])

    def _changed(self) -> None:
        self.chain = self._chained()
        self.tell()

    def _chained(self) -> "Recorded":
        """The answerer with the duties around it, as everything is set now."""
        dials = self.dials.settings
        own_dials = Dials(**{name: getattr(dials, name) for name in OWN})
        if (of := (self.dials.model, own_dials)) != self._drawn_by[0]:
            self._drawn_by = of, turned_model(*of)
        callback = model = self._drawn_by[1]
        for name in reversed([*DUTIES]):
            if name in self.duties or name == "budget":
                callback = self._duty(name, callback)
        return Recorded(callback, self, model, own_dials, self.who)

    def _duty(self, name: str, inner: SamplingFnT) -> Duty:
        """The duty around `inner`: the same as before where nothing has changed, else one that knows what it has to."""
        row, values = DUTIES[name], self.duties.get(name, {})
        was, made = self._made.get(name, (None, None))
        if made is None or (was != values and name != "budget"):  # whose limits are set, since it has spent
            more: dict[str, Mapping[str, Any]] = {
                "approval": {"ask": self._asked, "timeout": APPROVAL_TIME},
                "budget": {"prices": catalog(), "free": FREE},
            }
            made = row.make(inner, values, self._callback_of, **more.get(name, {}))
        elif made.inner[0] is not inner:  # what is kept of earlier answers was said by another
            made = made.around(inner) if row.keeps else row.make(inner, values, self._callback_of)
        self._made[name] = values, made
        return made

    def _asked(self, request: ReviewRequest) -> Said:
        return self.ask(request)  # as it is set at this moment

    def _spent(self, _: Budget) -> None:
        self.tell()

    def read(self, draft: str) -> None:
        """Take the answer that a model is drawing, as far as it goes."""
        self.draft = draft
        self.drafted()

    def hear(self, step: HostStep) -> None:
        """Count what the guard has found, and take what a model tells of its dials."""
        self.noted += "rule" in step.data
        self.dials.hear(step)


class Recorded(Duty):
    """A callback, and the record of what passes.

    Args:
        callback: The answerer with the duties around it.
        answers: What is chosen; the run that is under way is known there.
        model: The answerer.
        own_dials: The client's own dials, which the answerer has already.
        who: The answerer's id in the table.
    """

    def __init__(self, callback: SamplingFnT, answers: Answers, model: SamplingFnT, own_dials: Dials, who: str) -> None:
        super().__init__(callback)
        self.__name__ = called(model)  # errors are told with it
        self._answers, self._model, self._own_dials, self._who = answers, model, own_dials, who

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Answer, and keep what passed."""
        answers, sampled = self._answers, Sampled(params)
        settled = answers.settled
        answers.record(sampled)
        try:
            sampled.dials = read(self._model, dials := answers.dials.settings, params)
            sampled.seen = turned = answers.dials.turned(params)
            sampled.limit = Limit(dialled=turned.max_tokens)
            around = partial(self._noted, sampled, dials)

            def hear(step: HostStep) -> None:
                answers.hear(step)
                sampled.hear(step)

            with overhearing(hear), reading_along(answers.read), metering(turned) as meter, surrounding(around):
                try:
                    sampled.answer = await self.ask(self.inner[0], context, turned)
                except CancelledError:
                    sampled.take(self._at_most(meter))
                    raise
            sampled.take(meter.usage)
            return sampled.answer
        finally:
            answers.draft = ""
            sampled.cut_down()
            settled()
            answers.tell()

    @contextmanager
    def _noted(
        self, sampled: Sampled, dials: Dials, model: SamplingFnT, params: CreateMessageRequestParams
    ) -> Generator[Callable[[Answer], object]]:
        """Note what an answerer is asked and how it draws. One who is asked in another's place tells no tokens."""
        sampled.seen, chosen = params, model is self._model
        own = dials if chosen else replace(dials, **dict.fromkeys(OWN))  # which the other one is not given
        sampled.dials = [_as_used(reading, params, model) for reading in read(model, own, sampled.asked)]
        sampled.limit = Limit(self._who if chosen else FALLBACK, dialled=sampled.limit and sampled.limit.dialled)
        sampled.drawing = None
        if chosen and can_be_traced(model):
            sampled.drawing = drawing(model, params, self._own_dials)
        yield lambda _: None

    def _at_most(self, meter: Meter) -> Usage:
        """The tokens of a cancelled sample, as the budget counts them: what was told, or what may have been taken."""
        if meter.usage.tokens or not meter.witness.asked:
            return meter.usage
        params = meter.witness.params or meter.params
        most = params.max_tokens if "tokens" in self._answers.duties.get("budget", {}) else 0
        return Usage(prompt := prompt_tokens(params), most, prompt + most)


def _as_used(reading: DialReading, params: CreateMessageRequestParams, model: SamplingFnT) -> DialReading:
    """`reading` with what a request holds that the guard, or a human, has changed since."""
    if reading.dial in OWN:
        return reading
    used = getattr(params, reading.dial)
    used = defaults(model).get(reading.dial) if used in (None, [], "") else used
    return reading if used == reading.used else replace(reading, used=used, turned=True)
