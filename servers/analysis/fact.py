"""`Fact`: one figure that plain code found in a table."""

from dataclasses import dataclass
from typing import Literal

Measure = Literal[
    "rows",
    "count",
    "missing",
    "total",
    "mean",
    "median",
    "minimum",
    "maximum",
    "first",
    "last",
    "share",
    "change",
    "slope",
    "correlation",
    "anomaly",
    "expected",
    "date",
]


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure: what it is of, what kind of figure it is, its value.

    Attributes:
        about: The column, in the words of the data (`revenue`), and its group where it is of one: `revenue, region
            north`.
        measure: The kind of figure. `change` is in percent of what stood before, `slope` in units a day, `share` in
            percent of the whole, `anomaly` what was seen where `expected` was due.
        value: The figure in full precision; a `date` in ISO 8601.
        unit: The unit (`EUR`, `ms`, `%`); empty for a plain number.
        when: The period, in ISO 8601: `2025-03-04`, `2025-03`, `2025-01-01/2025-06-30`; empty for all rows.
        against: What it is compared with: another column of a correlation, the earlier period of a change.
    """

    about: str
    measure: Measure
    value: float | int | str
    unit: str = ""
    when: str = ""
    against: str = ""

    def __str__(self) -> str:
        """The fact in words: `total of revenue, region north, in 2025-03: 1,234.5 EUR`."""
        number = (
            self.value
            if isinstance(self.value, str)
            else f"{self.value:,.6g}"
            if abs(self.value) < 1e4
            else f"{self.value:,.0f}"
        )
        when = f", in {self.when}" if self.when else ""
        against = f", against {self.against}" if self.against else ""
        return f"{self.measure} of {self.about}{when}{against}: {number} {self.unit}".rstrip()
