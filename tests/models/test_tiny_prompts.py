"""What the servers of the kit and of the lessons really send to a model is what the corpus was made for, on both wires.

Each tool is called by a client that keeps what it is asked. A server or a tool that is new belongs into `CALLS`.
"""

import ast
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPDeprecationWarning
from mcp.client import ClientRequestContext
from mcp.server.mcpserver import MCPServer
from mcp_types import CreateMessageRequestParams, CreateMessageResult, TextContent

import servers
from servers import code_reviewer, log_archiver, research_assistant, text_analyst
from servers.code_facts import analyse
from servers.library import Library
from servers.sample_code import SAMPLE_CODE
from servers.sample_logs import SAMPLE_LINES
from servers.sample_texts import SAMPLE_TEXTS, SAMPLE_TICKETS
from training import prompts

pytestmark = pytest.mark.anyio

LESSONS = Path(__file__).parents[2] / "lessons"
LINE = SAMPLE_LINES["deadlock"]
TEXT = SAMPLE_TEXTS["praise"]
CODE = SAMPLE_CODE["poller"]
FACTS = [str(fact) for fact in analyse(CODE).facts]
TOPIC = "dense retrieval"
PAPERS = [(paper.title, paper.abstract) for paper in Library().search(TOPIC, 2).papers]
LOG = [
    "2026-11-13 01:12:10.100 UTC [821] reporting@shop LOG:  checkpoint starting: time",
    "2026-11-13 01:12:11.482 UTC [821] reporting@shop ERROR:  deadlock detected",
    "2026-11-13 01:12:12.001 UTC [822] reporting@shop LOG:  checkpoint complete",
]
ANSWER = "Hm."
"""What the client answers to everything. It is no label, so where a label is wanted it is asked for again."""

Asked = tuple[str | None, int, list[tuple[str, str]]]
"""A request: the system prompt, the tokens that the answer may have, and the messages as (role, text)."""


Call = tuple[str, dict[str, Any], list[Asked]]
"""A tool, its arguments, and what it is to ask in which order."""


def asks(system: str | None, max_tokens: int, text: str) -> Asked:
    return system, max_tokens, [("user", text)]


def asks_twice(system: str, max_tokens: int, text: str, fault: str) -> list[Asked]:
    again = [("user", text), ("assistant", ANSWER), ("user", fault)]
    return [asks(system, max_tokens, text), (system, max_tokens, again)]


def of_text(kind: str) -> list[Asked]:
    return [asks(prompts.TEXT_SYSTEM, prompts.TEXT_MAX_TOKENS, prompts.analyze_text(kind, TEXT))]


def of_papers(*texts: str) -> list[Asked]:
    return [asks(prompts.RESEARCH_SYSTEM, prompts.RESEARCH_MAX_TOKENS, text) for text in texts]


def of_code(facts: Sequence[str], *aspects: str) -> list[Asked]:
    code = (analyse(CODE).code or "").rstrip("\n")
    texts = [prompts.review_code(code, facts, aspect) for aspect in aspects]
    return [asks(prompts.REVIEW_SYSTEM, prompts.REVIEW_MAX_TOKENS, text) for text in texts]


UNTAUGHT = {"investigate", "label", "rewrite", "detect_language", "moderate", "draft_reply", "explain"} | {
    "explain_code",
    "document_code",
}
"""Tools whose prompts the embedded model was not taught: the first two live by tools and JSON, the rest is general."""

