"""`budget_meter(budget)`: what is spent and what is left, live. In plain code: `budget.spent`, `budget.left`.

budget = with_budget(my_callback, samples=20, tokens=5_000)
budget_meter(budget)  # as the last line of a cell
"""

from collections.abc import Callable
from contextlib import suppress
from threading import RLock
from typing import Any

import anywidget
import traitlets

from labkit.host import Budget
from labkit.host.prices import dollars
from labkit.views.pace import Pace, weakly
from labkit.views.page import read_parts
from labkit.views.placed import Placed

SMALLEST = 1e-9
"""US dollars below which a difference comes from rounding."""

LATER = 0.1
"""Seconds by which a look at a sample that is a minute old comes late, so that the sample is older."""

Reading = list[Any]
"""A line of the meter: name, what is spent in words, what is left in words, and the share that is gone or `None`."""


def budget_meter(budget: Budget) -> "BudgetMeter":
    """A meter of samples, tokens, US dollars, and of what one call, one minute and one moment may have.

    The meter has a line for samples, for tokens, for dollars where there are prices, and for each other limit.

    Raises:
        TypeError: `budget` is no budget.
    """
    if not isinstance(budget, Budget):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
        raise TypeError(
            f"a {type(budget).__name__} is no budget: write budget_meter(with_budget(callback, samples=20))"
        )
    return BudgetMeter(budget)


def readings(budget: Budget) -> list[Reading]:
    """The lines of a meter."""
    spent, left, limit = budget.spent, budget.left, budget.limit
    guessed = f", {spent.estimated:,} estimated" if spent.estimated else ""
    lines = [
        _line("samples", spent.samples, left.samples, limit.samples, "{:,}".format),
        _line("tokens", spent.tokens, left.tokens, limit.tokens, "{:,}".format, note=guessed),
    ]
    if spent.usd is not None:
        lines.append(_line("cost", spent.usd, left.usd, limit.usd, dollars))
    if (of_call := budget.of_last_call) is not None:
        left_of_call = max(0, of_call[1] - of_call[0])
        note = " in the last call"
        lines.append(_line("per call", of_call[0], left_of_call, of_call[1], "{:,}".format, note=note))
    if (of_minute := budget.of_last_minute) is not None:
        begun, most, _ = of_minute
        note = " in the last 60 s"
        lines.append(_line("per minute", begun, max(0, most - begun), most, "{:,}".format, note=note))
    if budget.at_once is not None:
        running = f"{budget.under_way} of {budget.at_once}"
        share = budget.under_way / budget.at_once
        lines.append(["at once", running, f"{budget.waiting} waiting" if budget.waiting else "none waiting", share])
    return lines


def _line(
    name: str, spent: float, left: float | None, limit: float | None, told: Callable[[Any], str], *, note: str = ""
) -> Reading:
    if left is None or limit is None:
        return [name, f"{told(spent)}{note}", "no limit", None]
    aside = limit - spent - left
    # What is set aside for requests under way is gone as well, until these are answered.
    share = 1.0 if limit <= 0 else min(1.0, max(0.0, 1 - left / limit))
    waits = f", {told(aside)} set aside" if aside > SMALLEST else ""
    return [name, f"{told(spent)} of {told(limit)}{note}{waits}", f"{told(left)} left", round(share, 4)]


class BudgetMeter(Placed, anywidget.AnyWidget):
    """The meter that `budget_meter` makes. A meter listens to the budget until the meter is closed."""

    _esm = read_parts("page.js", "budget_meter.js")
    _css = read_parts("page.css", "budget_meter.css")

    lines = traitlets.List().tag(sync=True)

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._lock = RLock()
        self._pace = Pace(self._show)
        self._minute = False
        super().__init__(lines=readings(budget))
        self._forget = budget.listen(weakly(self.changed))
        self._show()  # what came in between

    def close(self) -> None:
        """Stop listening and take the meter off the page. More than once does no harm."""
        self._forget()
        super().close()

    def changed(self, _: object = None) -> None:
        """Show the budget soon. Called in the middle of a sample, from its thread: quick."""
        self._pace.soon()

    def _show(self) -> None:
        with self._lock:
            self.lines = readings(self._budget)
            of_minute = self._budget.of_last_minute
            if of_minute is not None and of_minute[0] and not self._minute and (loop := self._pace.loop):
                # A sample that began a minute ago is counted no more, and nobody tells.
                with suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(loop.call_later, of_minute[2] + LATER, weakly(self.a_minute_later))
                    self._minute = True

    def a_minute_later(self) -> None:
        """Show the budget again, after the first of the samples that began in the last minute counts no more."""
        self._minute = False
        self._show()

    def __repr__(self) -> str:
        return "<BudgetMeter>"

    def __str__(self) -> str:
        lines = readings(self._budget)
        width = max(8, *(len(line[0]) for line in lines))
        return "\n".join(f"{name:<{width}} {spent}; {left}" for name, spent, left, _ in lines)
