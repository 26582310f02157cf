"""`hand_in`: what a student built and what came of it, as one page of HTML that needs nothing else.

    hand_in("capstone.html", {"Server": make_capstone, "Scorecard": card, "A call": [lab.flow]})

Nothing on the page is loaded and nothing runs. Whatever came from a server, a model or the data is text; what looks
like a secret is marked, and no path of this machine is told.
"""

import inspect
import linecache
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import cast

from labkit.checks.defence import ATTACKS
from labkit.checks.scorecard import Scorecard
from labkit.cutting import outline
from labkit.flow import Flow
from labkit.redacting import redact, redact_drawing
from labkit.secret_forms.hidden import visible

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --mute: #5b6470; --line: #dfe2e6; --soft: #f4f5f7; --page: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #edf0f3; --mute: #a6b0bb; --line: #343b44; --soft: #20252b; --page: #181c21 }
}
body { margin: 24px auto; padding: 0 20px; max-width: 980px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif }
h1 { font-size: 22px } h2 { margin: 32px 0 4px; font-size: 17px } p { margin: 4px 0 12px; color: var(--mute) }
pre { padding: 10px 14px; border-radius: 4px; background: var(--soft); overflow-wrap: anywhere; white-space: pre-wrap }
table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: 13px }
th, td { padding: 4px 8px; border: 1px solid var(--line); overflow-wrap: anywhere; text-align: left;
  vertical-align: top; white-space: pre-wrap }
