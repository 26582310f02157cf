"""The settings of last time: they come back, hold no key and no code, and nothing hostile comes in with them."""

import json
import stat
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import StdioServerParameters

from labkit import close_all
from labkit.dial_table import Settings as Dials
from labkit.models.answerers import usual_settings
from labkit.playground import Playground
from labkit.playground.cells import Cells
from labkit.playground.choices import Choices, from_json, text_of, to_json
from labkit.playground.last_settings import LARGEST, OFFERED, PLACE, UNREADABLE, USED, WITHOUT, Memory
from labkit.playground.view import PlaygroundView
from tests.story import OVER_STDIO, bookshop

KEY = "sk-ant-past-0123456789abcdef"
SECRET = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"
COMMAND = [OVER_STDIO.command, *OVER_STDIO.args]


@pytest.fixture(scope="module")
def first() -> Iterator[Choices]:
    """What is chosen at first."""
    playground = Playground(remember=False)
    playground.wait()
    yield playground.choices
    playground.close()
    close_all()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "kept"
    close_all()


def opened(folder: Path | bool, server: Any = None) -> tuple[Playground, PlaygroundView]:
    """A playground with its page, which has asked for the settings of last time."""
    playground = Playground(server, remember=folder)
    playground.wait()
    view = PlaygroundView(playground)
    view._handle_custom_msg({"do": "here"}, [])
    playground.wait()
    return playground, view


def closed(playground: Playground, view: PlaygroundView) -> None:
    view.close()
    playground.close()


def kept(folder: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in folder.glob("*"))


def turned(playground: Playground) -> None:
    """Choose something else everywhere."""
    playground.target.use_server("text_analyst")
    playground.target.use_transport("http")
    playground.target.use_wires("both")
    playground.wait()
    playground.target.use_tool("analyze_text")
    playground.target.type({"text": "Mira", "kind": "summary"})
    playground.answers.set(script="Emma", local_model="smollm")
    playground.answers.use("script")
    playground.answers.dials.turn(temperature=0.8, seed=7, stop_sequences=("END",), system_prompt="Be brief.")
    playground.answers.hold(approval=True, guard=True)
    playground.answers.hold(budget={"samples": 3})


def test_what_was_chosen_last_is_kept_though_no_page_has_drawn_it(folder: Path) -> None:
    playground = Playground(remember=folder)
    playground.wait()
    playground.last_settings.recall()
    playground.answers.dials.turn(seed=7)
    playground.close()
    playground, view = opened(folder)
    assert (playground.answers.dials.settings.seed, playground.last_settings.note) == (7, USED)
    closed(playground, view)


def test_everything_that_was_chosen_comes_back_and_nothing_runs(folder: Path) -> None:
    playground, view = opened(folder)
    assert not folder.exists()  # nobody has chosen anything
    turned(playground)
    chosen = playground.choices
    closed(playground, view)
    playground, view = opened(folder)
    assert playground.choices == chosen
    assert (playground.target.status, playground.runs, playground.last_settings.note) == ("connected", [], USED)
    assert playground.target.form_number
    assert [field["value"] for field in playground.target.fields] == ["Mira", "summary"]
    # A start afresh holds for the next time too.
    view._handle_custom_msg({"do": "fresh"}, [])
    playground.wait()
    fresh = playground.choices
    assert (fresh.tool, fresh.who, fresh.dials, view.top["settings_note"]) == ("process_log_entry", "tiny", Dials(), "")
    closed(playground, view)
    playground, view = opened(folder)
    assert (playground.choices, playground.last_settings.note) == (fresh, "")
    closed(playground, view)


def test_without_a_page_or_with_remember_off_nothing_is_read_or_kept(folder: Path) -> None:
    playground, view = opened(folder)
    playground.answers.use("hand")
    closed(playground, view)
    was = kept(folder)
    headless = Playground(remember=folder)
    headless.wait()
    assert headless.answers.who == "tiny"
    headless.answers.use("script")
    headless.close()
    assert kept(folder) == was
    for playground, view in (opened(False), opened(True)):  # the usual folder is off for every test
        assert playground.answers.who == "tiny"
        playground.answers.use("hand")
        closed(playground, view)
    assert kept(folder) == was


