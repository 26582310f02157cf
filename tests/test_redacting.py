"""What is shown of a flow without its secrets: the guard's patterns, found wherever JSON can hold a text."""

import json
import re
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from mcp_types import CreateMessageRequestParams

from labkit.cutting import cut, outline
from labkit.host.findings import Bounds
from labkit.host.request_rules import secrets
from labkit.host.texts import dumped
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


HELD = [
    {"password": 12345678},
    {"db": {"pass": [{"api_key": 90210334455}]}},
    {"passwords": [12345678, [87654321]]},
    {"credentials": {"pin": 48213377, "list": [1, 48213378]}},
    {"args": ["--password", 12345678, "--port", 100000]},
    {"args": ["--password", "Blau7meise"]},
    {"password": -12345678},
    {"password": 12345678.0},
    {"name": "DB_PASSWORD", "value": 12345678},
    {"type": "object", "properties": {"password": {"type": "integer", "default": 12345678, "examples": [87654321]}}},
    {"ghp_" + "a1B2" * 9: 1},
]
FREE_OF_THEM = [
    {"password": True, "secret": None, "token": False},
    {"passwords": 1200, "tokens": 1234567, "totalTokens": 1234567, "token_count": 9876543},
    {"password_changed_at": 1732896000, "secret": {"created": 1732896000, "ttl": 2592000}},
    {"type": "object", "properties": {"password": {"minimum": 100000, "exclusiveMaximum": 99999999}}},
    {"properties": {"password": {"multipleOf": 100000, "minLength": 123456, "maxLength": 1234567}}},
    {"id": 12345678, "user": {"phone": 4915112345678}, "sizes": [1048576, 2.5, 1e300]},
]


def asked(free: Any) -> tuple[CreateMessageRequestParams, CreateMessageRequestParams | None]:
    """A request with `free` in each place for free JSON, and what the guard makes of it."""
    result = {"type": "tool_result", "toolUseId": "a", "content": [], "structuredContent": free}
    request = CreateMessageRequestParams.model_validate(
        {
            "messages": [
                {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "password", "input": free}]},
                {"role": "user", "content": [result]},
            ],
            "maxTokens": 12345678,
            "temperature": 1.5,
            "metadata": free,
            "tools": [{"name": "api_key", "inputSchema": {"type": "object", **free}}],
        }
    )
    found = secrets(request, Bounds())
    return request, found and found.request


@pytest.mark.parametrize("free", HELD, ids=repr)
def test_a_number_under_the_name_of_a_secret_is_marked_for_the_model_and_on_the_page_alike(free: Any) -> None:
    request, mended = asked(free)
    assert mended is not None
    sent, shown = dumped(mended), redact(dumped(request))
    assert sent == shown
    assert sent["maxTokens"] == 12345678
    assert sent["temperature"] == 1.5
    for told in (sent["metadata"], json.loads(redact_json(json.dumps({"structuredContent": free})))):
        assert "[redacted: " in json.dumps(told)
        assert not re.search("12345678|8765432|4821337|90210334455|Blau7|a1B2", json.dumps(told))


@pytest.mark.parametrize("free", FREE_OF_THEM, ids=repr)
def test_a_number_that_is_no_secret_stays_for_the_model_and_on_the_page_alike(free: Any) -> None:
    request, mended = asked(free)
    assert mended is None
    assert redact(dumped(request)) == dumped(request)


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


def test_a_secret_that_goes_on_behind_a_cut_is_not_shown() -> None:
    long = "word " * 40_000
    ways = [
        ["password=Blau7", "meise" + " and" * 30_000],
        [long + "password=Blau7", "meise99x and so on"],
        [
            long + "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkq" * 3,
            "hkiG9w0BAQEFAASC" * 4 + "\n" + "BKcwggSj" * 8,
        ],
        [long, "The second block is 7 words long.", "2026-11-12 and a third"],
    ]
    frames = [outline({"content": [{"type": "text", "text": text} for text in way]}) for way in ways]
    shown = [[block["text"] for block in redact(frame)["content"]] for frame in frames]
    assert not re.search("Blau7|meise|BAQEF|ggSj", str(shown))
    assert shown[0][1].startswith("[redacted: password] and and")
    assert shown[1][1] == "[redacted: end of a secret] and so on"
    assert shown[2][1] == "[redacted: end of a secret]"
    assert shown[3][1:] == ["The second block is 7 words long.", "2026-11-12 and a third"]
    assert [redact(frame) for frame in map(redact, frames)] == [*map(redact, frames)]


def test_a_cut_text_under_the_name_of_a_secret_is_a_mark() -> None:
    assert redact({"password": cut("hunter2-" * 2_500, 10_000)})["password"].startswith("[redacted: password]")


def test_to_redact_what_is_shown_takes_no_longer_for_a_longer_text() -> None:
    start = process_time()
    assert len(redact_shown("token: " * 3_000_000, 20_000)) <= 20_000
    assert process_time() - start < 5  # 20 MB took a minute, this takes less than a tenth of a second
