"""`AuditLog`, `with_audit`: an entry for each request whatever becomes of it, lines that nobody tears, no secrets."""

import asyncio
import errno
import json
import logging
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import given
from mcp import Client
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData

from labkit import CallbackError, CallTimeout, Lab, LabClosed, LabError, report
from labkit.host import (
    Approve,
    AuditLog,
    Edit,
    Entry,
    Policy,
    Refuse,
    ReviewRequest,
    Switch,
    audit_entry,
    with_approval,
    with_audit,
    with_budget,
    with_guard,
    with_policy,
    with_queue,
    with_timeout,
)
from labkit.host import audit as module
from labkit.host.audit_entry import Asked, Sample
from labkit.steps import Origin
from tests.host.any_request import patient, requests
from tests.host.crowd import CONNECTION, Gate, Model, Session, answered, crowd, fails, labels, refuses
from tests.host.virtual import run
from tests.secret_forms.corpus import samples, survives
from tests.story import ROOT, WIRES, answer, bookshop, question, said, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "audit.jsonl")


def entry(n: int = 0, at: datetime | None = None, **facts: Any) -> Entry:
    asked = Asked(messages=1, characters=n, max_tokens=50)
    return Entry(
        at=at or datetime.now(UTC), id=f"{n}", run="r", connection=1, asked=asked, decision="answered", **facts
    )


def numbers(log: AuditLog, last: int | None = None) -> list[int]:
    return [each.asked.characters for each in log.entries(last)]


@pytest.mark.parametrize("mode", WIRES)
async def test_an_entry_tells_who_asked_for_how_much_what_came_of_it_and_what_it_took(log: AuditLog, mode: str) -> None:
    callback = with_audit(with_guard(with_budget(Model(tokens=(12, 5), model="m-1"))), log)
    with Lab(bookshop(), sampling_callback=callback, mode=mode, name="shop") as lab:
        assert said(await lab.call_tool("recommend", {"genre": "crime"})) == "Read Chandler."
    (told,) = log.entries()
    assert (told.server, told.lab, told.tool, told.call, told.connection) == ("bookshop", "shop", "recommend", 1, 1)
    assert told.wire in {"2025-11-25", "2026-07-28"}
    assert (told.asked.messages, told.asked.characters, told.asked.max_tokens) == (1, len("recommend crime"), 50)
    assert told.given is not None
    assert (told.given.model, told.given.stop, told.given.characters) == ("m-1", "endTurn", len("Read Chandler."))
    assert (told.decision, told.by, told.reached, told.changed) == ("answered", "", True, ())
    assert (told.input_tokens, told.output_tokens, told.estimated, told.texts) == (12, 5, 0, None)
    assert abs(datetime.now(UTC) - told.at) < timedelta(minutes=10)
    assert "Chandler" not in log.path.read_text(encoding="ascii")


def no(_: ReviewRequest) -> Refuse:
    return Refuse("not today")


async def thinks(request: ReviewRequest) -> Any:
    return Refuse("I will not have it") if request.answer is None else Approve()


async def withholds(request: ReviewRequest) -> Any:
    return Approve() if request.answer is None else Refuse("too rude")


def raises(_: ReviewRequest) -> Any:
    raise KeyError("genre")


MUCH = question("x" * 200_000)


@pytest.mark.parametrize(
    ("callback", "params", "expected", "why"),
    [
        (refuses, question("plot"), ("refused", "model", True), "no"),
        (fails, question("plot"), ("failed", "model", True), "RuntimeError: the model is away"),
        (with_guard(Model()), MUCH, ("refused", "rule size", False), "Refused by the client's rule size: 200,000"),
        (with_guard(Model("x" * 50_000)), question("plot"), ("answered", "", True), ""),
        (
            with_budget(Model(), samples=0),
            question("plot"),
            ("held back", "budget", False),
            "Held back by the client's",
        ),
        (with_approval(Model(), ask=no), question("plot"), ("refused", "approval", False), "Refused: not today"),
        (with_approval(Model(), ask=thinks), question("plot"), ("refused", "person", False), "Refused: I will not"),
        (with_approval(Model(), ask=withholds), question("plot"), ("refused", "person", True), "Withheld: too rude"),
        (with_approval(Model(), ask=raises), question("plot"), ("failed", "client", False), "raises, which decides"),
    ],
)
def test_an_entry_tells_what_was_decided_by_whom_and_whether_the_model_was_reached(
    log: AuditLog, callback: Any, params: Any, expected: tuple[str, str, bool], why: str
) -> None:
    async def main() -> None:
        await asyncio.gather(answered(with_audit(callback, log), params), return_exceptions=True)

    run(main())
    (told,) = log.entries()
    assert (told.decision, told.by, told.reached) == expected
    assert why in told.why


