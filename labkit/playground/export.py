"""The runs of a playground as JSON, as Mermaid, as a page of HTML that needs nothing else. None carries a key."""

import json
import os
import textwrap
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any, Literal

from labkit.diagram import MOST_STEPS, alt
from labkit.host import visible
from labkit.host.prices import dollars
from labkit.models.answerers import KEYS as NAMES
from labkit.playground.runs import Run, compare, duration
from labkit.redacting import redact, redact_drawing, redact_shown
from labkit.secret_forms.finding import find_keys

Form = Literal["json", "mermaid", "html"]
HIDDEN = "[key]"

ROOM = 1_000_000
"""Characters that an export takes, about."""

PICTURED = 20_000
"""Characters of a run that a notebook keeps."""

CARD = "padding: 10px 16px; border: 1px solid var(--jp-border-color1, #bdbdbd); border-radius: 6px"


def keys_known(*given: str | None) -> list[str]:
    """All known keys, which must appear nowhere: those that were given, and those in the environment."""
    environment = (os.environ.get(name, "").strip() for name in NAMES)
    return sorted({key for key in (*given, *environment) if key and len(key) > 5}, key=len, reverse=True)


def without_keys(text: str, keys: Iterable[str]) -> str:
    """`text` with every known key, also as JSON writes it, and whatever looks like one taken out."""
    for key in keys:
        for form in {key, json.dumps(key)[1:-1], escape(key)}:
            text = text.replace(form, HIDDEN)
    for start, end in reversed(find_keys(text)):  # also where two texts meet
        text = text[:start] + HIDDEN + text[end:]
    return text


def exported(
    form: Form,
    runs: Sequence[Run],
    program_of: Callable[[Run], str],
    keys: Sequence[str],
    *,
    settings_of: Callable[[Run], dict[str, Any] | None] = lambda run: run.settings,
    room: int | None = None,
) -> Iterator[str]:
    """`runs` in one of the forms, piece by piece, with a mark in place of what the guard's patterns take for a secret.

    Of runs for which there is no room in `room` characters, or `ROOM`, a part is written, and the file says so.

    Args:
        form: The form to write.
        runs: The runs in the order in which they were made.
        program_of: Gives the program of a run, for the page.
        keys: The keys that must not be in the text.
        settings_of: Gives what was chosen for a run, for JSON, which can be imported again.
        room: About how many characters JSON may take.

    Raises:
        ValueError: There is no such form.
    """
    match str(form):
        case "json":
            pieces = _json(runs, settings_of, room)
        case "mermaid":
            pieces = _mermaid(runs)
        case "html":
            pieces = _page(runs, program_of)
        case other:
            raise ValueError(f"there is no form {other!r}; there are json, mermaid and html")
    return (without_keys(piece, keys) for piece in pieces)


def _fitted(
    runs: Sequence[Run],
    sizes: Sequence[int],
    write: Callable[[Run], str],
    *,
    samples: bool = False,
    most: int | None = None,
) -> tuple[str, Iterator[str]]:
    """What is to be said of runs that are written in part, and the text of each run, of which some fit whole."""
    most = most or ROOM
    room = share = float(most)
    for i, size in enumerate(sorted(sizes)):
        share = room / (len(sizes) - i)
        room -= size
        if size > share:
            break
    cut = sum(size > share for size in sizes)
    note = (
        f"{cut} of {len(runs)} runs are here in part: a file holds about {most:,} characters. Save fewer runs at once."
    )

    def texts() -> Iterator[str]:
        for run, size in zip(runs, sizes, strict=True):
            text = "" if size > share else write(run)
            if not text or len(text) > 2 * share:  # as where each letter is written as six
                text = write(run.part(int(share), samples=samples))
            yield text if len(text) <= 2 * share else write(run.part(int(share / 4), samples=samples))

    return note if cut else "", texts()


def _json(runs: Sequence[Run], settings_of: Callable[[Run], dict[str, Any] | None], room: int | None) -> Iterator[str]:
    write = partial(_json_of, {}, settings_of)
    note, texts = _fitted(runs, [run.size or ROOM for run in runs], write, samples=True, most=room)
    yield json.dumps({"playground": 1, "in_part": note}, indent=2)[:-2] + ',\n  "runs": ['
    before = "\n"
    for text in texts:
        yield before + text
        before = ",\n"
    yield "\n  ]\n}\n"


def _json_of(known: dict[tuple[str, str], str], settings_of: Callable[[Run], dict[str, Any] | None], run: Run) -> str:
    told = redact({**run.to_dict(), "settings": settings_of(run)}, known=known)
    return textwrap.indent(json.dumps(told, indent=2, ensure_ascii=True), "    ")


def _mermaid(runs: Sequence[Run]) -> Iterator[str]:
    runs = [run for run in runs if run.flow]
    note, texts = _fitted(
        runs,
        [150 * min(run.steps, MOST_STEPS) for run in runs],
        lambda run: f"%% {titled(run)}\n{redact_drawing(run.flow).to_mermaid()}\n" if run.flow else "",
    )
    yield f"%% {note}\n\n" if note else ""
    before = ""
    for text in texts:
        yield before + text
        before = "\n"


