"""A case of a scorecard: what there is to say of it; and of a callback's, what is sent and how it is judged."""

import re
import tomllib
from asyncio import CancelledError, current_task
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Literal, TypeVar

from mcp_types import ErrorData

from labkit.answering import answered
from labkit.checks.engine import STAGE_TIMEOUT, Problem, plain
from labkit.checks.overheard import FAKE_KEY, overheard
from labkit.checks.standin import Standin
from labkit.checks.trial import NotApplicable, Trial, is_factory
from labkit.errors import unwrap
from labkit.runtime import HAS_THREADS

Status = Literal["PASS", "FAIL", "TODO", "N/A"]
"""`TODO` stands for a callback that raises a bare NotImplementedError, `N/A` for what cannot be seen on it."""

LONGEST = 400
"""Characters that are kept of what came back."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case with what came of it. `print(row)` tells all of it."""

    id: str
    title: str
    status: Status
    sent: str
    came_back: str
    why: str
    source: str
    mend: str
    hung: bool = False
    """Whether an answer took all the time that it was allowed."""
    requirement: str = ""
    """The SDK's own requirement on the same matter, as in `Case`."""

    @property
    def binding(self) -> str:
        """`"MUST"`, `"SHOULD"`, `"SDK"` or `"advice"`, as in `Case.source`."""
        return self.source.partition(":")[0]

    @property
    def group(self) -> str:
        return self.id.partition(".")[0]

    @property
    def failed(self) -> bool:
        return self.status in ("FAIL", "TODO")

    def __str__(self) -> str:
        lines = [f"{self.status} {self.id}: {self.title}"]
        if self.status == "N/A":
            lines.append(self.came_back)
        elif self.failed:
            lines += [f"sent: {self.sent}", f"came back: {self.came_back}", f"why: {self.why} [{self.source}]"]
            lines.append(f"mend: {self.mend}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Matter:
    """What there is to say of a case, whatever it examines.

    Attributes:
        id: The case's group, and its name there, as in `"limits.one-token"`.
        title: What is examined, in a few words.
        sent: What is sent.
        why: Why it matters.
        source: How binding it is, and the section that it stands in or follows from. "MUST" and "SHOULD" are words of
            the specification; "SDK" is what mcp needs; "advice" is this kit's alone, on what the section describes.
        mend: What to do about it.
        wrong: What often stands in code that fails, in a line.
        requirement: The id of the requirement in the SDK's own tests (tests/interaction of its repository) that is on
            the same matter, as the SDK's side sees it; most cases have none there.
    """

    id: str
    title: str
    sent: str
    why: str
    source: str
    mend: str
    wrong: str = field(default="", kw_only=True)
    requirement: str = field(default="", kw_only=True)

    @property
    def page(self) -> str:
        """The case as a page in Markdown: what it does, why it matters, what is wrong and what is right."""
        held = f" The SDK holds its own side of it as `{self.requirement}`." if self.requirement else ""
        parts = {
            "What it does": f"It sends {self.sent}.",
            "Why it matters": f"{self.why}\n\n{self.source}.{held}",
            "Wrong": f"    {self.wrong}",
            "Right": self.mend,
        }
        body = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in parts.items())
        return f"# {self.id}: {self.title}\n\n{body}\n"

    @property
    def group(self) -> str:
        return self.id.partition(".")[0]

    def row(self, status: Status, came_back: str, *, hung: bool = False, mend: str = "") -> Row:
        """The row of this case. What differs between two runs, a port or an address in memory, is left out.

        Args:
            status: The verdict.
            came_back: What came of it.
            hung: As in `Row`.
            mend: What to do, where it is not what the case says.
        """
        text = came_back.replace(FAKE_KEY, "[the key]")
        text = re.sub(r"(127\.0\.0\.1|localhost):\d+", r"\1:PORT", text)
        text = " ".join(re.sub(r" at 0x[0-9A-Fa-f]+", "", text).split())
        text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
        told = (self.why, self.source, mend or self.mend)
        return Row(self.id, self.title, status, self.sent, text, *told, hung, self.requirement)

    def __str__(self) -> str:
        return self.id


