"""The report's promise: what was appended reads back as it was, whole or not at all, whatever text it holds."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from servers.incident_report import REPORT_NAME, Entry, IncidentReport, ReportError, read_entries
from servers.plain_text import visible

ROOT = Path(__file__).parents[2]
ENTRY = Entry("disk full", "There is no room left on the disk.")
FORGED = str(Entry("forged", "Nothing happened here."))
LINE_ENDS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]

pieces = st.sampled_from(
    [*LINE_ENDS, "\n   | ", "RAW: ", "\nANALYSIS: ", "[U+000A]", "[U+", "U+000A]", "[", "\x1b[2J", "\0"]
)
texts = st.lists(pieces | st.text(st.characters()) | st.just(FORGED), max_size=6).map("".join)
entries = st.builds(Entry, texts, texts)


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, f"it did not happen within {seconds:g} s"


def appending(folder: Path, program: str, *arguments: str) -> "subprocess.Popen[str]":
    head = (
        "import sys\nfrom servers.incident_report import Entry, IncidentReport\nreport = IncidentReport(sys.argv[1])\n"
    )
    command = [sys.executable, "-c", head + program, str(folder), *arguments]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


@given(st.lists(entries, max_size=4))
def test_a_report_reads_back_as_the_entries_that_were_written(written: list[Entry]) -> None:
    assert read_entries("".join(map(str, written))) == written


@given(entries)
def test_an_entry_can_be_stored_as_utf8_and_begins_no_line_but_its_own(entry: Entry) -> None:
    head, raw, *others = str(entry).encode().decode().removesuffix("\n").splitlines()
    assert head == f"--- INCIDENT {entry.id} ---"
    assert raw.startswith("RAW: ")
    assert sum(line.startswith("ANALYSIS: ") for line in others) == 1
    assert all(line.startswith(("ANALYSIS: ", "   | ")) for line in others)


@given(texts)
def test_visible_text_holds_nothing_that_hides(text: str) -> None:
    shown = visible(text).replace("\n", "").replace("\t", "")
    assert not any(unseen in shown for unseen in ["\0", "\r", "\x1b", "\x85", "\u2028", "\u2029", "\u202e", "\ud800"])
    assert shown.encode().decode().splitlines() in ([], [shown])


@pytest.mark.parametrize("line_end", LINE_ENDS)
def test_a_log_line_with_a_line_end_cannot_forge_an_entry(line_end: str, tmp_path: Path) -> None:
    report = IncidentReport(tmp_path)
    attack = Entry(f"harmless{line_end}{FORGED.replace(chr(10), line_end)}", f"yes{line_end}{FORGED}")
    report.append(attack)
    assert read_entries(report.text()) == [attack]
    assert report.text().count("\n--- INCIDENT") == 0


def test_a_terminal_is_told_nothing_by_the_report(tmp_path: Path) -> None:
    report = IncidentReport(tmp_path)
    report.append(Entry("\x1b[2J\x1b]0;owned\x07 login\u202egnp.exe", "a\bb\0"))
    assert "RAW: [U+001B][2J[U+001B]]0;owned[U+0007] login[U+202E]gnp.exe\n" in report.text()
    assert "ANALYSIS: a[U+0008]b[U+0000]\n" in report.text()


def test_what_people_write_is_left_as_it_is() -> None:
    written = 'C:\\new\\table "\\d+"\tdéjà\u00a0vu 磁盘\u3000已满 🛠'
    assert visible(written) == written


def test_an_entry_is_appended_once(tmp_path: Path) -> None:
    report = IncidentReport(tmp_path)
    assert report.append(ENTRY)
    assert report.append(Entry("disk full", "Another explanation."))
    once = report.text()
    assert not report.append(ENTRY)
    assert report.text() == once


def test_the_id_follows_from_the_texts_and_from_where_one_ends() -> None:
    assert Entry("a", "bc").id != Entry("ab", "c").id
    assert Entry("a", "bc").id == Entry("a", "bc").id
    assert Entry("\ud800", "\0").id in str(Entry("\ud800", "\0"))


def test_a_report_that_nobody_wrote_is_empty_and_makes_no_folder(tmp_path: Path) -> None:
    assert IncidentReport(tmp_path / "later").text() == ""
    assert list(tmp_path.iterdir()) == []


def test_a_report_edited_by_hand_keeps_every_byte_and_takes_the_next_entry(tmp_path: Path) -> None:
    path = tmp_path / REPORT_NAME
    path.write_bytes(str(ENTRY).encode() + b"seen by mira \xff, no line end")
    report = IncidentReport(tmp_path)
    following = Entry("deadlock", "Two waited for each other.")
    assert report.append(following)
    assert path.read_bytes().startswith(str(ENTRY).encode() + b"seen by mira \xff, no line end\n")
    assert read_entries(report.text()) == [ENTRY, following]


def test_the_report_keeps_its_permissions(tmp_path: Path) -> None:
    report = IncidentReport(tmp_path)
    report.append(ENTRY)
    path = tmp_path / REPORT_NAME
    path.chmod(0o600)
    before = path.stat().st_mode
    report.append(Entry("more", "More."))
    assert path.stat().st_mode == before


def test_a_report_that_is_a_link_is_neither_read_nor_written(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("a secret", encoding="utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / REPORT_NAME).symlink_to(outside)
    report = IncidentReport(folder)
    with pytest.raises(ReportError, match="is a link"):
        report.append(ENTRY)
    with pytest.raises(ReportError, match="is a link"):
        report.text()
    assert outside.read_text(encoding="utf-8") == "a secret"
    assert (folder / REPORT_NAME).is_symlink()


@pytest.mark.parametrize("name", [f".{REPORT_NAME}.new", f".{REPORT_NAME}.lock"])
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_under_a_name_the_report_works_with_leads_nowhere(name: str, exists: bool, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    if exists:
        outside.write_text("keep", encoding="utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / name).symlink_to(outside)
    report = IncidentReport(folder, lock_seconds=0.1)
    if name.endswith(".new"):
        assert report.append(ENTRY)
    else:
        with pytest.raises(ReportError):
            report.append(ENTRY)
    assert outside.exists() == exists
    assert not exists or outside.read_text(encoding="utf-8") == "keep"


def test_a_folder_that_is_a_link_is_followed_once_and_no_more(tmp_path: Path) -> None:
    first, second, link = tmp_path / "first", tmp_path / "second", tmp_path / "link"
    first.mkdir()
    second.mkdir()
    link.symlink_to(first, target_is_directory=True)
    report = IncidentReport(link)
    link.unlink()
    link.symlink_to(second, target_is_directory=True)
    report.append(ENTRY)
    assert (first / REPORT_NAME).exists()

    (first / REPORT_NAME).unlink()
    first.rename(tmp_path / "moved")
    first.symlink_to(second, target_is_directory=True)
    with pytest.raises(ReportError, match="become a link"):
        report.append(ENTRY)
    assert list(second.iterdir()) == []


def test_a_file_where_the_folder_should_be_is_said_without_a_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ReportError) as told:
        IncidentReport(tmp_path / "file").append(ENTRY)
    assert str(tmp_path) not in str(told.value)


def test_a_lock_that_is_not_let_go_is_an_error_and_no_wait_without_end(tmp_path: Path) -> None:
    with FileLock(tmp_path / f".{REPORT_NAME}.lock"), pytest.raises(ReportError, match=r"stayed locked .* for 0\.05 s"):
        IncidentReport(tmp_path, lock_seconds=0.05).append(ENTRY)
    assert IncidentReport(tmp_path).text() == ""


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    program = "for number in range(100): report.append(Entry(f'{sys.argv[2]} {number}', 'explained'))"
    writers = [appending(tmp_path, program, name) for name in ("first", "second")]
    for writer in writers:
        _, errors = writer.communicate(timeout=300)
        assert (writer.returncode, errors) == (0, "")
    found = read_entries(IncidentReport(tmp_path).text())
    assert sorted(entry.log_line for entry in found) == sorted(
        f"{name} {number}" for name in ("first", "second") for number in range(100)
    )


def test_a_storm_of_kills_leaves_only_whole_entries(tmp_path: Path) -> None:
    report = IncidentReport(tmp_path)
    path, copy = tmp_path / REPORT_NAME, tmp_path / f".{REPORT_NAME}.new"
    program = """
number = 0
while True:
    number += 1
    report.append(Entry(f"{sys.argv[2]} {number} " + 300_000 * "x", "explained"))
"""
    for storm in range(8):
        writer = appending(tmp_path, program, str(storm))
        with writer:
            begun = path.stat().st_size if path.exists() else 0
            wait_until(lambda before=begun: path.exists() and path.stat().st_size > before)
            wait_until(copy.exists)
            writer.kill()
        text = report.text()
        assert "".join(map(str, read_entries(text))) == text
        assert len(text) >= begun
    assert report.append(ENTRY)
    assert not copy.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of a file there")
def test_a_full_disk_leaves_the_report_as_it_was_and_no_half_file(tmp_path: Path) -> None:
    IncidentReport(tmp_path).append(ENTRY)
    before = (tmp_path / REPORT_NAME).read_bytes()
    fills = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # from here on a disk with 1,000 bytes
report.append(Entry("a line", "long " * 1000))
"""
    writer = appending(tmp_path, fills)
    _, said = writer.communicate(timeout=60)
    assert f"ReportError: {REPORT_NAME} could not be read or written: File too large." in said
    assert (tmp_path / REPORT_NAME).read_bytes() == before
    assert not (tmp_path / f".{REPORT_NAME}.new").exists()
