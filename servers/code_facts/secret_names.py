"""How a secret is told: by the name that it is given to, and by the forms of well-known keys."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

PASSWORDS = {
    "password", "passwd", "passphrase", "passcode", "pwd", "pw", "secret", "apikey", "credential", "credentials",
    "signature",
}  # fmt: skip
KEYS = {"api", "access", "auth", "private", "secret", "signing", "encryption", "master"}
TOKENS = {"token", "hmac"}
SERVICES = {
    "db", "database", "sql", "mysql", "pg", "postgres", "redis", "mongo", "amqp", "smtp", "imap", "mail", "email",
    "ftp", "sftp", "ssh", "ldap", "vpn", "wifi", "proxy", "http", "basic", "user", "admin", "root", "sudo", "login",
}  # fmt: skip
"""What stands before `pass` where that is short for a password: `DB_PASS`, and not `first_pass`."""

ABOUT = {
    "url", "uri", "path", "file", "filename", "name", "names", "field", "length", "len", "count", "id", "ids",
    "type", "kind", "header", "headers", "env", "var", "variable", "size", "limit", "max", "min", "re", "regex",
    "pattern", "label", "prompt", "help", "message", "msg", "error", "errors", "hint", "placeholder", "input",
    "column", "param", "params", "policy", "version", "expires", "expiry", "expiration", "ttl", "age", "rounds",
    "iterations", "salt", "form", "format", "prefix", "suffix", "strength", "mode", "method", "endpoint", "status",
    "state", "scope", "algorithm", "alg", "arn", "range", "char", "chars", "seconds", "minutes", "hours", "days",
    "description", "title", "template", "script", "manager", "provider", "store", "backend", "class",
}  # fmt: skip
"""What a name ends in when it is about a secret and is none: `password_length`, `token_url`."""

QUALIFIERS = {
    "value", "text", "string", "str", "bytes", "hash", "digest", "default", "dev", "prod", "production", "live", "test",
    "testing", "staging", "local", "old", "new", "current", "previous", "primary", "secondary", "base", "pem", "raw",
}  # fmt: skip
"""What may follow the word for a secret in the name of one: `password_old`, and not `secret_santa`."""

BEARERS = KEYS | {
    "bearer", "session", "refresh", "bot", "jwt", "csrf", "client", "deploy", "push", "service", "github",
    "oauth", "request", "id",
}  # fmt: skip
"""What stands before `token` where that is a key, and not a part of a grammar."""

ORDINARY = {
    "none", "null", "true", "false", "required", "optional", "undefined", "unknown", "missing", "string", "bearer",
    "basic", "digest", "hidden", "redacted", "masked", "include", "omit", "same-origin",
}  # fmt: skip
"""Texts that no secret is."""

REFERENCE = re.compile(
    r"<[^<>]*>|\$\{[^{}]*\}|\$[A-Z_]{2,}|\{{1,2}[\w. ]*\}{1,2}|%\(\w*\)s|%s|[*.xX\u2022:_# -]*", re.ASCII
)
"""What stands in a secret's place: `<your key>`, `${DB_PASSWORD}`, `****`."""

HAVE_PLURALS = PASSWORDS | ABOUT | {"key"}

