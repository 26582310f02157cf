"""An audit log as a table in words, in which nothing that a server wrote does anything.

python -m labkit.host.audit_table audit.jsonl [LAST]     the last 50 entries, or the `LAST`
"""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import get_args

from labkit.host.audit import AuditLog
from labkit.host.audit_entry import Decision, Entry
from labkit.host.findings import counted
from labkit.plain import in_columns, short

HEAD = ("time (UTC)", "connection", "server", "tool", "decision", "tokens", "seconds", "why")


def connection_of(entry: Entry, runs: int) -> str:
    """The number of an entry's connection, where there are several runs with the beginning of its run's name."""
    number = str(entry.connection or "?")
    return number if runs == 1 else f"{entry.run[:4]}·{number}"


def cells(entry: Entry, runs: int) -> list[str]:
    """What the table tells of an entry, in the order of `HEAD`, the decision with who took it."""
    return [
        f"{entry.at:%Y-%m-%d %H:%M:%S}",
        connection_of(entry, runs),
        short(entry.server) or "–",
        short(entry.tool) or "–",
        entry.decision + (f" by {short(entry.by)}" if entry.by else ""),
        f"{entry.input_tokens + entry.output_tokens:,}",
        f"{entry.seconds:.1f}",
        short(entry.why, 200),
    ]


def facts(entry: Entry) -> list[tuple[str, str]]:
    """What else is known of an entry, by name; what is not known is left out."""
    asked, given = entry.asked, entry.given
    more = asked.tool_count - len(asked.tools)
    tools = _names(asked.tools) + (f" and {more:,} more" if more else "")
    tokens = f"{entry.input_tokens:,} in, {entry.output_tokens:,} out"
    told = [
        ("why", short(entry.why, 600)),
        ("asked for", f"{counted(asked.messages, 'message')}, {counted(asked.characters, 'character')}"),
        ("maxTokens", f"{asked.max_tokens:,}"),
        ("system prompt", asked.system and f"digest {short(asked.system)}"),
        ("tools", tools),
        ("includeContext", short(asked.context)),
        ("remarks", "; ".join(short(each, 600) for each in asked.remarks)),
        ("the model", "was asked" if entry.reached else "was not asked"),
        ("changed", " and ".join(entry.changed)),
        ("model", given and short(given.model, 200)),
        ("answer", given and counted(given.characters, "character")),
        ("stop reason", given and short(given.stop)),
        ("uses of tools", given and _names(given.uses)),
        ("tokens", tokens + (f", {entry.estimated:,} of them estimated" if entry.estimated else "")),
        ("call", "" if entry.call is None else str(entry.call)),
        ("wire", short(entry.wire)),
        ("Lab", short(entry.lab)),
        ("time", entry.at.isoformat(timespec="milliseconds")),
        ("entry", f"{entry.id} of run {entry.run}"),
    ]
    return [(name, text) for name, text in told if text]


def _names(names: Iterable[str]) -> str:
    return ", ".join(short(name, 130) for name in names)


def totals(entries: Sequence[Entry]) -> str:
    """How many samples there are, what became of them, and what they took."""
    of = Counter(entry.decision for entry in entries)
    decided = ", ".join(f"{of[each]:,} {each}" for each in get_args(Decision) if of[each])
    tokens = sum(entry.input_tokens + entry.output_tokens for entry in entries)
    estimated = sum(entry.estimated for entry in entries)
    guessed = f", {estimated:,} of them estimated" if estimated else ""
    return f"{counted(len(entries), 'sample')}{f': {decided}' if decided else ''}; {counted(tokens, 'token')}{guessed}"


def table(entries: Sequence[Entry]) -> str:
    """A line for each entry, and the totals."""
    runs = len({entry.run for entry in entries})
    rows = [HEAD, *(cells(entry, runs) for entry in entries)]
    return "\n".join([*in_columns(rows, len(HEAD)), totals(entries)])


def main(words: Sequence[str]) -> str:
    """What is printed for the words of a command line.

    Raises:
        SystemExit: They name no log.
    """
    match words:
        case [path]:
            last = "50"
        case [path, last] if last.isdecimal():
            pass
        case _:
            raise SystemExit(__doc__)
    if not Path(path).is_file():
        raise SystemExit(f"There is no file {short(path, 200)}.")
    return table(AuditLog(path).entries(int(last)))


if __name__ == "__main__":
    print(main(sys.argv[1:]))
