"""The playground: a server, a model, the dials and the host's duties on one page, with every message in view.

    playground = Playground()   # and `playground` as the last line of a cell

`labkit.playground.model` holds what is chosen and what happened, and knows no widget; `labkit.playground.view` draws it
and decides nothing.
"""

from labkit.playground.shown import Playground

__all__ = ["Playground"]
