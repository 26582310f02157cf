"""The names that make a secret of the value that they are given: `DB_PASSWORD`, `apiKey`; not `token_count`."""

import re
from functools import lru_cache
from itertools import pairwise

PASSWORDS = {
    "password", "passwd", "passphrase", "passcode", "pwd", "pw", "secret", "apikey", "credential", "credentials",
    "signature",
}  # fmt: skip
KEYS = {"api", "access", "auth", "private", "secret", "signing", "encryption", "master"}
"""The words before `key` where that is a secret."""

TOKENS = {"token", "hmac"}
SERVICES = {
    "db", "database", "sql", "mysql", "pg", "postgres", "redis", "mongo", "amqp", "smtp", "imap", "mail", "email",
    "ftp", "sftp", "ssh", "ldap", "vpn", "wifi", "proxy", "http", "basic", "user", "admin", "root", "sudo", "login",
}  # fmt: skip
"""The words before `pass` where that is short for a password: `DB_PASS`, and not `first_pass`."""

OTHER_PASSES = {
    "boarding", "first", "second", "third", "last", "next", "final", "single", "multi", "forward", "backward", "render",
    "hall", "ski", "season", "day", "bus", "rail", "train", "travel", "press", "mountain",
}  # fmt: skip
OTHER_TOKENS = {"progress", "page", "next", "continuation", "cancellation", "stop", "pad"}
"""The words before `pass` and `token` where these are a ticket, a round, a place: MCP has a `progressToken`."""

ABOUT = {
    "url", "uri", "path", "file", "filename", "name", "names", "field", "length", "len", "count", "id", "ids",
    "type", "kind", "header", "headers", "env", "var", "variable", "size", "limit", "max", "min", "re", "regex",
    "pattern", "label", "prompt", "help", "message", "msg", "error", "errors", "hint", "placeholder", "input",
    "column", "param", "params", "policy", "version", "expires", "expiry", "expiration", "ttl", "age", "rounds",
    "iterations", "salt", "form", "format", "prefix", "suffix", "strength", "mode", "method", "endpoint", "status",
    "state", "scope", "algorithm", "alg", "arn", "range", "char", "chars", "seconds", "minutes", "hours", "days",
    "description", "title", "template", "script", "manager", "provider", "store", "backend", "class",
}  # fmt: skip
"""The last words of names that are about a secret and name none: `password_length`, `token_url`."""

QUALIFIERS = {
    "value", "text", "string", "str", "bytes", "hash", "digest", "default", "dev", "prod", "production", "live", "test",
    "testing", "staging", "local", "old", "new", "current", "previous", "primary", "secondary", "base", "pem", "raw",
}  # fmt: skip
"""The words that may follow the word for a secret in the name of one: `password_old`, and not `secret_santa`."""

BEARERS = KEYS | {
    "bearer", "session", "refresh", "bot", "jwt", "csrf", "client", "deploy", "push", "service", "github",
    "oauth", "request", "id",
}  # fmt: skip
"""The words before `token` where that is a key, and not a part of a grammar."""

ORDINARY = {
    "none", "null", "true", "false", "required", "optional", "undefined", "unknown", "missing", "string", "bearer",
    "basic", "digest", "hidden", "redacted", "masked", "include", "omit", "same-origin",
}  # fmt: skip
"""Texts that no secret is."""

STEMS = (*sorted(PASSWORDS, key=len, reverse=True), *TOKENS, "key", "pass")
"""The stems, one of which stands in every name of a secret, in large letters or small."""

MARK = re.compile(r"\[redacted: [A-Za-z ]{1,30}\]")
"""The mark in the place of a secret. A value is judged without the marks in it, so no mark is taken for a secret."""

_REFERENCE = re.compile(
    r"<[^<>]*>|\$\{[^{}]*\}|\$[A-Z_]{2,}|\{{1,2}[\w. ]*\}{1,2}|%\(\w*\)s|%s|[*.xX\u2022:_# -]*", re.ASCII
)
"""A placeholder in a secret's place: `<your key>`, `${DB_PASSWORD}`, `****`."""

_GLUED = re.compile(
    r"(?!nopass)(.+)(password|passwd|passphrase|secret|pwd)|(access|auth|refresh|session|bearer|api|id)(token)"
    r"|(access|private|secret)(key)|(db|user|root|admin)(pass)"
)
_PATH = re.compile(r"[/~.%$({<]|[a-z]:[\\/]|tests?[_.:]", re.IGNORECASE)
_COUNT_OR_CODE = re.compile(r"\d[\d.,]*[a-z%]{0,3}$|v\d+\.|sha\d+:|[a-z_]+\d*[(.[]", re.IGNORECASE)


