"""What the environment holds for a server over HTTP: the keys that seal `requestState`, and a token that lets one in.

    export REQUEST_STATE_KEYS=$(python -c "import secrets; print(secrets.token_hex(32))")

A server that asks with an unfinished result has its state from the client again, sealed (specification 2026-07-28,
basic/patterns/mrtr). Without keys of its own each process makes one that nobody else knows, so that a state which comes
back to another process is refused. Neither keys nor the token are printed, logged or told in an error.
"""

import os
import re
from collections.abc import Mapping
from hmac import compare_digest
from typing import TypedDict

from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.request_state import RequestStateSecurity
from pydantic import AnyHttpUrl

STATE_KEYS = "REQUEST_STATE_KEYS"
"""The environment variable of the keys, with spaces or commas between them.

The first seals, each opens. So they are changed without a failed call, by restarts: `old new`, `new old`, and after the
ten minutes that a state lives `new`.
"""

SHORTEST_KEY = 32
"""Bytes of a key at least, as the SDK wants them."""

SHORTEST_TOKEN = 16
"""Characters of a token at least."""

MAKE_ONE = 'Make one with: python -c "import secrets; print(secrets.token_hex(32))"'


class Served(TypedDict, total=False):
    """What a server that is served takes beside what is its own, and hands on to `MCPServer`."""

    request_state_security: RequestStateSecurity
    auth: AuthSettings
    token_verifier: "OneToken"


class UnusableError(ValueError):
    """What the environment holds cannot be used. The message says what to do, and quotes nothing."""


def state_security(environment: Mapping[str, str] = os.environ) -> Served:
    """The keys that seal `requestState`; nothing where the environment names none.

    Raises:
        UnusableError: There is none in the variable, one is too short, or one stands there twice.
    """
    if STATE_KEYS not in environment:
        return {}
    keys = [key for key in re.split(r"[\s,]+", environment[STATE_KEYS]) if key]
    if not keys:
        raise UnusableError(f"The environment variable {STATE_KEYS} is empty: delete it, or give it a key. {MAKE_ONE}")
    for number, key in enumerate(keys, 1):
        if (size := len(key.encode("utf-8", "surrogateescape"))) < SHORTEST_KEY:
            raise UnusableError(
                f"Key {number} of the environment variable {STATE_KEYS} has {size} bytes, and one has {SHORTEST_KEY} "
                f"or more. {MAKE_ONE}"
            )
    if len({*keys}) < len(keys):
        raise UnusableError(f"The environment variable {STATE_KEYS} holds a key twice: write each once.")
    return {"request_state_security": RequestStateSecurity(keys=[os.fsencode(key) for key in keys])}


class OneToken:
    """The SDK's `TokenVerifier` for a server that one token opens, which everybody who may come in has been given."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    async def verify_token(self, token: str) -> AccessToken | None:
        """Who comes with `token`; nobody where it is another one."""
        if not compare_digest(token.encode("utf-8", "surrogatepass"), self._token):
            return None
        return AccessToken(token=token, client_id="whoever has the token", scopes=[])


def bearer_token(name: str, url: str, environment: Mapping[str, str] = os.environ) -> Served:
    """Let in over HTTP whoever sends `Authorization: Bearer ...` with the token that the variable `name` holds.

    Args:
        name: An environment variable.
        url: The server's address.
        environment: Where the variable stands.

    Raises:
        UnusableError: There is no such variable, or what it holds is too short or cannot be sent in a header.
    """
    token = environment.get(name, "")
    if len(token) < SHORTEST_TOKEN or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise UnusableError(
            f"The environment variable {name} holds no token: one has {SHORTEST_TOKEN} or more letters, digits and "
            f"signs, and no spaces. {MAKE_ONE}"
        )
    # The SDK knows of tokens that an OAuth server gives out, and wants its address. There is none: nothing is told.
    return {
        "auth": AuthSettings(issuer_url=AnyHttpUrl(url), resource_server_url=None),
        "token_verifier": OneToken(token),
    }
