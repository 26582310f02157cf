"""How the widgets of this folder get to the page: each as one module and one style sheet, made of parts."""

from pathlib import Path

_HERE = Path(__file__).parent


def read_parts(*names: str) -> str:
    """Files beside this one as one text: the browser gets a module as text and could not import one from another."""
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)
