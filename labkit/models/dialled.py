"""`WithDials`: the base of models that keep the client's own dials in a dictionary."""

from collections.abc import Mapping
from copy import copy
from typing import Any, Self


class WithDials:
    """A model whose `dials` are a dictionary by the names of the table of dials; `None` leaves a dial to the model."""

    dials: dict[str, Any]

    @property
    def defaults(self) -> Mapping[str, Any]:
        """Where the model's dials stand when nobody turns them."""
        return self.dials

    def turned(self, wishes: Mapping[str, Any]) -> Self:
        """A copy of the model with other dials of the client's own; what was loaded is shared."""
        other = copy(self)
        other.dials = {name: wishes.get(name, value) for name, value in self.dials.items()}
        return other
