"""What calls to providers over HTTP share."""

import copy
import json
import pickle
import time
from base64 import b32encode, b64encode
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from labkit.models.claude import Claude
from labkit.models.echo import Echo
from labkit.models.openai_compatible import OpenAICompatible
from labkit.models.provider import Exchange, is_at, key_of
from tests.secret_forms.corpus import samples


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        ("https://api.openai.com/v1", True),
        ("https://API.OpenAI.com:443/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("http://api.openai.com/v1", False),
        ("https://api.openai.com.example.org/v1", False),
        ("https://not-api.openai.com/v1", False),
        ("https://example.org/api.openai.com", False),
        ("https://example.org/?x=.api.openai.com", False),
        ("https://127.0.0.1:8443/v1", False),
    ],
)
def test_a_key_of_the_environment_is_for_its_own_host_alone(
    url: str, is_own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "for-openai")
    assert is_at(url, "api.openai.com") is is_own
    assert key_of(None, "OPENAI_API_KEY", is_meant=is_own) == ("for-openai" if is_own else "")
    assert key_of(SecretStr("given"), "OPENAI_API_KEY", is_meant=is_own) == "given"


SECRET = "sk-" + "aB3/dE5fG7hJ9kL1mN2pQ4"


@pytest.mark.parametrize(
    "quoted",
    [
        SECRET,
        SECRET.upper(),
        SECRET.lower(),
        quote(SECRET, safe=""),
        json.dumps(SECRET).replace("/", "\\/"),
        SECRET.encode().hex(),
        "\n".join([SECRET[:9], SECRET[9:]]),
        " ".join(SECRET),
        *(b64encode(before + SECRET.encode()).decode() for before in (b"", b"x", b"xy", b"Bearer ", b"me:")),
        *(f"{SECRET[:n]}****" for n in range(4, 9)),
        *(f"****{SECRET[-n:]}" for n in range(4, 9)),
        f"{SECRET[:8]}...{SECRET[-4:]}",
        f"{SECRET[:4]}\u2022\u2022\u2022\u2022{SECRET[-4:]}",
        *(f"{SECRET[:8]}{rest}{SECRET[-8:]}" for rest in ("\u2026", "[...]", "<hidden>", "(redacted)", "{...}")),
        "".join(f"&#{ord(letter)};" for letter in SECRET),
        "".join(f"&amp;#x{ord(letter):04X};" for letter in SECRET),
        "".join(f"\\x{ord(letter):02x}" for letter in SECRET),
        "".join(f"\\\\u{ord(letter):04x}" for letter in SECRET),
        "".join(f"<b>{letter}</b>" for letter in SECRET),
        *(between.join(SECRET) for between in ("-", "\u200b", "\u00ad", "&shy;", " - ", "\\n", "\\u200b", ".")),
        *(b32encode(before + SECRET.encode()).decode() for before in (b"", b"x", b"xy", b"me:", b"me:a")),
        quote(quote(SECRET, safe=""), safe=""),
        "".join(f"%2525{ord(letter):02x}" for letter in SECRET),
        ", ".join(f"0x{ord(letter):02x}" for letter in SECRET),
        *(
            b64encode(x + b64encode(y + SECRET.encode())).decode()
            for x in (b"", b"x", b"xy")
            for y in (b"", b"a", b"me:")
        ),
        SECRET[::-1],
        *(between.join(str(ord(letter)) for letter in SECRET) for between in (", ", " ", ",\n    ")),
        " ".join(f"{ord(letter):o}" for letter in SECRET),
        SECRET[:16],
        SECRET[9:],
    ],
)
def test_a_key_is_hidden_in_whatever_form_it_is_quoted(quoted: str) -> None:
    hidden = Exchange("The server", "http://x", "m", "", "", SECRET).words({"error": f"the key {quoted}, was refused"})
    assert "[key]" in hidden
    assert not any(SECRET[at : at + 6].lower() in hidden.lower() for at in range(len(SECRET) - 5))
    assert len(hidden) < len("the key [key], was refused") + 18
    assert not any(quoted[at : at + 12] in hidden for at in range(len(quoted) - 11))


@pytest.mark.parametrize("key", [SECRET, "sk-apple-pear"])
def test_a_draft_shows_neither_the_key_nor_its_beginning(key: str) -> None:
    exchange, text = Exchange("The server", "http://x", "m", "", "", key), f"The key is {key}: keep it."
    shown = [exchange._shown(text[:n]) for n in range(len(text) + 1)]
    assert not [draft for draft in shown if key[:4] in draft]
    assert (shown[11], shown[-1]) == ("The key is ", "The key is [key]: keep it.")


def test_words_that_are_no_key_stay() -> None:
    words = "The key is missing... see https://example.org/keys*** (sk-)."
    assert Exchange("The server", "http://x", "m", "", "", SECRET).words(words) == words
    assert Exchange("The server", "http://x", "m", "", "", "lm-studio").words("Start LM Studio.") == "Start LM Studio."


@pytest.mark.parametrize("key", [SECRET, "sk-proj-" + "aB3dE5fG7hJ9-kL1mN2_pQ4" * 2, "lm-studio", "not-needed"])
def test_no_honest_text_is_taken_for_a_key(key: str) -> None:
    texts = ["".join(sample.blocks).encode("utf-8", "surrogatepass") for sample in samples("honest")]
    assert len(texts) > 300
    assert [text for text in texts if Echo(key).hidden(text) != text] == []


@pytest.mark.parametrize("made", [Claude(api_key=SECRET), OpenAICompatible(api_key=SECRET)], ids=["claude", "openai"])
def test_a_model_that_is_pickled_or_printed_holds_no_key_and_a_copy_keeps_it(made: Any) -> None:
    assert SECRET.encode() not in pickle.dumps(made)
    assert repr(pickle.loads(pickle.dumps(made))) == repr(made)  # noqa: S301 - our own
    assert SECRET not in f"{vars(made)} {made!r} {vars(copy.deepcopy(made))}"
    for same in (copy.copy(made), copy.deepcopy(made)):
        assert same._key.get_secret_value() == SECRET


@pytest.mark.parametrize(
    "row",
    [b".", b"x", b"*", b"\xe2\x80\xa6", b"\\u2026", b"s ", b"sk-a", b"sk-a..", b"sk-a<a", b"x.*#", b"\\", b"&amp;",
     b"<a", b"[a", b"%25"],
)  # fmt: skip
def test_a_reply_that_runs_on_is_looked_through_in_time_with_its_length(row: bytes) -> None:
    echo, sent = Echo("sk-" + "apple-pear-plum-Quince7"), row * (200_000 // len(row))
    began = time.process_time()
    echo.hidden(sent)
    assert time.process_time() - began < 5  # 0.08 s; as the square of its length it was half an hour
