"""The scorecard for servers passes what is good, and fails each mistake in exactly its own cases."""

import re
from pathlib import Path
from typing import Any

import pytest
from mcp.shared.exceptions import MCPDeprecationWarning

from labkit import close_all
from labkit.checks import scorecard_server, server_cases
from servers import code_reviewer, log_archiver, research_assistant, text_analyst
from tests.checks.mistakes import load_servers
from tests.checks.right_servers import RIGHT, TEXT

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings(f"ignore::{MCPDeprecationWarning.__module__}.MCPDeprecationWarning"),
]

WRONG = load_servers()
ARGUMENTS = {"text": TEXT}


@pytest.fixture(autouse=True)
def _no_lab_thread_is_left():
    yield
    close_all()


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_server_fails_in_exactly_the_cases_named_beside_it(name: str) -> None:
    make, fails, timeout = WRONG[name]
    card = await scorecard_server(make, "label", ARGUMENTS, timeout=timeout)
    assert {row.id for row in card.failed} == fails, str(card)


@pytest.mark.parametrize("make", RIGHT, ids=lambda make: make.__name__)
async def test_no_style_fails_in_any_case(make: Any) -> None:
    card = await scorecard_server(make, "label", ARGUMENTS)
    assert card.failed == [], str(card)


@pytest.mark.parametrize("name", ["log_archiver", "text_analyst", "code_reviewer", "research_assistant"])
async def test_the_servers_of_the_box_pass(name: str, tmp_path: Path) -> None:
    server, tool, arguments = {
        "log_archiver": (log_archiver.make_server(tmp_path), "process_log_entry", {"log_line": "ERROR: deadlock"}),
        "text_analyst": (text_analyst.make_server(), "analyze_sentiment", ARGUMENTS),
        "code_reviewer": (code_reviewer.make_server(), "review_code", {"code": "import os\nos.system(input())\n"}),
        "research_assistant": (research_assistant.make_server(), "research_topic", {"topic": "attention"}),
    }[name]
    card = await scorecard_server(server, tool, arguments)
    assert card.failed == [], str(card)
    assert len(card.passed) > 30


def test_every_case_is_failed_by_some_wrong_server() -> None:
    assert {case.id for case in server_cases()} == set().union(*(wrong.fails for wrong in WRONG.values()))


def test_every_case_says_what_to_do_in_sentences_and_names_its_source() -> None:
    cases = server_cases()
    assert len({case.id for case in cases}) == len({case.title for case in cases}) == len(cases)
    for case in cases:
        assert re.fullmatch(r"[a-z-]+\.[a-z0-9-]+", case.id)
        assert case.why.endswith("."), case.id
        assert case.mend.endswith("."), case.id
        assert case.wrong, case.id
        assert re.match(r"(MUST|SHOULD|advice): (2025-11-25|2026-07-28), ", case.source), case.id
