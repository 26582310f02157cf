"""The front end of a notebook: a widget that waits for a click must not wait where nobody can click."""

import sys
from typing import Any


def shell() -> Any:
    """IPython, where it runs this; it is in every notebook, and a script that it did not start has none."""
    ipython: Any = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


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


def publish(data: dict[str, Any], *, display_id: str, update: bool) -> None:
    """Show `data`, by MIME type, in a notebook, or show them in place of what was shown under `display_id`."""
    shell().display_pub.publish(data=data, metadata={}, transient={"display_id": display_id}, update=update)
