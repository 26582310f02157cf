"""arXiv as a source of papers: asked seldom, patiently and with a limit on everything, and believed in nothing.

Its rules (https://info.arxiv.org/help/api/tou.html) are kept: one request in three seconds, and no question twice in a
day. Answers are Atom; all text in them was written by somebody unknown.
"""

import io
import re
import sqlite3
from math import inf
from pathlib import Path
from threading import Lock
from time import time
from typing import Any, cast

import anyio

from servers.papers import ARXIV_ID, LONGEST_TITLE, Found, Paper, cut_at_sentence, one_line, words_of_topic
from servers.serving import in_thread

URL = "https://export.arxiv.org/api/query"
PAUSE = 3.0
"""Seconds between two requests."""

LARGEST = 500_000
"""Bytes of an answer that are read. Ten papers take some thirty thousand."""

FRESH = 24 * 3600.0
"""Seconds for which an answer is kept; arXiv publishes once a day."""

CLOCK_SET_BACK = 3600.0
"""Seconds ahead of which no turn lies: nobody waits that long for one."""

LONGEST_RUN = 1_000
"""Characters without a space, and characters of a tag, that an answer may hold: feedparser looks for an address in a
name and for each attribute among all others, which takes time in the square of their length."""

_ERROR = re.compile(r"https?://(?:export\.)?arxiv\.org/api/errors\b")
"""The id of an entry that is no paper but says what was wrong: https://info.arxiv.org/help/api/user-manual.html, 3.4"""

_BUSY = {429, 500, 502, 503, 504}


class SourceFailed(Exception):
    """The source gave no papers; the text says why, as a sentence's second half: "it did not answer within 20 s"."""


class _TryAgain(SourceFailed):
    """It may work the next time."""


class Cache:
    """Answers by question, and when the next request may go out, in SQLite.

    Two processes that share a file also share the pause between requests.

    Args:
        path: A file; without one, memory.
    """

    def __init__(self, path: Path | str = ":memory:") -> None:
        self._lock = Lock()
        self._database = sqlite3.connect(path, timeout=20, check_same_thread=False, isolation_level=None)
        self._database.executescript(
            "CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, answer BLOB, at REAL);"
            "CREATE TABLE IF NOT EXISTS turn (one INTEGER PRIMARY KEY CHECK (one = 1), next REAL);"
        )

    def get(self, question: str) -> bytes | None:
        """The answer to a question, unless it is too old."""
        with self._lock:
            row = self._database.execute(
                "SELECT answer FROM answers WHERE question = ? AND at > ?", (question, time() - FRESH)
            ).fetchone()
        return row and row[0]

    def put(self, question: str, answer: bytes) -> None:
        """Keep an answer, and forget those that are too old."""
        with self._lock:
            self._database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (question, answer, time()))
            self._database.execute("DELETE FROM answers WHERE at < ?", (time() - FRESH,))

    def take_turn(self, pause: float, patience: float = inf) -> float:
        """Reserve the next request, and return the seconds until it may go out.

        Args:
            pause: Seconds between two requests.
            patience: Seconds that the caller can wait.

        Raises:
            SourceFailed: The wait would be longer. Nothing is reserved then.
        """
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                row = self._database.execute("SELECT next FROM turn").fetchone()
                now = time()
                # A turn that far ahead comes from a clock that was set back since.
                turn = max(now, row[0]) if row and row[0] - pause <= now + CLOCK_SET_BACK else now
                if turn - now > patience:
                    raise SourceFailed(f"the next request may go out in {turn - now:.0f} s, which is too late")
                self._database.execute("INSERT OR REPLACE INTO turn VALUES (1, ?)", (turn + pause,))
            finally:
                self._database.execute("COMMIT")
        return turn - now

    def __del__(self) -> None:
        if hasattr(self, "_database"):
            self._database.close()


