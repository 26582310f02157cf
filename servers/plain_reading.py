"""What plain code can tell of a text: the label that an answer names, and where no model answers, words of a list,
first sentences and capitalised names."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

FEELINGS = {
    "positive": """calm clear clever delighted easy excellent fast fine glad good great happy helpful improved liked
        love loved nice perfect pleasant pleased quick quiet recommend reliable saved simple smooth solid stable thank
        thanks useful well wonderful works""",
    "negative": """angry annoying awful bad broke broken bug bugs confusing crashed crashes disappointing error failed
        fails failure hate horrible lost misleading never noisy outage painful poor problem slow terrible unreliable
        unusable useless waste worse worst wrong""",
}
DOCUMENTS = {
    "invoice": "amount billed billing due invoice paid payable payment price quantity subtotal tax total transfer vat",
    "contract": "agree agreement clause contract customer hereby liability parties party provider shall term terminate",
    "report": "analysis cause findings incident impact measures quarter rate report results summary timeline",
    "email": "attached best cheers dear from hello hi kind regards reply sent subject thanks yours",
    "article": "announced experts interview market news published readers researchers said study survey yesterday",
    "manual": "before check click connect configure install instructions manual press restart run step warning",
}
TEAMS = {
    "database": "database db deadlock index lock locks postgres postgresql query queries replica restore sql table",
    "network": "address connection dns firewall latency network packet packets port proxy route router timeout vpn",
    "storage": "archive backup backups disk disks drive file files folder full quota raid space storage volume",
}
ADDRESS = r"\b\w[\w.+-]{0,63}@(?:[\w-]{1,63}\.){1,8}[\w-]{0,62}[^\W\d_]\b"
"""An address of mail. No part of it has more than 64 characters (RFC 5321, 4.5.3.1): no search runs on for ever."""

_MARKS = ",;.!?()\n\u2013\u2014"
DENIALS = """? ain't anything aren't barely can't cannot doesn't don't either except false far hardly if incorrect
    instead isn't kein lacks neither never nicht no non none nor not nothing opposite or pas scarcely than un unclear
    unlikely unsure untrue versus vs wasn't whether without won't wouldn't wrong"""
"""What takes a label back in its sentence, or leaves open whether it holds."""


def label(text: str, labels: Sequence[str]) -> str | None:
    """The one of `labels` that a text names, in any case; `None` where it names none or two, or takes the one back.

    What stands before a label in its sentence can take it back, and what stands behind it up to the next mark: "not
    negative" is none, "a report, not a" is `report`.
    """
    named: set[str] = set()
    denials = {*DENIALS.split()} - {*labels}
    for sentence in re.split(r"(?<=[.!?])(?!\w)", text.lower().replace("\u2019", "'")):
        words = re.findall(rf"[^\W_]+(?:'[^\W_]+)*|[{_MARKS}]", sentence)
        for place, word in enumerate(words):
            if word in labels:
                end = next((at for at in range(place, len(words)) if words[at] in _MARKS), len(words))
                if not denials.isdisjoint(words[: end + 1]):
                    return None
                named.add(word)
    return named.pop() if len(named) == 1 else None


def sentiment(text: str) -> str:
    """`positive` or `negative`, whichever has more words of its list in the text; otherwise `neutral`."""
    return _most_words(text, FEELINGS) or "neutral"


def document_class(text: str) -> str:
    """The class of document with the most words of its list in the text; `unclear` where there is no such class."""
    return _most_words(text, DOCUMENTS) or "unclear"


def team(ticket: str) -> str:
    """The team of `TEAMS` with the most words in a ticket; `anybody` where there is no such team."""
    return _most_words(ticket, TEAMS) or "anybody"


def analysis(text: str, kind: str) -> str:
    """What plain code has to say of one of the four kinds, and how it came by it."""
    match kind:
        case "sentiment":
            return f"A list of words says {sentiment(text)}."
        case "summary":
            return f"The first sentences: {' '.join(sentences(text)[:3])}"
        case "key-points":
            return "\n".join(["The first sentences of the paragraphs:", *(f"- {point}" for point in _points(text))])
        case _:
            return f"The words with a capital: {', '.join(names(text)) or 'none'}."


def _points(text: str) -> list[str]:
    """The first sentence of each of the first five paragraphs; of a single paragraph its first five sentences."""
    paragraphs = [sentences(paragraph) for paragraph in re.split(r"\n\s*\n", text)]
    firsts = [paragraph[0] for paragraph in paragraphs if paragraph]
    return (firsts if len(firsts) > 1 else sentences(text))[:5]


def names(text: str) -> list[str]:
    """Runs of words with a capital, but for a single one that begins its sentence; each run once."""
    names: list[str] = []
    for sentence in sentences(text):
        words = re.findall(r"\w[\w'&-]*|[^\w\s]", sentence)
        for number, (upper, group) in enumerate(groupby(words, key=lambda word: word[0].isupper())):
            run = list(group)
            if upper and (number or len(run) > 1):
                names.append(" ".join(run))
    return list(dict.fromkeys(names))


def sentences(text: str) -> list[str]:
    """The sentences of a text; a line's end ends one too."""
    return [part for line in text.split("\n") for part in re.split(r"(?<=[.!?])\s+", line.strip()) if part]


def _most_words(text: str, lists: Mapping[str, str]) -> str | None:
    """The name of the list with the most words in the text; `None` where two have as many."""
    counted = Counter(re.findall(r"[a-z]+", text.lower()))
    scores = Counter({name: sum(counted[word] for word in words.split()) for name, words in lists.items()})
    (name, most), (_, next_most) = scores.most_common(2)
    return name if most > next_most else None
