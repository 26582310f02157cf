"""Plans of faults against every tool of the box that samples: each call ends, leaves nothing, and says what it lacks.

`LABKIT_FAULTS=500 python run.py test tests/servers/test_faults.py` tries so many plans a server.
"""

import asyncio
import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import MCPError
from mcp.server.mcpserver import MCPServer
from mcp_types import (
    CallToolResult,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    TextContent,
    ToolUseContent,
)

from labkit import CallbackError, Faulty, Lab, close_all
from labkit.callbacks import Answer
from labkit.models.faulty import KINDS
from servers import code_reviewer, data_analyst, log_archiver, research_assistant, text_analyst
from servers.incident_report import REPORT_NAME, read_entries
from tests.story import WIRES, until

PLANS = int(os.environ.get("LABKIT_FAULTS", "25"))
HARMLESS = {"ok", "slow", "late", "block"}
"""After these an answer comes all the same."""
UNHEARD = {"wrong form", "cut", "empty"}
"""After these no client ends a call."""
SAYS = re.compile(r"not available|\bcut\b|ended at|asked twice|held no words", re.IGNORECASE)
"""What stands in a result that had to do without an answer, or with half of one."""

TEXT = {"text": "The disk was full, and orders stopped at three. They are back since four, which is good."}
CODE = "import hashlib\n\n\ndef digest(password):\n    return hashlib.md5(password.encode()).hexdigest()\n"
WORDS = "The disk was full, so that no order could be written; see to its space before anything else."
STORY = json.dumps({"headline": WORDS, "sentences": [WORDS]})
SERVERS: dict[str, tuple[Callable[[Path], MCPServer], dict[str, tuple[dict[str, Any], str]]]] = {
    "log_archiver": (
        log_archiver.make_server,
        {"process_log_entry": ({"log_line": "03:01 ERROR disk full"}, WORDS), "summarize_logs": ({}, WORDS)},
    ),
    "text_analyst": (
        lambda _: text_analyst.make_server(),
        {
            "analyze_sentiment": (TEXT, "negative"),
            "classify_document": (TEXT, "report"),
            "summarize": (TEXT, WORDS),
            "analyze_text": (TEXT | {"kind": "key-points"}, WORDS),
            "rewrite": (TEXT | {"to": "short"}, "A full disk stopped orders at three. Back at four, which is good."),
            "detect_language": ({"text": "Varmuuskopio epäonnistui."}, "Finnish"),
            "moderate": ({"text": "You are an idiot."}, "insult"),
            "draft_reply": ({"conversation": [{"who": "Mira", "says": "Is the disk full?"}]}, "It was. It is not now."),
            "explain": (TEXT, "No orders came in while the disk had no room. They came again at four."),
            "label": (TEXT | {"labels": ["outage", "praise"]}, json.dumps({"labels": ["outage"]})),
        },
    ),
    "research_assistant": (
        lambda _: research_assistant.make_server(),
        {
            "research_topic": ({"topic": "attention", "max_results": 3, "strategy": "each"}, WORDS),
            "investigate": ({"question": "What is attention?"}, f"{WORDS} So says [1706.03762]."),
            "summarize": (TEXT, WORDS),
        },
    ),
    "code_reviewer": (
        lambda _: code_reviewer.make_server(),
        {
            "review_code": ({"code": CODE}, "Line 5 uses md5, a weak hash that is easy to break."),
            "explain_code": ({"code": CODE}, "The function digest gives the md5 of a password. It takes one text."),
            "document_code": ({"code": CODE}, CODE.replace("):\n", '):\n    """Hash a password, weakly."""\n')),
        },
    ),
    "data_analyst": (
        data_analyst.make_server,
        {
            "smart_report": ({"table": "incidents", "metric": "rows"}, STORY),
            "analyze_data": ({"data": "day,n\n2025-03-04,1\n2025-03-05,2\n", "question": "How is n?"}, STORY),
        },
    ),
}
"""Of each server its tools that sample, with arguments and an answer that suits them."""

WAYS = st.sampled_from([*KINDS, "503 after 0.5"])
IN_TURN = st.lists(WAYS, min_size=1, max_size=8)
SHARES = st.dictionaries(WAYS, st.floats(0, 0.25), min_size=1, max_size=4)