def test_who_clicks_before_they_are_read_keeps_what_is_on_the_page_and_is_offered_them(folder: Path) -> None:
    playground, view = opened(folder)
    playground.answers.use("hand")
    closed(playground, view)
    playground = Playground(remember=folder)
    playground.wait()
    view = PlaygroundView(playground)
    view._handle_custom_msg({"do": "hold", "guard": True}, [])
    assert (playground.answers.who, view.top["settings_note"], view.top["offered"]) == ("tiny", OFFERED, True)
    view._handle_custom_msg({"do": "use_last_settings"}, [])
    assert (playground.answers.who, "guard" in playground.answers.duties, view.top["settings_note"]) == (
        "hand",
        False,
        USED,
    )
    assert view.top["offered"] is False
    closed(playground, view)


def test_a_command_or_an_address_is_shown_and_not_started(folder: Path) -> None:
    for source in (StdioServerParameters(command=COMMAND[0], args=COMMAND[1:]), "http://127.0.0.1:9/mcp"):
        playground, view = opened(folder)
        folder.mkdir(exist_ok=True)
        playground.last_settings._memory.write(
            to_json(playground.choices.but(source=source, tool="recommend"), None, [])
        )
        closed(playground, view)
        playground, view = opened(folder)
        assert playground.target.source == source
        assert (playground.target.status, playground.target.labs, view.top["address"]) == (
            "not connected",
            {},
            text_of(source),
        )
        assert view.top["status"] == "not connected · press Connect"
        view._handle_custom_msg({"do": "run", "values": {}}, [])
        assert (playground.runs, playground.target.fault) == ([], "Not connected: press Connect.")
        if isinstance(source, StdioServerParameters):
            view._handle_custom_msg({"do": "server", "name": "command", "text": view.top["address"]}, [])
            playground.wait()
            assert (playground.target.status, playground.target.tool) == ("connected", "recommend"), (
                playground.target.fault
            )
        closed(playground, view)


def test_a_server_that_is_given_in_code_is_not_taken_away(folder: Path) -> None:
    playground, view = opened(folder)
    turned(playground)
    closed(playground, view)
    shop = bookshop()
    playground, view = opened(folder, shop)
    assert playground.target.source is shop
    assert (playground.target.status, playground.answers.who, playground.target.transport) == (
        "connected",
        "script",
        "http",
    )
    assert playground.target.tool in [tool.name for tool in playground.target.tools]
    closed(playground, view)


def test_no_key_and_no_code_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a key of no known form 17")
    playground, view = opened(folder, bookshop())
    playground.answers.use_key(KEY)

    @playground.callback
    async def a_callback_of_mine(context: object, params: object) -> Any:
        raise NotImplementedError

    playground.target.use_tool("recommend")
    for secret in (KEY, SECRET, "a key of no known form 17", "password=hunter22"):
        playground.target.type({"genre": secret})
        playground.answers.set(script=f"so: {secret}")
        playground.answers.dials.turn(system_prompt=secret, stop_sequences=(secret, "END"))
        assert secret not in kept(folder)
    text = kept(folder)
    assert "a_callback_of_mine" not in text
    assert '"who": "own"' in text
    path = next(folder.iterdir())
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.drive
    closed(playground, view)
    playground, view = opened(folder, bookshop())
    assert (playground.answers.who, playground.answers.own_callback, playground.last_settings.note) == (
        "own",
        None,
        USED + WITHOUT,
    )
    assert playground.answers.dials.settings.stop_sequences == ("END",)
    closed(playground, view)


@pytest.mark.parametrize(
    "source",
    [
        "http://user:hunter22@127.0.0.1:8000/mcp",
        "http://127.0.0.1:8000/mcp?key=abc",
        f"http://127.0.0.1:8000/{SECRET}",
        StdioServerParameters(command="python", args=["server.py", "--api-key", "hunter22"]),
        StdioServerParameters(command="python", args=["server.py", f"--with={SECRET}"]),
        StdioServerParameters(command="python", args=["server.py"], env={"PLAIN": "value"}),
        bookshop(),
    ],
)
def test_a_server_that_may_hold_a_secret_is_not_kept(first: Choices, source: Any) -> None:
    told = to_json(first.but(source=source, transport="stdio"), None, [])
    assert (told["server"], told["left_out"], text_of(source)) == ({}, ["server"], "")
    json.dumps(told)


def test_what_no_json_has_is_left_out_or_made_plain(first: Choices) -> None:
    told = to_json(
        first.but(typed={"a": object(), "b": (1, Fraction(1, 2))}, dials=Dials(seed=cast("int", np.int64(7)))),
        None,
        [],
    )
    assert (told["typed"], told["dials"]["seed"]) == ({"b": [1, 0.5]}, 7)
    json.dumps(told)


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)


