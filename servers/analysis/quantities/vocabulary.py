"""The words of numbers, units, bounds and dates, from `words.toml`. English alone."""

import re
import tomllib
from pathlib import Path

WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


def numbered(name: str, first: int, step: int = 1) -> dict[str, int]:
    return {word: first + step * place for place, word in enumerate(WORDS[name].split())}


ONES, TENS, ORDINALS = numbered("ones", 0), numbered("tens", 20, 10), numbered("ordinals", 1)
SCALES: dict[str, float] = WORDS["scales"]
SUFFIXES: dict[str, float] = WORDS["suffixes"]
VAGUE: dict[str, tuple[float, float]] = WORDS["vague"]
PARTS: dict[str, int] = WORDS["parts"]
GLYPHS: dict[str, float] = WORDS["glyphs"]
TIMES = {word: float(value) for value, words in WORDS["times"].items() for word in words.split()}
MULTIPLYING = {word for word in TIMES if word.endswith(("ed", "ing", "es"))}
UNITS = {
    word: (str(kind), float(factor))
    for kind, rows in WORDS["units"].items()
    for factor, words in rows.items()
    for word in words.split()
}
"""Each unit's kind, and how much of that kind's base it is."""
CURRENCIES = {"EUR", "USD", "GBP", "JPY", "CHF"}
BOUND = sorted(
    ((tuple(words.split()), str(name)) for name, rows in WORDS["bounds"].items() for words in rows.split(", ")),
    key=lambda pair: -len(pair[0]),
)
MONTHS = {short: n for name, n in numbered("months", 1).items() for short in (name, name[:3])} | {"sept": 9}
HOLIDAYS = {
    tuple(name.split()): tuple(map(int, day.split("-")))
    for day, names in WORDS["holidays"].items()
    for name in names.split(", ")
}
ADDS = {*WORDS["words"]["up"].split(), *WORDS["words"]["adds"].split()}
WEEKDAYS = {each: n for name, n in numbered("weekdays", 0).items() for each in (name, f"{name}s")}
ALIKE, LABELS, RANKED = (frozenset(WORDS[name].split()) for name in ("alike", "labels", "ranked"))
RANKING = re.compile(r"\w+est\Z|most|least|best|worst|place|position|rank|top|in")
