"""The names that make a secret of the value that they are given: `DB_PASSWORD`, `apiKey`; not `token_count`."""

import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

PASSWORDS = {
    "password", "passwd", "passphrase", "passcode", "pwd", "pw", "psk", "secret", "apikey", "credential", "credentials",
    "signature", "passwort", "kennwort", "contraseña", "mdp", "passe", "senha", "wachtwoord", "hasło", "lösenord",
    "passord", "adgangskode", "salasana", "jelszó", "heslo", "şifre", "пароль", "密码", "密碼", "パスワード",
    "비밀번호",
}  # fmt: skip
KEYS = {"api", "access", "auth", "private", "secret", "signing", "encryption", "master"}
"""The words before `key` where that is a secret."""

OTHER_KEYS = {
    "primary", "foreign", "public", "cache", "sort", "partition", "row", "range", "group", "index", "lookup", "object",
    "dict", "map", "hash", "unique", "composite", "sub", "registry", "translation", "message", "entity", "no",
}  # fmt: skip
"""The words before `key` where that is a place in a table; another key is a secret where the value looks random."""

PINS = {"pin", "puk", "otp", "password", "passcode", "pwd", "passwd", "passwort", "kennwort"}
OWNERS_OF_PINS = {
    "my", "your", "user", "card", "sim", "bank", "account", "door", "phone", "device", "login", "security", "admin",
    "db",
}  # fmt: skip
"""The names whose value may be of a few digits, and the words before them: an LED has a pin too."""

TOKENS = {"token", "hmac"}
SERVICES = {
    "db", "database", "sql", "mysql", "pg", "postgres", "redis", "mongo", "amqp", "smtp", "imap", "mail", "email",
    "ftp", "sftp", "ssh", "ldap", "vpn", "wifi", "proxy", "http", "basic", "user", "admin", "root", "sudo", "login",
    "require",
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
    "description", "title", "template", "script", "manager", "provider", "store", "backend", "class", "minimum",
    "maximum", "of", "at", "created", "changed", "updated", "modified", "since", "until", "attempts",
}  # fmt: skip
"""The last words of names that are about a secret and name none: `password_length`, `password_changed_at`."""

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
    "basic", "digest", "pass", "hidden", "redacted", "masked", "include", "omit", "same-origin",
}  # fmt: skip
"""Texts that no secret is."""

STEMS = (*sorted(PASSWORDS, key=len, reverse=True), *TOKENS, "key", "pass", "auth")
"""The stems, one of which stands in every name of a secret, in large letters or small."""

MARK = re.compile(r"\[redacted: [A-Za-z ]{1,30}\]")
"""The mark in the place of a secret."""

GAP = "\N{FULL BLOCK}"
"""What a mark is taken for while a text is looked through: a letter of no word, so no mark is part of a secret."""

_REFERENCES = re.compile(
    r"(?:<[^<>]*>|[$#%]\{[^{}]*\}|\$\([^()]*\)?|\$(?:[A-Z_][A-Z\d_]+|[a-z_]+)(?![A-Za-z\d])|\{{1,2}[^{}]*\}{1,2}|%\(\w*\)s|%s|%[A-Za-z_]\w*%"
    rf"|{GAP}|\[redacted: [A-Za-z ]{{1,30}}\]|\A(?:[xX]{{4,}}|[xX.*_-]+)\Z|[\W_])++",
)
_STANDS_FOR = re.compile(
    r"(?:\w{1,6}[-_])?(?:your?|insert|replace|enter|example|sample|dummy|fake|put|add|paste)(?:[ _-]+[A-Za-z]+)*"
    r"|change[ _-]?(?:me|it)|\w{1,10}[_-]x{6,}"
    r"|[a-z+]+://[^\s@]+|\d{4}-\d\d(?:-\d\d)?(?:[T ][\d:.]+Z?)?|\d\d?\.\d\d?\.\d{4}",
    re.IGNORECASE,
)
"""What stands in a secret's place: `<your key>`, `${DB_PASSWORD}`, `****`; and words, addresses, days that are none."""

DOTTED = re.compile(r"[A-Za-z_$@][\w$]*(?:(?:\.|->|::|\?\.)[A-Za-z_$][\w$]*)+[().;,]*")
_DIGIT = re.compile("[0-9]")
_A_NAME = re.compile(r"[^\W\d]+(?:-[^\W\d]+)*\d?")
_TURNS = re.compile(r"(?=[A-Za-z]\d|\d[A-Za-z])")

_GLUED = re.compile(
    r"(?!nopass)(.+)(password|passwd|passphrase|secret|pwd)|(access|auth|refresh|session|bearer|api|id)(token)"
    r"|(access|private|secret)(key)|(db|user|root|admin|require|ssh)(pass)"
)
_PATH = re.compile(r"[/~.%$({<]|[a-z]:[\\/]|tests?[_.:]", re.IGNORECASE)
COUNT_OR_CODE = re.compile(r"\d[\d.,]*[a-z%]{0,3}$|v\d+\.|sha\d+:|[a-z_]+\d*[(.[]", re.IGNORECASE)