def test_what_is_too_late_turned_away_or_given_up_has_its_entry_too(log: AuditLog) -> None:
    async def main() -> None:
        slow = Gate()
        await answered(with_audit(with_timeout(slow, 5), log), question("one"))
        callback = with_audit(with_queue(slow, at_once=1, waiting=0), log)
        first = asyncio.create_task(answered(callback, question("two")))
        await asyncio.sleep(1)
        await answered(callback, question("three"))
        first.cancel()
        await asyncio.wait([first])

    run(main())
    assert [(told.decision, told.by, told.reached) for told in log.entries()] == [
        ("failed", "timeout", True),
        ("held back", "queue", False),
        ("cancelled", "client", True),
    ]


async def test_a_call_that_runs_out_of_time_and_a_mistake_of_the_student_have_their_entries(log: AuditLog) -> None:
    async def wrong(context: object, params: CreateMessageRequestParams) -> Any:
        return None

    with Lab(bookshop(), sampling_callback=with_audit(Gate(), log), timeout=0.2) as lab, pytest.raises(CallTimeout):
        await lab.call_tool("recommend", {"genre": "crime"})
    with Lab(bookshop(), sampling_callback=with_audit(wrong, log)) as lab, pytest.raises(CallbackError):
        await lab.call_tool("recommend", {"genre": "crime"})
    late, mistaken = log.entries()
    assert (late.decision, late.by) == ("cancelled", "client")
    assert (mistaken.decision, mistaken.by) == ("failed", "model")
    assert "is a `return` missing?" in mistaken.why


async def test_what_the_server_takes_back_what_a_lab_breaks_off_and_what_never_ends_have_their_entries(
    log: AuditLog,
) -> None:
    asked = asyncio.Event()

    async def waits(context: object, params: CreateMessageRequestParams) -> Any:
        asked.set()
        await asyncio.Event().wait()

    async def never_ends(context: object, params: CreateMessageRequestParams) -> Any:
        while True:
            pass

    with Lab(crowd(asked), sampling_callback=with_audit(waits, log), mode="legacy") as lab:
        assert said(await lab.call_tool("steal")) == "stolen"
        await until(log.entries)
    with Lab(bookshop(), sampling_callback=with_audit(never_ends, log), timeout=0.3) as lab, pytest.raises(LabError):
        await lab.call_tool("recommend", {"genre": "crime"})
    gate = Gate()
    with Lab(bookshop(), sampling_callback=with_audit(gate, log)) as lab:
        call = lab.start("recommend", {"genre": "crime"})
        await until(lambda: gate.waiting)
    with pytest.raises(LabClosed):
        await call
    taken_back, stuck, broken_off = log.entries()
    assert (taken_back.decision, taken_back.reached) == (broken_off.decision, broken_off.reached) == ("cancelled", True)
    assert (stuck.decision, stuck.by) == ("failed", "model")
    assert stuck.why == "It held the event loop, or its cancellation, and was stopped."


async def test_a_policy_and_its_switch_tell_the_audit_who_decided(log: AuditLog) -> None:
    def allowing(callback: Any, **fields: Any) -> Any:
        policy = Policy(**{"when": "always", "ask": "never", **fields})
        return with_policy(callback, policy, ask=thinks, stop=stop, audit=log)

    stop, gate = Switch(), Gate()
    await answered(allowing(Model(), when="never"), question("plot"))
    await answered(allowing(Model(), ask="always"), question("plot"))
    await answered(allowing(Model(), audit="texts"), question("plot"))
    await answered(allowing(Model(), audit="nothing"), question("plot"))
    under_way = asyncio.create_task(answered(allowing(gate), question("plot")))
    await until(lambda: gate.waiting)
    stop.stop("enough")
    await under_way
    await answered(allowing(Model()), question("plot"))
    assert [(told.decision, told.by, told.texts is not None) for told in log.entries()] == [
        ("refused", "policy", False),
        ("refused", "person", False),
        ("answered", "", True),
        ("cancelled", "switch", False),
        ("refused", "switch", False),
    ]