def _page(runs: Sequence[Run], program_of: Callable[[Run], str]) -> Iterator[str]:
    from labkit.views.hand_in import POLICY, STYLE  # which marks capstones: the checks are a sixth of all imports

    count = f"{len(runs)} run{'' if len(runs) == 1 else 's'}"
    note, texts = _fitted(runs, [len(run.result) + 1_000 * run.steps for run in runs], _section)
    yield (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sampling playground</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><style>{STYLE}</style></head><body>'
        f"<h1>Sampling playground</h1><p>{count} of a tool whose server asked this client for completions."
        f" MCP sampling, specification 2025-11-25 and 2026-07-28, client/sampling. {note}</p>"
    )
    if len(runs) > 1:
        yield _table([run.part(ROOM // 10) if run.size > ROOM // 10 else run for run in runs[-4:]])
    yield from texts
    programs: dict[str, list[str]] = {}
    room = ROOM // 4
    for run in runs:
        code = program_of(run) if room > 0 else "The programs of the other runs are not here: save fewer runs at once."
        if code not in programs:
            room -= len(code)
        programs.setdefault(code, []).append(str(run.n))
        yield ""
    for code, numbers in programs.items():
        whose = f"run{'' if len(numbers) == 1 else 's'} {', '.join(numbers)}"
        lines = "\n".join(map(redact, code.splitlines()))
        yield f"<h2>The settings of {whose} as a program</h2><pre>{_text(lines)}</pre>"
    yield "</body></html>\n"


def _section(run: Run) -> str:
    told, result = redact(" · ".join(filter(None, (summary(run), run.cut, run.in_part)))), redact(run.result)
    flow = redact_drawing(run.flow).to_svg() if run.flow else ""
    return f"<h2>Run {run.n}: {_text(run.tool)}</h2><p>{_text(told)}</p><pre>{_text(result)}</pre>{flow}"


def picture(made: str, run: Run | None, keys: Sequence[str], grouped: Mapping[str, str]) -> dict[str, str]:
    """What a notebook keeps of a page: the settings and the last run, as HTML without a script and as text.

    Args:
        made: The settings in a line.
        run: The last run that is over.
        keys: The keys that must not be in it.
        grouped: The answers of all the runs that were made with the last one, by MIME type; else empty.
    """
    told = {"text/plain": made, "text/html": f"<b>{_text(made)}</b>"}
    if grouped:
        told["text/plain"] += f"\n{grouped['text/plain']}"
        told["text/html"] += _image(grouped["image/svg+xml"], grouped["text/plain"])
    if run is not None:
        run = run if run.size <= PICTURED else run.part(PICTURED)
        line = redact(" · ".join(filter(None, (f"{run.tool} {run.outcome}", titled(run), summary(run), run.cut))))
        result, flow = redact_shown(run.result, PICTURED), redact_drawing(run.flow) if run.flow else None
        told["text/plain"] += f"\n{visible(line)}\n{visible(result)}\n{visible(str(flow or ''))}"
        told["text/html"] += f'<p>{_text(line)}</p><pre style="white-space: pre-wrap">{_text(result)}</pre>'
        if flow:
            told["text/html"] += _image(flow.to_svg(), alt(flow))
    told["text/html"] = f'<div style="{CARD}">{told["text/html"]}<p>Run the cell again to use it.</p></div>'
    return {kind: without_keys(text, keys) for kind, text in told.items()}


def _image(svg: str, told: str) -> str:
    drawn = f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
    return f'<img style="display: block; max-width: 100%" alt="{escape(told)}" src="{drawn}">'


def _table(runs: Sequence[Run]) -> str:
    head = "".join(f"<th>{_text(titled(run))}</th>" for run in runs)
    rows = [
        f"<tr{' class=differs' if row.differs else ''}><th>{_text(row.name)}</th>"
        + "".join(f"<td>{_text(redact(value))}</td>" for value in row.values)
        + "</tr>"
        for row in compare(runs)
    ]
    return f"<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"


def titled(run: Run) -> str:
    """The title of a run: `run 1`, or `run 1 · tiny model` where the embedded model has answered."""
    return " · ".join(part for part in (f"run {run.n}", run.mark) if part)


def summary(run: Run) -> str:
    """A run in a line: `1 sample · 176 + 46 tokens · 0.31 s · tiny model`; a cost stands before the time.

    The tokens are those of prompt and answer; the last part is the answerer; `tiny model` marks the embedded one.
    """
    count = run.count
    parts = [f"{count} sample{'' if count == 1 else 's'}"]
    if run.samples:
        parts.append(f"{run.prompt_tokens} + {run.tokens} tokens{' (estimated)' if run.estimated else ''}")
    if run.usd:
        parts.append(dollars(run.usd))
    parts.append(duration(run.seconds))
    if run.said_by:
        parts.append(run.said_by)
    return " · ".join(parts)


def _text(text: str) -> str:
    return escape(visible(text))