CALLS: dict[str, list[Call]] = {
    "log_archiver": [
        (
            "process_log_entry",
            {"log_line": LINE},
            [asks(prompts.LOG_SYSTEM, prompts.LOG_MAX_TOKENS, prompts.log_line(LINE))],
        ),
        (
            "summarize_logs",
            {},
            [
                asks(
                    prompts.LOG_SUMMARY_SYSTEM,
                    prompts.LOG_SUMMARY_MAX_TOKENS,
                    prompts.summarize_logs("1 error, 41 info", 2, [LOG[1], *[LOG[2]] * 39]),
                )
            ],
        ),
    ],
    "text_analyst": [
        (
            "analyze_sentiment",
            {"text": TEXT},
            asks_twice(
                prompts.SENTIMENT_SYSTEM,
                prompts.SENTIMENT_MAX_TOKENS,
                prompts.sentiment(TEXT),
                prompts.not_a_label(prompts.SENTIMENTS),
            ),
        ),
        (
            "classify_document",
            {"text": TEXT},
            asks_twice(
                prompts.DOCUMENT_SYSTEM,
                prompts.DOCUMENT_MAX_TOKENS,
                prompts.classify_document(TEXT),
                prompts.not_a_label(prompts.DOCUMENT_CLASSES),
            ),
        ),
        ("summarize", {"text": TEXT}, of_text("summary")),
        *(("analyze_text", {"text": TEXT, "kind": kind}, of_text(kind)) for kind in prompts.TEXT_QUESTIONS),
    ],
    "research_assistant": [
        ("research_topic", {"topic": TOPIC, "max_results": 2}, of_papers(prompts.synthesize_papers(PAPERS))),
        (
            "research_topic",
            {"topic": TOPIC, "max_results": 2, "strategy": "each"},
            of_papers(
                *(prompts.summarize_paper(title, abstract) for title, abstract in PAPERS),
                prompts.synthesize_papers([(title, ANSWER) for title, _ in PAPERS]),
            ),
        ),
        ("summarize", {"text": TEXT}, of_text("summary")),
    ],
    "code_reviewer": [
        ("analyze_code", {"code": CODE}, []),
        ("review_code", {"code": CODE}, of_code(FACTS, "security", "performance")),
        ("review_code", {"code": CODE, "strategy": "one"}, of_code(FACTS, "security and performance")),
    ],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, MCPServer]:
    """The servers of the kit. The archiver's log has two entries more than it shows to a model."""
    folder = tmp_path_factory.mktemp("archive")
    log = folder / "shop.log"
    log.write_text("\n".join([LOG[0], LOG[0], LOG[1], *[LOG[2]] * 39]) + "\n", encoding="utf-8")
    return {
        "log_archiver": log_archiver.make_server(folder, log=log),
        "text_analyst": text_analyst.make_server(),
        "research_assistant": research_assistant.make_server(),
        "code_reviewer": code_reviewer.make_server(),
    }


async def asked_by(server: MCPServer, mode: str, tool: str, arguments: dict[str, Any]) -> list[Asked]:
    """What one call of a tool asks of the client's model."""
    heard: list[Asked] = []

    async def model(context: ClientRequestContext, params: CreateMessageRequestParams) -> CreateMessageResult:
        messages: list[tuple[str, str]] = []
        for message in params.messages:
            [block] = message.content_as_list
            assert isinstance(block, TextContent)
            messages.append((message.role, block.text))
        heard.append((params.system_prompt, params.max_tokens, messages))
        return CreateMessageResult(role="assistant", model="recorder", content=TextContent(text=ANSWER))

    async with Client(server, mode=mode, sampling_callback=model) as client:
        result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return heard


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        pytest.param(name, call, id=f"{name} {call[0]} {number}")
        for name, calls in CALLS.items()
        for number, call in enumerate(calls, 1)
    ],
)
async def test_a_tool_asks_what_the_corpus_teaches(
    made: dict[str, MCPServer], name: str, call: Call, mode: str
) -> None:
    tool, arguments, expected = call
    assert await asked_by(made[name], mode, tool, arguments) == expected


