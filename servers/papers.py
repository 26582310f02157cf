"""A paper as the research assistant knows it, and its texts made fit to show and to send."""

import re
from unicodedata import normalize

from pydantic import BaseModel, Field

from servers.plain_text import visible

NEAR = 500
"""Characters near which an abstract is cut, at the end of a sentence."""

LONGEST_TITLE = 300
ARXIV_ID = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}")
"""What arXiv calls a paper, since April 2007 and before: https://info.arxiv.org/help/arxiv_identifier.html"""

STOP_WORDS = frozenset(
    """a about an and are as at be by can could do does for from has have how i if in into is it its me my not of on or
    papers research that the their them these this to use used using was were what when where which who why will with
    you""".split()  # noqa: SIM905 - sixty words
)
MOST_WORDS = 12


class Paper(BaseModel, frozen=True):
    """A paper. Its texts are single lines with nothing hidden in them: see `one_line`.

    `et_al` stands where it has more authors than are listed; `cut` are the characters of its abstract that were left
    out.
    """

    id: str = Field(pattern=rf"^(?:{ARXIV_ID.pattern})$")
    title: str
    authors: list[str]
    et_al: bool = False
    year: int = Field(ge=1900, le=2100)
    abstract: str
    cut: int = 0

    @property
    def link(self) -> str:
        """Where the paper is found; made of the id alone, so that no source can lead a reader elsewhere."""
        return f"https://arxiv.org/abs/{self.id}"

    @property
    def by(self) -> str:
        """`Lewis et al.`, `Karpukhin et al.`, `Gu and Dao`."""
        names = [name.split()[-1] for name in self.authors if name.split()]
        if self.et_al or len(names) > 2:
            return f"{names[0]} et al." if names else "et al."
        return " and ".join(names) or "unknown"


class Found(BaseModel, frozen=True):
    """What a source found: the papers, best first, how many fit the topic in all, and what is to be said of it."""

    source: str
    papers: list[Paper]
    matched: int
    notes: list[str] = []


def one_line(text: str, longest: int) -> str:
    """`text` as one line, so that no title can pass for a second paper, with hidden characters as their numbers."""
    return joined(visible(" ".join(text.split())), longest)


def joined(text: str, longest: int) -> str:
    """A text in which nothing is hidden any more, as one line."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def cut_at_sentence(text: str, near: int = NEAR) -> tuple[str, int]:
    """The beginning of `text` up to the last end of a sentence before `near` characters, and how many were cut.

    Where no sentence ends in the second half of the room, it is cut between two words.
    """
    if len(text) <= near:
        return text, 0
    ends = [found.end() for found in re.finditer(r"[.!?](?=\s)", text[: near + 1])]
    if ends and ends[-1] >= near // 2:
        kept = text[: ends[-1]]
        return kept, len(text) - len(kept)
    kept = text[: near - 1].rsplit(" ", 1)[0]
    return f"{kept}…", len(text) - len(kept)


def words_of_topic(topic: str) -> list[str]:
    """The words to search for, lower case, each once: letters and digits only, so that none is a search operator.

    Words that stand in every text are left out, unless there are no others.
    """
    composed = normalize("NFKC", topic.lower())  # an accent by itself is no letter, and would cut a word in two
    words = list(dict.fromkeys(re.findall(r"[^\W_]+", composed)))
    return ([word for word in words if word not in STOP_WORDS] or words)[:MOST_WORDS]
