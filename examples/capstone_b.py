"""Capstone B: a report on a table of days, in which the model writes and code looks for its figures among the facts.

    python capstone_b.py figures.db

Design, as it was handed in:
- code: the figures, with SQL.
- a sample: the report, out of the figures and the notes of the days that stand out, since the notes say why.
- refused: figures that are not in the data.
"""

import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from statistics import mean
from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp.types import CreateMessageResult, SamplingMessage, TextContent

FIGURE = re.compile(r"\d(?:[\d.]*\d)?")


def facts_of(database: Path | str, table: str, column: str) -> str:
    """The facts of a column, a line each, with the notes of the three highest days."""
    with closing(sqlite3.connect(database)) as data:
        # A column called `a"b` breaks out of these quotes: one of the faults for which this example has its marks.
        rows = data.execute(f'SELECT day, "{column}", note FROM "{table}" ORDER BY 2 DESC').fetchall()  # noqa: S608
    lines = [f"{len(rows)} days, on average {mean(value for _, value, _ in rows):.1f}"]
    lines += [f"{day}: {value:g}, note: {note}" for day, value, note in rows[:3]]
    return "\n".join(lines)


def make_server(database: Path | str, folder: Path | str = ".") -> MCPServer:
    """A server with one tool, `report`, which files its report in `folder`."""
    server = MCPServer("capstone-b", log_level="ERROR")

    async def narrative(table: str, column: str, ctx: Context) -> Sample | None:
        facts = facts_of(database, table, column)
        if ctx.client_capabilities is None or ctx.client_capabilities.sampling is None:
            return None
        words = TextContent(text=f"Write a short report about {column}, with the figures:\n{facts}")
        return Sample([SamplingMessage(role="user", content=words)], max_tokens=2000)

    @server.tool(structured_output=False)
    async def report(table: str, column: str, answer: Annotated[CreateMessageResult | None, Resolve(narrative)]) -> str:
        """Write a report on a column of a table and file it."""
        facts = facts_of(database, table, column)
        said = answer.content.text if answer and isinstance(answer.content, TextContent) else ""
        if not said:
            return f"This client cannot sample, here are the figures:\n{facts}"
        known = {*FIGURE.findall(facts)}
        if wrong := [figure for figure in FIGURE.findall(said) if figure not in known]:
            return f"The model wrote {wrong[0]}, which is not in the data. The figures:\n{facts}"
        with Path(folder, "reports.txt").open("a", encoding="utf-8") as file:  # noqa: ASYNC230 - a line
            file.write(f"{said}\n")
        return f"{said}\n\nFiled in reports.txt."

    return server


if __name__ == "__main__":
    make_server(sys.argv[1]).run()
