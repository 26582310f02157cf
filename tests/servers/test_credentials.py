"""Keys and a token from the environment: what cannot be used is told in a sentence, and nothing is quoted."""

from itertools import pairwise

import pytest
from mcp.server.request_state import InvalidRequestState, RequestStateCodec

from servers.credentials import STATE_KEYS, OneToken, UnusableError, bearer_token, state_security

pytestmark = pytest.mark.anyio

OLD, NEW = "old" + "k" * 40, "new" + "k" * 40


def codec(value: str) -> RequestStateCodec:
    security = state_security({STATE_KEYS: value}).get("request_state_security")
    assert security is not None
    return security.codec


def test_without_the_variable_each_process_has_a_key_of_its_own() -> None:
    assert state_security({}) == {}


def test_keys_are_changed_in_three_steps_without_a_state_that_is_refused() -> None:
    steps = [codec(value) for value in (OLD, f"{OLD} {NEW}", f"{NEW},{OLD}", f" {NEW}\n")]
    for one, other in pairwise(steps[:3]):  # while some processes are a step ahead
        assert other.unseal(one.seal(b"state")) == one.unseal(other.seal(b"state")) == b"state"
    assert steps[3].unseal(steps[2].seal(b"state")) == b"state"
    with pytest.raises(InvalidRequestState):
        steps[3].unseal(steps[1].seal(b"state"))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "The environment variable REQUEST_STATE_KEYS is empty: delete it, or give it a key. Make one with: "),
        (" , ", "is empty"),
        ("short-secret", "Key 1 of the environment variable REQUEST_STATE_KEYS has 12 bytes, and one has 32 or more. "),
        (f"{OLD} short-secret", "Key 2 of the environment variable"),
        (f"{OLD},{OLD}", "holds a key twice: write each once."),
    ],
)
def test_keys_that_cannot_be_used_are_told_and_not_quoted(value: str, says: str) -> None:
    with pytest.raises(UnusableError) as caught:
        state_security({STATE_KEYS: value})
    assert says in str(caught.value)
    assert not [key for key in ("short-secret", OLD) if key in repr(caught.value)]


def test_keys_are_in_nothing_that_is_shown() -> None:
    assert OLD not in f"{state_security({STATE_KEYS: OLD})!r}{vars(codec(OLD))}"


@pytest.mark.parametrize("value", ["", "short-secret", "two words in one token", "caf\u00e9" * 5, "line\n" * 5])
def test_a_token_that_cannot_be_sent_is_told_and_not_quoted(value: str) -> None:
    with pytest.raises(UnusableError, match="The environment variable READER holds no token: one has 16 or more") as no:
        bearer_token("READER", "http://127.0.0.1:8000", {"READER": value})
    assert not value or value not in str(no.value)
    with pytest.raises(UnusableError):
        bearer_token("READER", "http://127.0.0.1:8000", {})


async def test_one_token_opens_and_no_other() -> None:
    token = OneToken("a" * 20)
    assert await token.verify_token("a" * 20) is not None
    for other in ("", "a" * 19, "a" * 21, "A" * 20, "\u00e9" * 20, "\ud800"):
        assert await token.verify_token(other) is None
    assert "a" * 20 not in repr(token)
