"""The glossary: every field once, with its page of the specification, and the page in docs/ says the same."""

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


def test_the_page_in_docs_agrees() -> None:
    told = (ROOT / "docs" / "GLOSSARY.md").read_text(encoding="utf-8")
    assert told == page(), "write it anew: python -m labkit.views.glossary > docs/GLOSSARY.md"


def test_the_widget_has_all_of_it_and_is_stored_as_text() -> None:
    view = glossary()
    assert view.rows == rows()
    assert str(view).count("\n") == len(rows()) - 1
    view.close()
