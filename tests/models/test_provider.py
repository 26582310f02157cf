"""What calls to providers over HTTP share."""

import pytest
from pydantic import SecretStr

from labkit.models.provider import is_at, key_of


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