@given(texts, texts, st.sampled_from([KEY, SECRET]), st.integers(0, 4))
def test_wherever_a_key_stands_it_is_not_kept(first: Choices, before: str, after: str, key: str, place: int) -> None:
    text = f"{before} {key} {after}"
    choices = (
        first.but(typed={"text": [text, {"inner": text}]}),
        first.but(typed={text: "x"}),
        first.but(settings=dict.fromkeys(usual_settings(), text)),
        first.but(dials=Dials(system_prompt=text, stop_sequences=(text,))),
        first.but(tool=text, source=f"http://127.0.0.1/{text}"),
    )[place]
    assert key not in json.dumps(to_json(choices, None, [key]), ensure_ascii=False)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
NAMES = ("server", "transport", "wires", "tool", "typed", "who", "settings", "dials", "duties")


@given(st.sampled_from(NAMES), anything, st.sampled_from(["temperature", "seed", "samples", "url", "box", "script"]))
def test_what_a_file_says_is_used_whole_or_not_at_all(first: Choices, name: str, value: Any, inner: str) -> None:
    good = to_json(first, None, [])
    for told in ({**good, name: value}, {**good, name: {inner: value}}):
        try:
            choices = from_json(told, first, {"log_archiver": first.source}, None)  # pyright: ignore[reportArgumentType]
        except ValueError:
            continue
        assert isinstance(choices, Choices)
        json.dumps(to_json(choices, None, [])).encode()


@given(st.binary(max_size=60) | anything.map(lambda told: json.dumps(told).encode()))
def test_a_file_of_another_kind_is_no_error_but_one_of_value(tmp_path_factory: Any, content: bytes) -> None:
    memory = Memory(tmp_path_factory.getbasetemp(), "hostile")
    assert memory.path is not None
    memory.path.write_bytes(content)
    with pytest.raises(ValueError, match=r"\S"):
        memory.read()


@pytest.mark.parametrize("content", ["", "{", "[" * 90_000, '{"playground": 2}', '{"playground": 1, "who": "root"}'])
def test_a_file_that_cannot_be_used_is_told_in_one_sentence(folder: Path, content: str) -> None:
    folder.mkdir()
    path = Memory(folder, "playground").path
    assert path is not None
    path.write_text(content, encoding="utf-8")
    playground, view = opened(folder)
    assert (view.top["settings_note"], playground.answers.who, playground.target.status) == (
        UNREADABLE,
        "tiny",
        "connected",
    )
    closed(playground, view)


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.touch()
    for folder in (occupied, occupied / "below"):
        memory = Memory(folder, "x")
        memory.write({"who": "tiny"})
        assert memory.read() is None
        memory.forget()
    memory = Memory(tmp_path / "kept", "x")
    memory.write({"typed": "x" * LARGEST})
    assert not (tmp_path / "kept").exists()


def test_each_notebook_and_each_name_has_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, str(tmp_path))
    paths: set[Path | None] = set()
    for notebook in ("a.ipynb", "b.ipynb"):
        monkeypatch.setenv("JPY_SESSION_NAME", notebook)
        paths |= {Memory(True, name).path for name in ("playground", "other")}
    assert len(paths) == 4
    assert {path and path.parent for path in paths} == {tmp_path}
    monkeypatch.delenv(PLACE)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    path = Memory(True, "playground").path
    assert path is not None
    assert path.parent == tmp_path / "data" / "labkit"


def test_a_run_of_the_history_is_set_up_again(folder: Path) -> None:
    playground, view = opened(folder)
    playground.answers.use("script")
    playground.run()
    playground.wait()
    then = playground.choices
    turned(playground)
    playground.answers.hold(approval=False)
    view._handle_custom_msg({"do": "again", "number": 1}, [])
    playground.wait()
    assert (playground.choices, len(playground.runs), view.top["settings_note"]) == (then, 1, "Settings of run 1")
    view._handle_custom_msg({"do": "again", "number": 5}, [])
    assert "there is no run 5" in playground.target.fault.lower()
    closed(playground, view)


def test_in_a_script_there_are_no_cells_to_wait_for() -> None:
    called: list[int] = []
    Cells(None).when_quiet(lambda: called.append(1), lambda: True)
    assert called == [1]
