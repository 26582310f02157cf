"""`glossary()`: what the fields of a frame mean, each with the page of the specification that says so.

`python -m labkit.views.glossary` prints the same as a page of Markdown, which is `docs/GLOSSARY.md`.
"""

import json
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from labkit.views.page import read_parts
from labkit.views.placed import Placed

_TOLD: dict[str, Any] = json.loads(Path(__file__).with_name("fields.json").read_text(encoding="utf-8"))
_INTRODUCTION = """# Glossary

What the fields of a frame mean, as the flow tells it beside each. `parent > field` is a field inside another, `*` a
name that a server chose. Made from `labkit/views/fields.json` by `python -m labkit.views.glossary`.
"""


def glossary() -> "Glossary":
    """What the fields of a frame mean, with a search; `print(glossary())` is all of it in text."""
    return Glossary()


def rows() -> list[list[str]]:
    """Each field with its meaning and its page of the specification, in the order of the pages."""
    fields, values = _TOLD["fields"], _TOLD["values"]
    return [
        [field, " ".join([_meaning(fields[field]), *values.get(field, {}).values()]), clause]
        for clause, names in _TOLD["clauses"].items()
        for field in names
    ]


def _meaning(told: str | dict[str, str]) -> str:
    if isinstance(told, str):
        return told
    return " ".join(f"On {revision}: {words}" for revision, words in told.items())


def page() -> str:
    """The glossary as a page of Markdown."""
    lines = [_INTRODUCTION]
    for clause, names in _TOLD["clauses"].items():
        lines += [f"## [{clause}]({_TOLD['specification']}{clause})", ""]
        lines += [f"- `{field}`: {meaning}" for field, meaning, _ in rows() if field in names]
        lines.append("")
    return "\n".join(lines)


class Glossary(Placed, anywidget.AnyWidget):
    """The widget that `glossary` returns."""

    _esm = read_parts("page.js", "glossary.js")
    _css = read_parts("page.css", "glossary.css")

    rows = traitlets.List().tag(sync=True)
    specification = traitlets.Unicode(_TOLD["specification"]).tag(sync=True)

    def __init__(self) -> None:
        super().__init__(rows=rows())

    def __str__(self) -> str:
        return "\n".join(f"{field}: {meaning} ({clause})" for field, meaning, clause in rows())


if __name__ == "__main__":
    print(page(), end="")
