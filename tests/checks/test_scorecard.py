"""The scorecard passes what is good, fails each mistake in exactly its own cases, and survives whatever it is given."""

import asyncio
import importlib.metadata
import json
import logging
import os
import re
import subprocess
import sys
import tomllib
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any
from xml.etree import ElementTree as ET

import httpx2
import pytest
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData, ImageContent, TextContent
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from labkit import close_all
from labkit.checks import CheckFailed, cases, scorecard, trial
from labkit.checks.__main__ import main
from labkit.checks.overheard import FAKE_KEY
from labkit.checks.scorecard import CASES
from labkit.host import Approve, Refuse, with_approval, with_budget, with_guard
from labkit.models.claude import Claude
from labkit.models.openai_compatible import OpenAICompatible
from labkit.models.tiny import TinyModel
from tests.checks import good_callbacks
from tests.checks.good_callbacks import make, my_callback
from tests.checks.mistakes import load_callbacks
from tests.checks.right_callbacks import RIGHT

pytestmark = pytest.mark.anyio

WRONG = load_callbacks()
WAITING = {"provider.slow", "provider.silent"}  # they take as long as the other 59 together
DECLARED = {"tools.one-missing", "tools.input", "tools.loop", "provider.tool-error", "provider.invented-tool"}
"""What is asked of those alone for whom a client declares tools."""
CLI = "labkit.checks"
GOOD = Path(good_callbacks.__file__)


@pytest.fixture(autouse=True)
def _no_lab_thread_is_left():
    yield
    close_all()


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_callback_fails_in_exactly_the_cases_named_beside_it(name: str) -> None:
    given, fails, timeout = WRONG[name]
    asked = [case for case in CASES if case.id in fails or case.id not in WAITING]
    if CASES[0].id in fails:  # what cannot be called is examined no further
        asked = asked[:1]
    rows = [await case.examine(given, timeout=timeout) for case in asked]
    failed = [row for row in rows if row.failed]
    assert {row.id for row in failed} == fails, "\n".join(map(str, failed))
    assert all(row.came_back for row in failed)


def test_every_case_is_failed_by_some_wrong_callback() -> None:
    assert {case.id for case in CASES} == set().union(*(wrong.fails for wrong in WRONG.values()))


@pytest.mark.parametrize("case", cases(), ids=str)
async def test_a_good_callback_fails_in_no_case(case: Any) -> None:
    row = await case.examine(my_callback)
    assert not row.failed, row


@pytest.mark.parametrize("factory", [make, Claude, OpenAICompatible], ids=lambda factory: factory.__name__)
async def test_a_good_factory_passes_every_case(factory: Any) -> None:
    card = await scorecard(factory)
    assert card.failed == [], str(card)
    assert {row.id for row in card.not_applicable} == {"stop-reasons.own-cut"} | DECLARED  # a model cuts in another


@pytest.mark.parametrize("name", RIGHT)
async def test_no_style_fails_in_any_case(name: str) -> None:
    card = await scorecard(RIGHT[name])
    assert card.failed == [], str(card)


async def test_who_declares_tools_is_asked_for_them() -> None:
    card = await scorecard(RIGHT["Claude with tools"])
    assert {row.id for row in card.not_applicable} == {"stop-reasons.own-cut"}


