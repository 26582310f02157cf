"""The front end of a notebook: a widget that waits for a click must not wait where nobody can click."""

import sys
from typing import Any


def can_ask_a_person() -> bool:
    """Whether the cell that runs was sent by a front end with a person before it.

    A front end tells with each cell whether it can ask for input (`allow_stdin`, Jupyter's messaging protocol).
    JupyterLab and its like can; nbval, nbclient and what builds on them say that they cannot. A message of a widget
    comes from a page in any case. A plain script has no front end.
    """
    ipython: Any = sys.modules.get("IPython")  # a script that IPython did not start has none
    kernel: Any = getattr(ipython.get_ipython() if ipython else None, "kernel", None)
    parent_of: Any = getattr(kernel, "get_parent", dict)
    parent: dict[str, Any] = parent_of()
    if str(parent.get("header", {}).get("msg_type", "")).startswith("comm_"):
        return True
    return bool(parent.get("content", {}).get("allow_stdin"))
