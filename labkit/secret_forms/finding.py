"""The secrets in a text: those with a form of their own, and what stands behind `password=` or `--token`.

Each pattern takes time in proportion to the text, whatever a server puts into it. A secret with hidden characters in
it, or in letters of full width, is found as it looks: to a model it is as good as whole.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from labkit.secret_forms.forms import ALONE, FORMS
from labkit.secret_forms.given import Hit, given, in_tables, may_be_given
from labkit.secret_forms.hidden import HIDDEN, changed_part, seen_part, without_hidden
from labkit.secret_forms.names import GAP, MARK, is_pin, is_placeholder, is_secret, kind_of

PASSES = 8
"""How often a redacted text is looked through again. A text that still holds something then is redacted whole."""

MARGIN = 4_000
"""Characters at the end of a cut text that are not shown: a secret that begins there may lack what tells it."""

# An empty group stands behind each opening. The last group that matched tells the form.
_WHOLE = re.compile("|".join(f"(?:{form.opening})()(?:{form.rest})" for form in FORMS), re.ASCII | re.DOTALL)
_GROUPS = [(form, n) for form in FORMS for n in range(1 + re.compile(form.rest).groups)]
_ALONE = "|".join(form.opening for form in FORMS if form.alone)
_ANYWHERE = "|".join(form.opening for form in FORMS if not form.alone)
# Without groups: only then does `re` look at the first letter of each before it tries it.
_OPENINGS = re.compile(f"{ALONE}(?:{_ALONE})|{_ANYWHERE}", re.ASCII)
_IN_A_WORD = re.compile(f"{_ALONE}|{_ANYWHERE}", re.ASCII)

# Hidden characters may stand in a secret, also as JSON writes them, and so may `\/` for a slash.
_MAY_BE_WRITTEN = re.compile(rf"{HIDDEN}|\\(?:u[0-9a-fA-F]{{4}}|/)|\\[nrt](?:{_ALONE})", re.ASCII)
# As `repr` and JSON write what breaks lines and divides cells. Many secrets are known by their lines.
_WRITTEN = re.compile(r"(?<!\\)(?:\\r)?\\n|(?<!\\)\\t")
_BREAKS = {"n": "\n", "t": "\t"}
_HEADERS = re.compile(r"(?:proxy-)?authorization|(?:set-)?cookie", re.IGNORECASE)


class Found(NamedTuple):
    """A stretch of a text, from `start` to `end`, that holds a secret of the kind `kind`."""

    start: int
    end: int
    kind: str


def may_hold(text: str) -> bool:
    """Whether a text, or JSON that holds texts, is worth to be searched: one look, made from the tables themselves."""
    if _OPENINGS.search(text) or may_be_given(text) or _MAY_BE_WRITTEN.search(text):
        return True
    return not unicodedata.is_normalized("NFKC", text)


def find_secrets(text: str, name: str = "", *, by_itself: bool = False) -> list[Found]:
    """The secrets in `text`, in order. Where patterns overlap, one stretch holds them all.

    Args:
        text: Any text.
        name: The key whose value `text` is, where there is one: `password` makes a secret of any text.
        by_itself: Whether only what is known by itself is looked for, and nothing that the text gives to a name.
    """
    seen = without_hidden(name)
    if name and (is_secret(plain := without_hidden(text), seen) or is_pin(plain, seen)):
        return [Found(0, len(text), kind_of(seen))]
    if name and _HEADERS.fullmatch(name):
        before = len(f"{name}: ")
        told = find_secrets(f"{name}: {text}")
        return [Found(max(0, start - before), end - before, kind) for start, end, kind in told if end > before]
    text = MARK.sub(lambda mark: GAP * len(mark.group()), text)
    # What is known by itself tells more than what stands before it.
    hits = sorted(
        [*find_forms(text), *(() if by_itself else (*given(text, ()), *in_tables(text)))],
        key=lambda hit: hit[0] - hit[3],
    )
    found = [Found(start, end, kind) for start, end, kind, _ in hits]
    merged: list[Found] = []
    for one in sorted([*found, *_split(text, by_itself)], key=lambda each: each.start):
        if merged and one.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(merged[-1].end, one.end))
        else:
            merged.append(one)
    return merged


def redacted_across(texts: Sequence[str], kinds: Counter[str], *, by_itself: bool = False) -> list[str]:
    """Texts that follow each other, with marks for what is found in them as one, in each where it goes on to the next.

    What only one of them holds, as where a key stands at its beginning, is for `redacted` to find.
    """
    hits = find_secrets("".join(texts), by_itself=by_itself) if len(texts) > 1 else []
    kept: list[str] = []
    start = first = 0
    for text in texts:
        end = start + len(text)
        while first < len(hits) and hits[first].end <= start:
            first += 1
        found = [
            Found(max(hit.start, start) - start, min(hit.end, end) - start, hit.kind)
            for hit in hits[first : bisect_left(hits, end, key=lambda each: each.start)]
        ]
        kept.append(_marked(text, found))
        kinds.update(each.kind for each in found)
        start = end
    return kept


def redacted_words(words: Sequence[str], kinds: Counter[str]) -> list[str]:
    """The words of a command line, with marks for what is found in them as one: `["curl", "-u", "eva:…"]`."""
    return redacted_across([part for word in words for part in (word, " ")], kinds)[::2]


def redacted(text: str, kinds: Counter[str], name: str = "", *, by_itself: bool = False) -> str:
    """`text` with `[redacted: GitHub token]` where a secret was; how many of each kind is added to `kinds`.

    The returned text holds no secret that could be told: redacted again it stays as it is.
    """
    before = Counter(MARK.findall(text))
    for _ in range(PASSES):
        found = find_secrets(text, name, by_itself=by_itself)
        if not found:
            break
        text = _marked(text, found)
    else:
        text = "[redacted: secrets]"
    for mark, count in (Counter(MARK.findall(text)) - before).items():
        kinds[mark.removeprefix("[redacted: ").removesuffix("]")] += count
    return text


def redacted_beginning(text: str, longest: int, name: str = "") -> str:
    """The first `longest` characters of a text or fewer, redacted, in a time that does not grow with what is behind.

    A secret at the cut is not shown in part.
    """
    kept = redacted(text[: longest + MARGIN], Counter(), name)
    if len(text) > longest + MARGIN and not MARK.fullmatch(kept):
        kept = kept[:-MARGIN]
    return kept[:longest]


def redacted_number(value: float, kinds: Counter[str], name: str) -> object:
    """`value`, or a mark where its name makes a secret of it; how many of each kind is added to `kinds`.

    A number of fewer than six digits rather counts something, where the name is not that of a PIN or a password.
    """
    whole = int(value) if isinstance(value, int) or value.is_integer() else 0
    # Python refuses to write a number of more than 4,300 digits.
    told = str(abs(whole)) if whole.bit_length() < 14_000 else "9" * 4_300
    if is_pin(told, name) or (len(told) > 5 and is_secret(told, name, bare=True)):
        return redacted(told, kinds, name)
    return value


def _marked(text: str, found: Sequence[Found]) -> str:
    parts: list[str] = []
    end = 0
    for each in found:
        parts += [text[end : each.start], f"[redacted: {each.kind}]"]
        end = each.end
    return "".join([*parts, text[end:]])


def _split(text: str, by_itself: bool) -> Iterator[Found]:
    """The secrets that have hidden or other characters inside or right before them, or line breaks that are written."""
    written = [(hit.start(), hit.end(), _BREAKS[hit[0][-1]]) for hit in _WRITTEN.finditer(text)]
    for in_lines, part in ((False, seen_part(text)), (True, changed_part(text, written))):
        seen, places, origins, left_out = part
        if not places:
            continue

        def origin(index: int, places: list[int] = places, origins: list[int] = origins) -> int:
            last = bisect_right(places, index) - 1
            return index if last < 0 else origins[last] + index - places[last]

        hits = [*find_forms(seen, in_a_word=not in_lines), *(() if by_itself else given(seen, left_out))]
        tables = in_tables(seen) if in_lines and not by_itself else ()
        for start, end, kind, whole in [*hits, *((*hit[:3], 0) for hit in tables)]:
            # If something was left out or changed between `whole` and `end`, or right before `whole`.
            if bisect_left(places, whole) < bisect_left(places, end):
                yield Found(origin(start), origin(end - 1) + 1, kind)


def find_keys(text: str) -> list[tuple[int, int]]:
    """Where keys begin and end that are known by themselves, and by nothing that stands before them."""
    return [(start, end) for start, end, _, whole in find_forms(text) if start == whole]


def find_forms(text: str, *, in_a_word: bool = False) -> Iterator[Hit]:
    """The secrets in `text` that are known by themselves; `in_a_word`, whatever stands before them."""
    begin = end = 0
    for place in (_IN_A_WORD if in_a_word else _OPENINGS).finditer(text):
        if begin < place.start() < end:
            continue  # inside the one before
        if (hit := _WHOLE.match(text, place.start())) is None:
            continue
        last = hit.lastindex or 1
        form, has_group = _GROUPS[last - 1]
        begin, end = hit.span(last) if has_group else hit.span()
        if not is_placeholder(text[max(begin, hit.end(last - has_group)) : end]):
            yield begin, end, form.kind, place.start()
