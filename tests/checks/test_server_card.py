"""The scorecard for servers passes what is good, and fails each mistake in exactly its own cases."""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from mcp import StdioServerParameters
from mcp.server.mcpserver import Context, MCPServer
from mcp.shared.exceptions import MCPDeprecationWarning
from mcp_types import CallToolResult, TextContent

from labkit import close_all
from labkit.checks import scorecard_server, server_cases
from labkit.checks.__main__ import main
from labkit.checks.sampling import answers, faults, limits, messages
from labkit.checks.scorecard import CASES
from labkit.checks.served import MOST_SAMPLES, Given, seen_of
from labkit.checks.server_card import SERVER_CASES
from labkit.checks.serving import questions, replies, rounds
from servers import code_reviewer, log_archiver, research_assistant, text_analyst
from tests.checks.mistakes import load_servers
from tests.checks.right_servers import RIGHT, TEXT
from tests.story import ROOT, over_http

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings(f"ignore::{MCPDeprecationWarning.__module__}.MCPDeprecationWarning"),
]

WRONG = load_servers()
ARGUMENTS = {"text": TEXT}


@pytest.fixture(autouse=True)
def _no_lab_thread_is_left():
    yield
    close_all()


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_server_fails_in_exactly_the_cases_named_beside_it(name: str) -> None:
    make, fails, timeout = WRONG[name]
    card = await scorecard_server(make, "label", ARGUMENTS, timeout=timeout)
    assert {row.id for row in card.failed} == fails, str(card)


@pytest.mark.parametrize("make", RIGHT, ids=lambda make: make.__name__)
async def test_no_style_fails_in_any_case(make: Any) -> None:
    card = await scorecard_server(make, "label", ARGUMENTS)
    assert card.failed == [], str(card)


class InTheBox(NamedTuple):
    """What makes a server of the box, its tool, and what that is called with."""

    make: Callable[..., MCPServer]
    tool: str
    arguments: dict[str, Any]

    async def passes(self, server: Given, *unseen: str) -> None:
        """See that `server`, which is this one, passes all cases but those that cannot be seen on it."""
        card = await scorecard_server(server, self.tool, self.arguments)
        assert card.failed == [], str(card)
        # Of an answer that is a label, or a piece of a review, none can be cut.
        unseen_here = {row.id for row in card.not_applicable if row.group != "tools"} - {"answers.cut"}
        assert unseen_here == {"rounds.shared-key", *unseen}, str(card)


BOX = {
    "log_archiver": InTheBox(log_archiver.make_server, "process_log_entry", {"log_line": "ERROR: deadlock"}),
    "text_analyst": InTheBox(text_analyst.make_server, "analyze_sentiment", ARGUMENTS),
    "code_reviewer": InTheBox(code_reviewer.make_server, "review_code", {"code": "import os\nos.system(input())\n"}),
    "research_assistant": InTheBox(research_assistant.make_server, "research_topic", {"topic": "attention"}),
}
AT_AN_ADDRESS = ("questions.environment", "rounds.expired", "rounds.second-process")
UNASKED = ("clients.refuses", "clients.fails", "clients.no-means-no")
"""On revision 2025-11-25 a server without sessions can ask nobody."""


def made_in(folder: Path, name: str) -> MCPServer:
    """A server of the box; the one that files what it hears files it there."""
    return BOX[name].make(folder) if name == "log_archiver" else BOX[name].make()


@pytest.mark.parametrize("name", BOX)
async def test_the_servers_of_the_box_pass(name: str, tmp_path: Path) -> None:
    await BOX[name].passes(lambda: made_in(tmp_path, name))


async def test_a_loop_of_the_box_passes() -> None:
    card = await scorecard_server(research_assistant.make_server, "investigate", {"question": "attention"})
    assert card.failed == [], str(card)
    assert {row.status for row in card.rows if row.group == "tools"} == {"PASS"}


@pytest.mark.parametrize("stateless", [False, True], ids=["http", "stateless"])
@pytest.mark.parametrize("name", BOX)
async def test_the_servers_of_the_box_pass_over_http(name: str, stateless: bool, tmp_path: Path) -> None:
    with over_http(made_in(tmp_path, name), stateless=stateless) as url:
        await BOX[name].passes(url, *AT_AN_ADDRESS, *(UNASKED if stateless else ()))


async def test_a_server_of_the_box_passes_over_stdio() -> None:
    command = StdioServerParameters(command=sys.executable, args=["-m", "servers.text_analyst"], cwd=ROOT)
    await BOX["text_analyst"].passes(command, "rounds.expired")


async def test_a_second_process_takes_a_state_where_both_know_the_key() -> None:
    case = next(case for case in server_cases() if case.id == "rounds.second-process")
    for keys, said in ((f"[{64 * 'k'!r}]", "It was taken."), ("()", "share no key")):
        program = f"from tests.checks.right_servers import with_keys; with_keys({keys}).run()"
        command = StdioServerParameters(command=sys.executable, args=["-c", program], cwd=ROOT)
        row = await case.examine(command, "label", ARGUMENTS)
        assert row.status == "PASS", row
        assert said in row.came_back


