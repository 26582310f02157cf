"""As many samples as only the run can tell, in as many steps, on both wires.

    rounds = Rounds(ctx)
    try:
        text = await rounds.once("text", fetch)                                # done once, kept for later rounds
        summaries = await rounds.ask([request(part) for part in parts(text)])  # N of them
        [whole] = await rounds.ask([request(summaries)])
    except MoreNeeded as more:
        return more.result

A tool's `Resolve` parameters fix the number of its samples in its signature. Here the tool drives the exchange itself.
On revision 2026-07-28 it *returns* an `InputRequiredResult` with all questions of a step, the client answers them at
once, and the tool runs again from its first line: steps that were answered are read from `request_state`. On older
revisions each question is a request of its own, one after the other, and the tool waits.

`rounds.entered(message, form)` asks the person at the client in the same way (elicitation).

Source: specification 2026-07-28, basic/patterns/mrtr; 2025-11-25, client/sampling and client/elicitation.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, TypeVar

from mcp.server.elicitation import render_elicitation_schema
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
    TextContent,
    ToolUseContent,
)
from pydantic import BaseModel, ValidationError

from servers.asking import LONGEST_ANSWER, LONGEST_WAIT, NoAnswer, asks_by_result, sent, words_of

T = TypeVar("T")
Form = TypeVar("Form", bound=BaseModel)

MOST_USES = 16
"""Uses of tools that are read of one answer."""


class Use(BaseModel, frozen=True):
    """A use of a tool that an answer asks for. No two of one answer have the same `id`."""

    id: str
    name: str
    input: dict[str, Any]


class Answered(BaseModel, frozen=True):
    """What came back for a question. `text` is empty where it held no words; a `model` name is a claim."""

    text: str
    model: str = ""
    stop_reason: str | None = None
    uses: tuple[Use, ...] = ()


class MoreNeeded(Exception):
    """The tool has to return `result` and will be called again."""

    def __init__(self, result: InputRequiredResult) -> None:
        super().__init__("the client has to answer first")
        self.result = result


class Declined(ToolError):
    """The client refused a question; the text is the reason, as in `NoAnswer`. Only the older wire tells of it.

    A tool that does not catch it ends with that reason, and not with a crash.
    """


class _State(BaseModel):
    """What a tool must know again in the next round. The SDK seals it: a client can neither read nor change it."""

    kept: dict[str, str] = {}
    asked: dict[str, str] = {}
    answered: dict[str, Answered] = {}


class Rounds:
    """Drives one call of a tool: see above. What the tool asks must follow from its arguments and what it kept."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._returns = asks_by_result(ctx)
        self._state = _State()
        if self._returns and ctx.request_state:
            try:
                self._state = _State.model_validate_json(ctx.request_state)
            except ValidationError:
                raise ToolError("The request state is none of this tool. Call the tool anew.") from None
        self._step = 0
        self.answers: list[Answered] = []
        """Every answer so far, in the order of the questions; after a refusal, those that came before it."""

    async def once(self, name: str, make: Callable[[], Awaitable[str]]) -> str:
        """What `make` returns, called in the first round only: a search, a clock, anything that may differ the next
        time."""
        if name not in self._state.kept:
            self._state.kept[name] = await make()
        return self._state.kept[name]

    async def ask(self, questions: Sequence[CreateMessageRequestParams], *, as_said: bool = False) -> list[Answered]:
        """The answers to `questions`, in their order; on the newer wire they are asked at once.

        Args:
            questions: What to ask.
            as_said: Whether a text is kept to the letter, as JSON has to be, and not without what it repeats.

        Raises:
            MoreNeeded: The client has not answered yet.
            Declined: The client refuses.
            ToolError: The step asks something else than it did in the round before.
        """
        self._step += 1
        keyed = {f"step {self._step}, question {n}": each for n, each in enumerate(questions, 1)}
        if self._returns:
            requests = {key: CreateMessageRequest(params=question) for key, question in keyed.items()}
            self._collect(requests, self._state.answered, lambda key, came: _answered(keyed[key], came, as_said))
        for key, question in keyed.items():
            came = self._state.answered[key] if self._returns else await self._request(question, as_said)
            self.answers.append(came)
        return self.answers[len(self.answers) - len(keyed) :]

    async def entered(self, message: str, form: type[Form]) -> Form | NoAnswer:
        """What the person at the client enters into a form; a `NoAnswer` where nobody can be asked, or says no.

        Args:
            message: What the person reads, all of it in plain characters.
            form: Its fields are texts, numbers, truth values or choices, none of them nested.

        Raises:
            MoreNeeded: The person has not answered yet.
        """
        if not can_ask_a_person(self._ctx):
            return NoAnswer("this client cannot ask a person (it declares no elicitation)", is_refusal=False)
        self._step += 1
        key = f"step {self._step}, a person"
        params = ElicitRequestFormParams(message=message, requested_schema=render_elicitation_schema(form))
        request = ElicitRequest(params=params)
        if self._returns:
            self._collect({key: request}, self._state.kept, lambda _, came: _chosen(form, came))
            told = self._state.kept[key]
        else:
            related = ServerMessageMetadata(related_request_id=self._ctx.request_id)
            try:
                came = await self._ctx.session.send_request(request, ElicitResult, LONGEST_WAIT, metadata=related)
            except (MCPError, ValidationError):
                return NoAnswer("the client did not ask the person, or not in time", is_refusal=False)
            told = _chosen(form, came)
        return form.model_validate_json(told) if told.startswith("{") else NoAnswer(told)

    def _collect(
        self,
        requests: Mapping[str, CreateMessageRequest | ElicitRequest],
        kept: dict[str, T],
        read: Callable[[str, object], T],
    ) -> None:
        """Keep what came with this round; where something is missing, ask for it."""
        came = self._ctx.input_responses or {}
        missing: dict[str, CreateMessageRequest | ElicitRequest] = {}
        for key, request in requests.items():
            digest = sha256(request.params.model_dump_json().encode()).hexdigest()[:16]
            was_asked = key in self._state.asked
            if self._state.asked.setdefault(key, digest) != digest:
                raise ToolError(f"In {key} this tool asked something else in the round before: its prompt is not pure.")
            if was_asked and key not in kept and key in came:
                kept[key] = read(key, came[key])
            if key not in kept:
                missing[key] = request
        if missing:
            raise MoreNeeded(
                InputRequiredResult(input_requests={**missing}, request_state=self._state.model_dump_json())
            )

    async def _request(self, question: CreateMessageRequestParams, as_said: bool) -> Answered:
        answer = await (
            sent(self._ctx, question, CreateMessageResultWithTools) if question.tools else sent(self._ctx, question)
        )
        if isinstance(answer, NoAnswer) and answer.is_refusal:
            raise Declined(answer.reason)
        return _answered(question, answer, as_said)


