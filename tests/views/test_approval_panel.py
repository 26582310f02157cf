"""The approval panel without a browser: what it shows, and what becomes of what a page says."""

import asyncio
import json
import threading
from collections.abc import Iterator
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from mcp import MCPError
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData, SamplingMessage, TextContent

from labkit import Lab
from labkit.call import Call
from labkit.host import AllowServer, Approve, Decision, Edit, Refuse, ReviewRequest, render, with_approval
from labkit.host.duty import Remark
from labkit.host.review_reading import LONGEST_SHOWN, decision_of, reading
from labkit.host.texts import dumped, texts
from labkit.models.tiny import TinyModel
from labkit.runtime import Runtime
from labkit.secret_forms.hidden import hidden
from labkit.views.approval_panel import ApprovalPanel, approval_panel
from tests.host.any_request import patient, requests
from tests.host.crowd import ORIGIN, Model, answered, crowd
from tests.host.test_rendering import FULL
from tests.story import WIRES, answer, asked, bookshop, question, said, until

pytestmark = pytest.mark.anyio

WANT = question("recommend crime")


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Each test ends with the threads that it began with."""
    before = set(threading.enumerate())
    yield
    Runtime.end()
    assert {thread.name for thread in set(threading.enumerate()) - before} == set()


class Page:
    """What a browser does with a panel."""

    def __init__(self, panel: ApprovalPanel) -> None:
        self.panel = panel
        self.says(here=True)

    def says(self, **message: Any) -> None:
        self.panel._handle_custom_msg(message, [])  # as ipywidgets does when a message comes

    async def shows(self, stage: str, after: int = 0) -> dict[str, Any]:
        """What is under review, once it is a request or an answer that comes `after` a number."""
        await until(lambda: self.panel.review.get("stage") == stage and self.panel.review["id"] > after)
        return dict(self.panel.review)

    async def clicks(self, stage: str, decision: str, after: int = 0, **more: Any) -> int:
        shown = await self.shows(stage, after)
        self.says(id=shown["id"], decision=decision, **more)
        return shown["id"]


def begin(page: Page, mode: str, model: Any, **options: Any) -> tuple[Lab, Call[Any]]:
    lab = Lab(bookshop(), sampling_callback=with_approval(model, ask=page.panel, **options), mode=mode)
    return lab, lab.start("recommend", {"genre": "crime"})


@pytest.mark.parametrize("mode", WIRES)
async def test_what_is_approved_and_sent_goes_its_way_on_both_wires(mode: str) -> None:
    page = Page(approval_panel())
    lab, call = begin(page, mode, Model())
    with lab:
        shown = await page.shows("request")
        assert (shown["server"], shown["tool"]) == ("bookshop", "recommend")
        assert [part["text"] for part in shown["parts"]] == ["", "recommend crime"]
        assert json.loads(shown["called"]) == {"genre": "crime"}
        assert 0 < shown["left"] <= shown["timeout"] == 50
        first = await page.clicks("request", "approve")
        await page.clicks("answer", "approve", after=first)
        assert said(await call) == "Read Chandler."
        assert "asked a human" in [step.label for step in lab.flow.steps]
    assert page.panel.review == {}
    assert page.panel.line["became"] == "The answer was sent."


@pytest.mark.parametrize("mode", WIRES)
async def test_what_is_typed_reaches_the_model_and_the_server(mode: str) -> None:
    page, model = Page(approval_panel()), Model()
    lab, call = begin(page, mode, model)
    with lab:
        fields = {"messages.0": "recommend poetry", "systemPrompt": "Be brief.", "maxTokens": "20", "stopSequences": ""}
        first = await page.clicks("request", "edit", fields=fields)
        await page.clicks("answer", "edit", after=first, fields={"answer": "Read Szymborska."})
        assert said(await call) == "Read Szymborska."
        assert {"changed": ["messages[0]", "maxTokens", "systemPrompt"]} in [step.data for step in lab.flow.steps]
    got = model.asked[0]
    assert (asked(got), got.system_prompt, got.max_tokens) == ("recommend poetry", "Be brief.", 20)


@pytest.mark.parametrize("mode", WIRES)
async def test_a_refusal_carries_its_reason(mode: str) -> None:
    page, model = Page(approval_panel()), Model()
    lab, call = begin(page, mode, model)
    with lab:
        await page.clicks("request", "refuse", reason=" not today ")
        with pytest.raises(MCPError, match="Refused: not today") as refused:
            await call
        assert refused.value.error.code == -1
    assert model.asked == []


async def test_a_server_that_may_pass_is_not_shown_again() -> None:
    page = Page(approval_panel())
    lab, call = begin(page, "auto", Model())
    with lab:
        await page.clicks("request", "allow")
        assert said(await call) == "Read Chandler."
        assert page.panel.line["became"] == "Approved. bookshop passes from now on."
        await lab.call_tool("recommend", {"genre": "crime"})


async def test_what_cannot_stand_in_a_field_is_said_and_the_review_stays_open() -> None:
    page, model = Page(approval_panel()), Model()
    task = asyncio.create_task(answered(with_approval(model, ask=page.panel), WANT))
    number = await page.clicks("request", "edit", fields={"maxTokens": "many"})
    await until(lambda: page.panel.line["fault"][1])
    assert page.panel.line["fault"] == [
        1,
        "max tokens must be a whole number above 0, and “many” is none that can be used.",
    ]
    page.says(id=number, decision="edit", fields={"temperature": "hot"})
    await until(lambda: page.panel.line["fault"][0] == 2)
    assert model.asked == []
    page.says(id=number, decision="edit", fields={"maxTokens": "7", "temperature": ""})
    await page.clicks("answer", "approve", after=number)
    await task
    assert model.asked[0].max_tokens == 7


async def test_the_first_click_counts_and_one_for_another_review_does_nothing() -> None:
    page, model = Page(approval_panel()), Model()
    task = asyncio.create_task(answered(with_approval(model, ask=page.panel), WANT))
    number = await page.clicks("request", "approve")
    page.says(id=number, decision="refuse")
    page.says(id=number + 70, decision="refuse")
    await page.shows("answer")
    page.says(id=number, decision="refuse")  # for what was decided before
    assert not task.done()
    page.panel.decide(Approve())
    result, _ = await task
    assert said(result) == "Read Chandler."
    with pytest.raises(LookupError, match="nothing is under review"):
        page.panel.decide(Approve())
    page.says(id=number + 1, decision="refuse")


async def test_an_unknown_word_decides_nothing() -> None:
    page = Page(approval_panel())
    task = asyncio.create_task(answered(with_approval(Model(), ask=page.panel), WANT))
    await page.clicks("request", "perhaps")
    await until(lambda: page.panel.line["fault"][1] == "'perhaps' is no decision")
    page.panel.decide(Refuse())
    result, _ = await task
    assert isinstance(result, ErrorData)


async def test_a_review_that_nobody_decides_expires_and_a_later_click_does_nothing() -> None:
    page, model = Page(approval_panel()), Model()
    result, _ = await answered(with_approval(model, ask=page.panel, timeout=0.05), WANT)
    assert result == ErrorData(code=-1, message="Refused: nobody decided within 0.05 s.")
    assert page.panel.line["became"] == "Nobody decided within 0.05 s, so it was refused."
    assert page.panel.line["late"] == 0
    page.says(id=1, decision="approve")
    assert (page.panel.review, model.asked) == ({}, [])
    assert page.panel.line["late"] == 1  # and the page that clicked says so, until another review has ended
    result, _ = await answered(with_approval(model, ask=page.panel, timeout=0.05), WANT)
    assert page.panel.line["late"] == 0


async def test_a_click_that_meets_the_end_of_its_review_is_told_that_it_came_too_late() -> None:
    """It is taken in the very moment in which the time is up: the end was first, whatever the future holds."""
    page, model = Page(approval_panel()), Model()
    task = asyncio.create_task(answered(with_approval(model, ask=page.panel), WANT))
    shown = await page.shows("request")
    page.says(id=shown["id"], decision="approve")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (page.panel.review, model.asked) == ({}, [])
    assert page.panel.line["late"] == shown["id"]


async def test_a_call_that_ends_takes_its_review_off_the_page() -> None:
    page = Page(approval_panel())
    lab, call = begin(page, "auto", Model())
    with lab:
        await page.shows("request")
        call.cancel()
        await until(lambda: page.panel.review == {})
    assert page.panel.line["became"] == "The call ended before it was decided."


async def test_a_closed_panel_refuses_what_it_had_and_what_comes() -> None:
    page = Page(approval_panel())
    approval = with_approval(Model(), ask=page.panel)
    task = asyncio.create_task(answered(approval, WANT))
    await page.shows("request")
    page.panel.close()
    page.panel.close()
    result, _ = await task
    assert result == ErrorData(code=-1, message="Refused: the review was closed.")
    result, _ = await answered(approval, WANT)
    assert isinstance(result, ErrorData)


@pytest.mark.parametrize("mode", WIRES)
async def test_a_hundred_at_once_wait_in_line_and_are_counted(mode: str) -> None:
    page = Page(approval_panel())
    with Lab(crowd(), sampling_callback=with_approval(Model(), ask=page.panel), mode=mode) as lab:
        call = lab.start("ask_many", {"number": 100})
        await until(lambda: page.panel.line["waiting"] == 99)
        first = await page.clicks("request", "approve")
        await page.clicks("request", "allow", after=first)
        assert said(await call) == "100 answers"
    await until(lambda: page.panel.line["waiting"] == 0)


async def test_two_approvals_share_a_panel() -> None:
    page = Page(approval_panel())
    tasks = [asyncio.create_task(answered(with_approval(Model(), ask=page.panel), question(text))) for text in "ab"]
    await until(lambda: page.panel.line["waiting"] == 1)
    decided: set[int | None] = {None}
    for _ in range(4):
        await until(lambda: page.panel.review.get("id") not in decided)
        decided.add(page.panel.review["id"])
        page.says(id=page.panel.review["id"], decision="approve")
    assert [said((await task)[0]) for task in tasks] == ["Read Chandler."] * 2
    assert page.panel.review == {}


async def test_a_new_page_is_told_the_time_that_is_left_now() -> None:
    page = Page(approval_panel())
    task = asyncio.create_task(answered(with_approval(Model(), ask=page.panel), WANT))
    before = (await page.shows("request"))["left"]
    await until(lambda: page.panel.get_state()["review"]["left"] < before)
    assert page.panel.get_state("line")["line"]["waiting"] == 0
    page.panel.decide(Refuse())
    await task
    assert page.panel.get_state()["review"] == {}


async def test_without_a_page_a_policy_decides_at_once() -> None:
    seen: list[ReviewRequest] = []

    def policy(request: ReviewRequest) -> Decision:
        seen.append(request)
        return Approve()

    result, steps = await answered(with_approval(Model(), ask=approval_panel(headless=policy)), WANT)
    assert said(result) == "Read Chandler."
    assert [request.stage for request in seen] == ["request", "answer"]
    assert {step.source for step in steps} == {"callback"}  # no human
    result, _ = await answered(with_approval(Model(), ask=approval_panel()), WANT)
    assert isinstance(result, ErrorData)
    assert "nobody is here" in result.message


async def test_the_text_form_is_the_whole_request() -> None:
    page = Page(approval_panel())
    assert str(page.panel) == "nothing is under review"
    assert repr(page.panel) == "<ApprovalPanel>"
    task = asyncio.create_task(answered(with_approval(Model(), ask=page.panel), WANT))
    await page.shows("request")
    assert "bookshop asks" in str(page.panel)
    assert "recommend crime" in str(page.panel)
    assert page.panel.under_review is not None
    page.panel.decide(Refuse())
    await task


# ---- what is read


def every_text(shown: dict[str, Any]) -> str:
    parts = [part[key] for part in shown["parts"] + shown["before"] for key in ("title", "text")]
    facts = [text for _, text in shown["facts"]] + shown["remarks"] + [limit[2] for limit in shown["limits"]]
    return "\n".join([shown["server"], shown["tool"], shown["called"], *parts, *facts])


def test_everything_of_a_request_is_there() -> None:
    shown = reading(ReviewRequest(FULL, origin=ORIGIN, remarks=(Remark("size", "3 messages"),)))
    told = every_text(shown)
    for _, text in texts(dumped(FULL)):
        assert json.dumps(text, ensure_ascii=False)[1:-1].split(r"\n")[0] in told
    titles = [part["title"] for part in shown["parts"]]
    assert titles[:2] == ["system prompt", "message 1 of 3, user"]
    assert titles[-2:] == ["tool 1 of 1", "other wishes"]
    assert [limit[:3] for limit in shown["limits"]] == [
        ["maxTokens", "max tokens", "50"],
        ["temperature", "temperature", "0.2"],
        ["stopSequences", "stop", '"\\n\\n"'],
    ]
    assert shown["remarks"] == ["3 messages"]


def test_an_answer_is_read_before_the_request_that_it_answers() -> None:
    shown = reading(ReviewRequest(FULL, answer("Read Chandler."), ORIGIN))
    assert [part["text"] for part in shown["parts"]] == ["Read Chandler."]
    assert "recommend crime" in every_text(shown)
    assert [part for part in shown["before"] if "field" in part] == []
    assert ["", "model bookseller"] in shown["facts"]
    assert "model" not in [kind for kind, _ in shown["facts"]]


async def test_an_answer_of_the_tiny_model_is_marked_on_the_panel_and_another_of_its_name_is_not() -> None:
    drawn, _ = await answered(TinyModel(name="mine"), WANT)
    for of_tiny in (drawn, drawn.model_copy(update={"content": TextContent(text="as edited")})):
        request = ReviewRequest(WANT, of_tiny, ORIGIN)
        assert ["model", "tiny model"] in reading(request)["facts"]
        assert "! tiny model" in render(request).splitlines()
    named_so = ReviewRequest(WANT, answer("Read Chandler.", "tiny"), ORIGIN)
    assert ["", "model tiny"] in reading(named_so)["facts"]
    assert "tiny model" not in json.dumps(reading(named_so)["facts"]) + render(named_so)


async def test_what_the_tiny_model_says_goes_over_the_wire_as_any_answer() -> None:
    drawn, _ = await answered(TinyModel(), WANT)
    plain = CreateMessageResult.model_validate(drawn.model_dump(by_alias=True))
    assert drawn.model_dump_json(by_alias=True) == plain.model_dump_json(by_alias=True)
    assert repr(drawn) == repr(plain)


def test_what_is_hidden_is_written_out_and_not_what_an_editor_begins_with() -> None:
    shown = reading(ReviewRequest(question("price\u200b of \u202eEmma" + "\n" * 80 + "and refund"), origin=ORIGIN))
    part = shown["parts"][1]
    assert "⟨U+200B ZERO WIDTH SPACE⟩" in part["text"]
    assert "⟨79 empty lines⟩" in part["text"]
    assert part["edit"].startswith("price of Emma")
    assert part["stripped"]
    assert ["warning", "2 hidden characters, written out below"] in shown["facts"]


@patient
@given(requests)
def test_whatever_comes_is_shown_with_nothing_hidden_and_goes_on_as_it_was(params: CreateMessageRequestParams) -> None:
    request = ReviewRequest(params, origin=ORIGIN, timeout=5)
    shown = reading(request)
    json.dumps(shown).encode()
    assert hidden(every_text(shown)) == 0
    assert hidden("".join(part.get("edit", "") for part in shown["parts"])) == 0
    try:
        decision = decision_of({"decision": "edit", "fields": {}}, request)
    except ValueError:  # NaN and the like, which a wire does not carry
        return
    assert isinstance(decision, Edit)
    assert dumped(decision.instead) == dumped(params)  # pyright: ignore[reportArgumentType]


def text_message(*texts: str) -> SamplingMessage:
    return SamplingMessage(role="user", content=[TextContent(text=text) for text in texts])


def params_of(messages: list[SamplingMessage]) -> CreateMessageRequestParams:
    return CreateMessageRequestParams(messages=messages, max_tokens=5)


LONG = "x" * (LONGEST_SHOWN + 7)
TOOL = {"name": "search", "description": LONG, "inputSchema": {"type": "object"}}
WITH_TOOL = CreateMessageRequestParams.model_validate({**dumped(WANT), "tools": [TOOL]})


@pytest.mark.parametrize(
    "request_", [ReviewRequest(question(LONG)), ReviewRequest(WITH_TOOL), ReviewRequest(WANT, answer(LONG))]
)
def test_what_cannot_be_shown_whole_can_only_be_refused(request_: ReviewRequest) -> None:
    shown = reading(request_)
    assert shown["whole"] is False
    [warning] = [text for kind, text in shown["facts"] if kind == "warning"]
    assert warning.endswith("characters are not shown, so it can only be refused")
    for decision in ("approve", "allow", "edit"):
        with pytest.raises(ValueError, match=r"What is not shown whole cannot be approved here\. Refuse it"):
            decision_of({"decision": decision}, request_)
    assert decision_of({"decision": "refuse"}, request_) == Refuse("")


def test_what_is_shown_whole_may_be_long_in_all() -> None:
    long = WANT.messages[0].model_copy(update={"content": [TextContent(text="x" * 600_000)] * 2})
    request = ReviewRequest(WANT.model_copy(update={"messages": [long]}))
    assert reading(request)["whole"] is True
    assert decision_of({"decision": "approve"}, request) == Approve()
    before = ReviewRequest(question(LONG), answer("Read Chandler."))  # a policy let it pass
    assert decision_of({"decision": "approve"}, before) == Approve()


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("maxTokens", "", "whole number"),
        ("maxTokens", "-5", "whole number"),
        ("maxTokens", "1" * 5000, "whole number"),
        ("maxTokens", "²", "whole number"),
        ("temperature", "nan", "number of 0 or more"),
        ("temperature", "-1", "number of 0 or more"),
        ("temperature", "1e999", "number of 0 or more"),
    ],
)
def test_a_number_that_is_none_is_refused_with_a_sentence(field: str, typed: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        decision_of({"decision": "edit", "fields": {field: typed}}, ReviewRequest(WANT))


def test_one_block_of_several_is_edited() -> None:
    message = SamplingMessage(role="user", content=[TextContent(text="one"), TextContent(text="two")])
    request = ReviewRequest(CreateMessageRequestParams(messages=[message], max_tokens=5))
    assert [part.get("field") for part in reading(request)["parts"]] == ["systemPrompt", "messages.0.0", "messages.0.1"]
    decision = decision_of({"decision": "edit", "fields": {"messages.0.1": "three"}}, request)
    assert isinstance(decision, Edit)
    assert [text for _, text in texts(dumped(decision.instead))] == ["one", "three"]


@pytest.mark.parametrize("headless", [Approve(), Approve, "approve"])
def test_what_cannot_decide_without_a_page_is_refused_when_it_is_given(headless: Any) -> None:
    with pytest.raises(TypeError, match="decides on nothing: give a function"):
        approval_panel(headless=headless)


def test_an_answer_that_is_edited_to_its_end_is_cut_no_more() -> None:
    cut = answer("Read Chandler, who inven").model_copy(update={"stop_reason": "maxTokens"})
    decision = decision_of({"decision": "edit", "fields": {"answer": "Read Chandler."}}, ReviewRequest(WANT, cut))
    assert decision == Edit(answer("Read Chandler."))


def test_a_decision_is_read_from_what_the_page_says() -> None:
    request = ReviewRequest(WANT)
    assert decision_of({"decision": "approve"}, request) == Approve()
    assert decision_of({"decision": "allow"}, request) == AllowServer()
    assert decision_of({"decision": "refuse", "reason": None}, request) == Refuse("")


@pytest.mark.parametrize(
    ("params", "warns"),
    [
        (question("a\u200b" * 500_000), "950,000 characters are not shown"),
        (question("\r" * 20_000_000), "19,950,000 characters are not shown"),
        (params_of([text_message("x")] * 100_000), "only the first 2,000 parts are shown"),
        (params_of([text_message(*["x"] * 100_000)]), "only the first 2,000 parts are shown"),
        (params_of([text_message(*["x" * 900_000] * 3)]), "1,450,000 characters are not shown"),
        (WANT.model_copy(update={"stop_sequences": ["x"] * 100_000}), "only the first 2,000 parts are shown"),
    ],
)
def test_what_has_no_end_is_shown_in_part_in_time_and_can_only_be_refused(params: Any, warns: str) -> None:
    start = process_time()
    shown = reading(ReviewRequest(params))
    assert process_time() - start < 6  # it takes a twentieth
    assert len(shown["parts"]) <= 2_002
    assert f"{warns}, so it can only be refused" in [text for kind, text in shown["facts"] if kind == "warning"]
    with pytest.raises(ValueError, match="What is not shown whole cannot be approved here"):
        decision_of({"decision": "approve"}, ReviewRequest(params))
