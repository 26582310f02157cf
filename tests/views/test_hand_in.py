"""A page to hand in is whole by itself: text is text, nothing is loaded, nothing runs, and no machine is named."""

import re
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from labkit import Lab, Scripted, Telemetry, close_all, hand_in
from labkit.checks.case import Matter
from labkit.checks.scorecard import Scorecard
from labkit.telemetry.waterfall import Waterfall
from labkit.views.hand_in import page
from servers.text_analyst import make_server

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> \u202e \x1b[31m & ]]>"
KEY = "sk-" + "ant-" + "api03-" + "Zk4qP9xW2mB7vN5tR8sL3yH6" * 2


@pytest.fixture(autouse=True)
def _no_lab_thread_is_left():
    yield
    close_all()


def a_function() -> str:
    """A function of a file: its source stands on the page."""
    return "<b>not bold</b>"


class Tags(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def card(came_back: str) -> Scorecard:
    matter = Matter("figures.invented", "a figure that is nowhere", "sent", "why", "advice: here", "mend")
    return Scorecard(HOSTILE, (matter.row("FAIL", came_back), matter.row("PASS", "fine")))


@pytest.mark.anyio
async def test_whatever_stands_in_a_run_is_text_on_the_page() -> None:
    flows, telemetry = [], Telemetry(contents=True)
    for mode in ("auto", "legacy"):
        model = Scripted(lambda _: HOSTILE, model=HOSTILE)
        lab = Lab(make_server(), mode=mode, sampling_callback=model, telemetry=telemetry)
        await lab.call_tool("summarize", {"text": HOSTILE})
        flows.append(lab.flow)
    parts = {HOSTILE: HOSTILE, "Pairs": {HOSTILE: (HOSTILE, HOSTILE), "one": HOSTILE}, "Card": card(HOSTILE)}
    text = page({**parts, "Flows": flows, "Trace": Waterfall(telemetry.spans), "Code": [a_function]}, title=HOSTILE)
    tags = Tags(text)
    assert {tag for tag, _ in tags.seen}.isdisjoint({"script", "img", "iframe", "object", "link", "form", "a", "b"})
    for tag, attributes in tags.seen:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert not any(name in ("src", "href", "xlink:href") for name in attributes), (tag, attributes)
    assert "default-src 'none'" in text
    assert not {"\u202e", "\x1b"} & {*text}
    assert text.count("<svg") == 3
    assert "2026-07-28, in process" in tags.words
    assert "2025-11-25, in process" in tags.words
    assert 'return "<b>not bold</b>"' in tags.words


def test_no_key_and_no_folder_of_this_machine_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    told = f"{tmp_path / 'figures.db'}, {Path.home() / 'x'}, {tempfile.gettempdir()}/y, the key {KEY}"
    text = page({"In my own words": told, "Pairs": {told: told}, "Card": card(told)})
    assert KEY not in text
    for folder in (str(tmp_path), str(Path.home()), tempfile.gettempdir()):
        assert folder not in text
    assert "…/figures.db" in text or "…\\figures.db" in text


PEM = "\n".join(["-----BEGIN " + "PRIVATE KEY-----", *["Zx9Q" * 16] * 4, "-----END " + "PRIVATE KEY-----"])


def with_a_key() -> str:
    """A function with a key in its source."""
    return """
-----BEGIN MADEUP PRIVATE KEY-----
Zx9QZx9QZx9QZx9QZx9QZx9QZx9QZx9QZx9QZx9QZx9QZx9QZx9QZx9QZx9QZx9Q
-----END MADEUP PRIVATE KEY-----
"""


@pytest.mark.parametrize(
    "part",
    [
        {"password": "hunter2-hunter2"},
        {"api_key": ["hunter2-hunter2", "b"]},
        {"arguments": {"login": {"password": "hunter2-hunter2"}}},
        {"pin": 48213759},
        [["hunter2-hunter2"]],
        PEM,
        {"notes": PEM},
        {PEM: PEM},
        [PEM],
        with_a_key,
    ],
    ids=range(10),
)
def test_a_secret_is_told_by_the_name_before_it_and_by_all_its_lines(part: object) -> None:
    text = page({"password": part} if isinstance(part, list) else {"A part": part})
    for secret in ("hunter2", "48213759", "Zx9QZx9Q"):
        assert secret not in text
    assert "[redacted: " in text


def test_what_holds_itself_ends() -> None:
    around: list[object] = ["words", {"password": "hunter2-hunter2"}]
    pairs: dict[str, object] = {"a": 1, "around": [around], "password": "hunter2-hunter2"}
    around += [around, pairs]
    pairs["itself"] = pairs
    deep: list[object] = ["deep"]
    for _ in range(100_000):
        deep = [deep]
    text = page({"List": around, "Pairs": pairs, "Deep": deep, "Deep pairs": {"deep": deep}})
    assert "words" in text
    assert "hunter2" not in text


def test_a_drawing_that_is_not_the_kits_own_is_text() -> None:
    class Drawing:
        def svg(self) -> str:
            return "<svg><script>alert(1)</script></svg>"

        def __str__(self) -> str:
            return self.svg()

    class Traced(Waterfall):
        def svg(self, *, dark: bool = False, times: bool = True) -> str:
            return Drawing().svg()

    tags = {tag for tag, _ in Tags(page({"A": Drawing(), "B": [Drawing()], "C": Traced([])})).seen}
    assert tags.isdisjoint({"svg", "script"})


def test_a_row_that_failed_says_why_in_words_and_one_that_passed_is_short() -> None:
    text = page({"Card": card("987 came out as a true one does")})
    assert re.search(r'<tr class="FAIL"><th>FAIL</th><td>figures\.invented</td>.*?987 came out', text)
    assert "fine" not in text


def test_it_is_written_beside_the_notebook_and_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    hand_in("capstone.html", {"Design": "…", "A number": 7})
    assert (tmp_path / "capstone.html").read_text(encoding="utf-8").endswith("</body></html>\n")
    assert capsys.readouterr().out.startswith("capstone.html: Design, A number. Open it in a browser")
    hand_in(tmp_path, {"Design": "…"})
    assert "could not be written" in capsys.readouterr().out


def test_what_is_still_to_be_done_is_said_on_the_page_and_below_the_cell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    hand_in("capstone.html", {"By": "TODO: your name", "Design": "…", "The server": [a_function, "TODO: not mine"]})
    assert capsys.readouterr().out.endswith("\nStill to do: By, The server.\n")
    words = Tags((tmp_path / "capstone.html").read_text(encoding="utf-8")).words
    assert "Still to do: By, The server." in words
    assert re.search(r"Made on \d{4}-\d\d-\d\d from", words)
    hand_in("capstone.html", {"By": "Ada", "Design": "no TODO is left"})
    assert "Still to do" not in capsys.readouterr().out
    assert "Still to do" not in (tmp_path / "capstone.html").read_text(encoding="utf-8")


def test_a_function_whose_cell_is_gone_is_told() -> None:
    namespace: dict[str, object] = {}
    exec("def typed(): ...", namespace)  # noqa: S102
    assert "The source of typed is not known here" in page({"Code": namespace["typed"]})
