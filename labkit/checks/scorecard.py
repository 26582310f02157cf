"""`scorecard`: what a sampling callback does with some seventy requests and mishaps that a good client handles.

    print(await scorecard(my_callback))

The rows are data. How they are shown is the reader's affair: a table here, JSON for others.
"""

import json
import os
import re
import textwrap
from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring  # what is made here is not read

from labkit.callbacks import name_of
from labkit.checks.case import Case, Row, written
from labkit.checks.engine import STAGE_TIMEOUT, CheckFailed
from labkit.checks.sampling import (
    answers,
    content,
    errors,
    faults,
    limits,
    manners,
    messages,
    provider,
    replies,
    tools,
    wires,
)
from labkit.notebook import say_if_stale

MODULES = (messages, answers, limits, content, tools, errors, manners, wires, provider, replies, faults)
CASES = written(Case, Path(messages.__file__).with_name("cases.toml"), *MODULES)

PATIENCE = 3
"""How many cases may use up all the time that they are allowed, before the rest are allowed a tenth of it."""

WIDTH = 118

PASSES, FAILS = "now passes", "now fails"


def cases() -> list[Case]:
    """Every case of the scorecard, for pytest.

    @pytest.mark.anyio
    @pytest.mark.parametrize("case", labkit.checks.cases(), ids=str)
    async def test_my_callback(case):
        row = await case.examine(my_callback)
        assert not row.failed, row
    """
    return list(CASES)


@dataclass(frozen=True, repr=False)
class Scorecard:
    """What came of each case. Printed it is a table, in which what failed is told at length.

    Attributes:
        name: The callback's name.
        rows: A row for each case, in the order of the groups.
    """

    name: str
    rows: tuple[Row, ...]

    @property
    def passed(self) -> list[Row]:
        return [row for row in self.rows if row.status == "PASS"]

    @property
    def failed(self) -> list[Row]:
        """What failed, and what is still to be written."""
        return [row for row in self.rows if row.failed]

    @property
    def not_applicable(self) -> list[Row]:
        """What cannot be seen on this callback. It counts neither as passed nor as failed."""
        return [row for row in self.rows if row.status == "N/A"]

    @property
    def unwritten(self) -> bool:
        """Whether the callback is still a stub."""
        return any(row.group == "messages" and row.status == "TODO" for row in self.rows[:2])

    def changes(self, before: "Scorecard") -> dict[str, str]:
        """The cases that came out otherwise than in an earlier scorecard, by id: "now passes" or "now fails"."""
        then = {row.id: row for row in before.rows}
        both = [(then[row.id], row) for row in self.rows if row.id in then]
        passes = {row.id: PASSES for old, row in both if old.failed and row.status == "PASS"}
        return passes | {row.id: FAILS for old, row in both if old.status == "PASS" and row.failed}

    def to_json(self) -> str:
        """Name, counts and rows, as JSON."""
        counts = {"passed": len(self.passed), "failed": len(self.failed), "not_applicable": len(self.not_applicable)}
        rows = [asdict(row) | {"binding": row.binding} for row in self.rows]
        return json.dumps({"name": self.name, **counts, "rows": rows}, indent=2)

    def to_junit(self) -> str:
        """The rows as JUnit XML, which CI systems read: a `testcase` each, those that do not apply as skipped."""
        counts = {"tests": len(self.rows), "failures": len(self.failed), "skipped": len(self.not_applicable)}
        named = {"name": _in_xml(self.name), **{name: str(count) for name, count in counts.items()}}
        suite = Element("testsuite", named)
        for row in self.rows:
            case = SubElement(suite, "testcase", {"classname": f"labkit.checks.{row.group}", "name": row.id})
            if row.failed:
                kind = {"message": _in_xml(row.came_back), "type": row.binding}
                SubElement(case, "failure", kind).text = _in_xml(str(row))
            elif row.status == "N/A":
                SubElement(case, "skipped", {"message": _in_xml(row.came_back)})
        return tostring(suite, encoding="unicode") + "\n"

    @property
    def summary(self) -> str:
        """`my_callback: 40 passed, 1 failed, 20 not applicable`"""
        counts = f"{len(self.passed)} passed, {len(self.failed)} failed, {len(self.not_applicable)} not applicable"
        return f"{self.name}: {counts}"

    def __repr__(self) -> str:
        return f"<Scorecard {self.summary}>"

    def __str__(self) -> str:
        if self.unwritten:
            return f"TODO {self.name}: write the body of the function, run its cell, then run this one again."
        # Rows that do not apply for the same reason share a line.
        alike = groupby(self.rows, key=lambda row: (row.status, row.came_back if row.status == "N/A" else row.id))
        return "\n".join([*(line for _, rows in alike for line in _lines([*rows])), self.summary])


