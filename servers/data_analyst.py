"""The data analyst: plain code finds what is in a table, the client's model chooses what to tell, code writes it.

`smart_report` reads a table of a database: that of an operations team, which is made up here, or any SQLite file that
is given. `SELECT * FROM ${tableName} ORDER BY created_at DESC LIMIT 100`, as a tutorial has it, lets the caller write
the query; here a name is looked up and quoted, never pasted (`servers/analysis/database.py`). `analyze_data` reads CSV
or JSON. Plain code finds trend, seasons, anomalies and groups, and draws them. One sample chooses among them, by
number: code writes every word, each figure with what it is of, so none can be false and no order in the data can come
out as advice. Where no model answers, the facts are the report. On revision 2026-07-28 a client that refuses ends the
call instead.

An incident is filed on three conditions: code found an anomaly, a model told it and nothing had to be left out, and a
person said yes, who is asked by the server itself (elicitation). A client that asks its user before each call of a
tool shows the arguments, and at that time there is nothing yet to read. So where nobody can be asked, nothing is filed.

Tried on the made-up year (1 December 2026, three tables, temperature 0 and 0.4, two tries each): neither model in the
box writes the JSON that is asked for. SmolLM2-135M makes figures up ("an average daily latency of 7.6 seconds") or goes
round in circles, so that with it the findings are the report. Over HTTP the SDK takes 4 MB of data and no more.

    python -m servers.data_analyst [--database FILE] [--folder DIR] [--http PORT]
"""

import argparse
import atexit
import re
import shutil
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from math import isfinite
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any, Unpack

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp_types import CallToolResult, ImageContent, InputRequiredResult, TextContent
from pydantic import BaseModel, Field, StringConstraints

from servers.analysis.anomalies import Anomaly
from servers.analysis.chart import chart, described
from servers.analysis.database import read_table, table_names
from servers.analysis.findings import Findings, analyze
from servers.analysis.narrative import CheckedNarrative, Narrative, checked, narrative_question
from servers.analysis.operations import write_database
from servers.analysis.table import Table, TableError
from servers.analysis.texts import read_text
from servers.asking import NoAnswer, shortened, visible, why_not
from servers.credentials import Served
from servers.incident_report import REPORT_NAME, Entry, IncidentReport, ReportError
from servers.rounds import MoreNeeded, Rounds
from servers.serving import in_thread, quietly, serve
from servers.typed import ask_for

LONGEST_FACTS = 2_500
"""Characters of facts that a result shows."""

MOST_FACTS = 100
"""Facts in a result's structured part."""

MOST_ANOMALIES = 5
"""Anomalies that an incident names, the strongest."""

LONGEST_STORY = 4_000
"""Characters of a narrative that are filed: a person reads all of them first."""

KEPT = 3
"""Studies that are kept for the next round of a call."""

Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Approval(BaseModel):
    """What the person at the client enters."""

    file: bool = Field(title="File it", description="Whether this entry is filed in the incident report.")


@dataclass(frozen=True)
class Filed:
    """What became of the incident."""

    told: str
    entry: str = ""


@dataclass(frozen=True)
class Study:
    """What plain code found in a table, as a picture too."""

    findings: Findings
    picture: bytes | None


_studies: dict[str, Study] = {}


async def study(key: str, read: Callable[[], Table], metric: Callable[[Table], str | None]) -> Study:
    """What is in a table. It is kept for a while: a call that samples runs two or three times on the newer wire.

    Args:
        key: The same for the same table and metric, and for no other.
        read: Reads the table.
        metric: Which column to look at.

    Raises:
        ToolError: It cannot be read, or has no such metric.
    """

    def made() -> Study:
        table = read()
        findings = analyze(table, metric(table))
        return Study(findings, chart(findings))

    if (kept := _studies.get(key)) is None:
        try:
            kept = _studies[key] = await in_thread(made)
        except ValueError as error:  # also a TableError
            raise ToolError(str(error)) from error
        while len(_studies) > KEPT:
            del _studies[next(iter(_studies))]
    return kept


