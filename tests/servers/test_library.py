"""The library in the box: sound facts, and a search that takes every topic for words."""

import re
import sqlite3
import subprocess
import sys
import unicodedata
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from servers.library import Library, NoSearch, read_papers, write_index
from servers.papers import ARXIV_ID, NEAR, Paper, cut_at_sentence, one_line, words_of_topic

ROOT = Path(__file__).parents[2]
PAPERS = read_papers()
LIBRARY = Library()

texts = st.text(max_size=80)
fts_syntax = st.lists(
    st.sampled_from(
        ['"', "'", "*", "(", ")", ":", "^", "-", "+", "{", "}", "NEAR", "AND", "OR", "NOT", "title", "model"]
    )
    | st.text(max_size=5)
).map(" ".join)


def paper(**fields: object) -> Paper:
    given_fields = {"id": "2401.00001", "title": "T", "authors": ["A B"], "year": 2024, "abstract": "An abstract."}
    return Paper.model_validate(given_fields | fields)


def test_there_are_enough_papers_and_every_id_is_one_and_is_there_once() -> None:
    assert len(PAPERS) >= 60
    assert all(ARXIV_ID.fullmatch(each.id) for each in PAPERS)
    assert len({each.id for each in PAPERS}) == len(PAPERS)
    assert len({each.title.lower() for each in PAPERS}) == len(PAPERS)


def test_the_year_of_a_paper_is_the_one_in_its_id() -> None:
    assert [each.id for each in PAPERS if each.year != 2000 + int(each.id[:2])] == []


def test_abstracts_are_short_plain_lines_of_two_to_four_sentences() -> None:
    for each in PAPERS:
        assert 2 <= len(re.findall(r"[.?!](?= |$)", each.abstract)) <= 4, each.id
        assert len(each.abstract) <= NEAR
        for text in (each.title, each.abstract, *each.authors):
            assert one_line(text, 1_000) == text
        assert each.authors


@pytest.mark.parametrize(
    ("topic", "first"),
    [
        ("Dense passage retrieval", "2004.04906"),
        ("prompt injection", "2302.12173"),
        ("how do language models use long contexts?", "2307.03172"),
        ("direct preference optimization", "2305.18290"),
        ("RETRIEVAL-AUGMENTED GENERATION", "2005.11401"),
        ("Tramer", "2012.07805"),
    ],
)
def test_the_paper_that_is_meant_comes_first(topic: str, first: str) -> None:
    assert LIBRARY.search(topic, 3).papers[0].id == first


def test_a_search_finds_the_same_in_the_same_order_in_every_library() -> None:
    for topic in ("retrieval", "language models", "agents with tools", "safety evaluation"):
        found = LIBRARY.search(topic, 10)
        assert found == Library([*reversed(PAPERS)]).search(topic, 10) == LIBRARY.search(topic, 10)
        assert len(found.papers) <= found.matched


def test_papers_that_fit_equally_well_are_sorted_by_their_id() -> None:
    same = [paper(id=f"2401.0000{n}") for n in (3, 1, 2)]
    assert [each.id[-1] for each in Library(same).search("abstract", 5).papers] == ["1", "2", "3"]


def test_words_that_stand_everywhere_find_nothing_by_themselves() -> None:
    assert LIBRARY.search("a recipe for pancakes", 5).papers == []
    assert words_of_topic("what is it for") == ["what", "is", "it", "for"]


@given(fts_syntax | texts)
def test_a_topic_is_data_and_never_search_syntax(topic: str) -> None:
    found = LIBRARY.search(topic, 5)
    assert len(found.papers) == min(5, found.matched)
    plain = " ".join(words_of_topic(topic))
    assert LIBRARY.search(plain, 5).papers == found.papers or len(plain.split()) == 12


@given(texts)
def test_the_words_of_a_topic_hold_letters_and_digits_alone(topic: str) -> None:
    assert all(re.fullmatch(r"[^\W_]+", word) for word in words_of_topic(topic))


@given(st.text(max_size=900), st.integers(20, 600))
def test_an_abstract_is_cut_near_the_limit_and_what_was_cut_is_counted(text: str, near: int) -> None:
    kept, cut = cut_at_sentence(text, near)
    assert len(kept) <= near
    assert (kept == text) == (cut == 0)
    if not kept.endswith("…"):
        assert text.startswith(kept)
        assert len(kept) + cut == len(text)


def test_an_abstract_ends_with_a_sentence() -> None:
    text = "One is here. " * 60
    kept, cut = cut_at_sentence(text.strip())
    assert kept.endswith("here.")
    assert 450 < len(kept) <= 500
    assert cut > 200


def test_a_paper_with_an_id_that_is_none_is_turned_down() -> None:
    for wrong in ("2401.1", "../etc", "2401.00001v2", "2401.00001\n", "javascript:x"):
        with pytest.raises(ValidationError):
            paper(id=wrong)


def test_the_index_can_be_written_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "papers.sqlite3"
    assert write_index(path) == write_index(path) == len(PAPERS)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM papers").fetchone() == (len(PAPERS),)


def test_the_command_says_how_many_papers_it_wrote(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "servers.library", str(tmp_path / "papers.sqlite3")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{len(PAPERS)} papers\n", "")


def test_an_accent_that_stands_by_itself_cuts_no_word_in_two() -> None:
    topic = unicodedata.normalize("NFD", "Rücklé")
    assert words_of_topic(topic) == ["rücklé"]
    assert LIBRARY.search(topic, 3) == LIBRARY.search("Rücklé", 3)
    assert LIBRARY.search(topic, 3).papers


def test_without_full_text_search_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("servers.library._SCHEMA", "CREATE VIRTUAL TABLE papers USING no_fts5(id)")
    with pytest.raises(NoSearch, match=r"The library cannot be searched: no such module: no_fts5\."):
        Library().search("retrieval", 3)


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of a file there")
def test_a_full_disk_leaves_the_index_that_was_there(tmp_path: Path) -> None:
    index = tmp_path / "papers.sqlite3"
    index.write_bytes(b"the index that was there")
    fills = """
import resource, runpy, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
runpy.run_module("servers.library", run_name="__main__")
"""
    said = subprocess.run([sys.executable, "-c", fills, str(index)], cwd=ROOT, capture_output=True, check=False)
    assert said.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["papers.sqlite3"]
    assert index.read_bytes() == b"the index that was there"