class Arxiv:
    """A source of papers: arXiv's own search.

    Args:
        cache: Where answers are kept.
        url: The address of the API.
        pause: Seconds between two requests.
        timeout: Seconds that the server may stay silent.
        deadline: Seconds for everything: waiting for a turn, three attempts, reading.
    """

    name = "arxiv"

    def __init__(
        self,
        cache: Cache | None = None,
        *,
        url: str = URL,
        pause: float = PAUSE,
        timeout: float = 8.0,
        deadline: float = 25.0,
    ) -> None:
        self._cache = cache or Cache()
        self._url = url
        self._pause = pause
        self._timeout = timeout
        self._deadline = deadline

    async def search(self, topic: str, limit: int) -> Found:
        """The `limit` papers that arXiv finds most relevant to all words of a topic.

        Raises:
            SourceFailed: arXiv did not answer, or not with papers.
        """
        words = words_of_topic(topic)
        if not words:
            return Found(source=self.name, papers=[], matched=0)
        question = {
            "search_query": " AND ".join(f"all:{word}" for word in words),
            "start": "0",
            "max_results": str(limit),
            "sortBy": "relevance",
        }
        try:
            with anyio.fail_after(self._deadline):
                return await in_thread(read_feed, await self._answer(question), limit)
        except sqlite3.Error as error:
            raise SourceFailed(f"the cache of its answers cannot be used ({error})") from None
        except TimeoutError:
            raise SourceFailed(f"it had not answered within {self._deadline:g} s") from None

    async def _answer(self, question: dict[str, str]) -> bytes:
        from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

        key = f"{self._url} {question}"
        kept = await in_thread(self._cache.get, key)
        if kept is not None:
            return kept
        # Every attempt waits for its turn, so there is no other wait between them.
        attempts = AsyncRetrying(stop=stop_after_attempt(3), retry=retry_if_exception_type(_TryAgain), reraise=True)
        async for attempt in attempts:
            with attempt:
                patience = anyio.current_effective_deadline() - anyio.current_time()
                await anyio.sleep(await in_thread(self._cache.take_turn, self._pause, patience))
                answer = await self._fetch(question)
                await in_thread(read_feed, answer, 1)  # what cannot be read is not kept
                await in_thread(self._cache.put, key, answer)
                return answer
        raise AssertionError  # the last attempt raises

    async def _fetch(self, question: dict[str, str]) -> bytes:
        import httpx2

        headers = {"accept": "application/atom+xml", "accept-encoding": "identity", "user-agent": "mcp-sampling-lab"}
        body = bytearray()
        try:
            async with (
                httpx2.AsyncClient(timeout=self._timeout) as client,
                client.stream("GET", self._url, params=question, headers=headers) as response,
            ):
                if response.status_code in _BUSY:
                    raise _TryAgain(f"it answered with status {response.status_code}")
                if response.status_code != 200:
                    raise SourceFailed(f"it answered with status {response.status_code}")
                async for part in response.aiter_raw():  # raw, so that few bytes cannot unpack to many
                    body += part
                    if len(body) > LARGEST:
                        raise SourceFailed(f"its answer is larger than {LARGEST:,} bytes")
        except httpx2.TimeoutException:
            raise _TryAgain(f"it was silent for {self._timeout:g} s") from None
        except httpx2.HTTPError as error:
            raise _TryAgain(f"it could not be reached ({type(error).__name__})") from None
        return bytes(body)


def read_feed(answer: bytes, limit: int) -> Found:
    """The papers of an Atom feed. Every text becomes a single line; an entry that is no paper of arXiv's is left out.

    Raises:
        SourceFailed: `answer` is no sound feed, or holds what arXiv's has no need of and what may hold this program up;
            or arXiv says in it what was wrong with the search.
    """
    import feedparser

    try:
        text = answer.decode("utf-8")
    except UnicodeDecodeError:
        raise SourceFailed("its answer is not in UTF-8") from None
    _check(text)
    # As a stream: given bytes, the parser would first look for a file of that name.
    feed = cast("Any", feedparser.parse(io.BytesIO(answer), sanitize_html=False, resolve_relative_uris=False))
    if not str(feed.get("version", "")).startswith("atom") or feed.get("bozo"):
        raise SourceFailed("its answer is no sound Atom feed")
    entries: list[Any] = feed.entries
    for entry in entries:
        if _ERROR.match(str(entry.get("id", ""))):
            raise SourceFailed(f'it answered with an error: "{one_line(str(entry.get("summary", "")), 200)}"')
    papers = [paper for entry in entries if (paper := _paper(entry)) is not None]
    total = str(feed.feed.get("opensearch_totalresults", ""))
    matched = int(total) if total.isascii() and total.isdigit() and len(total) < 10 else len(papers)
    dropped = len(entries) - len(papers)
    notes = [f"{dropped} of arXiv's {len(entries)} entries were left out: not usable."] if dropped else []
    return Found(source="arxiv", papers=papers[:limit], matched=max(matched - dropped, len(papers)), notes=notes)


def _check(text: str) -> None:
    """Refuse what the parser would take too long for, and what would let that pass unseen."""
    declared = re.match(r"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"']{0,40})", text)
    if "\0" in text or (declared and declared[1].lower() != "utf-8"):
        raise SourceFailed("its answer is not in UTF-8")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise SourceFailed("its answer declares a document type, which may hide entities without end")
    if "<!" in text:  # the parser joins what stands before and after
        raise SourceFailed("its answer holds comments or raw sections, which arXiv's do not")
    words = re.sub("<[^<>]*>", "", text).split()
    if re.search(rf"<[^<>]{{{LONGEST_RUN}}}", text) or max(map(len, words), default=0) > LONGEST_RUN:
        raise SourceFailed(f"its answer holds a word or a tag of more than {LONGEST_RUN:,} characters")


def _paper(entry: Any) -> Paper | None:
    place, _, name = str(entry.get("id", "")).rpartition("arxiv.org/abs/")
    name = name.partition("v")[0] if name[:1].isdigit() else name.rpartition("v")[0] or name
    year = str(entry.get("published", ""))[:4]
    if place not in ("http://", "https://") or not ARXIV_ID.fullmatch(name) or not (year.isdigit() and year.isascii()):
        return None
    if not 1990 <= int(year) <= 2100:
        return None
    authors = [one_line(str(author.get("name", "")), 100) for author in entry.get("authors", [])]
    abstract, cut = cut_at_sentence(one_line(str(entry.get("summary", "")), 20_000))
    return Paper(
        id=name,
        title=one_line(str(entry.get("title", "")), LONGEST_TITLE) or "(no title)",
        authors=[author for author in authors if author][:12],
        et_al=len(authors) > 12,
        year=int(year),
        abstract=abstract,
        cut=cut,
    )
