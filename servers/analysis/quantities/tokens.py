"""`Words`: a text as tokens, without markup and without what hides in it."""

import re
from dataclasses import dataclass, field
from unicodedata import category, numeric

from servers.analysis.quantities.quantity import SPACES
from servers.analysis.quantities.vocabulary import GLYPHS

_LINKS = re.compile(r"\]\([^()\s]{0,500}\)|https?://\S{1,500}")
_MARKUP = (
    r"\*+(?!\s)|(?<!\s)\*+|`+|~~|\\|</?[A-Za-z][^<>\n]{0,200}>"
    r"|(?<=[0-9])_+(?=[0-9])|(?<![^\W_])_+|(?<=[^\W_])_+(?![^\W_])"
)
HIDDEN = {"Cf", "Cc", "Cn", "Co", "Cs", "Mn", "Me", "Zl", "Zp"}
_DIGITS = (
    rf"[0-9]{{1,3}}(?P<comma>[,.'\u2019{SPACES}])[0-9]{{3}}(?:(?P=comma)[0-9]{{3}})*(?![0-9])(?:[.,][0-9]+(?![0-9]))?"
    r"|[0-9]+(?:[.,][0-9]+)?"
)
_TOKEN = rf"""
    (?P<odd>ODD)
  | (?P<iso>[12][0-9]{{3}}-[01][0-9](?:-[0-3][0-9](?:T[0-9:.]{{1,20}}Z?)?)?(?![0-9-]))
  | (?P<dmy>[0-3]?[0-9][./][0-3]?[0-9][./](?:19|20)[0-9]{{2}}(?![0-9]))
  | (?P<clock>[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9])?(?![0-9]))
  | (?P<num>{_DIGITS})
  | (?P<code>(?:EUR|USD|GBP|JPY|CHF)(?=[0-9]))
  | (?P<ident>[^\W\d_]+_*[0-9]\w*|[^\W\d_]+_\w*)
  | (?P<word>[^\W\d_]+(?:['\u2019][^\W\d_]+)?)
  | (?P<line>[^\S\n]*\n\s*)
  | (?P<space>[^\S\n]+)
  | (?P<sign>.)
"""


@dataclass(slots=True)
class Words:
    """A text as tokens: the words in small letters, their kinds, and where each stands in the text as it was given."""

    text: str
    lows: list[str] = field(default_factory=list)
    raws: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    tight: list[bool] = field(default_factory=list)
    """Whether nothing stands between a token and the one before."""
    broken: set[int] = field(default_factory=set)
    """Tokens with markup or something hidden inside."""

    def low(self, at: int) -> str:
        """The token at a place, an empty text beyond both ends."""
        return self.lows[at] if 0 <= at < len(self.lows) else ""

    def kind(self, at: int) -> str:
        """Its kind."""
        return self.kinds[at] if 0 <= at < len(self.kinds) else ""


def words_of(text: str) -> Words:
    """The tokens of a text. Markup and hidden characters are left out; what stood round them is one token, broken."""
    seen = _LINKS.sub(lambda found: " " * len(found[0]), text)
    seen = re.sub(r"&nbsp;", "      ", re.sub(r"&#\w{1,8};", lambda found: "\ufffd" * len(found[0]), seen))
    strange = {each for each in set(seen) if each > "\x7f"} | {each for each in set(seen) if each < " "} - {"\n", "\t"}
    hidden = "".join(map(re.escape, sorted(each for each in strange if category(each) in HIDDEN)))
    odd = {each for each in strange if numeric(each, None) is not None and each not in GLYPHS and each not in "²³"}
    odd |= {"\ufffd"} & strange
    kept: list[str] = []
    places: list[int] = []
    end = 0
    for found in re.finditer(f"{_MARKUP}|[{hidden}]" if hidden else _MARKUP, seen):
        kept.append(seen[end : found.start()])
        places.extend(range(end, found.start()))
        end = found.end()
    kept.append(seen[end:])
    places.extend(range(end, len(seen)))
    clean = "".join(kept)
    digits = "".join(map(re.escape, sorted(odd)))
    pattern = _TOKEN.replace("ODD", f"[0-9.,]*[{digits}][0-9.,{digits}]*" if odd else "(?!)")
    made = Words(text)
    end = -1
    for found in re.finditer(pattern, clean, re.VERBOSE):
        kind, raw = str(found.lastgroup), found[0]
        if kind == "line":
            ahead = clean[found.end() : found.end() + 1]
            line = clean.rfind("\n", 0, found.start()) + 1
            begins = clean[line : line + 1]
            if raw.count("\n") == 1 and ahead not in "|-*#+>0123456789•" and begins not in "#|":
                continue  # a line that was only wrapped
        if kind == "space":
            continue
        start, last = places[found.start()], places[found.end() - 1] + 1
        if last - start != len(raw):
            made.broken.add(len(made.lows))
        made.lows.append(raw.lower().removesuffix("'s").removesuffix("\u2019s"))
        made.raws.append(raw)
        made.kinds.append(kind)
        made.spans.append((start, last))
        made.tight.append(found.start() == end)
        end = found.end()
    return made
