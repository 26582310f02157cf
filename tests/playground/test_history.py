"""The history: one numbering, what is kept for the next kernel, what is dropped, and what comes in from a file."""

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData

from labkit import close_all
from labkit.playground import Playground, export, kept_runs, reading
from labkit.playground.history import KEPT, MOST_PINNED, History
from labkit.playground.imported import LARGEST, runs_of
from labkit.playground.kept_runs import KeptRuns
from labkit.playground.runs import Run, compare
from labkit.playground.sampled import Sampled
from labkit.playground.view import OTHER_TOKENS, PlaygroundView
from labkit.views.flow_view import FlowView
from labkit.views.token_view import TokenView
from tests.playground.test_view import Telling
from tests.story import answer, bookshop, question

KEY = "sk-" + "ant-past-0123456789abcdef"
TOKEN = "ghp_" + "0123456789abcdefghijklmnopqrstuvwxyz"
HOSTILE = "<img src=x onerror=alert(1)>\u202e\u200b"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "kept"
    close_all()


def opened(folder: Path | bool) -> tuple[Playground, Telling]:
    """A playground with its page, which has asked for what was kept."""
    playground = Playground(bookshop(), remember=folder)
    playground.wait()
    playground.target.use_tool("recommend")
    playground.target.type({"genre": "romance"})
    view = Telling(playground)
    view.click(do="here")
    return playground, view


def closed(playground: Playground, view: PlaygroundView) -> None:
    view.close()
    playground.close()


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("run-*.json"))


def ran(playground: Playground, times: int = 1) -> Run:
    playground.run(times)
    return playground.wait()[-1]