FORMS = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?=[ \t]{0,9}(?:\n|\\[nr]))(?:(?!-----END ).)*"
    r"|(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]+){2,}"
    r"|(?<![0-9A-Za-z])(?:"
    r"sk-(?=[\w-]{0,60}\d)[\w-]{16,}|[rs]k_(?:live|test)_\w{16,}|(?:AKIA|ASIA)[0-9A-Z]{16,}|AIza[\w-]{35,}"
    r"|gh[pousr]_\w{36,}|github_pat_\w{22,}|xox[abeoprs]-[0-9A-Za-z-]{10,}"
    r"|glpat-(?=[\w-]{0,60}\d)[\w-]{16,}|npm_(?=[A-Za-z]{0,60}\d)[0-9A-Za-z]{30,}|hf_(?=[a-z]*[A-Z\d])[0-9A-Za-z]{30,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|whsec_\w{24,}|dop_v1_[0-9a-f]{32,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32,})"
    r"|(?<=AccountKey=)[\w+/]{20,}=*"
    r"|(?<=Bearer )[\w.~+/-]{16,}=*"
    r"|(?<=Basic )(?!(?:[A-Z][a-z]{2,})+(?![A-Za-z\d+/=]))(?=[A-Za-z+/]{0,99}(?:[a-z][A-Z]|[\d=]))[A-Za-z\d+/]{12,}=*",
    re.ASCII | re.DOTALL,
)
"""The keys of well-known services by their form: none begins inside a word, each goes on to the end of its letters."""

IN_URL = re.compile(r"(?<=://)[^\s/:@'\"]{0,100}:([^\s/'\"]+)(?=@)")
SPOKEN = re.compile(
    r"(?<!\w)([A-Za-z_][\w.-]{1,60})\\?[\"']?[ \t]{0,3}[:=]{1,2}[ \t]{0,3}"
    r"(?:\\?([\"'])(?!%\()((?:[^\"'\\\n{}<>]|\\(?![\"'])){4,})(?=\\?\2)|([^\s'\",;{}<>]{6,200}))"
)
"""A name, a colon or an equals sign, and a text: `password: hunter22` in a comment, `"pwd": "x9y8"` in JSON."""

OPTION = re.compile(
    r"(?<![\w-])--?([A-Za-z][\w-]{1,60})(?:(=)|\\?[\"']?,?[ \t]{1,3})"
    r"(?:\\?([\"'])((?:[^\"'\\\n{}<>]|\\(?![\"'])){3,})(?=\\?\3)|([^\s'\",;{}<>|&()-][^\s'\",;{}<>|&()]{2,200}))"
)
"""An option of a command line, and what it is given: `--password hunter22`, `--token=abc`."""

NOT_GIVEN = {"no", "use", "ask", "show", "skip", "without", "with", "require", "prompt", "allow", "hide"}
"""First words of an option that is given no secret: `--no-password`."""

REST = re.compile(r"[^\s'\",;{}<>]*")


@lru_cache(maxsize=4096)
def names_a_secret(name: str) -> bool:
    """Whether a name is one of a secret: `DB_PASSWORD`, `apiKey`, `token`; not `token_count`."""
    words = words_of_name(name)
    if not words or words[-1] in ABOUT:
        return False
    if not {*words}.isdisjoint(PASSWORDS | TOKENS) or any(a in KEYS and b == "key" for a, b in pairwise(words)):
        return True
    return words[-1] == "pass" and len(words) > 1 and words[-2] in SERVICES


def words_of_name(name: str) -> list[str]:
    """The words of a name, in lower case and the singular: `["api", "key"]` for `apiKeys`."""
    return [_single(word.lower()) for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name[:200])]


def _single(word: str) -> str:
    """`password` for `passwords`; `tokens` stay, which are mostly counted."""
    return word[:-1] if word[-1] == "s" and word[:-1] in HAVE_PLURALS else word


def is_secret(value: str, name: str) -> bool:
    """Whether a text is one under such a name. `PASSWORD = "password"` names a field, and `token = "("` a bracket."""
    if len(value) < 4 or not may_hold_a_secret(name) or is_placeholder(value) or value.lower() == name.lower():
        return False
    if words_of_name(name)[-1:] == ["signature"]:
        return re.fullmatch(r"(?=\D*\d)[\w+/=.-]{16,}", value, re.ASCII) is not None
    if not is_weak(name):
        return True
    fewest = 8 if names_a_secret(name) else 6
    return len(value) >= fewest and any(map(str.isdigit, value)) and (fewest == 8 or not any(map(str.isspace, value)))


