"""`ReviewRequest`, what a human is shown, and what may be decided: `Approve`, `Edit`, `Refuse`, `AllowServer`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

from mcp_types import CreateMessageRequestParams, TextContent

from labkit.host.duty import Remark, Result
from labkit.host.texts import dumped
from labkit.secret_forms.hidden import without_hidden
from labkit.steps import Origin

T = TypeVar("T", bound=CreateMessageRequestParams | Result)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a review that is too long to be read at once, or of which something is known: lines of plain text."""

    number: int
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """A request before the model sees it; or, with an `answer`, that answer before the server sees it.

    Attributes:
        params: The request, as the model gets it.
        answer: What the model said; `None` before it was asked.
        origin: Which server asks, and for which tool call; `None` outside a Lab.
        remarks: What the guard remarked on the request, and on the answer.
        timeout: Seconds after which it expires.
        waiting: Tells how many reviews stand in line behind this one, whenever it is asked.
        connection: The name of the Lab that it comes from, where requests of several come to the same person.
        part: What a person is shown, where that is not the whole. Each part is a question of its own.
    """

    params: CreateMessageRequestParams
    answer: Result | None = None
    origin: Origin | None = None
    remarks: tuple[Remark, ...] = ()
    timeout: float = 0.0
    waiting: Callable[[], int] = field(default=lambda: 0, repr=False, compare=False)
    connection: str = ""
    part: Part | None = None

    @property
    def stage(self) -> Literal["request", "answer"]:
        """The stage under review."""
        return "request" if self.answer is None else "answer"

    @property
    def text(self) -> str | None:
        """The text that `edit` replaces: of the answer, or of the last message. `None` where that is not one text."""
        subject = self.answer or (self.params.messages[-1] if self.params.messages else None)
        if self.part is not None:
            return None
        return subject.content.text if subject and isinstance(subject.content, TextContent) else None

    def edit(self, text: str) -> "Edit":
        """The decision to go on with another text. An answer's stop reason then says how that text ends.

        Raises:
            ValueError: There is no single text to replace. Make the whole anew: `Edit(params)`, `Edit(answer)`.
        """
        if self.text is None:
            raise ValueError("what is reviewed here is not one text: pass the whole, as Edit(params) or Edit(answer)")
        if self.answer is not None:
            return Edit(edited_answer(self.answer, TextContent(text=text)))
        *before, last = self.params.messages
        messages = [*before, last.model_copy(update={"content": TextContent(text=text)})]
        return Edit(self.params.model_copy(update={"messages": messages}))


@dataclass(frozen=True, slots=True)
class Approve:
    """Go on as it is."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Go on with this in place of what was reviewed: a request where that was one, an answer where that was one."""

    instead: CreateMessageRequestParams | Result


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not ask the model; or withhold its answer. The caller reads the reason, on 2025-11-25 the server too."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class AllowServer:
    """Go on as it is, and ask no more about this server, except where a guard insists.

    It holds for the connection over which the request came. Another server may give itself the same name, and is asked
    about; so is the same server once it is connected anew. Under a policy it covers requests of the same form alone.
    """


Decision = Approve | Edit | Refuse | AllowServer


def edited_answer(answer: Result, content: Any) -> Result:
    """`answer` with what a human made of its content, and the stop reason that is true of that.

    Where the human has written the end, nothing cut it off: it ends as a turn does, with `endTurn`. Where the last word
    is still the model's, the text ends as the model's did, and so it does where the answer goes on to use a tool.
    Source: specification 2025-11-25, schema, CreateMessageResult.stopReason, "the reason why sampling stopped".

    Args:
        answer: What the model said.
        content: A block, or a list of them, in place of its own.
    """
    update = {"content": content}
    if answer.stop_reason != "toolUse" and _last_word(content) != _last_word(answer.content):
        update["stop_reason"] = "endTurn"
    return answer.model_copy(update=update)


def _last_word(content: Any) -> str | None:
    """The last word of the last block, without what hides in it; `None` where that is no text."""
    last = content[-1] if isinstance(content, list) and content else content
    return (without_hidden(last.text).split() or [""])[-1] if isinstance(last, TextContent) else None


def checked(edit: Edit, request: ReviewRequest) -> CreateMessageRequestParams | Result:
    """What `edit` puts in place of what was reviewed.

    Raises:
        TypeError: The edit is an answer in place of a request, or the reverse.
        pydantic.ValidationError: A field of it has a wrong value.
    """
    wanted = CreateMessageRequestParams if request.answer is None else Result
    if not isinstance(edit.instead, wanted):
        raise TypeError(f"the {request.stage} was under review, and Edit holds a {type(edit.instead).__name__}")
    return _valid(edit.instead)


def _valid(model: T) -> T:
    # pydantic checks what is made and not what is changed later, and an editor changes.
    return cast("T", type(model).model_validate(model.model_dump(by_alias=True, warnings=False)))


def what_changed(before: CreateMessageRequestParams | Result, after: CreateMessageRequestParams | Result) -> list[str]:
    """The fields that differ, by their names on the wire: `messages[0]`, `maxTokens`."""
    return _differences(dumped(before), dumped(after))


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    changed: list[str] = []
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        olds = cast("list[object]", old) if isinstance(old, list) else []
        news = cast("list[object]", new) if isinstance(new, list) else []
        if olds and len(olds) == len(news):
            pairs = zip(olds, news, strict=True)
            changed += [f"{key}[{n}]" for n, (one, other) in enumerate(pairs) if one != other]
        else:
            changed.append(key)
    return changed