async def test_what_a_person_or_a_rule_changed_and_what_a_rule_found_is_told(log: AuditLog) -> None:
    def edits(request: ReviewRequest) -> Edit:
        return request.edit("ending of Emma" if request.answer is None else "It ends well.")

    callback = with_audit(with_guard(with_approval(Model(), ask=edits)), log)
    hidden = question("plot of\u200b Emma")
    await answered(callback, hidden)
    await answered(with_audit(with_guard(Model()), log), hidden)
    await answered(with_guard(with_audit(Model(), log)), hidden)
    both, request, inside = log.entries()
    assert (both.changed, request.changed, inside.changed) == (("request", "answer"), ("request",), ())
    assert (
        {both.asked.remarks, request.asked.remarks, inside.asked.remarks}
        == {("hidden_characters: 1 hidden character, taken out",)}
    )  # fmt: skip


async def test_a_connection_is_known_by_itself_and_not_by_the_name_that_a_server_gives_itself(log: AuditLog) -> None:
    callback = with_audit(Model(), log)
    other = SimpleNamespace(session=Session())
    for context, origin in [
        (CONNECTION, Origin("bookshop", "2026-07-28")),
        (other, Origin("bookshop", "2026-07-28")),
        (CONNECTION, Origin("renamed", "2026-07-28")),
        (SimpleNamespace(), Origin("bookshop", "2026-07-28")),
    ]:
        await answered(callback, question("plot"), origin, context)
    assert [told.connection for told in log.entries()] == [1, 2, 1, 0]


async def test_it_is_written_with_a_plain_client_too(log: AuditLog) -> None:
    async with Client(bookshop(), sampling_callback=with_audit(Model(), log)) as client:
        await client.call_tool("recommend", {"genre": "crime"})
    (told,) = log.entries()
    assert (told.server, told.wire, told.decision) == ("", "2026-07-28", "answered")


# ---- what a server writes: secrets, line breaks, escapes, other characters

FORGED = '\n{"form":1,"id":"forged"}\r\u2028\x1b[2J\x1b]8;;x\x07\u202e\x9b31m\ud800'


@given(params=requests)
@patient
def test_no_request_loses_its_answer_or_writes_anything_but_one_line_of_ascii(
    tmp_path_factory: pytest.TempPathFactory, params: CreateMessageRequestParams
) -> None:
    log = AuditLog(tmp_path_factory.mktemp("log") / "audit.jsonl")
    callback = with_audit(Model(FORGED, model=FORGED), log, texts=True)
    origin = Origin(FORGED, FORGED, FORGED, {FORGED: 1}, 1, FORGED)
    told, steps = asyncio.run(answered(callback, params, origin))
    assert (said(told), labels(steps)) == (FORGED, [])
    content = log.path.read_bytes()
    assert content.isascii()
    assert content.endswith(b"\n")
    assert content[:-1].decode().isprintable()
    assert [each.decision for each in log.entries()] == ["answered"]
    assert len(log.entries()) == len(content.splitlines()) == 1


def request_about(secret: str) -> CreateMessageRequestParams:
    return CreateMessageRequestParams.model_validate(
        {
            "messages": [{"role": "user", "content": {"type": "text", "text": secret}}],
            "maxTokens": 50,
            "systemPrompt": secret,
            "metadata": {"note": secret},
            "tools": [{"name": secret, "inputSchema": {"type": "object", "description": secret}}],
        }
    )


async def test_no_secret_stands_in_a_log_whatever_field_it_comes_in(log: AuditLog) -> None:
    held = [sample for sample in samples("held") if len(sample.blocks) == 1]
    for sample in held[::7]:
        (text,) = sample.blocks

        async def quotes(context: object, params: CreateMessageRequestParams, text: str = text) -> CreateMessageResult:
            report(f"noted: {text}", rule="secrets")
            return answer(text, model=text)

        async def leaks(context: object, params: CreateMessageRequestParams, text: str = text) -> ErrorData:
            raise RuntimeError(text)

        origin = Origin(text, "2026-07-28", text, {}, 1, text)
        await answered(with_audit(quotes, log, texts=True), request_about(text), origin)
        with pytest.raises(RuntimeError):
            await answered(with_audit(leaks, log), request_about(text), origin)
        # Two digits of a PIN stand in many a number.
        ours = {"at", "id", "run", "seconds", "input_tokens", "output_tokens", "estimated"}
        told = [each.model_dump(mode="json", exclude=ours) for each in log.entries(2)]
        shown = json.dumps([each | {"asked": each["asked"] | {"system": ""}} for each in told], ensure_ascii=False)
        assert not [secret for secret in sample.secrets if survives(secret, shown)], sample.line


