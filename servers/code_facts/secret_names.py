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
    "iterations", "salt", "form", "format", "prefix", "suffix", "strength",
}  # fmt: skip
"""What a name ends in when it is about a secret and is none: `password_length`, `token_url`."""

HAVE_PLURALS = PASSWORDS | ABOUT | {"key"}

FORMS = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:(?!-----END ).)*"
    r"|(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]+){2,}"
    r"|(?<![0-9A-Za-z])(?:"
    r"sk-(?=[\w-]{0,60}\d)[\w-]{16,}|[rs]k_(?:live|test)_\w{16,}|(?:AKIA|ASIA)[0-9A-Z]{16,}|AIza[\w-]{35,}"
    r"|gh[pousr]_\w{36,}|github_pat_\w{22,}|xox[abeoprs]-[0-9A-Za-z-]{10,}"
    r"|glpat-(?=[\w-]{0,60}\d)[\w-]{16,}|npm_(?=[A-Za-z]{0,60}\d)[0-9A-Za-z]{30,}|hf_(?=[a-z]*[A-Z\d])[0-9A-Za-z]{30,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|whsec_\w{24,}|dop_v1_[0-9a-f]{32,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32,})"
    r"|(?<=AccountKey=)[\w+/]{20,}=*"
    r"|(?<=Bearer )[\w.~+/-]{16,}=*"
    r"|(?<=Basic )(?=[A-Za-z+/]{0,99}(?:[a-z][A-Z]|[\d=]))[A-Za-z\d+/]{12,}=*",
    re.ASCII | re.DOTALL,
)
"""The keys of well-known services by their form: none begins inside a word, each goes on to the end of its letters."""

IN_URL = re.compile(r"(?<=://)[^\s/:@'\"]{0,100}:([^\s/'\"]+)(?=@)")
SPOKEN = re.compile(
    r"(?<!\w)([A-Za-z_][\w.-]{1,60})\\?[\"']?[ \t]{0,3}[:=]{1,2}[ \t]{0,3}"
    r"(?:\\?([\"'])(?!%\()((?:[^\"'\\\n{}<>]|\\(?![\"'])){4,})(?=\\?\2)|([^\s'\",;{}<>]{6,200}))"
)
"""A name, a colon or an equals sign, and a text: `password: hunter22` in a comment, `"pwd": "x9y8"` in JSON."""

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
    if len(value) < 4 or set(value) <= set("*.xX") or not may_hold_a_secret(name):
        return False
    if re.fullmatch("[A-Za-z_-]+", value) is not None and names_a_secret(value):
        return False
    if not is_weak(name):
        return True
    fewest = 8 if names_a_secret(name) else 6
    return len(value) >= fewest and any(map(str.isdigit, value)) and (fewest == 8 or not any(map(str.isspace, value)))


def may_hold_a_secret(name: str) -> bool:
    """Whether a name is one of a secret, or may be: `PASS` is, where its text has a digit."""
    return names_a_secret(name) or (bool(name) and words_of_name(name)[-1:] == ["pass"])


def ends_in_a_secret(name: str) -> bool:
    """Whether a name is one of a secret by its last word: `X-Api-Key`; not `HTTPPasswordMgr`."""
    return names_a_secret(name) and words_of_name(name)[-1] in PASSWORDS | TOKENS | {"key", "pass"}


def is_weak(name: str) -> bool:
    """Whether a name says so little that its text must look like a secret too: `token`, `PASS`."""
    return {*re.findall("[a-z]+", name.lower())} <= TOKENS or not names_a_secret(name)


def spoken(text: str) -> Iterator[tuple[int, int]]:
    """Where a comment or a text names a secret and then spells it: the places of its first letter and after its last.

    Source: configuration as it is pasted, `DB_PASS = "x"`, `{"password": "x"}`, `Server=db;Pwd=x;`.
    """
    done = 0
    while hit := SPOKEN.search(text, done):
        name, quoted = hit[1], hit[3] is not None
        start, end = hit.span(3 if quoted else 4)
        is_prose = not quoted and words_of_name(name)[-1:] in (["signature"], ["credential"], ["credentials"])
        if not is_prose and (is_secret(text[start:end], name) or (not quoted and names_a_secret(name))):
            done = end if quoted else REST.match(text, end).end()  # pyright: ignore[reportOptionalMemberAccess]
            yield start, done
        else:
            done = hit.end(1)  # the text may be a name itself: `a: password: x`