def words_of_name(name: str) -> list[str]:
    """The words of a name, in lower case and the singular: `["api", "key"]` for `apiKeys`, `["db", "pass"]` for
    `dbpass`."""
    words: list[str] = []
    for word in map(str.lower, re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name[:200])):
        single = word[:-1] if word[-1] == "s" and word[:-1] in PASSWORDS | ABOUT | {"key"} else word
        glued = None if single in PASSWORDS else _GLUED.fullmatch(single)
        words += filter(None, glued.groups()) if glued else [single]
    return words


@lru_cache(maxsize=4096)
def names_a_secret(name: str) -> bool:
    """Whether a name is that of a secret: `DB_PASSWORD`, `apiKey`, `token`; not `token_count`."""
    words = words_of_name(name)
    if not words or words[-1] in ABOUT:
        return False
    if not {*words}.isdisjoint(PASSWORDS) or any(a in KEYS and b == "key" for a, b in pairwise(words)):
        return True
    if not {*words}.isdisjoint(TOKENS):
        return {*words}.isdisjoint(OTHER_TOKENS)
    return words[-1] == "pass" and len(words) > 1 and words[-2] in SERVICES


def may_name_a_secret(name: str) -> bool:
    """Whether a name is that of a secret, or may be: `PASS` is, where the value has a digit."""
    return bool(name) and (names_a_secret(name) or words_of_name(name)[-1:] == ["pass"])


def ends_in_a_secret(name: str) -> bool:
    """Whether a name is that of a secret by the last word: `X-Api-Key`; not `HTTPPasswordMgr`."""
    return names_a_secret(name) and words_of_name(name)[-1] in PASSWORDS | TOKENS | {"key", "pass"}


def is_weak(name: str) -> bool:
    """Whether a name says so little that the value must look like a secret too: `token`, `PASS`, `secret_santa`."""
    words = words_of_name(name)
    if not names_a_secret(name) or not (ends_in_a_secret(name) or words[-1] in QUALIFIERS):
        return True
    return {*words}.isdisjoint(PASSWORDS | BEARERS | {"pass"})


def kind_of(name: str) -> str:
    """The kind of a secret, `token` or `password`, by the last word of the name that tells."""
    told = [word for word in words_of_name(name) if word in PASSWORDS | TOKENS | {"key", "pass"}]
    return "token" if told and told[-1] in TOKENS else "password"


def is_secret(value: str, name: str, *, bare: bool = False) -> bool:
    """Whether a text under a name is a secret. `PASSWORD = "password"` names a field, and `token = "("` a bracket.

    Args:
        value: The text.
        name: The name that the text is given to.
        bare: Whether the text stands without quotes, so that it may as well be a word, a number or a path.
    """
    whole = MARK.sub("", value)
    value = whole.rstrip(")]}") if bare else whole
    if len(value) < 4 or not may_name_a_secret(name) or value.lower() == name.lower():
        return False
    if is_placeholder(whole) or is_placeholder(value):
        return False
    words = words_of_name(name)
    if words[-1] == "signature":
        return re.fullmatch(r"(?=\D*\d)[\w+/=.-]{16,}", value, re.ASCII) is not None
    has_digit = any(map(str.isdigit, value))
    if words[-1] in ("pwd", "pw", "pass"):  # also a folder, and what a test did
        has_both = len(value) >= 6 and has_digit and any(map(str.isalpha, value))
        if _PATH.match(value) or (bare and (not has_both or _COUNT_OR_CODE.match(value))):
            return False
    elif bare and kind_of(name) == "token" and (len(value) < 8 or (value.isdigit() and len(value) < 13)):
        return False
    if not is_weak(name):
        return True
    fewest = 8 if names_a_secret(name) else 6
    return len(value) >= fewest and has_digit and (fewest == 8 or not any(map(str.isspace, value)))


def is_placeholder(value: str) -> bool:
    """Whether a text stands in the place of a secret, or names one."""
    if not value or value.lower() in ORDINARY or _REFERENCE.fullmatch(value):
        return True
    return re.fullmatch("[A-Za-z_-]+", value) is not None and names_a_secret(value)