@lru_cache(maxsize=4096)
def words_of_name(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case and the singular: `("api", "key")` for `apiKeys`, `("db", "pass")` for
    `dbpass`."""
    words: list[str] = []
    for word in map(str.lower, re.findall(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+", name[:200])):
        is_plural = word[-1] == "s" and word != "passes" and word[:-1] in PASSWORDS | ABOUT | {"key"}
        single = word[:-1] if is_plural else word
        glued = None if single in PASSWORDS else _GLUED.fullmatch(single)
        words += filter(None, glued.groups()) if glued else [single]
    return tuple(words)


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


@lru_cache(maxsize=4096)
def may_name_a_secret(name: str) -> bool:
    """Whether a name is that of a secret, or may be: `PASS` for what has a digit, `MAPS_KEY` for what looks random."""
    return bool(name) and (
        names_a_secret(name) or words_of_name(name)[-1:] in (("pass",), ("auth",)) or _is_other_key(name)
    )


def _is_other_key(name: str) -> bool:
    words = words_of_name(name)
    return len(words) > 1 and words[-1] == "key" and OTHER_KEYS.isdisjoint(words)


@lru_cache(maxsize=4096)
def ends_in_a_secret(name: str) -> bool:
    """Whether a name is that of a secret by the last word: `X-Api-Key`; not `HTTPPasswordMgr`."""
    return names_a_secret(name) and words_of_name(name)[-1] in PASSWORDS | TOKENS | {"key", "pass"}


@lru_cache(maxsize=4096)
def is_weak(name: str) -> bool:
    """Whether a name says so little that the value must look like a secret too: `token`, `PASS`, `secret_santa`."""
    words = words_of_name(name)
    if not names_a_secret(name) or not (ends_in_a_secret(name) or words[-1] in QUALIFIERS):
        return True
    return {*words}.isdisjoint(PASSWORDS | BEARERS | {"pass"})


@lru_cache(maxsize=4096)
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
    value = value.rstrip(")]}") if bare else value
    if len(value) < 4 or not may_name_a_secret(name) or ((weak := is_weak(name)) and not has_digit(value)):
        return False
    if value.lower() == name.lower() or is_placeholder(value):
        return False
    words = words_of_name(name)
    if words[-1] == "signature":
        return re.fullmatch(r"(?=\D*\d)[\w+/=%.-]{16,}", value, re.ASCII) is not None
    if words[-1] == "auth" and not names_a_secret(name):  # `user:password` in base64, as Docker and npm keep it
        return re.fullmatch(r"(?=[^\d]*\d)(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])[A-Za-z\d+/]{12,}={0,2}", value) is not None
    if words[-1] in ("pwd", "pw", "pass"):  # also a folder, and what a test did
        has_both = len(value) >= 6 and has_digit(value) and any(map(str.isalpha, value))
        if _PATH.match(value) or (bare and (not has_both or COUNT_OR_CODE.match(value))):
            return False
    elif bare and kind_of(name) == "token" and (len(value) < 8 or (value.isdigit() and len(value) < 13)):
        return False
    if not weak:
        return True
    if _is_other_key(name) and not names_a_secret(name):
        return looks_random(value)
    if value.isdigit() and "." not in name and not ends_in_a_secret(name):
        return False  # it counts: `passwords_checked`, `api_key_uses`
    fewest = 8 if names_a_secret(name) else 6
    is_a_word = not any(map(str.isspace, value)) and not DOTTED.fullmatch(value)
    return len(value) >= fewest and (is_a_word or ends_in_a_secret(name))


def is_pin(value: str, name: str) -> bool:
    """Whether a text is a number of four to eight digits under the name of a PIN or of one password."""
    if not (4 <= len(value) <= 8 and value.isdigit() and value.isascii()):
        return False
    last = re.split(r"[^A-Za-z]|(?<=[a-z])(?=[A-Z])", name)[-1].lower()
    return last in PINS and all(word in OWNERS_OF_PINS for word in words_of_name(name)[:-1])


def name_within(name: str, key: str, fields: Mapping[str, object]) -> str:
    """The name of what stands under `key` in an object with the name `name`: `password.value` in that of a password."""
    if "kty" in fields and key in ("d", "k", "p", "q", "dp", "dq", "qi"):
        return "private_key"  # of a JSON Web Key
    if fields.get("kind") == "Secret" and key in ("data", "stringData"):
        return "secret"  # of Kubernetes
    told = fields.get("name", fields.get("key", fields.get("Name", fields.get("Key"))))
    if key in ("value", "Value") and isinstance(told, str) and may_name_a_secret(told):
        return told
    return f"{name}.{key}" if name and may_name_a_secret(name) and not may_name_a_secret(key) else key


def has_digit(text: str, start: int = 0, end: int = sys.maxsize) -> bool:
    return _DIGIT.search(text, start, end) is not None


def looks_random(value: str) -> bool:
    """Whether a text looks made by chance: of one piece, and going from letters to digits and back."""
    return re.fullmatch(r"[\w+/=.~%-]{12,}", value, re.ASCII) is not None and len(_TURNS.findall(value)) >= 3


def is_placeholder(value: str) -> bool:
    """Whether a text stands in the place of a secret, or names one."""
    if value.lower() in ORDINARY or _STANDS_FOR.fullmatch(value):
        return True
    if not (value[:1].isalnum() and value[0] not in "xX") and _REFERENCES.fullmatch(value):
        return True
    return _A_NAME.fullmatch(value) is not None and names_a_secret(value)
