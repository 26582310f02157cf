"""Mischief in every field of a sample, in all that is printed: no escape for a terminal, and nothing unseen."""

import unicodedata
from collections.abc import Awaitable
from pathlib import Path

import pytest
from mcp_types import CreateMessageRequestParams, SamplingCapability, SamplingToolsCapability

from labkit import CallbackError, Lab, Playground, report, scorecard, scorecard_server, with_approval
from labkit.callbacks import Answer
from labkit.host import AuditLog, Decision, ReviewRequest, with_audit
from labkit.host.audit_table import table
from labkit.host.rendering import render
from labkit.host.terminal import ask_in_terminal
from labkit.secret_forms.hidden import hidden
from labkit.views.audit import AuditView
from labkit.views.flow_view import FlowView
from tests.spiteful import TEXT, spiteful, spiteful_server
from tests.story import WIRES

pytestmark = pytest.mark.anyio

TOOLS = SamplingCapability(tools=SamplingToolsCapability())


def raw(text: str) -> set[str]:
    """What a terminal would obey, or a person not see, in a text of several lines."""
    found = {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")}
    return found | ({f"{hidden(text)} hidden"} if hidden(text) else set())


def test_what_is_looked_for_is_found() -> None:
    assert {"\x1b", "\x9b", "\x9d", "\r", "\x08", "\u202e", "\u2066", "\u200b", "24 hidden"} <= raw(TEXT)


async def telling(context: object, params: CreateMessageRequestParams) -> Answer:
    report(TEXT, note=TEXT)
    return await spiteful(context, params)


class Screen:
    """A terminal at which somebody approves all that he is asked."""

    def __init__(self) -> None:
        self.shown = ""

    def is_here(self) -> bool:
        return True

    def show(self, text: str) -> None:
        self.shown += f"{text}\n"

    def forget_typed(self) -> None: ...

    async def line(self) -> str:
        return "a"


@pytest.mark.parametrize("mode", WIRES)
async def test_flows_reviews_errors_and_an_audit(mode: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    reviews: list[ReviewRequest] = []

    def ask(request: ReviewRequest) -> Decision | Awaitable[Decision]:
        reviews.append(request)
        return ask_in_terminal(request, screen)

    log = AuditLog(tmp_path / "audit.jsonl")
    callback = with_audit(with_approval(telling, ask=ask), log, texts=True)
    lab = Lab(spiteful_server(), mode=mode, sampling_callback=callback, sampling_capabilities=TOOLS)
    asks = lab.start("ask", {TEXT: TEXT})
    await asks
    assert [review.stage for review in reviews] == ["request", "answer"]

    async def raising(context: object, params: CreateMessageRequestParams) -> Answer:
        raise LookupError(TEXT)

    lab.callback = raising
    with pytest.raises(CallbackError):
        await lab.call_tool("ask", {TEXT: TEXT})
    told = [f"{lab.fault}", repr(lab), repr(asks), screen.shown, *map(render, reviews)]
    for flow in (asks.flow, lab.flow):
        told += str(flow), flow.to_json(), flow.to_mermaid(), flow.to_svg(), *flow._repr_mimebundle_().values()
    told += FlowView(lab).stored().values()
    told += table(log.entries()), str(AuditView(log)), log.path.read_text(encoding="utf-8")
    assert [raw(text) for text in told] == [set()] * len(told)
    assert all("onerror" in text for text in (str(lab.fault), screen.shown, str(asks.flow)))
    assert not raw("".join(capfd.readouterr()))
    lab.close()


async def test_scorecards() -> None:
    async def my_callback(context: object, params: CreateMessageRequestParams) -> Answer:
        if params.max_tokens < 0:
            raise LookupError(TEXT)
        return await spiteful(context, params)

    for card in (await scorecard(my_callback), await scorecard_server(spiteful_server(), "ask")):
        assert card.failed
        assert [raw(text) for text in (str(card), repr(card), card.to_json(), card.to_junit())] == [set()] * 4
        assert "onerror" in str(card)


def test_a_playground() -> None:
    playground = Playground(spiteful_server(), name="spiteful")
    playground.callback(telling)
    playground.wait()
    with pytest.raises(ValueError, match="onerror") as none:
        playground.target.use_tool("none")
    told = [str(none.value)]
    for tool in ("ask", TEXT):
        playground.target.use_tool(tool, {TEXT: TEXT})
        playground.run()
        playground.wait()
        told += playground.code, playground.target.fault or "", str(playground.runs[-1].flow)
    told += (playground.export(form) for form in ("json", "mermaid", "html"))
    playground.close()
    assert [raw(text) for text in told] == [set()] * len(told)
    compile(told[1], "program", "exec")
