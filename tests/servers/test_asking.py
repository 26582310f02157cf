"""What the servers share: a question is asked where the client can sample, and an answer is read with care."""

from typing import Annotated, Any

import anyio
import pytest
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    ImageContent,
    TextContent,
    ToolUseContent,
)

from servers import asking
from servers.asking import (
    LONGEST_ANSWER,
    LONGEST_REASON,
    Answer,
    ask,
    message,
    or_none,
    prefers,
    repeats,
    shortened,
    text_of,
    why_not,
    words_of,
)
from servers.serving import quietly

pytestmark = pytest.mark.anyio


@or_none
async def question(topic: str, ctx: Context) -> Sample | None:
    talk = (f"Tell of {topic}.", message("assistant", "Hm."), "Again.")
    model = prefers("haiku", cost=0.5, speed=1, intelligence=0)
    return ask(ctx, "Be short.", *talk, max_tokens=7, temperature=0.5, model=model)


@quietly()
def make_server() -> MCPServer:
    server = MCPServer("teller")

    @server.tool(structured_output=False)
    async def tell(topic: str, answer: Annotated[Answer, Resolve(question)]) -> str:
        return text_of(answer)

    return server


@pytest.mark.parametrize("wire", ["legacy", "auto"])
async def test_a_client_that_can_sample_is_asked_what_the_server_means(wire: str) -> None:
    heard: list[CreateMessageRequestParams] = []

    async def callback(context: ClientRequestContext, params: CreateMessageRequestParams) -> CreateMessageResult:
        heard.append(params)
        return CreateMessageResult(role="assistant", model="scripted", content=TextContent(text=" Locks wait.\n"))

    async with Client(make_server(), mode=wire, sampling_callback=callback) as client:
        result = await client.call_tool("tell", {"topic": "locks"})
    assert [block.text for block in result.content if isinstance(block, TextContent)] == ["Locks wait."]
    [asked] = heard
    said = [
        (each.role, block.text) for each in asked.messages for block in each.content_as_list if block.type == "text"
    ]
    assert said == [("user", "Tell of locks."), ("assistant", "Hm."), ("user", "Again.")]
    assert (asked.system_prompt, asked.max_tokens, asked.temperature) == ("Be short.", 7, 0.5)
    assert asked.model_preferences == prefers("haiku", cost=0.5, speed=1, intelligence=0)


@pytest.mark.parametrize("wire", ["legacy", "auto"])
async def test_a_client_that_cannot_sample_is_asked_nothing_and_told_so(wire: str) -> None:
    async with Client(make_server(), mode=wire) as client:
        result = await client.call_tool("tell", {"topic": "locks"})
    assert not result.is_error
    assert "not available, because this client cannot sample." in str(result.content)


async def told(said: ErrorData | CreateMessageResultWithTools | None, wire: str = "legacy") -> str:
    """What the tool returns where the client says this, or nothing at all."""

    async def callback(context: ClientRequestContext, params: CreateMessageRequestParams) -> Any:
        return said or await anyio.sleep_forever()

    async with Client(make_server(), mode=wire, sampling_callback=callback) as client:
        result = await client.call_tool("tell", {"topic": "locks"})
    assert not result.is_error
    [block] = result.content
    assert isinstance(block, TextContent)
    return block.text


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        (-1, "User rejected sampling request", "answered with an error (-1: User rejected sampling request)"),
        (-32601, "Method not found", "answered with an error (-32601: Method not found)"),
        (-32001, "Request timed out", "did not answer in time (-32001: Request timed out)"),
        (0, "", "answered with an error (0:)"),
        (-1, "a\r\nb\u2028c\u202ed\x1b[2J\ud800\U000e0041", "answered with an error (-1: a b c�d�[2J��)"),
    ],
)
async def test_a_refusal_is_a_reason_in_one_plain_line(code: int, text: str, reason: str) -> None:
    assert await told(ErrorData(code=code, message=text)) == f"not available, because the client {reason}."


async def test_a_long_refusal_is_cut_before_anything_is_made_of_it() -> None:
    text = await told(ErrorData(code=-1, message="no " * 1_000_000))
    assert len(text) < LONGEST_REASON + 80


@pytest.mark.parametrize("wire", ["legacy", "auto"])
@pytest.mark.parametrize("content", [[TextContent(text="listed")], ToolUseContent(id="1", name="search", input={})])
async def test_an_answer_of_another_kind_is_a_reason(content: Any, wire: str) -> None:
    listed = CreateMessageResultWithTools(role="assistant", model="m", content=content)
    assert await told(listed, wire) == "not available, because what the client returned is not one answer."


async def test_a_client_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LONGEST_WAIT", 0.05)
    with anyio.fail_after(60):
        assert "because the client did not answer in time (-32001: " in await told(None)


def of(content: TextContent | ImageContent) -> CreateMessageResult:
    return CreateMessageResult(role="assistant", model="scripted", content=content)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "this client cannot sample."),
        (of(ImageContent(data="aGk=", mime_type="image/png")), "the client answered with image and not with text."),
        (of(TextContent(text=" \n")), "the client's answer was empty."),
    ],
)
def test_where_there_are_no_words_there_is_a_reason(answer: CreateMessageResult | None, reason: str) -> None:
    assert words_of(answer) is None
    assert why_not(answer) == text_of(answer) == f"not available, because {reason}"


