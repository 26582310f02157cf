"""What is shown of a flow without its secrets: the guard's patterns, found wherever JSON can hold a text."""

import json
from time import process_time
from typing import Any

import pytest
from hypothesis import given

from labkit.cutting import cut
from labkit.redacting import redact, redact_json, redact_shown
from tests.host.any_request import patient
from tests.secret_forms.test_secret_forms import planted


@patient
@given(planted)
def test_what_the_guard_would_find_is_marked_in_any_place_of_a_frame(found: tuple[str, str, str]) -> None:
    kind, secret, text = found
    places: list[Any] = [text, {"result": {"content": [{"text": text}]}}, {"text": json.dumps({"note": text})}]
    for told in places:
        for shown in (json.dumps(redact(told)), redact_json(json.dumps(told))):
            assert json.dumps(secret)[1:-1] not in shown.replace("\\\\", "\\")
            assert f"[redacted: {kind}]" in shown
        assert redact(redact(told)) == redact(told)
        assert redact_json(redact_json(json.dumps(told))) == redact_json(json.dumps(told))


def test_a_secret_with_something_hidden_in_it_is_marked_too() -> None:
    told = {"text": "pass\u200bword=hunter22 and glp\u200bat-" + "a1" * 12}
    for shown in (
        json.dumps(redact(told)),
        redact_json(json.dumps(told)),
        redact_json(json.dumps(told, ensure_ascii=False)),
    ):
        assert "hunter22" not in shown
        assert "[redacted: password]" in shown
        assert "[redacted: GitLab token]" in shown


@pytest.mark.parametrize("name", ["password", "api_key", "access-token", "secret"])
def test_a_name_makes_a_secret_of_any_text(name: str) -> None:
    told = {name: "hunter2-is-no-word", "number": 7, "list": [None, True, 1.5]}
    assert redact(told) == {**told, name: f"[redacted: {'token' if 'token' in name else 'password'}]"}
    assert json.loads(redact_json(json.dumps(told))) == redact(told)


def test_what_holds_no_secret_stays_the_very_same() -> None:
    frame = '{"params":{"_meta":{"progressToken":4},"maxTokens":100,"messages":[{"text":"The key: thanks"}]}}'
    told = json.loads(frame)
    assert redact(told) is told
    assert redact_json(frame) is frame
    assert redact_json("no JSON at all") == "no JSON at all"
    assert redact_json("{broken password=hunter2") == "{broken password=[redacted: password]"


def test_two_thousand_frames_are_looked_through_in_a_moment() -> None:
    frame = json.dumps({"id": 4, "params": {"_meta": {"progressToken": 4}, "arguments": {"log_line": "ERROR " * 50}}})
    start = process_time()
    for _ in range(2_000):
        redact_json(frame)
    assert process_time() - start < 10  # it takes a tenth of a second


SECRETS = [
    "ghp_" + "a1B2" * 9,
    "AKIA" + "Q7" * 8,
    "password=" + "Tr0ub4dor" * 5,
    "postgres://me:" + "hunter2x" * 4 + "@db/x",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_cut_shows_no_half_of_a_secret(secret: str) -> None:
    for before in range(len(secret) + 2):
        text = "word " * 2_000 + secret + " word" * 2_000
        longest = 10_000 + before
        inside = secret[-12:-4]
        parts = [redact_shown(text, longest), *map(str, both(cut(text, longest)))]
        for part in parts:
            assert part.startswith("word word ")
            assert inside not in part
            assert secret[: len(secret) // 2] not in part


def both(text: str) -> tuple[str, str]:
    """A cut text as a part of a frame is redacted, and of a frame's JSON."""
    kept = redact({"text": text})["text"]
    assert redact(kept) == kept
    return kept, json.loads(redact_json(json.dumps({"text": text})))["text"]


def test_a_cut_text_under_the_name_of_a_secret_is_a_mark() -> None:
    assert redact({"password": cut("hunter2-" * 2_500, 10_000)})["password"].startswith("[redacted: password]")


def test_to_redact_what_is_shown_takes_no_longer_for_a_longer_text() -> None:
    start = process_time()
    assert len(redact_shown("token: " * 3_000_000, 20_000)) <= 20_000
    assert process_time() - start < 5  # 20 MB took a minute, this takes less than a tenth of a second
