"""How the widgets of this folder get to the page: each as one module and one style sheet, made of parts."""

from pathlib import Path

_HERE = Path(__file__).parent


def read_parts(*names: str, folder: Path = _HERE) -> str:
    """Files as one text, since the browser gets a module as text and could not import one from another.

    Args:
        names: The files. The first stands beside this one, as what all pages share does.
        folder: Where the others stand.
    """
    paths = [_HERE / names[0], *(folder / name for name in names[1:])]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)
