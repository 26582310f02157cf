"""The glossary: every field once, with its page of the specification, and the page in docs/ says the same."""

import re

from labkit import glossary
from labkit.views.glossary import page, rows
from tests.story import ROOT
from tests.views.test_flow_view import FIELDS


def test_every_field_that_the_flow_explains_stands_in_it_once_with_its_page() -> None:
    assert sorted(field for field, _, _ in rows()) == sorted(FIELDS["fields"])
    assert {clause.partition("/")[0] for _, _, clause in rows()} == {"2025-11-25", "2026-07-28"}
    known = {field: (meaning, clause) for field, meaning, clause in rows()}
    assert known["requestState"][1] == "2026-07-28/basic/patterns/mrtr"
    assert "maxTokens: the limit cut it off." in known["stopReason"][0]
    assert "On 2026-07-28: " in known["includeContext"][0]


PAGES = {
    "2025-11-25": """
        basic basic/lifecycle basic/transports basic/authorization basic/utilities/cancellation basic/utilities/ping
        basic/utilities/progress basic/utilities/tasks client/roots client/sampling client/elicitation server
        server/prompts server/resources server/tools server/utilities/completion server/utilities/logging
        server/utilities/pagination schema changelog architecture
        """,
    "2026-07-28": """
        basic basic/versioning basic/patterns basic/patterns/mrtr basic/patterns/subscriptions
        basic/patterns/cancellation basic/patterns/progress basic/transports basic/transports/stdio
        basic/transports/streamable-http basic/authorization basic/authorization/authorization-server-discovery
        basic/authorization/client-registration basic/authorization/security-considerations client/roots
        client/sampling client/elicitation server server/discover server/prompts server/resources server/tools
        server/utilities/caching server/utilities/completion server/utilities/logging server/utilities/pagination
        schema changelog deprecated architecture
        """,
}
"""The pages of each revision: the navigation of modelcontextprotocol.io (its docs/docs.json), looked up in 2026-12."""


def test_every_page_of_the_specification_that_is_named_is_there() -> None:
    pages = {revision: {*names.split()} for revision, names in PAGES.items()}
    assert all(page in pages[revision] for revision, page in (row[2].split("/", 1) for row in rows()))
    folders = ("labkit", "servers", "docs", "lessons", "tests")
    texts = [
        path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".toml", ".md"}
    ]
    named = [
        (path.name, *found)
        for path in texts
        for found in re.findall(
            r"(2025-11-25|2026-07-28)(?:, |/)((?:basic|client|server)(?:/[a-z-]+)*)(?![\w*{])", path.read_text("utf-8")
        )
    ]
    assert len(named) > 100
    assert [each for each in named if each[2] not in pages[each[1]]] == []
    # Of these, some are named without their revision behind them.
    paths = {page for known in pages.values() for page in known}
    loose = re.compile(r"\bbasic/(?:utilities|patterns|transports)/[a-z-]+")
    assert {page for path in texts for page in loose.findall(path.read_text("utf-8"))} <= paths


def test_the_page_in_docs_agrees() -> None:
    told = (ROOT / "docs" / "GLOSSARY.md").read_text(encoding="utf-8")
    assert told == page(), "write it anew: python -m labkit.views.glossary > docs/GLOSSARY.md"


def test_the_widget_has_all_of_it_and_is_stored_as_text() -> None:
    view = glossary()
    assert view.rows == rows()
    assert str(view).count("\n") == len(rows()) - 1
    view.close()
