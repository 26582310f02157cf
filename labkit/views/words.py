"""Two texts compared word by word: in which parts the one differs from the other, and that in words."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import groupby

from labkit.plain import quoted

Parts = Sequence[tuple[str, bool]]
"""A text in parts, each with whether it differs from the text that it is compared with."""

MOST_WORDS, MOST_CHANGES, QUOTE, FEW = 2_000, 4, 44, 4
"""Words that are compared one by one, changes that a sentence tells, letters that it quotes of each, and the number of
words from which on they are compared."""

_UNSPACED = "\u2e80-\u9fff\uac00-\ud7af"  # scripts that put no blanks between words: each sign is one
_WORD = re.compile(rf"\s+|[{_UNSPACED}]|[^\W{_UNSPACED}]+(?:[^\w\s]+[^\W{_UNSPACED}]+)*|[^\w\s]|.")


def compared(first: str, text: str) -> tuple[Parts, str]:
    """`text` in parts, word by word, each with whether it differs from `first`; and what differs, in words."""
    if not first or not text or first == text:
        return [(text, False)], ""
    old, new = (_WORD.findall(each) for each in (first, text))
    runs: list[tuple[bool, str, str]] = []
    if max(len(old), len(new)) > MOST_WORDS:
        runs = [(True, first, text)]
    else:
        steps = SequenceMatcher(None, old, new).get_opcodes()
        for k, (kind, a, b, c, d) in enumerate(steps):
            was, now = "".join(old[a:b]), "".join(new[c:d])
            # What holds no word and stands between two changes is one with them.
            runs.append((kind != "equal" or (0 < k < len(steps) - 1 and not re.search(r"\w", now)), was, now))
    joined = [
        (differs, "".join(run[1] for run in some), "".join(run[2] for run in some))
        for differs, group in groupby(runs, key=lambda run: run[0])
        for some in [[*group]]
    ]
    told = [_change(was, now) for differs, was, now in joined if differs]
    more = [f"and {len(told) - MOST_CHANGES} more"] if len(told) > MOST_CHANGES else []
    return [(now, differs) for differs, _, now in joined if now], "; ".join([*told[:MOST_CHANGES], *more])


def both(one: str, other: str) -> tuple[Parts, Parts]:
    """Two texts in parts, each with whether it differs from the other text; of a few words no part is compared."""
    if one == other or min(len(one.split()), len(other.split())) < FEW:
        return [(one, one != other)], [(other, one != other)]
    return compared(other, one)[0], compared(one, other)[0]


def _change(was: str, now: str) -> str:
    was, now = (f"“{quoted(text.strip(), QUOTE)}”" if text.strip() else "" for text in (was, now))
    if was and now:
        return f"{now} in place of {was}"
    return f"adds {now}" if now else f"lacks {was}" if was else "other blanks"
