"""The subject "library": the research assistant's own papers, as it asks about them.

What is said of each paper stands in `library.toml`; titles and abstracts are those of `servers/library/papers.toml`,
whole: the server cuts arXiv's abstracts at 500 characters, and the library's are shorter.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from servers.library import read_papers
from training import prompts
from training.grammar import papers
from training.grammar.example import Example, upper_first

FACTS = {"findings": "^Key findings: ", "gaps": "^Research gaps: ", "directions": "^Future directions: "}


@dataclass(frozen=True)
class Known:
    """A paper of the library, and what a synthesis says of it."""

    id: str
    title: str
    abstract: str
    finding: str
    gap: str
    direction: str

    @property
    def summary(self) -> str:
        """The paper in one sentence."""
        return f"{upper_first(self.finding)}; {self.gap}."

    @property
    def names(self) -> list[str]:
        """Names and numbers of the finding: what another wording of it would hold as well."""
        words = [word.removesuffix("'s").strip(",.") for word in self.finding.split()]
        return [word for word in words if word != word.lower() or any(char.isdigit() for char in word)]


def _read() -> tuple[list[Known], list[Known]]:
    """The papers to train on, and those held out."""
    said = tomllib.loads(Path(__file__).with_name("library.toml").read_text(encoding="utf-8"))
    known = [Known(paper.id, paper.title, paper.abstract, *said["papers"][paper.id]) for paper in read_papers()]
    held_out = set(said["held_out"])
    return [paper for paper in known if paper.id not in held_out], [paper for paper in known if paper.id in held_out]


TRAINED, HELD_OUT = _read()


def synthesis(random: Random, *, held_out_papers: bool = False, as_asked: bool = False) -> Example:
    """One to five papers by their abstracts, or, as the second step of the strategy "each", by their summaries.

    Held-out papers are judged by their names and numbers alone; `as_asked` is the server's prompt and no other.
    """
    source = HELD_OUT if held_out_papers else TRAINED
    chosen = random.sample(source, random.choice([1, 2, 3, 3, 4, 4, 5, 5, 5]))
    second_step = random.random() < 0.3
    user = prompts.synthesize_papers([(each.title, each.summary if second_step else each.abstract) for each in chosen])
    parts = {
        "findings": f"Key findings: {_joined(each.finding for each in chosen)}.",
        "gaps": f"Research gaps: {_joined(each.gap for each in chosen)}.",
        "directions": f"Future directions: {_joined(each.direction for each in chosen)}.",
    }
    keys = [each.finding for each in chosen] + [each.gap for each in chosen]
    if held_out_papers:
        keys = [name for each in chosen for name in each.names]
    system = prompts.RESEARCH_SYSTEM
    if not as_asked:
        system = system if random.random() < 0.8 else random.choice(papers.SYSTEMS)
        kind = random.random()
        if kind < 0.12:
            user = random.choice(papers.ASK) + user[user.index("\n") :]
        elif kind < 0.2:
            part = random.choice(list(parts))
            user = random.choice(papers.ASK_PART[part]) + user[user.index("\n") :]
            parts = {part: parts[part]}
            keys = [key for key in keys if key in parts[part]]
    answer = "\n".join(parts.values())
    rubric = [] if held_out_papers else papers.rubric_of(answer)
    return Example("papers", "library", [(user, answer)], system, keys, FACTS[next(iter(parts))], rubric)


def _joined(said: Iterable[str]) -> str:
    """Each once, in order."""
    return "; ".join(dict.fromkeys(said))


def one_paper(random: Random, *, held_out_papers: bool = False, as_asked: bool = False) -> Example:
    """One paper in one sentence: the first step of the strategy "each"."""
    paper = random.choice(HELD_OUT if held_out_papers else TRAINED)
    user = prompts.summarize_paper(paper.title, paper.abstract)
    system = prompts.RESEARCH_SYSTEM
    if not as_asked:
        system = system if random.random() < 0.8 else random.choice(papers.SYSTEMS)
        if random.random() < 0.2:
            user = random.choice(papers.ASK_ONE) + user[user.index("\n") :]
    keys = paper.names if held_out_papers else [paper.finding, paper.gap]
    rubric = [] if held_out_papers else [re.escape(key) for key in keys]
    return Example("papers", "library one", [(user, paper.summary)], system, keys, ".", rubric)
