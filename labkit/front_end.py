"""The front end of a notebook: a widget that waits for a click must not wait where nobody can click."""

import sys
from html import escape
from typing import Any
from uuid import uuid4


def shell() -> Any:
    """IPython, where it runs this; it is in every notebook, and a script that it did not start has none."""
    ipython: Any = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def is_a_notebook() -> bool:
    """Whether a kernel runs this. A script has none, and neither has IPython in a terminal."""
    return getattr(shell(), "kernel", None) is not None


def can_ask_a_person() -> bool:
    """Whether the cell that runs was sent by a front end with a person before it.

    A front end tells with each cell whether it can ask for input (`allow_stdin`, Jupyter's messaging protocol).
    JupyterLab and its like can; nbval, nbclient and what builds on them say that they cannot. A message of a widget
    comes from a page in any case. A plain script has no front end.
    """
    kernel: Any = getattr(shell(), "kernel", None)
    parent_of: Any = getattr(kernel, "get_parent", dict)
    parent: dict[str, Any] = parent_of()
    if str(parent.get("header", {}).get("msg_type", "")).startswith("comm_"):
        return True
    return bool(parent.get("content", {}).get("allow_stdin"))


def makes_widgets_unseen() -> bool:
    """Whether the front end makes a widget as soon as there is one, before anything shows it, and has a person.

    JupyterLab, Notebook and JupyterLite do. VS Code and Colab make a widget where an output asks for it.
    """
    names: dict[str, object] = getattr(shell(), "user_ns", {})
    elsewhere = "google.colab" in sys.modules or "__vsc_ipynb_file__" in names
    return can_ask_a_person() and not elsewhere


def _cell() -> str:
    """The message that the running cell came with; empty in a script."""
    parent_of: Any = getattr(getattr(shell(), "kernel", None), "get_parent", dict)
    return str(parent_of().get("header", {}).get("msg_id", ""))


_said: tuple[str, str] = "", ""
"""The cell in which something was said last, and the display id under which it stands."""


def say_meanwhile(words: str) -> None:
    """Show in the running cell what is under way, before a person; later words take the place of the earlier ones."""
    global _said  # noqa: PLW0603 - of one cell runs one at a time
    if not can_ask_a_person():
        return
    cell, said = _cell(), _said
    _said = said if said[0] == cell else (cell, uuid4().hex)
    html = f'<p role="status" style="margin: 8px 0">{escape(words)}</p>'
    publish({"text/plain": words, "text/html": html}, display_id=_said[1], update=said == _said)


def place_of_words() -> str:
    """The display id of what `say_meanwhile` has shown in the running cell, given away once; empty where it has not."""
    global _said
    (cell, place), _said = _said, ("", "")
    return place if cell and cell == _cell() else ""


def publish(data: dict[str, Any], *, display_id: str, update: bool) -> None:
    """Show `data`, by MIME type, in a notebook, or show them in place of what was shown under `display_id`."""
    shell().display_pub.publish(data=data, metadata={}, transient={"display_id": display_id}, update=update)