async def leaks(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    return answer(f"{KEY} {TOKEN} password=hunter2! {HOSTILE}", "mine")


def test_the_runs_are_there_again_after_a_restart_and_their_numbers_go_on(folder: Path) -> None:
    playground, view = opened(folder)
    ran(playground)
    playground.history.rename(1, "the first")
    playground.history.pin(1)
    playground.answers.use("script")
    ran(playground)
    first, then = playground.runs[0], [run.to_dict() for run in playground.runs]
    closed(playground, view)
    assert len(files(folder)) == 2
    playground, view = opened(folder)
    assert (view.result["kind"], view.work["fresh"]) == ("idle", True)  # nothing was run here yet
    told = [run.to_dict() for run in playground.runs]
    assert [{**each, "settings": None} for each in told] == then
    assert [(run.n, run.name, run.pinned, run.came) for run in playground.runs] == [
        (1, "the first", True, "last time"),
        (2, "", False, "last time"),
    ]
    view.click(do="open", run=1)
    view.until(lambda: isinstance(view.tokens, TokenView))
    assert isinstance(view.tokens, TokenView)
    assert view.tokens.reading.trace.text == first.answers
    assert first.result in view.result["text"]
    assert first.answers in str(view.flows[0].get_state()["rows"])
    assert "TinyModel" in view.code
    playground.answers.use("hand")
    view.click(do="again", number=1)
    assert playground.answers.who == "tiny"
    assert ran(playground).n == 3
    # A run that was made before the page was opened goes on from the numbers of last time, too.
    closed(playground, view)
    early = Playground(bookshop(), remember=folder)
    early.wait()
    early.target.use_tool("recommend")
    early.target.type({"genre": "romance"})
    assert ran(early).n == 1
    page = PlaygroundView(early)
    page._handle_custom_msg({"do": "here"}, [])
    assert [run.n for run in early.runs] == [1, 2, 3, 4]
    assert [line["n"] for line in page.history["runs"]][:1] == [4]
    early.history.forget()  # but for what is pinned
    closed(early, page)
    assert [path.name[:14] for path in files(folder)] == ["run-000000001-"]


def test_no_key_and_no_secret_is_in_what_is_kept(folder: Path) -> None:
    playground, view = opened(folder)
    playground.answers.keys["claude"] = KEY
    playground.callback(leaks)
    ran(playground)
    closed(playground, view)
    text = "".join(path.read_text(encoding="utf-8") for path in files(folder))
    assert "[redacted: GitHub token]" in text
    for secret in (KEY, TOKEN, "hunter2!"):
        assert secret not in text
    # What a secret was a part of is drawn again as another answer, and is not shown as that one.
    playground, view = opened(folder)
    [run] = playground.runs
    playground.answers.use("tiny")
    drawn = ran(playground).samples[0].drawing
    assert drawn
    run.samples[0].drawing = replace(drawn, request=run.samples[0].asked)
    view.click(do="open", run=1)
    view.until(lambda: view.drawing_note == OTHER_TOKENS)
    assert view.tokens is None
    closed(playground, view)


def test_a_full_disk_loses_nothing_and_is_said_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    playground, view = opened(folder)
    tried: list[Path] = []

    def full(path: Path, text: str) -> None:
        tried.append(path)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(kept_runs, "write_whole", full)
        ran(playground)
        view._draw()
        told = playground.target.fault
        assert "cannot be kept on this disk (No space left on device). Nothing is lost" in told
        assert told in view.shown_run["note"]
        view.click(do="hold", guard=True)  # which takes the sentence away beside Run
        for _ in range(5):
            view._draw()
        assert len(tried) == 1
        ran(playground)
        view._draw()
        assert (len(tried), playground.target.fault) == (2, "")
        assert [run.outcome for run in playground.runs] == ["done", "done"]
    ran(playground)
    view._draw()
    assert len(files(folder)) == 3
    view._draw()
    assert view.shown_run["note"] == ""
    closed(playground, view)


def test_a_folder_that_cannot_be_written_or_read_is_told(folder: Path) -> None:
    folder.parent.joinpath("kept").touch()  # a file where a folder was to be
    playground, view = opened(folder)
    ran(playground)
    view._draw()
    assert "cannot be kept on this disk" in view.shown_run["note"]
    closed(playground, view)
    folder.unlink()
    playground, view = opened(folder)
    ran(playground, 2)
    closed(playground, view)
    files(folder)[0].write_text('{"playground": 1', encoding="utf-8")
    playground, view = opened(folder)
    assert [run.n for run in playground.runs] == [2]
    assert "1 of the runs of last time could not be read." in view.shown_run["note"]
    closed(playground, view)


def written(run: Run) -> str:
    return "".join(export.exported("json", [run], lambda _: "", []))


def kernel(folder: Path) -> tuple[History, KeptRuns]:
    """The history of a kernel that has just read what is kept."""
    history, kept = History(lambda: None), KeptRuns(folder)
    history.take_in(kept.read())
    return history, kept


def keep(history: History, kept: KeptRuns) -> None:
    while kept.keep_one(history.runs, written):
        pass


def results(folder: Path) -> dict[int, str]:
    return {run.n: run.result for run in kernel(folder)[0].runs}


def test_two_kernels_of_one_notebook_lose_no_run_of_each_other(folder: Path) -> None:
    first, second = kernel(folder), kernel(folder)
    for n in range(1, 4):
        for name, (history, kept) in (("first", first), ("second", second)):
            history.add(made(result=f"{name} {n}"))
            keep(history, kept)
    whole = {f"{name} {n}" for name in ("first", "second") for n in range(1, 4)}
    third = kernel(folder)
    assert sorted(run.n for run in third[0].runs) == [*range(1, 7)]
    assert {run.result for run in third[0].runs} == whole
    assert sorted(run.name for run in third[0].runs)[3:] == ["was run 1", "was run 2", "was run 3"]
    keep(*third)
    told = results(folder)
    # A kernel that goes on with a run whose number another has changed meanwhile makes no second one of it.
    second[0].pin(1)
    second[0].rename(2, "the second")
    keep(*second)
    assert set(results(folder).values()) == whole
    assert len(results(folder)) == len(told) == len(files(folder)) == 6
    # What one kernel drops or forgets takes nothing that it does not know of.
    first[0].forget()
    keep(*first)
    assert set(results(folder).values()) == {"second 1", "second 2", "second 3"}


def test_a_number_that_was_changed_holds_for_every_kernel_after(folder: Path) -> None:
    for _ in range(2):
        history, kept = History(lambda: None), KeptRuns(folder)
        history.add(made(name="by hand"))
        keep(history, kept)
    third = kernel(folder)
    keep(*third)
    third[0].add(made(result="the third"))
    keep(*third)
    assert (results(folder)[3], len(results(folder))) == ("the third", 3)


def test_what_a_killed_process_left_half_written_goes_and_costs_no_other_run(folder: Path) -> None:
    folder.mkdir()
    torn = folder / "run-000000001.json"
    torn.write_text('{"playground": 1, "runs": [', encoding="utf-8")
    old, new = (folder / f"run-00000000{n}-abc.new" for n in (2, 3))
    for path in (old, new):
        path.write_text("{", encoding="utf-8")
    os.utime(old, (0, 0))
    history, kept = kernel(folder)
    assert (kept.unread, old.exists(), new.exists()) == (1, False, True)  # somebody may be writing the new one
    history.add(made(result="after it"))
    keep(history, kept)
    assert torn.read_text(encoding="utf-8").startswith('{"playground"')
    assert results(folder) == {1: "after it"}


def test_a_run_that_was_kept_before_goes_on_in_its_file(folder: Path) -> None:
    folder.mkdir()
    path = folder / "run-000000004.json"
    path.write_text(written(made(4, result="early")), encoding="utf-8")
    history, kept = kernel(folder)
    history.pin(4)
    keep(history, kept)
    assert files(folder) == [path]
    assert '"pinned": true' in path.read_text(encoding="utf-8")


def test_without_a_page_or_with_remember_off_no_run_is_kept(folder: Path) -> None:
    headless = Playground(bookshop(), remember=folder)
    headless.wait()
    headless.target.use_tool("recommend")
    headless.target.type({"genre": "romance"})
    ran(headless)
    headless.close()
    playground, view = opened(False)
    ran(playground)
    closed(playground, view)
    assert files(folder) == []


def made(n: int = 0, **more: Any) -> Run:
    return Run(n, "shop", "in process", "2026-07-28", "recommend", {}, "a script", "none", outcome="done", **more)


def test_past_a_hundred_the_oldest_are_dropped_and_told_but_no_pinned_one() -> None:
    history = History(lambda: None)
    for _ in range(KEPT):
        history.add(made())
    assert history.notes == ""
    history.pin(1)
    history.open(2)
    for _ in range(3):
        history.add(made())
    assert [run.n for run in history.runs] == [1, *range(5, KEPT + 4)]
    assert history.notes == "3 runs were dropped, run 4 last: 100 are kept. Pin a run to keep it."
    assert history.opened is None
    with pytest.raises(LookupError, match="no run 2"):
        history.open(2)
    for n in range(5, 4 + MOST_PINNED):
        history.pin(n)
    with pytest.raises(ValueError, match="50 runs are pinned"):
        history.pin(90)
    history.forget()
    assert [run.n for run in history.runs] == [1, *range(5, 4 + MOST_PINNED)]
    history.add(made())
    assert history.last_number == KEPT + 4


@pytest.fixture(scope="module")
def exported() -> Iterator[str]:
    """Two runs of a bookshop as JSON."""
    playground = Playground(bookshop(), name="another")
    playground.wait()
    playground.target.use_tool("recommend")
    playground.target.type({"genre": "romance"})
    playground.answers.dials.turn(max_tokens=3)
    ran(playground, 2)
    yield playground.export("json")
    playground.close()
    close_all()


def test_what_was_exported_comes_back(exported: str) -> None:
    playground, view = opened(False)
    view.click(do="import", text=exported)
    assert view.shown_run["note"] == "2 runs came in."
    assert json.loads(playground.export("json"))["runs"] == [
        {**run, "mark": "", "samples": [{**sample, "mark": ""} for sample in run["samples"]]}  # which anybody may claim
        for run in json.loads(exported)["runs"]
    ]
    view.click(do="import", text=exported)
    assert view.shown_run["note"] == "0 runs came in; 2 were here already."
    assert ran(playground).n == 3
    told = json.loads(exported)
    told["runs"][0]["result"] = "another"
    view.click(do="import", text=json.dumps(told))
    assert (playground.runs[0].n, playground.runs[0].name, playground.runs[-1].n) == (4, "was run 1", 3)
    view.click(do="open", run=4)
    assert view.result["text"] == "another"
    assert "a file" in view.result["meta"]
    view.click(do="import", text='{"playground": 1, "runs": [{"n": "1"}]}')
    assert view.shown_run["note"].startswith("This file holds no runs of a playground: 0.n: ")
    assert len(playground.runs) == 4
    closed(playground, view)


def test_a_command_of_a_file_is_shown_and_not_started(exported: str, tmp_path: Path) -> None:
    told = json.loads(exported)
    touch = ["python", "-c", f"open({str(tmp_path / 'started')!r}, 'w')"]
    told["runs"][0]["settings"]["server"] = {"command": touch}
    told["runs"][0]["settings"]["transport"] = "stdio"
    playground, view = opened(False)
    view.click(do="import", text=json.dumps(told))
    view.click(do="again", number=1)
    assert (playground.target.status, view.top["status"]) == ("not connected", "not connected · press Connect")
    assert not (tmp_path / "started").exists()
    closed(playground, view)


def test_text_of_a_file_is_shown_as_text(exported: str) -> None:
    told = json.loads(json.dumps(json.loads(exported)).replace('"recommend"', json.dumps(HOSTILE)))
    run = told["runs"][0]
    run["name"] = run["server"] = run["who"] = run["samples"][0]["answer"]["stopReason"] = HOSTILE
    playground, view = opened(False)
    view.click(do="import", text=json.dumps(told))
    view.click(do="open", run=1)
    view.click(do="compare", runs=[1, 2])
    shown = json.dumps([view.result, view.history, view.comparison, view.shown_run], ensure_ascii=False)
    assert HOSTILE not in shown
    assert "⟨U+202E RIGHT-TO-LEFT OVERRIDE⟩" in shown
    assert "<img" not in playground.export("html")
    closed(playground, view)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


def places(told: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value of some JSON."""
    if at:
        yield at
    inner = told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else ()
    for key, value in inner:
        yield from places(value, (*at, key))


@given(st.data())
def test_a_file_that_was_tampered_with_is_read_soundly_or_refused(exported: str, data: st.DataObject) -> None:
    told = json.loads(exported)
    *path, last = data.draw(st.sampled_from([*places(told)]))
    at = told
    for key in path:
        at = at[key]
    at[last] = data.draw(anything)
    history = History(lambda: None)
    try:
        history.import_runs(runs_of(json.dumps(told), "a file"))
    except ValueError:
        return
    # Whatever was let through can be shown and exported, in figures that a browser reads.
    for run in history.runs:
        assert run.came == "a file"
        told = [reading._line(run, []), run.to_dict(), [row.values for row in compare([run])], str(run.flow)]
        json.loads(json.dumps(told), parse_constant=pytest.fail)
        if run.flow:
            assert FlowView(run.flow, redacting=True).get_state()["rows"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no runs"),
        ("[" * 100_000, "nested too deeply"),
        ('{"playground": 2, "runs": []}', "save runs as JSON"),
        ('{"playground": 1, "runs": 7}', "runs"),
        ('{"playground": 1, "runs": [NaN]}', "NaN is no number"),
        ('{"playground": 1, "runs": [1e999]}', "number is too large"),
        ('{"playground": 1, "runs": ["\\ud800"]}', "surrogates"),
        (" " * (LARGEST + 1), "too large"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_one_sentence(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        runs_of(text, "a file")
    assert len(str(refused.value)) < 400
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "kind", "word", "why"),
    [
        (CreateMessageResult, "good", "end of turn", "endTurn"),
        ("maxTokens", "warning", "cut at max tokens", "raise the lowest"),
        ("stopSequence", "plain", "stop sequence", "take the sequence out"),
        ("toolUse", "plain", "uses a tool", "the next sample"),
        (HOSTILE, "plain", "<img src=x onerror=alert(1)>\\u202e", "a stop reason of its own"),
        (None, "plain", "no reason told", "not known"),
        (ErrorData(code=-1, message=f"no {HOSTILE}"), "bad", "refused", "(-1): no <img"),
    ],
)
def test_each_stop_reason_has_its_word_its_sign_and_what_to_do(said: Any, kind: str, word: str, why: str) -> None:
    reply: Any = said if isinstance(said, ErrorData) else answer("Emma")
    if not isinstance(said, type | ErrorData):
        reply = reply.model_copy(update={"stop_reason": said})
    run = made(1, samples=[Sampled(question("what?"), answer=reply)])
    [badge] = [reading._badge(each) for each in run.ended]
    assert reading._line(run, [])["ended"] == [{name: badge[name] for name in ("kind", "sign", "word")}]
    assert (badge["kind"], badge["word"][: len(word)], len(badge["sign"])) == (kind, word, 1)
    assert why in badge["why"]
    assert "\u202e" not in str(badge)
    run.samples += [Sampled(question("and?"), answer=answer("Emma").model_copy(update={"stop_reason": "maxTokens"}))]
    run.outcome = "tool failed"
    assert run.ended[0].word == "tool failed"
    assert run.ended[1].word.endswith("of 2 cut at max tokens")
    assert made(1).ended[0].word == "no sample"


@pytest.mark.parametrize(
    ("tokens", "estimated", "word"),
    [(20, False, "cut at 20 tokens"), (100, False, "cut at max tokens"), (20, True, "cut at max tokens")],
)
def test_an_answer_cut_before_its_limit_was_cut_by_whoever_gave_it(tokens: int, estimated: bool, word: str) -> None:
    asked = question("what?").model_copy(update={"max_tokens": 100})
    cut = answer("Em").model_copy(update={"stop_reason": "maxTokens"})
    run = made(1, samples=[Sampled(asked, answer=cut, tokens=tokens, estimated=estimated)])
    [badge] = [reading._badge(each) for each in run.ended]
    assert badge["word"] == word
    assert ("though it might have had 100" in badge["why"]) is (word == "cut at 20 tokens")
    run.samples[0].seen = asked.model_copy(update={"max_tokens": 20})  # a dial, and no callback
    assert run.ended[0].word == "cut at max tokens"