def _in_xml(text: str) -> str:
    """`text` with `�` for the characters that no XML may hold."""
    return re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "�", text)


def _lines(rows: list[Row]) -> Iterator[str]:
    first, last = rows[0], rows[-1]
    if len(rows) > 1:
        yield f"{first.status:<4}  {first.id} to {last.id} ({len(rows)} cases)"
    else:
        yield f"{first.status:<4}  {first.id:<28}  {first.title}"
    if first.status == "N/A":
        yield from _wrapped("", first.came_back)
    elif first.failed:
        yield from _wrapped("sent", first.sent)
        yield from _wrapped("back", first.came_back)
        yield from _wrapped("why", f"{first.why} [{first.source}]")
        yield from _wrapped("mend", first.mend)


def _wrapped(label: str, text: str) -> Iterable[str]:
    begin = f"      {label:<6}" if label else " " * 6
    return textwrap.wrap(text, WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin))


async def scorecard(callback: object, *, timeout: float = STAGE_TIMEOUT) -> Scorecard:
    """Examine a callback in every case.

        print(await scorecard(my_callback))
        print(await scorecard(make))           # def make(base_url): a callback that asks the provider there
        (await scorecard(my_callback)).failed

    It reports, and raises nothing that the callback does. Behaviour is judged, never wording: where both are lawful,
    an answer and a refusal in words are equally good. Each row says how binding its rule is: MUST and SHOULD are the
    specification's, SDK is what mcp needs, advice is this kit's alone. What the callback prints meanwhile is not
    shown. A factory is given the address of a stand-in on this machine, which speaks the Messages API and Chat
    Completions, and a key that is none; some cases can be seen in no other way, and read "not applicable" for a plain
    callback.

    Args:
        callback: `async def callback(context, params)`, or a factory with a parameter `base_url`.
        timeout: Seconds that each answer may take. A callback that uses them up three times gets a tenth from then on.

    Raises:
        CheckFailed: A case failed, and `LABKIT_STRICT=1` is set.
    """
    say_if_stale(callback)
    rows = [row async for row in examined(callback, timeout=timeout)]
    return concluded(Scorecard(name_of(callback), tuple(rows)))


async def examined(callback: object, *, timeout: float = STAGE_TIMEOUT) -> AsyncGenerator[Row]:
    """The row of each of `CASES` in turn, as soon as it is known. The arguments are those of `scorecard`."""
    is_callable, hung = True, 0
    first: Row | None = None
    for case in CASES:
        if not is_callable:
            yield case.row("N/A", "Not examined: first see to what failed above.")
            continue
        row = await case.examine(callback, timeout=timeout if hung < PATIENCE else timeout / 10)
        is_callable = not (case is CASES[0] and row.failed)
        hung += row.hung
        if first and row.status == "FAIL" and _cause(row) == _cause(first):
            row = replace(row, status="N/A", came_back=f"As in {first.id}: {row.came_back}")
        elif row.id == "messages.one" and row.status == "FAIL":
            first = row
        yield row


def _cause(row: Row) -> str:
    """What went wrong, without the seconds that it took: what fails a plain question fails all, and is told once."""
    return re.sub(r"\d+(\.\d+)? s\b", "", row.came_back.removeprefix("CallbackError: "))


def concluded(card: Scorecard) -> Scorecard:
    """`card`; raises where a case failed and `LABKIT_STRICT` is set."""
    if card.failed and os.environ.get("LABKIT_STRICT") == "1":
        raise CheckFailed(str(card))
    return card
