"""What somebody else wrote is told in a sentence, and a secret in it is known there too: by no way out is one shown.

Many secrets are known by their lines, such as a key with headers or a table, and a half is known by nothing. So what
has lines, or is cut, is looked through before it is joined and shortened.
"""

import json
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from mcp import MCPError
from mcp_types import CreateMessageRequestParams, jsonrpc_message_adapter
from pydantic import ValidationError

from labkit import Lab, close_all, with_approval
from labkit.errors import LONGEST, LabError, sentence
from labkit.host import AuditLog, Decision, Refuse, ReviewRequest, with_audit
from labkit.host.findings import short
from labkit.plain import quoted
from labkit.redacting import redact_drawing, redact_flow, redact_shown
from labkit.secret_forms import redacted
from labkit.unread import unread
from tests.secret_forms.corpus import samples, survives
from tests.story import bookshop, echo

pytestmark = pytest.mark.anyio


def shows(text: str, secrets: tuple[str, ...]) -> bool:
    return any(survives(secret, redacted(text, Counter())) for secret in secrets)


BANK = [
    ("".join(sample.blocks), sample.secrets)
    for name in ("held", "later_held")
    for sample in samples(name)
    if not shows("".join(sample.blocks), sample.secrets)
]
IN_LINES = [each for each in BANK if "\n" in each[0]]


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Generator[None]:
    yield
    close_all()


def test_the_bank_has_texts_in_lines_that_one_line_would_hide() -> None:
    assert len(BANK) > 600
    assert sum(shows(" ".join(text.split()), secrets) for text, secrets in IN_LINES) >= 19


def test_no_error_in_one_line_shows_a_secret() -> None:
    for text, secrets in BANK:
        told = sentence(ValueError(text))
        assert "\n" not in told
        assert not shows(told, secrets), text


def test_nor_does_one_inside_another() -> None:
    for text, secrets in IN_LINES:
        group = ExceptionGroup("", [RuntimeError(sentence(KeyError(text))), ValueError(text), MCPError(-1, text)])
        assert not shows(sentence(group), secrets), text


@pytest.mark.parametrize("beginning", [20, 105])
def test_what_is_cut_shows_no_half_of_one(beginning: int) -> None:
    for text, secrets in BANK:
        whole = f"{'so it was. ' * (beginning // 11)}{text} {'and so on ' * 12}"
        assert not shows(quoted(whole, 120), secrets) or shows(whole, secrets), text


def test_what_is_one_short_line_stays_as_it_is() -> None:
    for text in ("password=Blau7meise", "", "ghp_" + "a1B2" * 9, "no secret"):
        assert quoted(text, 120) == text


def test_what_is_cut_is_no_longer_than_it_may_be_and_takes_no_longer_for_more() -> None:
    for text in ("a\x1b" * 50, "word " * 50, "\n" * 200, "token: x\n" * 3_000_000):
        assert len(quoted(text, 60)) <= 60
    assert len(sentence(ValueError("token: x\n" * 3_000_000))) <= LONGEST + len("ValueError: ")


def test_what_is_a_little_too_long_is_shown_to_where_it_is_cut() -> None:
    words = "label " * 100
    assert redact_shown(words, 200) == words[:200]
    assert redact_shown(words * 10, 200) == words[:200]
    assert redact_shown("password=Blau7meise " + words, 200).startswith("password=[redacted: password] label")


def test_a_line_of_a_server_that_is_no_message() -> None:
    for text, secrets in IN_LINES:
        for line in (f"{text} {'and so on ' * 12}", f"{'so it was. ' * 9}{text}"):
            with pytest.raises(ValidationError) as raised:
                jsonrpc_message_adapter.validate_json(line, by_name=False)
            told, _, _ = unread(raised.value)
            assert not shows(told, secrets) or shows(line, secrets), text


def test_the_lines_of_what_python_writes_are_known_too() -> None:
    for text, secrets in IN_LINES:
        for written in (repr(text), str([text.replace("\n", "\r\n")])):
            assert not shows(f"it was {written}", secrets), written


def test_a_remark_of_a_guard() -> None:
    for text, secrets in BANK:
        assert not shows(f"is {short(text)}", secrets), text


async def test_what_a_callback_or_a_decider_says_in_a_lab(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "log.jsonl")
    now = ""

    async def raises(context: object, params: CreateMessageRequestParams) -> Any:
        raise ValueError(now)

    def asks(request: ReviewRequest) -> Decision:
        raise ValueError(now)

    def refuses(request: ReviewRequest) -> Decision:
        return Refuse(now)

    told = ""
    for callback in (raises, with_approval(echo, ask=asks), with_approval(echo, ask=refuses)):
        lab = Lab(bookshop(), sampling_callback=with_audit(callback, log), mode="legacy")
        for now, secrets in IN_LINES:
            try:
                await lab.call_tool("recommend", {"genre": "noir"})
            except (LabError, MCPError) as error:
                told = sentence(error)
            drawn, shown = redact_drawing(lab.flow), redact_flow(lab.flow)
            steps = [f"{step.label} {json.dumps(step.data)}" for step in shown.steps]
            for way in (told, str(drawn), str(shown), *steps):
                assert not shows(way, secrets), (now, way)
            kept = log.path.read_text(encoding="utf-8").splitlines()[-1]
            assert not any(survives(secret, kept) for secret in secrets), (now, kept)