th:first-child { width: 110px; font-weight: 400; color: var(--mute) } .differs td { font-weight: 600 }
svg { max-width: 100%; height: auto }
"""
ON_PAPER = """
th:first-child { width: 190px } .rows th:first-child { width: 44px }
.pairs th:first-child { width: 45% } .pairs td:nth-child(2):not(:last-child) { width: 70px }
.FAIL th, .FAIL td { font-weight: 600 }
@media print {
  :root { --ink: #000; --mute: #333; --line: #999; --soft: #fff; --page: #fff; color-scheme: light }
  body { margin: 0; max-width: none; font-size: 11px } pre { border: 1px solid #999; font-size: 10px }
  tr, svg, li { break-inside: avoid } h2 { break-after: avoid } a { color: inherit }
}
"""
ATTACKED = {plan.family for plan in ATTACKS}
"""Groups of rows that say how far an order got also where it got nowhere."""
DEEPEST = 20
"""Lists within lists that are shown."""
# Nothing is loaded and nothing runs, whatever a server or a model wrote.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def hand_in(file: str | Path, parts: Mapping[str, object], *, title: str = "Capstone") -> None:
    """Write a page beside the notebook, and say where it is and what it lacks.

    Args:
        file: The page's name.
        parts: By heading: a text, a function, a scorecard, a flow, pairs by name, a `Waterfall`, or a list of
            these. What is none of these stands as it prints. A text with "TODO" in front is still to be done, and the
            page says so at its top.
        title: The page's heading.
    """
    text = page(parts, title=title)
    try:
        Path(file).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        print(f"{Path(file).name} could not be written: {error.strerror or error}.")
        return
    print(f"{Path(file).name}: {', '.join(parts)}. Open it in a browser; print it as PDF if you are to.")
    if lacks := _lacks(parts):
        print(lacks)


def page(parts: Mapping[str, object], *, title: str = "Capstone") -> str:
    """The page as HTML; the arguments are those of `hand_in`."""
    sections = "".join(f"<h2>{_text(heading)}</h2>{''.join(_drawn(part, heading))}" for heading, part in parts.items())
    made = f"Made on {datetime.now().astimezone():%Y-%m-%d} from this student's own runs. "
    made += "MCP sampling, specification 2025-11-25 and 2026-07-28, client/sampling."
    lacks = f"<p><strong>{_text(told)}</strong></p>" if (told := _lacks(parts)) else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><style>{STYLE}{ON_PAPER}</style></head><body>'
        f"<h1>{_text(title)}</h1><p>{made}</p>{lacks}{sections}</body></html>\n"
    )


def _lacks(parts: Mapping[str, object]) -> str:
    """Which parts are still to be done, by the texts in them."""
    lists = {
        heading: cast("list[object]", part) if isinstance(part, list) else [part] for heading, part in parts.items()
    }
    lacking = [
        heading
        for heading, told in lists.items()
        if any(isinstance(each, str) and each.startswith("TODO") for each in told)
    ]
    return f"Still to do: {', '.join(lacking)}." if lacking else ""


def _drawn(part: object, heading: str, within: tuple[int, ...] = ()) -> Iterable[str]:
    if isinstance(part, str):
        yield _pre(_told(part, heading))
    elif isinstance(part, Flow):
        flow = redact_drawing(part)
        yield f"<p>{_text(f'Revision {part.wire}, {part.transport}')}</p>{flow.to_svg()}"
    elif isinstance(part, Scorecard):
        yield f"<p>{_text(part.summary)}</p>"
        yield _table(
            (row.status, row.id, row.title, row.came_back if row.status != "PASS" or row.group in ATTACKED else "")
            for row in part.rows
        )
    elif isinstance(part, Mapping):
        yield _table((_cells(name, told) for name, told in cast("Mapping[object, object]", part).items()), "pairs")
    elif isinstance(part, list | tuple):
        inside = cast("list[object]", part)
        if id(inside) not in within and len(within) < DEEPEST:
            for each in inside:
                yield from _drawn(each, heading, (*within, id(inside)))
    elif inspect.isfunction(part):
        yield _pre(source_of(part))
    elif type(part).__module__.startswith("labkit.") and callable(draw := getattr(part, "svg", None)):
        yield f"{draw()}"  # of the kit's own; another's may hold a script
    else:
        yield _pre(str(part))


def source_of(function: Callable[..., object]) -> str:
    """A function as it was written, in a cell or in a file; a line that says so where that is not known."""
    linecache.checkcache()
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return f"The source of {getattr(function, '__name__', 'it')} is not known here: run its cell again."


def _cells(name: object, told: object) -> tuple[str, ...]:
    values = cast("list[object]", told) if isinstance(told, list | tuple) else [told]
    return str(name), *(_told(value, str(name)) for value in values)


def _told(value: object, name: str) -> str:
    """What stands under a name, as it prints, without what the names in it make a secret."""
    try:
        return str(redact(value, name))
    except RecursionError:  # it holds itself
        return str(redact(outline(value), name))


def _table(rows: Iterable[tuple[str, ...]], kind: str = "rows") -> str:
    """A table; a cell that goes to the end of a longer row takes its room."""
    told = list(rows)
    width = max((len(row) for row in told), default=1)
    lines = list[str]()
    for first, *others in told:
        cells = [f"<td>{_text(cell)}</td>" for cell in others]
        if others and len(others) < width - 1:
            cells[-1] = f'<td colspan="{width - len(others)}">{_text(others[-1])}</td>'
        mark = ' class="FAIL"' if first == "FAIL" else ""
        lines.append(f"<tr{mark}><th>{_text(first)}</th>{''.join(cells)}</tr>")
    return f'<table class="{kind}">{"".join(lines)}</table>'


def _pre(text: str) -> str:
    return f"<pre>{_text(text)}</pre>"


def _text(text: str) -> str:
    """Words as they stand on the page: visible, without secrets and without what this machine calls its folders."""
    lines = str(redact("\n".join(text.splitlines())))  # a private key is told by its first line and its last
    for folder in _folders():
        lines = lines.replace(folder, "…")
    return escape(visible(lines))


def _folders() -> list[str]:
    """What this machine calls its folders, the longest name first."""
    places = (Path.cwd(), Path.home(), Path(tempfile.gettempdir()), Path(sys.prefix), Path(__file__).parents[2])
    forms = {
        form for path in places if len(path.parts) > 1 for form in (str(path), path.as_posix(), str(path.resolve()))
    }
    return sorted(forms, key=len, reverse=True)
