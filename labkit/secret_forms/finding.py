"""The secrets in a text: those with a form of their own, and what stands behind `password=` or `--token`.

Each pattern takes time in proportion to the text, whatever a server puts into it. A secret with hidden characters in it
is found as it looks: to a model it is as good as whole.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

from labkit.secret_forms.forms import FORMS
from labkit.secret_forms.hidden import HIDDEN, seen_part, without_hidden
from labkit.secret_forms.names import (
    MARK,
    OTHER_PASSES,
    STEMS,
    TOKENS,
    ends_in_a_secret,
    is_placeholder,
    is_secret,
    kind_of,
    words_of_name,
)

PASSES = 8
"""How often a redacted text is looked through again. A text that still holds something then is redacted whole."""

_PATTERNS = tuple((form.kind, form.pattern(), form.pattern(in_a_word=True)) for form in FORMS)

_STEM = f"(?:{'|'.join(STEMS)})"
_NAMED = re.compile(
    rf"(?P<name>{_STEM}[\w.-]{{0,40}})\\{{0,4}}[\"']?[ \t]{{0,9}}[:=]{{1,2}}[ \t]{{0,9}}", re.IGNORECASE
)
"""A name, and a colon or an equals sign: `password: `, `"pwd": `; where the name begins is looked up."""

_OPTION = re.compile(r"(?<![\w-])--?(?P<name>[A-Za-z][\w-]{1,60})(?:(?P<sure>=)|\\{0,4}[\"']?,?[ \t]{1,3})")
"""An option of a command line, and an equals sign or a space: `--password `, `--token=`, `"--pwd", `."""

_BARE = rf"(?:{MARK.pattern}|[^\s\"',;&\\]|\\(?![\"'])|&(?!\w{{1,30}}=))"
_VALUE = re.compile(
    r"\\{1,4}(?P<quote>[\"'])(?P<nested>(?:(?!\\{0,4}(?P=quote))[^\n])*)\\{0,4}(?P=quote)"
    r"|\"(?P<double>(?:[^\"\\\n]|\\.)*)\"|\"(?P<to_quote>[^\"\n]*)\"|'(?P<single>(?:[^'\\\n]|\\.)*)'|'(?P<to_tick>[^'\n]*)'"
    rf"|(?P<bare>(?![<>{{}}]){_BARE}{{1,200}})"
)
"""The value given to a name: a text in quotes, also as JSON in JSON writes them, or what goes on to a space or a comma;
`&` ends a value in a query alone, `password=x&next=1`."""

_REST = re.compile(f"{_BARE}*")

# A name that may be that of a secret, in a text or in JSON that holds texts, and no count behind `progressToken`.
_GIVEN = r"[\w.-]{0,40}(?:\\t|[\\\"' \t]){0,14}[:=]"
_MAY_HOLD = re.compile(
    "|".join(
        [
            *(form.opening for form in FORMS),
            rf"(?i:(?:{'|'.join(TOKENS)}){_GIVEN}(?!=?[ \t]{{0,9}}\d{{1,12}}[,}}\]]))",
            rf"(?i:(?:{'|'.join(stem for stem in STEMS if stem not in TOKENS)}){_GIVEN})",
            rf"(?i:-(?:[A-Za-z][\w-]{{0,60}})?{_STEM})",
            # Hidden characters may stand in a secret, also as JSON writes them, and so may `\/` for a slash.
            rf"{HIDDEN}|\\u[0-9a-fA-F]{{4}}|\\/",
        ]
    ),
    re.ASCII,
)

_NOT_GIVEN = {"no", "use", "ask", "show", "skip", "without", "with", "require", "prompt", "allow", "hide"}
"""First words of an option that is given no secret: `--no-password`."""

_BEFORE = re.compile(r"([^\W\d_]+)[ \t]{1,9}$")
_OWNER = re.compile(
    r"\b(?:users?|username|uid|log-?in|accounts?|admin\w*|root|credentials?|e-?mail|db|database|(?:my)?sql|wi-?fi|ssh|s?ftp"
    r"|smtp|imap|vpn|proxy|my|your|our|new|old|temp|temporary|default|initial|let|const|var|val|set|export|string)\b",
    re.IGNORECASE,
)
"""The words in a line before `pass: x` where that is a password."""


class Found(NamedTuple):
    """A stretch of a text, from `start` to `end`, that holds a secret of the kind `kind`."""

    start: int
    end: int
    kind: str


def may_hold(text: str) -> bool:
    """Whether a text, or JSON that holds texts, is worth to be searched: one look, made from the tables themselves."""
    return _MAY_HOLD.search(text) is not None


def find_secrets(text: str, name: str = "", *, in_code: bool = False) -> list[Found]:
    """The secrets in `text`, in order. Where patterns overlap, one stretch holds them all.

    Args:
        text: Any text.
        name: The key whose value `text` is, where there is one: `password` makes a secret of any text.
        in_code: Whether the text is of a program or explains one: an expression, and a word that begins a sentence, are
            then no values, `password: Passphrase of the user.`
    """
    if name and is_secret(without_hidden(text), seen := without_hidden(name)):
        return [Found(0, len(text), kind_of(seen))]
    if not may_hold(text):
        return []
    found = [Found(start, end, kind) for start, end, kind, _ in _formed(text, in_a_word=False)]
    found += [Found(start, end, kind) for start, end, kind, _ in _given(text, (), in_code=in_code)]
    merged: list[Found] = []
    for one in sorted([*found, *_split(text, in_code=in_code)], key=lambda each: each.start):
        if merged and one.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(merged[-1].end, one.end))
        else:
            merged.append(one)
    return merged


def redacted(text: str, kinds: Counter[str], name: str = "") -> str:
    """`text` with `[redacted: GitHub token]` where a secret was; how many of each kind is added to `kinds`.

    The returned text holds no secret that could be told: redacted again it stays as it is.
    """
    before = Counter(MARK.findall(text))
    for _ in range(PASSES):
        found = find_secrets(text, name)
        if not found:
            break
        parts: list[str] = []
        end = 0
        for each in found:
            parts += [text[end : each.start], f"[redacted: {each.kind}]"]
            end = each.end
        text = "".join([*parts, text[end:]])
    else:
        text = "[redacted: secrets]"
    for mark, count in (Counter(MARK.findall(text)) - before).items():
        kinds[mark.removeprefix("[redacted: ").removesuffix("]")] += count
    return text


_Hit = tuple[int, int, str, int]
"""A hit of a pattern: where it begins and ends, the kind, and where the name or the form that tells it begins."""


def _split(text: str, *, in_code: bool) -> Iterator[Found]:
    """The secrets that have hidden characters inside, or right before the secret."""
    seen, places = seen_part(text)
    if not places:
        return
    before = [place for place, _ in places]
    for start, end, kind, whole in [
        *_formed(seen, in_a_word=True),
        *_given(seen, before, in_code=in_code),
    ]:
        # If something was left out between `whole` and `end`, or right before `whole`.
        if bisect_left(before, whole) < (until := bisect_left(before, end)):
            first = bisect_right(before, start)
            yield Found(
                start + (places[first - 1][1] if first else 0), end + (places[until - 1][1] if until else 0), kind
            )


def _formed(text: str, *, in_a_word: bool) -> Iterator[_Hit]:
    for kind, pattern, loose in _PATTERNS:
        for hit in (loose if in_a_word else pattern).finditer(text):
            start, end = hit.span(hit.lastindex or 0)
            if not hit.lastindex or not is_placeholder(MARK.sub("", hit[1])):
                yield start, end, kind, hit.start()


def _given(text: str, stops: Collection[int], *, in_code: bool) -> Iterator[_Hit]:
    """The secrets behind `password=`, `"api_key": ` and the like, and behind `--password `."""
    end = 0
    for hit in _NAMED.finditer(text):
        if hit.end() < end and text[hit.end() : hit.end() + 1] not in ("'", '"', "\\"):
            continue  # inside a value that goes on to the same end
        start = _begin(text, hit.start(), stops)
        name = text[start : hit.end("name")]
        if (value := _VALUE.match(text, hit.end())) is None:
            continue
        bare = value.lastgroup == "bare"
        if (
            is_secret(value[value.lastgroup or 0], name, bare=bare)
            and not _is_another_pass(text, start, name, is_sure=text[hit.end("name") : hit.end("name") + 1] == "=")
            and not (in_code and bare and _is_code_or_prose(text, hit.end("name"), value))
        ):
            begin, end = value.span(value.lastgroup or 0)
            end = _rest(text, end) if bare else end
            yield begin, end, kind_of(name), start
    end = 0
    for hit in _OPTION.finditer(text):
        name, value = hit["name"], _VALUE.match(text, hit.end())
        if value is None or hit.end() < end:
            continue
        if not is_given(name, value[value.lastgroup or 0], is_sure=bool(hit["sure"])):
            continue
        begin, end = value.span(value.lastgroup or 0)
        end = _rest(text, end) if value.lastgroup == "bare" else end
        yield begin, end, kind_of(name), hit.start()


def is_given(option: str, value: str, *, is_sure: bool) -> bool:
    """Whether the value behind an option is a secret. Not `is_sure`, the value may be the next word of a sentence."""
    value = MARK.sub("", value)
    if not ends_in_a_secret(option) or words_of_name(option)[0] in _NOT_GIVEN:
        return False
    if len(value) < 3 or value[0] in "-$%/~.@(|)" or re.fullmatch("[A-Z_]+", value) or is_placeholder(value):
        return False
    return is_sure or (len(value) >= 4 and any(map(str.isdigit, value)))


def _begin(text: str, place: int, stops: Collection[int]) -> int:
    """The index at which the name around `place` begins, at most sixty letters before. No name goes on over a stop."""
    first = max(0, place - 60)
    while place > first and place not in stops and (text[place - 1].isalnum() or text[place - 1] in "_.-"):
        place -= 1
    return place


def _is_another_pass(text: str, start: int, name: str, *, is_sure: bool) -> bool:
    """Whether `pass` means a ticket or a round: `boarding pass: gate22`, `second_pass: batch12`; never in `pass=x`."""
    words = words_of_name(name)
    if words[-1] != "pass" or is_sure:
        return False
    if len(words) > 1:
        return words[-2] in OTHER_PASSES
    line = text[max(0, start - 60) : start].rpartition("\n")[2]
    return _BEFORE.search(line) is not None and not _OWNER.search(line)


def _is_code_or_prose(text: str, after_name: int, value: re.Match[str]) -> bool:
    """Whether what follows a name is an expression, `password=self.password`, or begins a sentence."""
    told = value[0].rstrip(").]:`")
    is_code = re.match(r"[)|\[]|[A-Za-z_][\w.]*[(\[]", value[0]) or re.fullmatch(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+", told)
    if is_code or len(told) < 6 or is_placeholder(told):
        return True
    is_word = re.fullmatch(r"[A-Za-z/-]+", told) is not None and ":" in text[after_name : value.start()]
    return is_word and re.match(r"[ \t]+[`(]?[A-Za-z]", text[value.end() : value.end() + 9]) is not None


def _rest(text: str, end: int) -> int:
    """The index at which a text without quotes ends: the text may be longer than what is looked at."""
    return _REST.match(text, end).end()  # pyright: ignore[reportOptionalMemberAccess]