def is_placeholder(value: str) -> bool:
    """Whether a text stands in the place of a secret, or names one."""
    if value.lower() in ORDINARY or REFERENCE.fullmatch(value):
        return True
    return re.fullmatch("[A-Za-z_-]+", value) is not None and names_a_secret(value)


def may_hold_a_secret(name: str) -> bool:
    """Whether a name is one of a secret, or may be: `PASS` is, where its text has a digit."""
    return names_a_secret(name) or (bool(name) and words_of_name(name)[-1:] == ["pass"])


def ends_in_a_secret(name: str) -> bool:
    """Whether a name is one of a secret by its last word: `X-Api-Key`; not `HTTPPasswordMgr`."""
    return names_a_secret(name) and words_of_name(name)[-1] in PASSWORDS | TOKENS | {"key", "pass"}


def is_weak(name: str) -> bool:
    """Whether a name says so little that its text must look like a secret too: `token`, `PASS`, `secret_santa`."""
    words = words_of_name(name)
    if not names_a_secret(name) or not (ends_in_a_secret(name) or words[-1] in QUALIFIERS):
        return True
    return {*words}.isdisjoint(PASSWORDS | BEARERS | {"pass"})


def formed(text: str) -> str:
    """The first secret in a text that is told by its form; empty where there is none."""
    if hit := FORMS.search(text):
        return hit[0]
    return next((hit[1] for hit in IN_URL.finditer(text) if not is_placeholder(hit[1])), "")


def spoken(text: str) -> Iterator[tuple[int, int]]:
    """Where a comment or a text names a secret and then spells it: the places of its first letter and after its last.

    Source: configuration as it is pasted, `DB_PASS = "x"`, `{"password": "x"}`, `Server=db;Pwd=x;`.
    """
    done = 0
    while hit := SPOKEN.search(text, done):
        name, quoted = hit[1], hit[3] is not None
        start, end = hit.span(3 if quoted else 4)
        if is_secret(text[start:end], name) and (quoted or not _is_code_or_prose(text, hit)):
            done = end if quoted else _rest(text, end)
            yield start, done
        else:
            done = hit.end(1)  # the text may be a name itself: `a: password: x`


def optional(text: str) -> Iterator[tuple[int, int]]:
    """Where a command line in a text gives a secret to an option: the places as in `spoken`."""
    done = 0
    while hit := OPTION.search(text, done):
        name, group = hit[1], 4 if hit[4] is not None else 5
        start, end = hit.span(group)
        if is_given(hit[group], name, is_sure=bool(hit[2])):
            done = end if group == 4 else _rest(text, end)
            yield start, done
        else:
            done = hit.end(1)


def is_given(value: str, option: str, *, is_sure: bool) -> bool:
    """Whether what an option is given is a secret. Where that is not sure, it may be the next word of a sentence."""
    if not ends_in_a_secret(option) or words_of_name(option)[0] in NOT_GIVEN:
        return False
    if value[0] in "-$%/~.@" or re.fullmatch("[A-Z_]+", value) or is_placeholder(value):
        return False
    return is_sure or (len(value) >= 4 and any(map(str.isdigit, value)))


def _is_code_or_prose(text: str, hit: re.Match[str]) -> bool:
    """Whether what follows a name is an expression, `password=self.password`, or begins a sentence."""
    value = hit[4].rstrip(").]:`")
    is_code = re.match(r"[)|\[]|[A-Za-z_][\w.]*[(\[]", hit[4]) or re.fullmatch(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+", value)
    if is_code or is_placeholder(value):
        return True
    is_word = re.fullmatch(r"[A-Za-z/-]+", value) is not None and ":" in text[hit.end(1) : hit.start(4)]
    return is_word and re.match(r"[ \t]+[`(]?[A-Za-z]", text[hit.end(4) : hit.end(4) + 9]) is not None


def _rest(text: str, end: int) -> int:
    """Where a text without quotes ends: it may be longer than what is looked at."""
    return REST.match(text, end).end()  # pyright: ignore[reportOptionalMemberAccess]
