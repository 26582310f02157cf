"""Three parts for the embedded model to play, so that a choice between models can be seen, and paid, without a key.

Nothing about them is real but the choice: one small model answers under three names, each with `tiny` in it, and their
scores and prices (players.json) are made up.
"""

from functools import cache
from pathlib import Path

from labkit.models.catalog import Catalog, read
from labkit.models.tiny import TinyModel


def players() -> dict[str, TinyModel]:
    """The models by name, the default first: `choose_model(players(), players_catalog())`."""
    return {
        "tiny-sprint": TinyModel(name="tiny-sprint", top_k=1),
        "tiny-steady": TinyModel(name="tiny-steady", top_p=0.9, seed=1),
        "tiny-scholar": TinyModel(name="tiny-scholar", seed=2),
    }


@cache
def players_catalog() -> Catalog:
    """The scores and prices of the three players, read once."""
    return read(Path(__file__).with_name("players.json"))