def test_every_case_is_failed_by_some_wrong_server() -> None:
    assert {case.id for case in server_cases()} == set().union(*(wrong.fails for wrong in WRONG.values()))


def test_every_case_says_what_to_do_in_sentences_and_names_its_source() -> None:
    cases = server_cases()
    assert len({case.id for case in cases}) == len({case.title for case in cases}) == len(cases)
    for case in cases:
        assert re.fullmatch(r"[a-z-]+\.[a-z0-9-]+", case.id)
        assert case.why.endswith("."), case.id
        assert case.mend.endswith("."), case.id
        assert case.wrong, case.id
        assert re.match(r"(MUST|SHOULD|advice): (2025-11-25|2026-07-28), ", case.source), case.id


def test_the_figures_that_a_case_tells_are_those_of_its_judge() -> None:
    told = {case.id: f"{case.sent} {case.why}" for case in (*CASES, *SERVER_CASES)}
    for name, figure in {
        "messages.long-system-prompt": f"{messages.LONG_PROMPT:,} characters",
        "limits.absurd": f"maxTokens {limits.ABSURD:,}",
        "limits.few-tokens": "maxTokens {}, then with {}".format(*limits.FEW),
        "limits.temperature": f"temperature {limits.USUAL:g}, then one with 99",
        "stop-reasons.whole": f"maxTokens {answers.ROOM:,}",
        "provider.slow": f"after {faults.LATE:g} s",
        "provider.silent": f"timeout={faults.SHORT:g}",
        "provider.wrong-key": f"More than {faults.FEW_TRIES} tries",
        "provider.busy-always": f"More than {faults.MOST_TRIES} times",
        "questions.max-tokens": f"From 1 to {questions.MOST_TOKENS:,}",
        "answers.never-right": f"More than {MOST_SAMPLES} of one call",
        "answers.long": f"{replies.LONG:,} characters",
        "rounds.changed": f"at {rounds.PLACES} places",
    }.items():
        assert figure in told[name]


async def test_what_comes_first_is_told_once_and_nothing_is_raised() -> None:
    async def stub(ctx: Context) -> str:
        raise NotImplementedError

    async def crashes(ctx: Context) -> str:
        raise LookupError("no model")

    for tool, status, said in ((stub, "TODO", "still to be written"), (crashes, "FAIL", "LookupError: no model at")):
        server = MCPServer("unwritten")
        server.tool(name="label", structured_output=False)(tool)
        card = await scorecard_server(server, "label")
        assert {row.id: row.status for row in card.failed} == {"wires.newer": status, "wires.older": status}
        assert said in card.failed[0].came_back
        assert card.passed == []


async def test_one_case_is_examined_by_itself() -> None:
    case = next(case for case in server_cases() if case.id == "answers.image")
    row = await case.examine(RIGHT[0], "label", ARGUMENTS)
    assert row.status == "PASS", row
    assert "did not answer with a text" in row.came_back


def test_an_empty_text_is_nothing_in_a_structure_too() -> None:
    """A tool of `-> str` with structured output sends its text twice."""
    empty = CallToolResult(content=[TextContent(text="")], structured_content={"result": ""})
    assert seen_of(empty).text == ""
    assert "7" in seen_of(CallToolResult(content=[], structured_content={"lines": 7})).text


async def test_who_is_not_there_is_told_as_such() -> None:
    nobody = StdioServerParameters(command="no-such-program-anywhere")
    card = await scorecard_server(nobody, "label", ARGUMENTS)
    assert {row.id for row in card.failed} == {"wires.newer", "wires.older"}
    assert "No connection to no-such-program-anywhere" in card.failed[0].came_back


async def test_a_tool_that_the_server_does_not_have_is_no_fault_of_the_server() -> None:
    with pytest.raises(LookupError, match=r"no tool 'lable' on this server; there are label\."):
        await scorecard_server(RIGHT[0], "lable", ARGUMENTS)


def test_the_command_line_scores_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = "from tests.checks.right_servers import without_a_sample; without_a_sample().run()"
    (tmp_path / "my_server.py").write_text(program, encoding="utf-8")
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    command = f'"PYTHONPATH={paths}" "{sys.executable}" -m my_server'
    files = [tmp_path / "card.json", tmp_path / "card.xml"]
    given = ["--tool", "label", "--arguments", json.dumps(ARGUMENTS), "--json", str(files[0]), "--junit", str(files[1])]
    assert main(["--server", command, *given]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("my_server: label: 2 passed, 0 failed, ")
    assert json.loads(files[0].read_text(encoding="utf-8"))["rows"][0]["came_back"] == "A result: 'positive'."
    assert 'name="wires.newer"' in files[1].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["python"], "Name the tool"),
        (["python", "--tool", "label", "--arguments", "[1]"], "no JSON object"),
        (["python", "--tool", "label", "--arguments", "{"], "no JSON object"),
        (['"python', "--tool", "label"], "this is no command"),
    ],
)
def test_what_describes_no_call_ends_with_2(given: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--server", *given]) == 2
    assert said in capsys.readouterr().err