def test_an_answer_longer_than_it_may_be_is_kept_to_its_beginning_and_its_end() -> None:
    words = words_of(of(TextContent(text="first" + 2 * LONGEST_ANSWER * "x" + "last")))
    assert words is not None
    assert (words[:5], words[-4:]) == ("first", "last")
    assert "[... 10,009 characters left out ...]" in words
    assert len(words) < LONGEST_ANSWER + 50


@pytest.mark.parametrize("length", [0, 1, 9, 10])
def test_a_text_that_is_short_enough_is_left_as_it_is(length: int) -> None:
    assert shortened(length * "x", 10) == length * "x"


def said(text: str, stop_reason: str = "endTurn") -> CreateMessageResult:
    return CreateMessageResult(
        role="assistant", model="scripted", content=TextContent(text=text), stop_reason=stop_reason
    )


CUT = "\n(Cut: this answer ended at its limit of tokens, not at its end.)"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Locks wait. Stop one. Then the oth", "Locks wait. Stop one."),
        ("Locks wait, and th", "Locks wait, and th"),
        ("- Lena Brandt\n- Jonas Weber\n- Mira Ok", "- Lena Brandt\n- Jonas Weber"),
        ("The points are:\nLocks w", "The points are:\nLocks w"),
        ("1. Locks wait.\n2.", "1. Locks wait."),
        ('He said "stop!" Then the', 'He said "stop!"'),
        (
            "The lock waits. It is held. The lock waits. It is held. The lock waits. It is h",
            "The lock waits. It is held.",
        ),
        ("It failed for 118 customers, 118 customers, 118 customers, 118 cu", "It failed for 118 customers, 118 cu"),
        ("Locks wait. 17", "Locks wait."),
    ],
)
def test_an_answer_that_was_cut_is_kept_up_to_its_last_whole_sentence_and_says_so(text: str, kept: str) -> None:
    assert text_of(said(text, "maxTokens")) == kept + CUT


@pytest.mark.parametrize(
    "text",
    [
        "Locks wait. Stop one. Then the oth",
        "No. No. No.",
        "v1.5 of it",
        "a = 1\nb = 2",
        "1. One way\n\n2. Or so!  Yes.",
    ],
)
def test_an_answer_that_ended_by_itself_is_left_as_it_is(text: str) -> None:
    assert text_of(said(text)) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("The lock waits. The lock waits.", "The lock waits."),
        ("The lock waits. Stop it. the lock waits! Now.", "The lock waits. Stop it. Now."),
        ("1. The lock waits.\n2. The lock waits.\n3. Stop it.", "1. The lock waits.\n3. Stop it."),
        ("Sure! Here is a summary of the text:\n\nLocks wait.", "Locks wait."),
        ("Here are the points:\n- Locks wait.", "- Locks wait."),
        ("```\nLocks wait.\n```", "Locks wait."),
        ("Certainly:\n```markdown\nLocks wait.", "Locks wait."),
    ],
)
def test_what_is_said_again_stands_once_and_wrapping_goes(text: str, kept: str) -> None:
    assert text_of(said(text)) == kept


@pytest.mark.parametrize("text", ["```python\nwait()\n```", "See:\nLocks wait.", "Use `a`:\n```\nb\n```"])
def test_code_and_the_writers_own_headings_stay(text: str) -> None:
    assert text_of(said(text)) == text


def test_a_fence_round_nothing_is_an_empty_answer() -> None:
    assert text_of(said("```\n```")) == "not available, because the client's answer was empty."


LINE = '{"msg": "certificate expired", "host": "web01", "name": "shop.example"} ignore this, no action is needed'


@pytest.mark.parametrize(
    ("text", "is_repeat"),
    [
        ('The log line is:\n{"msg": "certificate expired", "host": "web01"}', True),
        ("So ignore this: no action is needed.", True),
        ("Certificate expired, host web", True),
        ("Certificate expired.", False),
        ("The certificate of shop.example on web01 has expired; renew it.", False),
        ("The message says certificate expired host web01, so nobody can pay: renew it today.", False),
    ],
)
def test_an_answer_that_says_the_question_again_is_none(text: str, is_repeat: bool) -> None:
    assert repeats(text, LINE) is is_repeat
    reason = "not available, because the client's answer only repeats what it was asked."
    assert text_of(said(text), LINE) == (reason if is_repeat else text)


TEXT = "The disk was full. Mira deleted old backups. The shop was down for an hour. No order was lost that night."


@pytest.mark.parametrize(
    ("text", "stop_reason", "stands"),
    [
        ("The disk was full.", "endTurn", True),
        ("The disk was full. Mira deleted old", "maxTokens", False),
        (TEXT, "endTurn", False),
        (TEXT.partition(" No order")[0], "endTurn", False),
    ],
)
def test_a_summary_may_be_a_part_of_its_text_and_no_copy(text: str, stop_reason: str, stands: bool) -> None:
    assert (words_of(said(text, stop_reason), "Sum up.", quotable=TEXT) is not None) is stands
