"""What the research assistant returns: the papers that code found, and beside them the words of a model."""

from typing import Self

from pydantic import BaseModel

from servers.papers import Found, one_line


class Listed(BaseModel):
    """A paper of a result: what the source says, nothing of a model."""

    id: str
    title: str
    authors: list[str]
    et_al: bool
    year: int
    abstract: str
    link: str


class Research(BaseModel):
    """What `research_topic` returns.

    `source` says where the papers come from in the end, `drafts` are the answers before the last one, `cut` what was
    left out on the way, `notes` what else there is to say.
    """

    topic: str
    source: str
    strategy: str
    papers: list[Listed]
    synthesis: str | None
    drafts: list[str] = []
    samples: int = 0
    models: list[str] = []
    cut: list[str] = []
    notes: list[str] = []

    @classmethod
    def of(cls, topic: str, found: Found, strategy: str) -> Self:
        """What there is to say before a model is asked."""
        cut = [f'{paper.cut:,} characters of the abstract of "{paper.title}"' for paper in found.papers if paper.cut]
        unread = found.matched - len(found.papers)
        return cls(
            topic=one_line(topic, 300),
            source=found.source,
            strategy=strategy,
            papers=[Listed.model_validate({**paper.model_dump(), "link": paper.link}) for paper in found.papers],
            synthesis=None,
            cut=[*cut, *([f"papers that fit the topic and were not read: {unread:,}"] if unread > 0 else [])],
            notes=[*found.notes],
        )

    def __str__(self) -> str:
        listed = [
            f"{number}. {paper.title} ({', '.join(paper.authors[:3])}{' et al.' if _more(paper) else ''}, {paper.year})"
            f"\n   {paper.link}"
            for number, paper in enumerate(self.papers, 1)
        ]
        samples = f"{self.samples} sample{'' if self.samples == 1 else 's'}"
        source = {"library": "the library in the box", "arxiv": "arXiv"}.get(self.source, self.source)
        parts = [f'Papers on "{self.topic}", from {source}:' if listed else f'No papers on "{self.topic}".']
        parts += listed
        if self.synthesis is not None:
            parts += ["", f"Synthesis ({samples}, by a model; the list above is not):", self.synthesis]
        elif any(self.drafts):
            parts += [
                "",
                f"Answered before ({samples}, by a model):",
                *(f"- {' '.join(each.split())}" for each in self.drafts if each),
            ]
        parts += ["", *(f"Cut: {each}" for each in self.cut), *(f"Note: {each}" for each in self.notes)]
        return "\n".join(parts).strip()


def _more(paper: Listed) -> bool:
    return paper.et_al or len(paper.authors) > 3
