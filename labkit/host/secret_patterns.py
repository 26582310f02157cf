"""Secrets that can be told by their form, and how they are taken out of a text.

The patterns know the keys of well-known services and what stands behind `password=`, and no others: a text without a
finding may hold a secret all the same. Each takes time in proportion to the text, whatever a server puts into it.
A secret with hidden characters in it is found as it looks.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from labkit.host.hidden import seen_part, without_hidden

# None begins in the middle of a word, or `task-description` would hold an `sk-` key. Each is greedy to the end of the
# run of letters, since behind what looks like the beginning of one secret may stand another.
_ALONE = r"(?<![0-9A-Za-z])"
PATTERNS: dict[str, re.Pattern[str]] = {
    "private key": re.compile(
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:(?!-----END ).)*(?:-----END [A-Z0-9 ]{0,40}-----)?", re.DOTALL
    ),
    "JSON web token": re.compile(r"(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]+){2,}", re.ASCII),
    "Anthropic key": re.compile(_ALONE + r"sk-ant-[\w-]{16,}", re.ASCII),
    "OpenAI key": re.compile(_ALONE + r"sk-(?!ant-)(?=[\w-]{0,60}\d)[\w-]{20,}", re.ASCII),
    "AWS access key": re.compile(_ALONE + r"(?:AKIA|ASIA)[0-9A-Z]{16,}"),
    "Google API key": re.compile(_ALONE + r"AIza[\w-]{35,}", re.ASCII),
    "GitHub token": re.compile(_ALONE + r"(?:gh[pousr]_\w{36,}|github_pat_\w{22,})", re.ASCII),
    "GitLab token": re.compile(_ALONE + r"gl(?:pat|dt|rt|ptt)-[\w-]{20,}", re.ASCII),
    "npm token": re.compile(_ALONE + r"npm_[0-9A-Za-z]{30,}"),
    "Hugging Face token": re.compile(_ALONE + r"hf_[0-9A-Za-z]{30,}"),
    "SendGrid key": re.compile(_ALONE + r"SG\.[\w-]{16,}\.[\w-]{16,}", re.ASCII),
    "Slack token": re.compile(_ALONE + r"xox[abeoprs]-[0-9A-Za-z-]{10,}"),
    "Stripe key": re.compile(_ALONE + r"[rs]k_(?:live|test)_\w{16,}", re.ASCII),
    "bearer token": re.compile(r"\bBearer[ \t]{1,9}([\w.~+/-]{16,}=*)", re.IGNORECASE | re.ASCII),
    "basic credentials": re.compile(
        r"\bBasic[ \t]{1,9}(?=[A-Za-z+/]{0,99}(?:[a-z][A-Z]|[\d=]))([A-Za-z\d+/]{12,}=*)", re.ASCII
    ),
    "password in a URL": re.compile(r"://[^\s/:@]{0,100}:([^\s/@]+)@"),
}
"""By kind. Where a pattern has a group, the group is the secret."""

_NAME = re.compile(
    r"(?P<password>password|passwd|passphrase|secret|(?:api|access|private|secret)[_-]?key)"
    r"|(?P<short>pwd|(?:(?<![a-z0-9])|db|user|root|admin)pass)"
    r"|(?<![a-z])(?P<token>(?:(?:access|auth|refresh|session|bearer|api|id)[_-]?)?token)",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(rf"(?:{_NAME.pattern})[\"']?[ \t]{{0,9}}[:=][ \t]{{0,9}}", re.IGNORECASE)
_PATH_OR_COUNT = re.compile(
    r"[/~.%$({<]|tests?[_.:]|[a-z]:[\\/]|\d[\d.,]*[a-z%]{0,3}$|v\d+\.|sha\d+:|[a-z_]+\d*[(.[]", re.IGNORECASE
)
_BEFORE = re.compile(r"([^\W\d_]+)([ \t]{1,9}|[_-])$")
_OWNER = re.compile(
    r"\b(?:users?|username|uid|log-?in|accounts?|admin\w*|root|credentials?|e-?mail|db|database|(?:my)?sql|wi-?fi|ssh|s?ftp"
    r"|smtp|imap|vpn|proxy|my|your|our|new|old|temp|temporary|default|initial|let|const|var|val|set|export|string)\b",
    re.IGNORECASE,
)
"""What stands in a line before `pass: x` where that is a password."""

_OTHER_PASS = {
    "boarding", "first", "second", "third", "last", "next", "final", "single", "multi", "forward", "backward", "render",
    "hall", "ski", "season", "day", "bus", "rail", "train", "travel", "press", "mountain",
}  # fmt: skip
_VALUE = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'|([^\s\"',;&]+)")


# Where something hidden stands before a secret, it does begin in the middle of a word.
_HEAD = re.compile(r"^(?:\(\?<![^)]*\)|\\b)")
_IN_A_WORD = {kind: re.compile(_HEAD.sub("", each.pattern), each.flags) for kind, each in PATTERNS.items()}
_IN_A_WORD["JSON web token"] = re.compile(r"eyJ[\w-]{8,400}(?:\.[\w-]+){2,}", re.ASCII)  # without an end: n² steps
_ASSIGNED_IN_A_WORD = re.compile(
    _ASSIGNED.pattern.replace("(?<![a-z0-9])|", "|").replace("(?<![a-z])", ""), _ASSIGNED.flags
)


class Found(NamedTuple):
    """A stretch of a text, from `start` to `end`, that holds a secret of this kind."""

    start: int
    end: int
    kind: str


def find_secrets(text: str, name: str = "") -> list[Found]:
    """The secrets in `text`, in order. Where patterns overlap, one stretch holds them all.

    Args:
        text: Any text.
        name: The key that `text` is the value of, where it is one: `password` makes a secret of any text.
    """
    of_name = _NAME.fullmatch(without_hidden(name))
    if of_name and _is_secret(without_hidden(text), of_name):
        return [Found(0, len(text), _kind(of_name))]
    found = [Found(*match.span(match.lastindex or 0), kind) for kind, match in _alone(text, PATTERNS)]
    found += [Found(*value.span(value.lastindex or 0), kind) for kind, _, value in _assigned(text, _ASSIGNED)]
    merged: list[Found] = []
    for one in sorted([*found, *_split(text)], key=lambda each: each.start):
        if merged and one.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(merged[-1].end, one.end))
        else:
            merged.append(one)
    return merged


def redacted(text: str, kinds: Counter[str], name: str = "") -> str:
    """`text` with `[redacted: GitHub token]` where a secret was; how many of each kind is added to `kinds`."""
    parts: list[str] = []
    end = 0
    for found in find_secrets(text, name):
        parts += [text[end : found.start], f"[redacted: {found.kind}]"]
        kinds[found.kind] += 1
        end = found.end
    return "".join([*parts, text[end:]])


def _split(text: str) -> Iterator[Found]:
    """The secrets that hidden characters stand in, or right before. To a model they are as good as whole."""
    seen, places = seen_part(text)
    if not places:
        return
    before = [place for place, _ in places]

    def stretch(start: int, end: int, whole: int, kind: str) -> Iterator[Found]:
        """From `start` to `end` in what is seen, if something is left out between `whole` and `end`."""
        if bisect_left(before, whole) < (until := bisect_left(before, end)):
            first = bisect_right(before, start)
            yield Found(
                start + (places[first - 1][1] if first else 0), end + (places[until - 1][1] if until else 0), kind
            )

    for kind, match in _alone(seen, _IN_A_WORD):
        yield from stretch(*match.span(match.lastindex or 0), match.start(), kind)
    for kind, name, value in _assigned(seen, _ASSIGNED_IN_A_WORD):
        yield from stretch(*value.span(value.lastindex or 0), name.start(), kind)


def _alone(text: str, patterns: Mapping[str, re.Pattern[str]]) -> Iterator[tuple[str, re.Match[str]]]:
    for kind, pattern in patterns.items():
        for match in pattern.finditer(text):
            yield kind, match


def _assigned(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str], re.Match[str]]]:
    """What stands behind `password=`, `"api_key": ` and the like: the kind, the name, and the value."""
    end = 0
    for name in pattern.finditer(text):
        start = name.end()
        if start < end and text[start : start + 1] not in ("'", '"'):
            continue  # inside a value that goes on to the same end
        value = _VALUE.match(text, start)
        if value is not None and _is_secret(value[value.lastindex or 0], name) and not _is_another_pass(name):
            yield _kind(name), name, value
            end = value.end()


def _kind(name: re.Match[str]) -> str:
    return "token" if name["token"] else "password"


def _is_another_pass(name: re.Match[str]) -> bool:
    """Whether `pass` means a ticket or a round: `boarding pass: gate22`, `second_pass: batch12`; never in `pass=x`."""
    if (name["short"] or "").lower() != "pass" or name.string[name.end("short") : name.end()] == "=":
        return False
    line = name.string[max(0, name.start() - 60) : name.start()].rpartition("\n")[2]
    before = _BEFORE.search(line)
    if before is None:
        return False
    return before[1].lower() in _OTHER_PASS if before[2] in ("_", "-") else not _OWNER.search(line)


def _is_secret(value: str, name: re.Match[str]) -> bool:
    """Whether it may be one. `unexpected token: function` is none, nor is a number of tokens."""
    if name["password"]:
        return len(value) >= 4
    if name["short"]:  # also a folder, and what a test did
        has_both = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
        return len(value) >= 6 and has_both and not _PATH_OR_COUNT.match(value)
    is_count = value.isdigit() and len(value) < 13
    return len(value) >= 8 and any(map(str.isdigit, value)) and not is_count
