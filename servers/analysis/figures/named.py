"""The words round a figure, by what they tell, from `words.toml`; and the kinds of facts by what holds of them."""

from servers.analysis.quantities.vocabulary import WORDS

MEASURE = {word: str(name) for name, words in WORDS["measures"].items() for word in words.split()}
SENSES = {str(name): frozenset(words.split()) for name, words in WORDS["senses"].items()}
SUPERLATIVE = {"maximum": 1, "minimum": -1, "extreme": 2}
_SETS = {str(name): frozenset(words.split()) for name, words in WORDS["words"].items()}
UP, DOWN, EITHER, COMPARATIVE = (_SETS[name] for name in ("up", "down", "either", "comparative"))
LEVEL, COMPARE, GAP, BACK = (_SETS[name] for name in ("level", "compare", "gap", "back"))
NOT, ALL, UNCOUNTED, JOINT = (_SETS[name] for name in ("not", "all", "uncounted", "joint"))
MATTERS, PEOPLE = _SETS["matters"], _SETS["people"]
SLOWS, SPEEDS, BETTER, WORSE = (_SETS[name] for name in ("slows", "speeds", "better", "worse"))
TOGETHER, MEAN = _SETS["together"], frozenset({"mean", "average", "median"})
WHOLE, BEGINS, ENDS, DUE = (_SETS[name] for name in ("whole", "begins", "ends", "due"))
BOUNDARY = COMPARE | _SETS["boundary"]
DAY_NAMES = frozenset(WORDS["weekdays"].split())
LEVELS = frozenset({"count", "total", "mean", "rows"})
UNITLESS = frozenset({"rows", "count", "missing", "correlation", "share", "change", "date"})
EXTREME = frozenset({"maximum", "minimum", "anomaly", "expected", "first", "last", "date", "missing"})
_ORDER = {str(name): frozenset(words.split()) for name, words in WORDS["order"].items()}
SLOW, FAST, LINKS, BESIDES = (_ORDER[name] for name in ("slow", "fast", "links", "besides"))
GOOD, BAD, HARM = (_ORDER[name] for name in ("good", "bad", "harm"))
LEADS = frozenset({"led", "lead", "leads", "topped", "tops"})
SUPERLATIVES = {
    **dict.fromkeys(_ORDER["most"], 1),
    **dict.fromkeys(_ORDER["least"], -1),
    **dict.fromkeys([*_ORDER["either"], "slowest", "fastest", "quickest"], 0),
}
COMPARATIVES = {
    **dict.fromkeys(_ORDER["more"], 1),
    **dict.fromkeys(_ORDER["fewer"], -1),
    **dict.fromkeys(["slower", "faster", "quicker", "sooner", "better", "worse"], 0),
}
OVERTAKES = {**dict.fromkeys(_ORDER["overtakes"], 1), **dict.fromkeys(_ORDER["trails"], -1)}
