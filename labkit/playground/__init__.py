"""The playground: a server, a model, the dials and the host's duties on one page, with every message in view.

    playground = Playground()   # and `playground` as the last line of a cell

A `Playground` knows no widget: its `Target` is what is called, its `Answers` who answers and what the host does, each
`Run` what came of a call. `labkit.playground.view` draws all that and decides nothing.
"""

from labkit.playground.playground import Playground

__all__ = ["Playground"]


def _draw(playground: Playground) -> object:
    from labkit.playground.view import PlaygroundView  # a script that draws nothing loads no widgets

    return PlaygroundView(playground)


Playground.draw = staticmethod(_draw)
