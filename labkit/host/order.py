"""`ORDER`: which duty must not stand inside which, and why. Each duty is held against it when it is made."""

from collections.abc import Callable
from typing import Protocol

from labkit.dial_table import DIALS


class Ordered(Protocol):
    """A duty, as far as its place is concerned: the seconds that it has, or gives, for an answer or a decision."""

    seconds: float

    @property
    def inner(self) -> tuple[object, ...]:
        """Who is asked inside."""
        ...


Why = str | Callable[[Ordered, Ordered], str]
"""The reason, or a function of the outer and the inner duty that says it, or nothing where the two go together."""


def _changed_afterwards(_: Ordered, inner: Ordered) -> str:
    settings = getattr(inner, "settings", None)
    changes = any(getattr(settings, dial.name) is not None for dial in DIALS if dial.asked)
    return "a human would approve what the dials then change" if changes else ""


def _too_soon_for_a_human(outer: Ordered, inner: Ordered) -> str:
    too_soon = outer.seconds <= inner.seconds
    return f"its {outer.seconds:g} s are over before the {inner.seconds:g} s that a human has" if too_soon else ""


def _never_the_first(outer: Ordered, inner: Ordered) -> str:
    return "its time is never up before that of the outer one" if inner.seconds >= outer.seconds else ""


def _asked_twice(outer: Ordered, _: Ordered) -> str:
    asking = sum(map(_has_approval, outer.inner))
    return "a human would be asked again when one fails" if asking > 1 else ""


def _has_approval(callback: object) -> bool:
    return getattr(callback, "asks_a_human", False) or any(map(_has_approval, getattr(callback, "inner", ())))


ORDER: dict[tuple[str, str], Why] = {
    ("Approval", "Approval"): "a human would be asked twice for the same",
    ("Approval", "Budget"): "a human would be asked for what the budget then holds back",
    ("Approval", "Guard"): "a human would approve what the guard then changes or refuses",
    ("Approval", "Dials"): _changed_afterwards,
    ("Approval", "Queue"): "a human would be asked for what the queue then turns away",
    ("Approval", "Tools"): "a human would approve what with_tools then changes",
    ("Timeout", "Approval"): _too_soon_for_a_human,
    ("Timeout", "Timeout"): _never_the_first,
    ("Retry", "Approval"): "a human would be asked again at every try",
    ("Retry", "Retry"): "each try of the one would be as many of the other",
    ("Retry", "Cache"): "equal requests that share an ask would each try it again",
    ("Fallback", "Approval"): _asked_twice,
    ("Cache", "Approval"): "what is kept would be answered without a human",
    ("Cache", "Guard"): "what is kept would be answered without the guard",
    ("Policed", "Policed"): "a human would be asked twice for the same",
    ("Policed", "Approval"): "a human would be asked twice for the same",
    ("Policed", "Budget"): "a human would be asked for what the budget then holds back",
    ("Policed", "Guard"): "a human would approve what the guard then changes or refuses",
    ("Policed", "Dials"): _changed_afterwards,
    ("Policed", "Queue"): "a human would be asked for what the queue then turns away",
    ("Policed", "Tools"): "a human would approve what with_tools then changes",
    ("Approval", "Policed"): "a human would approve what the policy then changes or refuses",
    ("Timeout", "Policed"): _too_soon_for_a_human,
    ("Retry", "Policed"): "a human would be asked again at every try",
    ("Cache", "Policed"): "what is kept would be answered without the policy",
    ("Cache", "Cache"): "the same would be kept twice",
}
"""Why the second must not stand inside the first, however deep: by the names of their classes."""


def disorder(outer: Ordered, inner: Ordered) -> str:
    """The sentence for an order in which a duty cannot do its work; nothing where there is none."""
    for of_outer in type(outer).__mro__:
        for of_inner in type(inner).__mro__:
            why = ORDER.get((of_outer.__name__, of_inner.__name__), "")
            if why := why if isinstance(why, str) else why(outer, inner):
                first, second = _made_by(of_outer), _made_by(of_inner)
                neither = first == second or (of_inner.__name__, of_outer.__name__) in ORDER
                mend = "Leave one of them out." if neither else f"Write {second}({first}(callback))."
                return f"{second} stands inside {first}, and so {why}. {mend}"
    return ""


def _made_by(kind: type) -> str:
    return getattr(kind, "made_by", f"with_{kind.__name__.lower()}")