async def test_every_tool_of_the_kit_is_called_here(made: dict[str, MCPServer]) -> None:
    modules = [importlib.import_module(f"servers.{module.name}") for module in pkgutil.iter_modules(servers.__path__)]
    made_here = {module.__name__.partition(".")[2] for module in modules if hasattr(module, "make_server")}
    # The one asks what no model is made for, the other for JSON alone.
    assert made_here - {"hostile", "data_analyst"} == set(CALLS)
    for name, calls in CALLS.items():
        assert {tool.name for tool in await made[name].list_tools()} - UNTAUGHT == {tool for tool, *_ in calls}


# ---- the servers that lessons write


def of_lesson(number: str, *names: str) -> dict[str, Any]:
    """The lesson's imports, and what it defines at its top level under these names, run as it stands there."""
    [path] = LESSONS.glob(f"{number}_*.py")
    tree = compile(
        path.read_text(encoding="utf-8"), str(path), "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    )
    assert isinstance(tree, ast.Module)
    tree.body = [node for node in tree.body if _is_wanted(node, names)]
    defined: dict[str, Any] = {}
    exec(compile(tree, str(path), "exec"), defined)  # noqa: S102 - the kit's own lesson
    assert set(names) <= set(defined)
    return defined


def _is_wanted(node: ast.stmt, names: Sequence[str]) -> bool:
    match node:
        case ast.ImportFrom(module=str(module)):
            return not module.startswith("labkit")
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in names
        case _:
            return isinstance(node, ast.Import) or getattr(node, "name", None) in names


TICKET = SAMPLE_TICKETS["injection"]


def mood() -> MCPServer:
    return of_lesson("04", "server", "question", "mood")["server"]


def ticket_desk() -> MCPServer:
    return of_lesson("04", "ticket_desk")["ticket_desk"]()


def careful_desk() -> MCPServer:
    return of_lesson("04", "careful_desk")["careful_desk"]()


def level() -> MCPServer:
    return of_lesson("04", "logs", "level_or_question", "level")["logs"]


def readability() -> MCPServer:
    return of_lesson("08", "READABILITY", "ask_readability", "desk", "Answer", "review_readability")["desk"]


READABLE = [fact for fact in FACTS if any(f": {rule}: " in fact for rule in prompts.READABILITY_RULES)]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize(
    ("make", "tool", "arguments", "expected"),
    [
        (mood, "mood", {"text": TEXT}, [asks(None, prompts.MOOD_MAX_TOKENS, prompts.mood(TEXT))]),
        (
            ticket_desk,
            "route",
            {"ticket": TICKET},
            [asks(prompts.TICKET_SYSTEM, prompts.TICKET_MAX_TOKENS, TICKET)],
        ),
        (
            careful_desk,
            "route",
            {"ticket": TICKET},
            asks_twice(
                prompts.CAREFUL_TICKET_SYSTEM, prompts.TICKET_MAX_TOKENS, TICKET, prompts.not_a_team(prompts.TEAMS)
            ),
        ),
        (
            level,
            "level",
            {"line": "the process was killed"},
            [asks(prompts.LEVEL_SYSTEM, prompts.LEVEL_MAX_TOKENS, "the process was killed")],
        ),
        (readability, "review_readability", {"code": CODE}, of_code(READABLE, "readability")),
    ],
    ids=["mood", "ticket", "careful ticket", "level", "readability"],
)
async def test_a_server_of_a_lesson_asks_what_is_written_down(
    make: Callable[[], MCPServer], tool: str, arguments: dict[str, Any], expected: list[Asked], mode: str
) -> None:
    assert await asked_by(make(), mode, tool, arguments) == expected


@pytest.mark.filterwarnings(f"ignore::{MCPDeprecationWarning.__module__}.{MCPDeprecationWarning.__name__}")
async def test_the_mood_of_2025_asks_what_is_written_down() -> None:
    server = of_lesson("04", "before", "mood_of_2025")["before"]
    expected = asks(None, prompts.MOOD_MAX_TOKENS, prompts.mood_of_2025(TEXT))
    assert await asked_by(server, "legacy", "mood", {"text": TEXT}) == [expected]
