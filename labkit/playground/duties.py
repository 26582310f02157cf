"""The one table of the host's duties in a playground: what is set about each, and where it stands in the order.

A new duty is its module in `labkit.host` and a row here: form, callback, program and what is kept read the row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp.client.session import SamplingFnT

from labkit import host
from labkit.host import RULES, Duty
from labkit.models.answerers import ANSWERERS, FREE


@dataclass(frozen=True, slots=True)
class Knob:
    """A setting of a duty: a number, or one of the answerers.

    Attributes:
        name: The parameter of `with_NAME` that it is given to; an answerer is given without a name.
        title: What stands behind the field.
        usual: The value at first; `None` for none.
        least: The least that it may be.
        most: The most that it may be.
        step: 1 for a whole number, or how far the arrows of the field go.
        optional: Whether the field may be empty.
        choices: The answerers to choose from; none for a number.
        beside: What a program gives the duty beside it, and where that is from.
    """

    name: str
    title: str
    usual: float | str | None
    least: float = 1
    most: float = 10**9
    step: float = 1
    optional: bool = False
    choices: Sequence[str] = ()
    beside: tuple[str, str, str] = ("", "", "")

    def checked(self, value: Any) -> Any:
        """`value`, where it can be the value.

        Raises:
            ValueError: It cannot.
        """
        if self.choices:
            fits = value in self.choices
        else:
            kinds = int if self.step == 1 else int | float
            fits = isinstance(value, kinds) and not isinstance(value, bool) and self.least <= value <= self.most
        if not fits:
            of = (
                f"one of {', '.join(self.choices)}"
                if self.choices
                else f"a number from {self.least:g} to {self.most:g}"
            )
            raise ValueError(f"{self.title} is {value!r}, and must be {of}")
        return value


@dataclass(frozen=True, slots=True)
class Row:
    """A duty.

    Attributes:
        name: Its `with_NAME` in `labkit.host`.
        title: Its name on the page.
        what: What it does, in a sentence.
        knobs: What is set about it.
        note: What a program says about it.
        keeps: Whether it knows of earlier requests and is to know of them when something else is changed.
        words: What is told of it beside its title.
    """

    name: str
    title: str
    what: str
    knobs: tuple[Knob, ...] = ()
    note: str = ""
    keeps: bool = False
    words: str = ""

    @property
    def usual(self) -> dict[str, Any]:
        """What is set at first."""
        return {knob.name: knob.usual for knob in self.knobs if knob.usual is not None}

    def checked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values that are set, without those that are left open.

        Raises:
            ValueError: There is no such setting, or it cannot have such a value.
        """
        known = {knob.name: knob for knob in self.knobs}
        if unknown := set(values) - set(known):
            raise ValueError(f"{self.title} has no {', '.join(unknown)}")
        given = {name: values[name] for name in known if values.get(name) is not None}
        for name, knob in known.items():
            if name in given or not knob.optional:
                knob.checked(given.get(name))
        return given

    def make(
        self, inner: SamplingFnT, values: Mapping[str, Any], who: Callable[[str], SamplingFnT], **more: Any
    ) -> Duty:
        """The duty around `inner`; `who` makes an answerer, and `more` is what a playground alone gives it."""
        others = [who(values[knob.name]) for knob in self.knobs if knob.choices]
        options = {knob.name: values[knob.name] for knob in self.knobs if not knob.choices and knob.name in values}
        return getattr(host, f"with_{self.name}")(inner, *others, **options, **more)


DUTIES: Mapping[str, Row] = {
    row.name: row
    for row in (
        Row(
            "queue",
            "Queue",
            "So many requests at the model at once, so many in line; the next is turned away",
            (Knob("at_once", "at once", 2, most=1_000), Knob("waiting", "in line", 20, least=0, most=100_000)),
            keeps=True,
        ),
        Row(
            "guard",
            "Guard",
            "Looks at every request and answer for what the SDK lets through: sizes, hidden characters, keys",
            words=f"{len(RULES)} rules",
        ),
        Row(
            "budget",
            "Budget",
            "Hold back what the server asks beyond these; without it, everything is only counted",
            (
                Knob("samples", "samples", 100, least=0, optional=True),
                Knob("tokens", "tokens", 20_000, least=0, optional=True),
                Knob(
                    "usd",
                    "$",
                    None,
                    least=0,
                    step=0.01,
                    optional=True,
                    beside=("labkit.models.catalog", "catalog", f"prices=catalog(), free={FREE!r}"),
                ),
            ),
            keeps=True,
        ),
        Row(
            "tools",
            "Tools",
            "A server may offer tools to the model, and runs what it asks for; the client says so as it connects",
            (Knob("max_rounds", "rounds", 5, most=100), Knob("max_parallel", "at once", 4, most=100)),
        ),
        Row(
            "approval",
            "Ask me first",
            "You review every request before the model sees it, and every answer before the server does",
            note="asks in the terminal; where there is none, refuses",
            keeps=True,
        ),
        Row(
            "cache",
            "Cache",
            "What was asked before on this connection gets the same answer; not what is drawn at random",
            (Knob("ttl", "s kept", 300, most=10**6),),
        ),
        Row(
            "fallback",
            "Fallback",
            "Where the one who answers fails, another is asked",
            (Knob("other", "is asked then", "tiny", choices=tuple(row.id for row in ANSWERERS.values() if row.kit)),),
        ),
        Row(
            "retry",
            "Retry",
            "What fails for now is asked again, later and later",
            (Knob("tries", "tries", 3, most=10), Knob("wait", "s between", 0.5, least=0, most=60, step=0.1)),
        ),
        Row(
            "timeout",
            "Timeout",
            "An answer in so many seconds, or an error in a sentence",
            (Knob("seconds", "s for an answer", 20, least=0.1, most=3_600, step=0.1),),
        ),
    )
}
"""The rows by name, in the order in which they are asked: the last stands next to the one who answers."""

AT_FIRST: Mapping[str, Mapping[str, Any]] = {"budget": DUTIES["budget"].usual}
"""The duties that are on at first."""


def checked(duties: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The duties that are on, in their order, and what is set about each.

    Raises:
        ValueError: There is no such duty, or something about one cannot be so.
    """
    if unknown := set(duties) - set(DUTIES):
        raise ValueError(f"there is no duty {', '.join(unknown)}; there are {', '.join(DUTIES)}")
    return {name: row.checked(duties[name]) for name, row in DUTIES.items() if name in duties}