C = TypeVar("C", bound=Matter)


def written(kind: Callable[..., C], file: Path, *modules: ModuleType) -> tuple[C, ...]:
    """The cases of a file, in its order; the judge of each stands in the `JUDGES` of one of `modules`, by its id."""
    judges = {name: judge for module in modules for name, judge in module.JUDGES.items()}
    texts = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(kind(id=name, judge=judges[name], **told) for name, told in texts.items())


@dataclass(frozen=True)
class Case(Matter):
    """Something that a good client's callback handles.

        row = await case.examine(my_callback)
        assert not row.failed, row

    Attributes:
        judge: Asks the callback, and raises `Problem` or `NotApplicable`.
        needs_provider: Whether it can be seen only on a factory.
        with_key: Whether the environment holds a key meanwhile. For a factory it always does.
    """

    judge: Callable[[Trial], Awaitable[object]]
    needs_provider: bool = False
    with_key: bool = False

    async def examine(self, callback: object, *, timeout: float = STAGE_TIMEOUT) -> Row:
        """Examine a callback, or a factory `make(base_url)` of one. Nothing that it does is raised.

        Args:
            callback: `async def callback(context, params)`, or a function that makes one which asks the provider at
                `base_url`, the address of a stand-in on this machine.
            timeout: Seconds that each of its answers may take.
        """
        factory = is_factory(callback)
        if self.needs_provider and not factory:
            return self.row("N/A", "This shows only on a factory: scorecard(make), with def make(base_url).")
        if factory and not HAS_THREADS:
            return self.row("N/A", "This platform has no sockets for the stand-in that a factory is given.")
        async with AsyncExitStack() as stack:
            ear = stack.enter_context(overheard(with_key=factory or self.with_key))
            provider = await stack.enter_async_context(Standin()) if factory else None
            trial = Trial(callback, provider, ear, timeout)
            try:
                trial.callback = await trial.make()
                await self.judge(trial)
            except BaseException as raised:
                if is_ours(raised):
                    raise
                told, verdict = raised, verdict_on(raised)
                if verdict[0] == "FAIL" and trial.lost:  # what it made of that is no matter
                    told, verdict = trial.lost, verdict_on(trial.lost)
                if verdict[0] == "TODO" or not (unspoken := _unspoken(trial)):
                    return self.row(*verdict, hung=trial.hung, mend=getattr(told, "mend", ""))
                return self.row("N/A", unspoken, hung=trial.hung)
            if isinstance(trial.answer, ErrorData) and (unspoken := _unspoken(trial)):
                return self.row("N/A", unspoken, hung=trial.hung)
        return self.row("PASS", answered(trial.answer) if trial.answer else "", hung=trial.hung)


def is_ours(error: BaseException) -> bool:
    """Whether an error is meant for whoever awaits the examination, and is not the callback's doing."""
    task = current_task()
    is_cancelled = isinstance(error, CancelledError) and task is not None and task.cancelling() > 0
    # What a callback raises comes inside a CallbackError: this one is the kernel's "interrupt".
    return is_cancelled or isinstance(error, KeyboardInterrupt)


def _unspoken(trial: Trial) -> str:
    """Why a failure or a refusal says nothing of the callback: it asked for what the stand-in has no answer for."""
    if not (trial.provider and trial.provider.unspoken):
        return ""
    return (
        f"Not judged: it asked for {trial.provider.unspoken[-1]}, which the stand-in does not speak. "
        "It has /v1/messages, /v1/messages/count_tokens, /v1/chat/completions and /v1/models."
    )


def verdict_on(error: BaseException) -> tuple[Status, str]:
    """What an error of an examination says of who is examined, and in which words."""
    error = unwrap(error)
    if isinstance(error, NotApplicable):
        return "N/A", str(error)
    # With words it is a callback's way to say what it does not do, which should be a refusal.
    raised = unwrap(error.__cause__ or error)
    if isinstance(raised, NotImplementedError) and not str(raised):
        return "TODO", "It raises NotImplementedError: this is still to be written."
    return "FAIL", str(error) if isinstance(error, Problem) else plain(error)
