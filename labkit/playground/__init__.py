"""The playground: a server, a model, the dials and the host's duties on one page, with every message in view.

    playground = Playground()   # and `playground` as the last line of a cell

A `Playground` knows no widget: its `Target` is what is called, its `Answers` who answers and what the host does, each
`Run` what came of a call. `labkit.playground.view` draws all that and decides nothing.
"""

import sys
from importlib import import_module

from labkit.front_end import say_meanwhile

say_meanwhile("Loading the playground, 1 of 3: the MCP SDK …")
import_module("mcp")  # half of what is to be loaded

say_meanwhile("Loading the playground, 2 of 3: the model and the servers …")
from labkit.playground.playground import Playground  # noqa: E402

say_meanwhile("The playground is loaded.")

__all__ = ["Playground"]


def _draw(playground: Playground) -> object:
    if "labkit.playground.view" not in sys.modules:
        say_meanwhile("Loading the playground, 3 of 3: the page …")
    from labkit.playground.view import PlaygroundView  # a script that draws nothing loads no widgets

    return PlaygroundView(playground)


Playground.draw = staticmethod(_draw)
