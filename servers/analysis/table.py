"""`Table`: columns with their types, wherever they came from."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray


class TableError(ValueError):
    """Data that cannot be read, or not as it was asked for. The message, which a caller is told, says what to do."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: The column's name, as the source has it.
        kind: What its values are. An identifier or a flag is a `text`, though it be written in digits.
        values: The values in the order of the rows: float64 with NaN of a `number`, datetime64[s] with NaT of a `time`,
            objects (`str` or `None`) of a `text`.
        unit: What stood beside each number (`%`, `€`, `ms`); empty for plain numbers.
    """

    name: str
    kind: Literal["number", "time", "text"]
    values: NDArray[Any]
    unit: str = ""

    @property
    def missing(self) -> int:
        """How many rows have no value."""
        if self.kind == "number":
            return int(np.isnan(self.values).sum())
        if self.kind == "time":
            return int(np.isnat(self.values).sum())
        return sum(value is None for value in self.values)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that were read, by column.

    Attributes:
        name: The table's name, or what the data was called.
        columns: The columns by name, in the order of the source.
        rows: How many rows the source has.
        read: How many of these were read; the columns are that long.
        note: What a reader must be told of how they were read; empty where all were, as they are.
    """

    name: str
    columns: dict[str, Column]
    rows: int
    read: int
    note: str = ""