async def test_the_texts_are_kept_where_that_is_said_and_cut(log: AuditLog) -> None:
    await answered(with_audit(Model("Read Chandler."), log, texts=True), MUCH)
    (told,) = log.entries()
    assert told.texts is not None
    assert told.texts["answer"]["content"]["text"] == "Read Chandler."
    assert "the rest is not shown" in told.texts["request"]["messages"][0]["content"]["text"]
    assert log.path.stat().st_size < 40_000


async def test_a_long_prompt_costs_no_search_for_secrets(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[int] = []
    redact = audit_entry.redact

    def counted(told: Any) -> Any:
        searched.append(len(str(told)))
        return redact(told)

    monkeypatch.setattr(audit_entry, "redact", counted)
    long = "x" * 1_000_000
    for params in (question(long), question("plot").model_copy(update={"system_prompt": long})):
        await answered(with_audit(Model(long, model=long), log, texts=True), params)
    assert len(log.entries()[1].asked.system) == 16
    assert 0 < max(searched) < 100_000


async def test_equal_system_prompts_have_equal_digests_that_tell_no_password(log: AuditLog) -> None:
    for prompt in ("password=hunter22", "password=hunter23", "Be brief.", "Be brief", ""):
        await answered(with_audit(Model(), log), question("plot").model_copy(update={"system_prompt": prompt}))
    one, two, brief, other, empty = (told.asked.system for told in log.entries())
    assert one == two
    assert len({one, brief, other, empty}) == 4


# ---- the file


def test_several_threads_and_processes_tear_and_lose_no_line_while_the_file_is_rotated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "audit.jsonl"
    script = (
        "import sys; from tests.host.test_audit import entry; from labkit.host import AuditLog, audit\n"
        "audit.PATIENCE = 100.0; log = AuditLog(sys.argv[1], megabytes=0.001, keep=500)\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "[log.add(entry(n, server='x' * 150)) for n in range(1_000, 1_300)]"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    monkeypatch.setattr(module, "PATIENCE", 100.0)
    try:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"ready"
        log = AuditLog(path, megabytes=0.001, keep=500)
        with ThreadPoolExecutor(4) as pool:
            ends = pool.submit(other.communicate, b"go\n", 120)
            list(pool.map(lambda n: log.add(entry(n, server="x" * 150)), range(300)))
            ends.result()
    finally:
        other.kill()
        other.wait()
    lines = [line for each in log.files() for line in each.read_bytes().splitlines()]
    found = [each.asked.characters for line in lines if (each := Entry.read(line)) is not None]
    assert sorted(found) == [*range(300), *range(1_000, 1_300)]
    assert len(lines) == len(found)
    # Of two that find the file full at the same time, one makes a new one.
    assert min(each.stat().st_size for each in log.files()[:-1]) >= 1_000


def test_a_file_is_rotated_by_size_and_only_so_many_are_kept(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "folder" / "audit.jsonl", megabytes=0.001, keep=2)
    for n in range(60):
        log.add(entry(n))
    assert [path.name for path in log.files()] == ["audit.jsonl.2", "audit.jsonl.1", "audit.jsonl"]
    assert max(path.stat().st_size for path in log.files()) < 1_500
    kept = numbers(log)
    assert kept == [*range(60 - len(kept), 60)]
    assert 5 < len(kept) < 60
    assert numbers(log, 3) == [57, 58, 59]
    assert numbers(log, len(kept) - 1) == kept[1:]
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in log.files()} == {0o600}


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl", days=7, keep=7)
    now = datetime.now(UTC)
    log.add(entry(1, now - timedelta(days=9)))
    old = (now - timedelta(days=8)).timestamp()
    os.utime(log.path, (old, old))
    log.add(entry(2, now))  # the first makes a new file, and then its old one is found to be too old
    assert numbers(log) == [1, 2]
    log.add(entry(3, now))
    assert numbers(log) == [2, 3]
    assert [path.name for path in log.files()] == ["audit.jsonl"]


def test_a_torn_line_and_what_is_not_ours_cost_themselves_alone(log: AuditLog) -> None:
    log.add(entry(1))
    good = log.path.read_bytes().replace(b'"id":"1"', b'"id":"9"')
    strange = [
        b"",
        b"hello",
        b"[1]",
        b"{}",
        b'{"form":2}',
        b"[" * 100_000,
        good.strip().replace(b'"form":1', b'"form":2'),
        good.strip().replace(b'"connection":1', b'"connection":' + b"9" * 5_000),
        good.strip().replace(b'"connection":1', b'"connection":"<b>"'),
        good.strip().replace(b'"id":"9"', b'"id":"<b>"'),
        b"\xff\xfe\x00",
        good[:40],
    ]
    with log.path.open("ab") as file:
        file.write(b"\n".join(strange))
    log.add(entry(2))
    assert numbers(log) == numbers(log, 2) == [1, 2]


async def test_a_log_that_cannot_be_written_loses_no_sample_is_not_silent_and_catches_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    log = AuditLog(tmp_path / "file" / "audit.jsonl")
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            told, steps = await answered(with_audit(Model(), log), question("plot"))
            assert said(told) == "Read Chandler."
            assert labels(steps) == [log.trouble]
    assert log.trouble.startswith("The audit log audit.jsonl could not be written (")
    assert log.trouble.endswith("Entries that wait for the next try: 2.")
    assert len(caplog.records) == 1
    assert len(log.entries()) == 2
    (tmp_path / "file").unlink()
    await answered(with_audit(Model(), log), question("plot"))
    assert (log.trouble, len(log.entries()), len(log.path.read_bytes().splitlines())) == ("", 3, 3)


@pytest.mark.parametrize("room", [0, 10])
def test_a_full_disk_leaves_no_torn_line(log: AuditLog, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    write = os.write

    def full(handle: int, data: bytes) -> int:
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data[:room])

    log.add(entry(1))
    before = log.path.read_bytes()
    monkeypatch.setattr(os, "write", full)
    log.add(entry(2))
    assert log.path.read_bytes() == before
    assert "No space left" in log.trouble or "the disk is full" in log.trouble
    monkeypatch.undo()
    log.add(entry(3))
    assert numbers(log) == [1, 2, 3]


def test_another_process_that_holds_the_lock_holds_up_one_sample_for_a_moment_and_no_more(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    monkeypatch.setattr(module, "UNSAVED", 3)
    log = AuditLog(log.path)
    with FileLock(f"{log.path}.lock"):
        for n in range(5):
            log.add(entry(n))
    assert log.trouble.endswith("Entries that wait for the next try: 3, and 2 older ones are lost.")
    log.add(entry(5))
    assert (numbers(log), log.trouble) == ([3, 4, 5], "")


def test_a_pipe_is_no_log(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    os.mkfifo(tmp_path / "audit.jsonl")
    log = AuditLog(tmp_path / "audit.jsonl")
    log.add(entry())
    assert "it is not an ordinary file" in log.trouble


async def test_an_entry_that_cannot_be_made_and_a_listener_that_fails_lose_no_sample(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    log.listen(lambda: 1 / 0)
    forget = log.listen(lambda: heard.append(1))
    await answered(with_audit(Model(), log), question("plot"))
    forget()
    monkeypatch.setattr(Sample, "entry", lambda *_, **__: 1 / 0)
    told, steps = await answered(with_audit(Model(), log), question("plot"))
    assert said(told) == "Read Chandler."
    assert labels(steps) == ["The audit log has no entry for this: ZeroDivisionError: division by zero"]
    assert heard == [1]


def test_what_cannot_be_a_log_is_refused_when_it_is_made(log: AuditLog) -> None:
    with pytest.raises(TypeError, match="a str is no log"):
        with_audit(Model(), "audit.jsonl")  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="texts='yes'"):
        with_audit(Model(), log, texts="yes")  # pyright: ignore[reportArgumentType]
    impossible: list[dict[str, Any]] = [{"megabytes": -1}, {"keep": 0}, {"days": float("nan")}]
    for wrong in impossible:
        with pytest.raises(ValueError, match="it must be"):
            AuditLog(log.path, **wrong)


@pytest.mark.parametrize("last", [-1, True, 1.5])
def test_a_number_of_entries_that_is_none_is_refused(tmp_path: Path, last: Any) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    with pytest.raises(ValueError, match=f"last is {last}, and it must be a whole number, 0 or more"):
        log.entries(last)
    assert log.entries(0) == []
