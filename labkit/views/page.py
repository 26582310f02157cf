"""The way of the widgets of this folder to the page: each as one module and one style sheet, made of parts."""

from pathlib import Path
from urllib.parse import quote

from labkit.diagram import LOOKS

_HERE = Path(__file__).parent
_EXPORT = "export default "


def read_parts(*names: str, folder: Path = _HERE) -> str:
    """Files as one text, since the browser gets a module as text and could not import one from another.

    What a module exports is wrapped by `placed.js`, so that the widget finds its place on the page.

    Args:
        names: The files' names. The first file stands beside this module, as what all pages share does.
        folder: The folder of the other files.
    """
    paths = [_HERE / names[0], *(folder / name for name in names[1:])]
    parts = [path.read_text(encoding="utf-8") for path in paths]
    if names[0].endswith(".js"):
        *before, last = parts
        head, _, exported = last.rpartition(_EXPORT)
        placed = (_HERE / "placed.js").read_text(encoding="utf-8")
        parts = [*before, f"{head}const widget = {exported}", placed, f"{_EXPORT}placed(widget);\n"]
    return "\n".join(parts)


def style_of_times(card: str) -> str:
    """A class for each kind of time, in its colours and its pattern, within the card `labkit-NAME` of this name."""
    rules: list[str] = []
    for kind, look in LOOKS.items():
        for page, colour in (("", look.light), ('body[data-jp-theme-light="false"] ', look.dark)):
            path = f'<svg xmlns="http://www.w3.org/2000/svg" width="6" height="6"><path d="{look.pattern}" fill="none"'
            picture = quote(f'{path} stroke="{colour}" stroke-width="1.3"/></svg>')
            fill = f'--panel) url("data:image/svg+xml,{picture}"' if look.pattern else "--kind"
            rules.append(f"{page}.labkit-card.labkit-{card} i.{kind} {{ --kind: {colour}; --fill: var({fill}); }}")
    return "\n".join(rules)