class Model:
    """A sampling callback that always says the same: as arguments where a tool takes the answer; where tools are
    offered, it uses one first."""

    def __init__(self, words: str, *, uses_tools: bool) -> None:
        self.words, self.declares_tools = words, uses_tools

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> Answer:
        if not params.tools or not params.tool_choice or params.tool_choice.mode == "none" or len(params.messages) > 1:
            return CreateMessageResult(role="assistant", model="scripted", content=TextContent(text=self.words))
        [tool, *_] = params.tools
        given = json.loads(self.words) if params.tool_choice.mode == "required" else {"words": "attention"}
        use = ToolUseContent(id="1", name=tool.name, input=given)
        return CreateMessageResultWithTools(role="assistant", model="scripted", content=use, stop_reason="toolUse")


class Reached:
    """A server over one wire, and what its tools make of good answers: the text, and how often they ask."""

    def __init__(self, name: str, folder: Path, wire: str, *, uses_tools: bool) -> None:
        make, self.tools = SERVERS[name]
        self.folder = folder / f"{wire} {uses_tools}"
        self.uses_tools = uses_tools
        start = Model("", uses_tools=uses_tools)
        self.lab = Lab(make(self.folder), mode=wire, timeout=60, sampling_callback=start, name=self.folder.name)
        self.usual: dict[str, tuple[str, int]] = {}
        self.tasks = 0

    async def look(self) -> None:
        for tool in [*self.tools] * 2:  # the second time an entry of a report is there already
            faulty, came = await self.call(tool, [], 0)
            assert isinstance(came, CallToolResult)
            self.usual[tool] = text_of(came), faulty.done.total()
        self.tasks = await self.lab.run(count_tasks)

    async def call(self, tool: str, plan: Any, seed: int) -> tuple[Faulty, CallToolResult | Exception]:
        arguments, words = self.tools[tool]
        faulty = Faulty(Model(words, uses_tools=self.uses_tools), plan, seed=seed, deadline=0.002)
        self.lab.callback = faulty
        try:
            return faulty, await self.lab.call_tool(tool, arguments)
        except (MCPError, CallbackError) as error:  # whatever else comes fails the test
            return faulty, error

    async def holds(self, tool: str, plan: Any, seed: int) -> None:
        """Call with a plan, and look at all that can be seen of it."""
        faulty, came = await self.call(tool, plan, seed)
        faults = {*faulty.done} - HARMLESS
        if isinstance(came, Exception):
            assert self.lab.mode == "auto", came  # a server of the older wire hears of it, and does without
            assert faults - UNHEARD, came
            assert str(came)
            assert "\n" not in str(came)
        else:
            assert not came.is_error, text_of(came)
            usual, asked = self.usual[tool]
            as_usual = text_of(came) == usual
            if not faults:
                assert as_usual, text_of(came)
            elif faults != {"wrong form"}:  # of a form that is free, no server sees that it is wrong
                # A use of a tool cannot be cut.
                mended = as_usual and (faulty.done.total() > asked or faults <= {"cut", "wrong form"})
                assert mended or SAYS.search(text_of(came)), text_of(came)
        if self.folder.exists():
            report = (self.folder / REPORT_NAME).read_text(encoding="utf-8")
            assert report == "".join(map(str, read_entries(report)))
        await self.lab.run(lambda _: until(lambda: len(asyncio.all_tasks()) <= self.tasks))


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


async def count_tasks(_: object) -> int:
    return len(asyncio.all_tasks())


@pytest.mark.parametrize("name", SERVERS)
def test_a_call_ends_and_says_what_it_lacks_whatever_fails(name: str, tmp_path: Path) -> None:
    before = {*threading.enumerate()}
    with asyncio.Runner() as runner:
        ways = [(wire, uses) for wire in WIRES for uses in (True, False)]
        over = {(wire, uses): Reached(name, tmp_path, wire, uses_tools=uses) for wire, uses in ways}
        for reached in over.values():
            runner.run(reached.look())

        @settings(max_examples=PLANS)
        @given(st.sampled_from([*SERVERS[name][1]]), IN_TURN | SHARES, st.integers(0, 99), st.booleans())
        def holds(tool: str, plan: Any, seed: int, uses_tools: bool) -> None:
            for wire in WIRES:
                runner.run(over[wire, uses_tools].holds(tool, plan, seed))

        holds()
        for reached in over.values():
            reached.lab.close()
        close_all()
        runner.run(until(lambda: {*threading.enumerate()} <= before))