def can_ask_a_person(ctx: Context) -> bool:
    """Whether the client declared that it can show a form to a person. An empty declaration is one of forms."""
    declared = ctx.client_capabilities and ctx.client_capabilities.elicitation
    return declared is not None and (declared.form is not None or declared.url is None)


def _chosen(form: type[BaseModel], came: object) -> str:
    """What a person entered, as JSON; or why there is nothing, as the end of a sentence. "yes" is no truth value."""
    if not isinstance(came, ElicitResult):
        return "the client answered with something else than a person's choice"
    if came.action != "accept":
        return "the person said no" if came.action == "decline" else "the person closed the question"
    try:
        return form.model_validate_json(json.dumps(came.content or {}), strict=True).model_dump_json()
    except ValidationError:
        return "what the person entered does not fit the form"


def _answered(question: CreateMessageRequestParams, answer: object, as_said: bool) -> Answered:
    """What is kept of an answer. A list of blocks, or a use of a tool, counts where tools were offered alone."""
    uses: list[Use] = []
    if isinstance(answer, CreateMessageResultWithTools) and question.tools:
        blocks = answer.content_as_list
        uses = [_use(block, place) for place, block in enumerate(blocks, 1) if isinstance(block, ToolUseContent)]
        words = "".join(block.text for block in blocks if isinstance(block, TextContent))
        answer = CreateMessageResult(
            role=answer.role, content=TextContent(text=words), model=answer.model, stop_reason=answer.stop_reason
        )
    if not isinstance(answer, CreateMessageResult):
        return Answered(text="")
    stop_reason = answer.stop_reason and _writable(answer.stop_reason[:100])
    told = answer.content.text[:LONGEST_ANSWER] if isinstance(answer.content, TextContent) else ""
    return Answered(
        text=_writable(told if as_said else words_of(answer) or ""),
        model=_writable(answer.model[:100]),
        stop_reason=stop_reason,
        uses=tuple({use.id: use for use in uses[:MOST_USES]}.values()),
    )


def _use(block: ToolUseContent, place: int) -> Use:
    """A use as the state can keep it."""
    told = json.loads(_writable(json.dumps(block.input, ensure_ascii=False)), parse_constant=str)
    return Use(id=_writable(block.id[:100]) or f"use-{place}", name=_writable(block.name[:100]), input=told)


def _writable(text: str) -> str:
    """`text` as the state can keep it: half a surrogate pair has no place in JSON, and becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
