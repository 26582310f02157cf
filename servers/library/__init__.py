"""The library in the box: papers on language models, retrieval, agents, evaluation, safety and systems, to be searched.

`papers.toml` holds them. The full-text index (SQLite's FTS5) is built from it in memory at the first search, in some
milliseconds: nothing is written, and there is no second file that could say something else than the first.

    python -m servers.library papers.sqlite3     # the same index as a file, for a look inside
"""

import sqlite3
import tomllib
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from mcp.server.mcpserver.exceptions import ToolError

from servers.papers import Found, Paper, words_of_topic

PAPERS = Path(__file__).with_name("papers.toml")

_SCHEMA = (
    "CREATE VIRTUAL TABLE papers USING fts5(id UNINDEXED, title, authors, abstract, tokenize = 'porter unicode61')"
)
_SEARCH = "SELECT id FROM papers WHERE papers MATCH ? ORDER BY bm25(papers, 0.0, 3.0, 1.0, 1.0), id"


class NoSearch(ToolError):
    """There is no full-text search; the text, which a client is told, says why."""


def read_papers(path: Path = PAPERS) -> list[Paper]:
    """The papers of a file such as `papers.toml`.

    Raises:
        pydantic.ValidationError: A paper lacks a field or has an id that is none.
    """
    return [Paper.model_validate(entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["paper"]]


def build_index(papers: Iterable[Paper], path: Path | str = ":memory:") -> sqlite3.Connection:
    """A new SQLite database with the papers in a table for full-text search.

    Raises:
        NoSearch: SQLite was built without FTS5.
    """
    # Searches come from whichever thread serves; `Library` lets them through one at a time.
    index = sqlite3.connect(path, check_same_thread=False)
    rows = [(paper.id, paper.title, ", ".join(paper.authors), paper.abstract) for paper in papers]
    try:
        index.execute(_SCHEMA)
    except sqlite3.OperationalError as error:
        index.close()
        raise NoSearch(f"The library cannot be searched: {error}.") from error
    with index:
        index.executemany("INSERT INTO papers VALUES (?, ?, ?, ?)", rows)
    return index


class Library:
    """A source of papers that needs no network.

    library = Library()                                 # the one in the box
    library = Library([*read_papers(), my_paper])
    library.search("dense retrieval", 5).papers[0].title
    """

    name = "library"

    _index: sqlite3.Connection | None = None

    def __init__(self, papers: Iterable[Paper] | None = None) -> None:
        self._given = None if papers is None else list(papers)
        self._papers: dict[str, Paper] = {}
        self._lock = Lock()

    def search(self, topic: str, limit: int) -> Found:
        """The `limit` papers that fit a topic best, by BM25, titles counted threefold; of equals the lower id first.

        A paper fits when it has any of the topic's words. The topic is data: it holds no search syntax.
        """
        words = " OR ".join(f'"{word}"' for word in words_of_topic(topic))
        with self._lock:
            index = self._opened()
            ids = [row[0] for row in index.execute(_SEARCH, (words,))] if words else []
        return Found(source=self.name, papers=[self._papers[each] for each in ids[:limit]], matched=len(ids))

    def find(self, paper_id: str) -> Paper | None:
        """The paper of an id; `None` where there is none."""
        with self._lock:
            self._opened()
            return self._papers.get(paper_id)

    def _opened(self) -> sqlite3.Connection:
        if self._index is None:
            papers = read_papers() if self._given is None else self._given
            self._papers = {paper.id: paper for paper in papers}
            self._index = build_index(self._papers.values())
        return self._index

    def __del__(self) -> None:
        if self._index is not None:
            self._index.close()


def write_index(path: Path) -> int:
    """Build the index as a new file, whole or not at all, and return how many papers it holds."""
    papers, new = read_papers(), path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)  # left behind by a process that was killed
    try:
        build_index(papers, new).close()
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    return len(papers)