@cache
def operations() -> Path:
    """The database of the operations team, made once in a process, and removed with it."""
    folder = Path(mkdtemp(prefix="operations-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_database(folder / "operations.db")
    return folder / "operations.db"


def stamp(database: Path | None) -> str:
    """What changes when a database does. The one that is made up is the same in every process."""
    if database is None:
        return "made up"
    files = (database, database.with_name(f"{database.name}-wal"))
    return " ".join(
        f"{found.st_mtime_ns} {found.st_size}" for each in files if each.exists() and (found := each.stat())
    )


@quietly()
def make_server(folder: Path | str, *, database: Path | str | None = None, **served: Unpack[Served]) -> MCPServer:
    """A data analyst of `database`, or of one that is made up; it files incidents in a report in `folder`."""
    server = MCPServer("data-analyst", **served)
    path = None if database is None else Path(database)
    incidents = IncidentReport(folder)

    @server.tool(structured_output=False)
    async def analyze_data(
        data: Annotated[str, Field(min_length=1)], question: Question, ctx: Context
    ) -> CallToolResult | InputRequiredResult:
        """Find what is in CSV or JSON (trend, seasons, anomalies, groups), draw it, and have a question answered by it.

        A model chooses what answers it; code writes every figure.
        """
        key = sha256(f"{question}\0{data}".encode("utf-8", "replace")).hexdigest()
        found = await study(key, lambda: read_text(data), lambda table: named_in(question, table))
        try:
            narrative = await told(found.findings, question, Rounds(ctx), ctx)
        except MoreNeeded as more:
            return more.result
        return report(found, narrative, None)

    @server.tool(structured_output=False)
    async def smart_report(
        table: Name, metric: Name, ctx: Context, file_incident: bool = False
    ) -> CallToolResult | InputRequiredResult:
        """Report on a metric of a table of the database: what plain code finds, drawn, and what a model chose to tell.

        `metric` is a column, or "rows" to count rows. With `file_incident` what differs from what was due is filed as
        an incident, if nothing in them had to be left out and the person at the client says yes.
        """
        rounds = Rounds(ctx)
        now = await in_thread(stamp, path)
        if await rounds.once("stamp", lambda: as_is(now)) != now:
            raise ToolError("The database changed while the model was asked. Call again.")
        key = repr((str(path), now, table, metric))
        found = await study(key, lambda: read_table(path or operations(), table), lambda _: metric)
        try:
            narrative = await told(found.findings, "", rounds, ctx)
            filed = await incident(found.findings, narrative, incidents, rounds) if file_incident else None
        except MoreNeeded as more:
            return more.result
        return report(found, narrative, filed)

    @server.resource("report://incidents", mime_type="text/plain")
    async def incident_report() -> str:
        """The incident report."""
        try:
            return await in_thread(incidents.text) or "No incidents yet."
        except ReportError as error:
            raise ResourceError(str(error)) from error

    @server.resource("database://tables", mime_type="text/plain")
    async def tables() -> str:
        """The tables that smart_report can read, one a line."""
        try:
            names = await in_thread(lambda: table_names(path or operations()))
        except TableError as error:
            raise ResourceError(str(error)) from error
        return "\n".join(line(each, 200) for each in names) or "There is none."

    return server


async def as_is(text: str) -> str:
    """What `Rounds.once` takes: `text`."""
    return text


def line(text: str, longest: int) -> str:
    """A text from outside as one line with nothing hidden in it."""
    return visible(" ".join(shortened(text, longest).split()))


def named_in(question: str, table: Table) -> str | None:
    """The number column that a question names (`unit_price` as "unit price" too), the longest such name; or none."""
    asked = " ".join(re.findall(r"\w+", question.replace("_", " ").casefold()))
    found = [
        name
        for name, column in table.columns.items()
        if column.kind == "number"
        and (words := " ".join(re.findall(r"\w+", name.replace("_", " ").casefold())))
        and re.search(rf"\b{re.escape(words)}\b", asked)
    ]
    return max(found, key=len, default=None)


async def told(findings: Findings, question: str, rounds: Rounds, ctx: Context) -> CheckedNarrative | NoAnswer:
    """What the model chose to tell, as code writes it.

    Raises:
        MoreNeeded: The client has to answer first.
    """
    asked = await in_thread(narrative_question, findings, line(question, 500))
    answer = await ask_for(Narrative, asked, rounds, ctx)
    return answer if isinstance(answer, NoAnswer) else await in_thread(checked, answer, findings)


async def incident(
    findings: Findings, narrative: CheckedNarrative | NoAnswer, incidents: IncidentReport, rounds: Rounds
) -> Filed:
    """File what differs from what was due, if it may be.

    Raises:
        MoreNeeded: The person has to answer first.
    """
    if not findings.anomalies:
        return Filed("not filed, because nothing differs from what was due.")
    if isinstance(narrative, NoAnswer):
        return Filed("not filed, because no model told it; findings alone are no incident.")
    if not narrative.is_right:
        return Filed("not filed, because something in the narrative had to be left out.")
    entry = Entry(happened(findings), shortened(narrative.text, LONGEST_STORY))
    shown = str(entry).strip()
    answer = await rounds.entered(f"File this incident in {REPORT_NAME}?\n\n{shown}", Approval)
    if isinstance(answer, NoAnswer):
        return Filed(f"not filed, because {answer.reason}.")
    if not answer.file:
        return Filed("not filed, because the person said no.")
    try:
        is_new = await in_thread(incidents.append, entry)
    except ReportError as error:
        raise ToolError(f"{error} Nothing was filed.") from error
    return Filed(f"{'filed in' if is_new else 'already in'} {REPORT_NAME}, as entry {entry.id}.", entry.id)


def happened(findings: Findings) -> str:
    """What an incident is about, on one line: the strongest anomalies."""
    strongest = sorted(findings.anomalies, key=lambda each: -abs(each.score))[:MOST_ANOMALIES]
    more = len(findings.anomalies) - len(strongest)
    each = "; ".join(map(differs, strongest)) + (f"; and {more} more" if more else "")
    return f"{line(findings.table.name, 60)}: {each}"


def differs(anomaly: Anomaly) -> str:
    """`daily revenue, 2025-11-28: spike, 38,583 where 15,000 was due`"""
    period = f"{anomaly.day}" if anomaly.day == anomaly.until else f"{anomaly.day} to {anomaly.until}"
    due = f" where {anomaly.expected:,.6g} was due" if isfinite(anomaly.expected) else ""
    return f"{line(anomaly.about, 80)}, {period}: {anomaly.kind}, {anomaly.value:,.6g}{due}"


def report(found: Study, narrative: CheckedNarrative | NoAnswer, filed: Filed | None) -> CallToolResult:
    """A result in three forms: text for whoever reads it, a picture, and fields for a program."""
    findings, table, alt = found.findings, found.findings.table, described(found.findings)
    metric = "the rows of" if findings.how == "count" else f"{line(findings.metric, 80)} in"
    parts = [f"Report on {metric} {line(table.name, 80)}, {table.rows:,} rows."]
    if isinstance(narrative, NoAnswer):
        parts.append(f"A narrative is {why_not(narrative)}")
    else:
        parts.append(f"Chosen by a model, each figure put in by code:\n{narrative.text}")
    parts.append(f"Found without a model:\n{findings.text(LONGEST_FACTS)}")
    parts += [f"Chart: {alt}"] if alt else []
    parts += [f"Incident: {filed.told}"] if filed else []
    facts = [
        {name: line(value, 200) if isinstance(value, str) else value for name, value in asdict(each).items()}
        for each in findings.facts
        if isinstance(each.value, str) or isfinite(each.value)
    ]
    structured: dict[str, Any] = {
        "table": line(table.name, 200),
        "metric": line(findings.metric, 200),
        "rows": table.rows,
        "read": table.read,
        "facts": facts[:MOST_FACTS],
        "anomalies": [differs(each) for each in findings.anomalies],
        "narrative": None if isinstance(narrative, NoAnswer) else narrative.text,
        "narrative_right": None if isinstance(narrative, NoAnswer) else narrative.is_right,
        "chart": alt,
        "incident": filed and filed.entry,
    }
    image = [ImageContent(data=b64encode(found.picture).decode(), mime_type="image/png")] if found.picture else []
    return CallToolResult(content=[TextContent(text="\n\n".join(parts)), *image], structured_content=structured)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m servers.data_analyst", description="Report on data.")
    parser.add_argument("--database", type=Path, metavar="FILE", help="an SQLite file; without it, one is made up")
    parser.add_argument("--folder", default=".", help=f"where {REPORT_NAME} is kept; without it, the current folder")
    serve(lambda options, served: make_server(options.folder, database=options.database, **served), parser)