async def test_what_fails_a_plain_question_is_told_once() -> None:
    async def raises(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise LookupError("no model")

    card = await scorecard(raises)
    assert [row.id for row in card.failed] == ["messages.one"]
    as_there = [row for row in card.rows if row.came_back == f"As in messages.one: {card.failed[0].came_back}"]
    assert len(as_there) > 30


async def test_the_embedded_model_passes_every_case_that_needs_no_provider() -> None:
    card = await scorecard(TinyModel(), timeout=60.0)
    assert card.failed == [], str(card)
    assert {row.id for row in card.not_applicable} == DECLARED | {case.id for case in CASES if case.needs_provider}


def test_every_case_says_what_to_do_in_sentences_and_names_its_source() -> None:
    assert len({case.id for case in CASES}) == len({case.title for case in CASES}) == len(CASES)
    for case in CASES:
        assert re.fullmatch(r"[a-z-]+\.[a-z0-9-]+", case.id)
        assert case.why.endswith("."), case.id
        assert case.mend.endswith("."), case.id
        binding, section = case.source.split(": ", 1)
        assert binding in {"MUST", "SHOULD", "SDK", "advice"}, case.id
        assert re.match(r"mcp 2\.3\b|(2025-11-25|2026-07-28), ", section), case.id
        assert (binding == "SDK") == section.startswith("mcp 2.3"), case.id


async def test_the_table_is_the_same_at_every_run() -> None:
    tables = [str(await scorecard(WRONG["networks_never_fail"].given)) for _ in range(2)]
    assert tables[0] == tables[1]
    assert max(map(len, tables[0].splitlines())) <= 118


async def test_what_failed_is_told_with_what_was_sent_what_came_back_why_and_how_to_mend_it() -> None:
    async def rude(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return CreateMessageResult(role="user", model="me", content=TextContent(text="hello"))

    lines = str(await scorecard(rude)).splitlines()
    start = next(number for number, line in enumerate(lines) if "answers.role" in line)
    assert lines[start : start + 3] == [
        "FAIL  answers.role                  the answer is the assistant's",
        "      sent  one text of the user",
        '      back  An answer with role="user".',
    ]
    assert [line[6:12].strip() for line in lines[start + 3 : start + 6]] == ["why", "", "mend"]


async def test_what_cannot_be_seen_counts_neither_as_passed_nor_as_failed() -> None:
    card = await scorecard(my_callback)
    assert card.failed == []
    unseen = {row.id for row in card.not_applicable}
    assert unseen == {"manners.cancelled"} | DECLARED | {case.id for case in CASES if case.needs_provider}
    assert unseen.isdisjoint(row.id for row in card.passed)
    assert len(card.passed) + len(unseen) == len(card.rows) == len(CASES)
    assert str(card).endswith(f"{len(card.passed)} passed, 0 failed, {len(unseen)} not applicable")


async def test_a_stub_is_a_todo() -> None:
    async def stub(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise NotImplementedError

    card = await scorecard(stub)
    assert str(card) == "TODO stub: write the body of the function, run its cell, then run this one again."
    assert len(card.passed) < 10
    assert card.failed


async def test_a_half_written_callback_is_a_todo_where_it_is_unwritten() -> None:
    async def half(context: object, params: CreateMessageRequestParams) -> Any:
        if params.tools:
            raise NotImplementedError
        return await my_callback(context, params)

    card = await scorecard(half)
    assert {row.status for row in card.failed} == {"TODO"}
    assert {row.group for row in card.failed} == {"tools"}


async def test_what_a_callback_says_it_does_not_do_is_no_todo() -> None:
    async def partly(context: object, params: CreateMessageRequestParams) -> Any:
        if isinstance(params.messages[0].content, ImageContent):
            raise NotImplementedError("images are not supported")
        return await my_callback(context, params)

    image = next(case for case in CASES if case.id == "content.image")
    row = await image.examine(partly)
    assert row.status == "FAIL"
    assert "images are not supported" in row.came_back


async def test_who_does_not_answer_in_time_is_not_said_to_have_told_the_key() -> None:
    key = next(case for case in CASES if case.id == "manners.key")

    async def sleeps(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        await asyncio.Event().wait()
        raise AssertionError

    async def tells_and_sleeps(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        print(os.environ["ANTHROPIC_API_KEY"])
        return await sleeps(context, params)

    assert (await key.examine(sleeps, timeout=0.1)).status == "N/A"
    assert (await key.examine(tells_and_sleeps, timeout=0.1)).failed


class Nasty(BaseException):
    pass


@pytest.mark.parametrize(
    "error", [Nasty("no"), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError(), MemoryError()]
)
async def test_no_exception_of_a_callback_comes_out(error: BaseException) -> None:
    async def raising(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise error

    card = await scorecard(raising)
    assert len(card.rows) == len(CASES)
    assert "messages.one" in {row.id for row in card.failed}


@pytest.mark.parametrize("given", [None, 3, my_callback.__name__, object(), int, asyncio, [my_callback]])
async def test_what_is_no_callback_is_told_so_once(given: object) -> None:
    card = await scorecard(given)
    assert [row.id for row in card.failed] == ["messages.shape"]
    assert card.passed == []


async def test_a_factory_that_raises_is_told_so_once_with_what_the_environment_has_to_do_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(base_url: str) -> None:
        raise LookupError(f"no model at {base_url}")

    said = "The factory raised LookupError: no model at http://127.0.0.1:PORT"
    (row,) = (await scorecard(broken)).failed
    assert row.came_back == said
    monkeypatch.setenv("SSL_CERT_FILE", "nowhere.pem")
    (row,) = (await scorecard(broken)).failed
    assert row.came_back.startswith(f"{said}. [FIX] The file that the environment variable SSL_CERT_FILE names cannot")


async def test_a_factory_may_take_longer_than_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import of a provider's library takes seconds of a processor, which a busy machine gives it in a minute."""

    seconds = 0.8

    def imports(base_url: str) -> Any:
        end = monotonic() + seconds
        while monotonic() < end:
            pass
        return make(base_url)

    question = next(case for case in CASES if case.id == "messages.one")
    row = await question.examine(imports, timeout=0.2)
    assert "factory" not in row.came_back, row
    monkeypatch.setattr(trial, "MAKING", 0.1)
    seconds = 300.0
    row = await question.examine(imports)
    assert row.came_back.startswith("The factory made no callback. ")
    assert row.mend == trial.MAKE


@pytest.mark.parametrize("code", [-1, -32603])
async def test_a_refusal_is_told_once_and_as_a_refusal(code: int) -> None:
    async def refuses(context: object, params: CreateMessageRequestParams) -> ErrorData:
        return ErrorData(code=code, message="The budget is used up.")

    def refusing(base_url: str) -> Any:
        return refuses

    card = await scorecard(refusing)
    told = {row.id: row for row in card.failed}
    assert set(told) == {"messages.one"}
    assert told["messages.one"].came_back == f"It refused ({code}: The budget is used up.) what any client can answer."
    assert told["messages.one"].mend.startswith("See what its words are about.")
    assert all("without asking" not in row.came_back for row in card.rows)


async def test_an_answer_that_does_not_say_why_it_ended_is_told_without_a_none() -> None:
    def forgetful(base_url: str) -> Any:
        asks = make(base_url)

        async def without_reason(context: object, params: CreateMessageRequestParams) -> Any:
            answer = await asks(context, params)
            return answer if isinstance(answer, ErrorData) else answer.model_copy(update={"stop_reason": None})

        return without_reason

    cut = next(case for case in CASES if case.id == "stop-reasons.cut-off")
    assert (await cut.examine(forgetful)).came_back == "An answer with no stop reason."


def exhausted() -> Any:
    return with_budget(my_callback, samples=2)


def refused() -> Any:
    return with_approval(my_callback, ask=lambda _request: Refuse("not today"))


def looked_at() -> Any:
    return with_approval(my_callback, ask=lambda _request: Approve())


def watched() -> Any:
    return with_guard(my_callback)


@pytest.mark.parametrize(("duty", "fails"), [(exhausted, 0), (looked_at, 0), (watched, 0), (refused, 1)])
async def test_a_duty_fails_nothing_that_no_rule_demands(duty: Any, fails: int) -> None:
    card = await scorecard(duty())
    assert [row.id for row in card.failed] == ["messages.one"][:fails], str(card)


async def test_a_factory_that_makes_no_callback_is_told_so_once() -> None:
    def forgetful(base_url: str) -> None:
        make(base_url)

    (row,) = (await scorecard(forgetful)).failed
    assert row.came_back.startswith("The factory returned nothing")


async def test_a_callback_that_hangs_again_and_again_gets_less_time() -> None:
    async def hangs(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        await asyncio.Event().wait()
        raise AssertionError

    card = await scorecard(hangs, timeout=0.2)
    assert len(card.rows) == len(CASES)
    assert "had not answered after 0.2 s" in card.failed[0].came_back
    assert len(card.failed) == 1
    assert sum("had not answered after 0.02 s" in row.came_back for row in card.not_applicable) > 30


async def test_the_environment_and_the_streams_are_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "mine")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    seen: set[str | None] = set()
    before = (sys.stdout, sys.stderr, list(logging.root.handlers))

    def spying(base_url: str) -> Any:
        seen.update({os.environ.get("ANTHROPIC_API_KEY"), os.environ.get("OPENAI_API_KEY")})
        return make(base_url)

    await asyncio.gather(scorecard(spying), scorecard(my_callback), scorecard(spying))
    assert seen == {FAKE_KEY}
    assert os.environ["ANTHROPIC_API_KEY"] == "mine"
    assert "OPENAI_API_KEY" not in os.environ
    assert (sys.stdout, sys.stderr, list(logging.root.handlers)) == before


async def test_a_plain_callback_sees_the_fake_key_in_the_case_that_is_about_it_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "mine")
    seen: list[str] = []

    async def spying(context: object, params: CreateMessageRequestParams) -> Any:
        seen.append(os.environ["ANTHROPIC_API_KEY"])
        return await my_callback(context, params)

    assert not (await scorecard(spying)).failed
    assert {seen.count(FAKE_KEY), seen[0], seen[-1]} == {5, "mine"}


async def test_what_a_callback_prints_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    async def chatty(context: object, params: CreateMessageRequestParams) -> Any:
        print("thinking")
        logging.getLogger("chatty").error("aloud")
        return await my_callback(context, params)

    assert not (await scorecard(chatty)).failed
    assert capsys.readouterr() == ("", "")


async def test_the_key_is_in_no_row_also_where_it_was_leaked() -> None:
    async def leaking(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise ValueError(f"my key is {os.environ['ANTHROPIC_API_KEY']}")

    def make_leaking(base_url: str) -> Any:
        return leaking

    card = await scorecard(make_leaking)
    assert "manners.key" in {row.id for row in card.failed}
    assert "[the key]" in str(card)
    assert FAKE_KEY not in str(card) + card.to_json()


async def test_the_rows_are_data() -> None:
    card = await scorecard(my_callback)
    data = json.loads(card.to_json())
    assert {name: data[name] for name in ("name", "failed")} == {"name": "my_callback", "failed": 0}
    assert [row["id"] for row in data["rows"]] == [case.id for case in CASES]
    fields = "id title status sent came_back why source mend hung requirement binding"
    assert data["rows"][1].keys() == {*fields.split()}


async def test_ci_reads_the_rows_as_junit() -> None:
    async def odd(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return CreateMessageResult(role="user", model="<me> & \x00", content=TextContent(text="]]>\x1b"))

    card = await scorecard(odd)
    suite = ET.fromstring(card.to_junit().encode("utf-8"))  # noqa: S314 - our own
    assert [suite.get(name) for name in ("name", "tests", "failures", "skipped")] == [
        "odd", str(len(CASES)), str(len(card.failed)), str(len(card.not_applicable)),
    ]  # fmt: skip
    assert [case.get("name") for case in suite] == [case.id for case in CASES]
    failures = {case.get("name"): case[0] for case in suite if len(case) and case[0].tag == "failure"}
    assert failures.keys() == {row.id for row in card.failed}
    assert failures["answers.role"].attrib == {"message": 'An answer with role="user".', "type": "advice"}
    assert "mend: CreateMessageResult(role=" in (failures["answers.role"].text or "")


def test_a_case_is_a_page() -> None:
    headings = ["## What it does", "## Why it matters", "## Wrong", "## Right"]
    for case in CASES:
        lines = case.page.splitlines()
        assert lines[0] == f"# {case.id}: {case.title}"
        assert [line for line in lines if line.startswith("## ")] == headings
        assert case.wrong.strip(), case.id
        assert case.source in case.page
    assert {case.requirement for case in CASES} > {"", "sampling:create:basic", "sampling:create:tools"}


def test_the_command_line_writes_what_machines_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, junit = tmp_path / "card.json", tmp_path / "card.xml"
    assert main([f"{GOOD}:my_callback", "--json", str(rows), "--junit", str(junit)]) == 0
    assert "PASS  messages.one" in capsys.readouterr().out
    assert json.loads(rows.read_text(encoding="utf-8"))["failed"] == 0
    assert ET.parse(junit).getroot().get("failures") == "0"  # noqa: S314
    assert main([f"{GOOD}:my_callback", "--junit", str(tmp_path / "none" / "card.xml")]) == 2
    assert "cannot be written: No such file" in capsys.readouterr().err
    assert main(["--page", "limits.one-token"]) == 0
    assert capsys.readouterr().out.startswith("# limits.one-token: at most one token\n")


async def test_a_strict_scorecard_raises_when_a_case_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_STRICT", "1")
    await scorecard(my_callback)
    with pytest.raises(CheckFailed, match=r"FAIL  messages\.shape"):
        await scorecard(None)


async def test_a_callback_that_never_asks_its_provider_is_found_out() -> None:
    def pretending(base_url: str) -> Any:
        return my_callback

    failed = {row.id: row for row in (await scorecard(pretending)).failed}
    assert failed["provider.messages"].came_back == "It answered without asking the provider at base_url."
    assert failed["provider.messages"].mend.startswith("Hand base_url on")


async def test_an_address_that_no_api_has_is_named_once() -> None:
    def lost(base_url: str) -> Any:
        return make(f"{base_url}/v1")

    [row] = (await scorecard(lost)).failed
    assert row.id == "messages.one"
    assert row.came_back == (
        "It asked for /v1/v1/messages, where nothing is. The stand-in has /v1/messages and /v1/chat/completions."
    )
    assert row.mend.startswith("base_url is what comes before these two")


def test_a_reader_that_has_read_enough_ends_in_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert main(["--page", "limits.one-token"]) == 0


@pytest.mark.parametrize("refuses", [False, True])
async def test_what_the_standin_does_not_speak_is_not_judged(refuses: bool) -> None:
    def responses(base_url: str) -> Any:
        async def callback(context: object, params: CreateMessageRequestParams) -> Any:
            try:
                async with httpx2.AsyncClient(trust_env=False) as client:
                    reply = await client.post(f"{base_url}/v1/responses", json={"input": "hi"})
                return reply.raise_for_status()
            except httpx2.HTTPError:
                if not refuses:
                    raise
                return ErrorData(code=-32603, message="The provider has no such path.")

        return callback

    card = await scorecard(responses)
    told = {row.id: row.came_back for row in card.not_applicable}
    assert "it asked for /v1/responses, which the stand-in does not speak." in told["messages.one"]
    assert "/v1/responses" in told["provider.limit"]
    assert {row.id for row in card.failed} <= {"provider.gone"}  # where it asked for nothing that is not spoken


async def test_a_callback_that_counts_before_it_asks_is_examined() -> None:
    def counting(base_url: str) -> Any:
        inner = make(base_url)

        async def callback(context: Any, params: CreateMessageRequestParams) -> Any:
            body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
            with suppress(httpx2.TransportError):  # where nothing listens
                async with httpx2.AsyncClient(trust_env=False) as client:
                    counted = await client.post(f"{base_url}/v1/messages/count_tokens", json=body)
                assert counted.json()["input_tokens"] > 0
            return await inner(context, params)

        return callback

    assert not (await scorecard(counting)).failed


def test_the_command_line_tells_by_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("async def cb(context, params):\n    return None\n", encoding="utf-8")
    assert main([f"{GOOD}:my_callback"]) == 0
    assert main([f"{bad}:cb", "--json"]) == 1
    out = capsys.readouterr().out
    assert "my_callback: " in out
    assert json.loads(out[out.index("{\n") :])["failed"] == 1


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nowhere.py:cb", "There is no file"),
        ("callbacks.py:other", "has no other"),
        ("callbacks.py", "names no function"),
        ("callbacks.py:x.b", "has no x.b"),
        ("callbacks.py:x.", "names no function"),
        ("broken.py:cb", "cannot be run: ZeroDivisionError: division by zero at broken.py, line 1: `1 / 0`"),
        ("leaving.py:cb", "cannot be run: SystemExit: 0"),
        ("wrong.py:cb", "cannot be run: SyntaxError"),
    ],
)
def test_what_cannot_be_run_is_told_and_ends_with_2(
    place: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {"callbacks": "x = 1\n", "broken": "1 / 0\n", "leaving": "exit(0)\n", "wrong": "def\n"}
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    assert main([str(tmp_path / place)]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_the_command_runs_in_another_folder(tmp_path: Path) -> None:
    (tmp_path / "words.py").write_text("TEXT = 'hello'\n", encoding="utf-8")
    (tmp_path / "mine.py").write_text(
        "from mcp.types import CreateMessageResult, TextContent\n"
        "from words import TEXT\n"
        "async def cb(context, params):\n"
        "    return CreateMessageResult(role='assistant', model='me', content=TextContent(text=TEXT))\n",
        encoding="utf-8",
    )
    root = str(Path(__file__).parent.parent.parent)
    result = subprocess.run(
        [sys.executable, "-m", CLI, "mine.py:cb"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert result.returncode == 1
    assert result.stderr == ""
    assert "FAIL  limits.negative" in result.stdout
    assert "cb: " in result.stdout.splitlines()[-1]


def test_a_callback_is_found_in_a_package_and_as_a_method(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = tmp_path / "bookclient" / "answers"
    inner.mkdir(parents=True)
    for folder in (inner.parent, inner):
        (folder / "__init__.py").write_text("", encoding="utf-8")
    (inner.parent / "words.py").write_text("TEXT = 'hello'\n", encoding="utf-8")
    (inner / "desk.py").write_text(
        "from mcp.types import CreateMessageResult, TextContent\n"
        "from bookclient import words\n"
        "from ..words import TEXT\n"
        "assert TEXT is words.TEXT and __name__ == 'bookclient.answers.desk'\n"
        "class Desk:\n"
        "    async def on_sampling(self, context, params):\n"
        "        return CreateMessageResult(role='assistant', model='me', content=TextContent(text=TEXT))\n"
        "desk = Desk()\n",
        encoding="utf-8",
    )
    assert main([f"{inner / 'desk.py'}:desk.on_sampling"]) == 1
    said = capsys.readouterr()
    assert said.err == ""
    assert "on_sampling: " in said.out.splitlines()[-1]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_letter_that_the_output_lacks_is_replaced(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import labkit\n"
        "from mcp.types import CreateMessageResult, TextContent\n"
        "print(labkit.Flow('\u8aad', 'bookshop', 'auto', 'stdio', ()))\n"
        "async def cb(context, params):\n"
        "    said = TextContent(text='\u8aad')\n"
        "    return CreateMessageResult(role='assistant', model='me', content=said, stop_reason='\u8aad')\n",
        encoding="utf-8",
    )
    result = subprocess.run(
        [sys.executable, "-m", CLI, "mine.py:cb"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(Path(__file__).parent.parent.parent)},
        capture_output=True,
        timeout=300,
    )
    assert result.stderr == b""
    assert result.stdout.split()[0] == b"?"
    assert result.returncode == 1
    assert b"cb: " in result.stdout.splitlines()[-1]


OUTSIDERS = """
from mcp.client import ClientRequestContext
from mcp.types import CreateMessageRequestParams, CreateMessageResult, ErrorData, TextContent


class Desk:
    def __init__(self, model: str) -> None:
        self.model = model

    async def reply(self, context: ClientRequestContext, params: CreateMessageRequestParams):
        blocks = [block for message in params.messages for block in message.content_as_list]
        if params.max_tokens < 1 or params.tools or params.tool_choice or not blocks:
            return ErrorData(code=-32602, message="I answer messages, with at least 1 token and without tools.")
        if any(block.type != "text" for block in blocks):
            return ErrorData(code=-32602, message="I read text alone.")
        content = TextContent(text=" ".join(f"You said: {blocks[-1].text}".split()[: params.max_tokens]))
        return CreateMessageResult(role="assistant", model=self.model, content=content)


handler = Desk("echo").reply
"""


def test_an_outsiders_callback_is_scored_where_only_the_package_is_installed(tmp_path: Path) -> None:
    """What the extras bring cannot be imported, as in an environment without them."""
    (tmp_path / "client.py").write_text(OUTSIDERS, encoding="utf-8")
    root = Path(__file__).parent.parent.parent
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [line for lines in project["optional-dependencies"].values() for line in lines]
    extras = {canonicalize_name(Requirement(line).name) for line in lines} - {project["name"]}
    makers = importlib.metadata.packages_distributions().items()
    lacking = sorted(name for name, made in makers if extras >= set(map(canonicalize_name, made)))
    assert {"openai", "pytest"} <= set(lacking)
    command = (
        f"import runpy, sys; sys.modules.update(dict.fromkeys({lacking!r}))\n"
        f"sys.argv = ['checks', 'client.py:handler']; runpy.run_module({CLI!r}, run_name='__main__')"
    )
    result = subprocess.run(
        [sys.executable, "-c", command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""
    assert re.fullmatch(r"reply: \d+ passed, 0 failed, \d+ not applicable", result.stdout.splitlines()[-1])
