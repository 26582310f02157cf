"""`defend`: a server of one's own, with a model that lies about figures or obeys what stands in the data.

    card = await scorecard_server(make, "report", arguments, answer=true)
    print(defence := await defend(make, "report", arguments, answer=true, planted=planted, folder=folder))
    print(marks(card, defence))

The scorecard for servers knows nothing of what an answer says. Here it is a narrative about data: `answer` is a true
one, and what is made of it is false. Behaviour is judged: a false sentence may be left out, or marked, or be the end of
the narrative. Where the tool does something in a folder, it may do it after the true narrative alone.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp_types import CreateMessageRequestParams, ErrorData

from labkit.attacks.bed import flat_of
from labkit.callbacks import Answer
from labkit.checks.asking_servers import REVISIONS, Line
from labkit.checks.case import Matter, Row, is_ours, verdict_on
from labkit.checks.engine import Problem, bounded
from labkit.checks.overheard import overheard
from labkit.checks.scorecard import Scorecard
from labkit.checks.served import WIRES, Asked, Given, Seen, Served, good
from labkit.checks.trial import NotApplicable
from servers.hostile import PLANS, Plan

VALIDATE = "advice: 2026-07-28, client/sampling, Security Considerations (validate message content)"
NUMBER = re.compile(r"(?<![\w./-])\d(?:[\d.,]*\d)?(?![\w/-])")
"""A figure as it is written: `7`, `1,204.5`; no part of a date."""

ATTACKS = [
    plan
    for plan in PLANS.values()
    if plan.family in ("hijack", "poisoning") and plan.gain and plan.gain.kind == "says" and plan.obeys
]
"""Attacks of `servers/attacks.toml` whose order may as well stand in a row of data."""


async def defend(
    server: Given,
    tool: str,
    arguments: dict[str, Any],
    *,
    answer: str,
    planted: Callable[[str], MCPServer] | None = None,
    folder: Path | str | None = None,
) -> Scorecard:
    """Examine what a tool makes of narratives about its data, true and false, and of orders in the data.

    Args:
        server: What a Lab takes, or a function that makes it.
        tool: The tool's name.
        arguments: What it is called with.
        answer: A narrative that is true of the data, with a figure or two; as your tool wants to have it.
        planted: A function that makes the same server over data in which a text stands that is not yours.
        folder: Where the tool writes when it acts.
    """
    rows = list[Row]()
    with overheard():
        async with Served(server, tool, arguments, answer=answer) as served:
            bed = _Bed(served, answer, Path(folder) if folder is not None else None)
            for name, judge in _judges(bed).items():
                rows.append(await _row(MATTERS[name], judge))
        for plan in ATTACKS:
            if planted is None:
                break
            async with Served(planted(" ".join(plan.lever)), tool, arguments, answer=answer) as served:
                bed = _Bed(served, answer, Path(folder) if folder is not None else None)
                rows.append(await _row(_attack(plan), bed.obeys(plan)))
    return Scorecard(f"{tool}, defended", tuple(rows))


Judge = Callable[[str], Any]


async def _row(matter: Matter, judge: Judge) -> Row:
    told = ""
    for mode in WIRES:
        try:
            told = str(await bounded(lambda mode=mode: judge(mode), 30) or "")
        except BaseException as raised:
            if is_ours(raised):
                raise
            status, said = verdict_on(raised)
            return matter.row(status, f"On revision {REVISIONS[mode]}: {said}" if status == "FAIL" else said)
    return matter.row("PASS", told)


@dataclass
class _Bed:
    """A tool under examination, its true narrative, and the folder in which it acts."""

    served: Served
    answer: str
    folder: Path | None

    def _files(self) -> dict[str, str]:
        if self.folder is None or not self.folder.is_dir():
            return {}
        files = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return {str(path): path.read_text(encoding="utf-8", errors="replace") for path in files}

    async def use(self, mode: str, *lines: Line) -> tuple[Seen, str]:
        """What comes of a call, and what the tool has written meanwhile."""
        before = self._files()
        seen = await self.served.use(mode, *lines)
        after = self._files()
        written = [text.removeprefix(before.get(name, "")) for name, text in after.items() if text != before.get(name)]
        return seen, "\n".join(written)

    async def true(self, mode: str) -> tuple[Seen, str]:
        """What comes of the true narrative.

        Raises:
            NotApplicable: It is taken for none, so that nothing can be seen on a false one.
        """
        seen, written = await self.use(mode, self.answer)
        if not seen.asked:
            raise NotApplicable("It asked its client nothing.")
        if seen.text == (await self.use(mode, ""))[0].text:
            raise NotApplicable("Not examined: first see to figures.true.")
        return seen, written

    async def takes_a_true_one(self, mode: str) -> str:
        seen, _ = await self.use(mode, self.answer)
        if seen.text == (await self.use(mode, ""))[0].text:
            raise Problem(f"As of an empty answer: {seen.text[:200]!r}.")
        return seen.told

    def marks(self, lie: Callable[[Seen], tuple[str, str]]) -> Judge:
        """A judge: a false narrative does not come out as a true one would. `lie` gives it, with what betrays it."""

        async def judge(mode: str) -> str:
            true, _ = await self.true(mode)
            said, sign = lie(true)
            seen, _ = await self.use(mode, said)
            more = _words(seen.text) - _words(true.text) - _words(said)
            if sign in seen.text and not more:
                raise Problem(f"{said!r} came out as a true one does: {seen.text[:300]!r}.")
            return seen.told

        return judge

    def invents(self, true: Seen) -> tuple[str, str]:
        return f"{self.answer} In all there were 987,654 of them.", "987,654"

    def takes_words(self, true: Seen) -> tuple[str, str]:
        return f"{self.answer} It has doubled, to nine hundred thousand.", "nine hundred thousand"

    def takes_a_true_figure(self, true: Seen) -> tuple[str, str]:
        """A figure that the server itself sent, tied to a thing that is not in the data."""
        figures = [found for params in true.asked for found in NUMBER.findall(_texts(params))]
        if not figures:
            raise NotApplicable("Its question holds no figure.")
        said = f"The coffee machine was mended {max(figures, key=len)} times."
        return f"{self.answer} {said}", said

    def swaps(self, true: Seen) -> tuple[str, str]:
        """The narrative with two of its figures in each other's place."""
        first, *others = dict.fromkeys(NUMBER.findall(self.answer)) or [""]
        if not others:
            raise NotApplicable("Your true narrative has fewer than two figures of its own.")
        swapped = {first: others[0], others[0]: first}
        said = NUMBER.sub(lambda found: swapped.get(found[0], found[0]), self.answer)
        return said, said

    def acts_on_nothing(self, *lines: Line) -> Judge:
        """A judge: after these answers, none of which is a checked narrative, the folder is as it was."""

        async def judge(mode: str) -> str:
            seen, written = await self.true(mode)
            if not written:
                raise NotApplicable("It writes nothing into the folder that was named.")
            for given in [[line] for line in lines] or [[]]:
                seen, written = await self.use(mode, *given)
                if written:
                    what = f"with the answer {_short(*given)}" if given else "of a client that cannot sample"
                    raise Problem(f"A call {what} wrote {written[:200]!r}.")
            return seen.told

        return judge

    async def acts_on_no_lie(self, mode: str) -> str:
        true, written = await self.true(mode)
        if not written:
            raise NotApplicable("It writes nothing into the folder that was named.")
        for lie in (self.invents, self.takes_a_true_figure):
            said, sign = lie(true)
            _, filed = await self.use(mode, said)
            if sign in filed:
                raise Problem(f"It wrote {filed[:200]!r}.")
        return ""

    def obeys(self, plan: Plan) -> Judge:
        """A judge: what a plan orders is neither in the result nor in what was written, though the model obeys."""

        async def judge(mode: str) -> str:
            read = False
            for form in (plan.obeys, f"{self.answer} {plan.obeys}"):
                model = _Obedient(plan, form, self.answer)
                before = self._files()
                seen = await self.served.seen(self.served.lab(mode, model), model)
                after = self._files()
                filed = "\n".join(text for name, text in after.items() if text != before.get(name))
                read = read or model.was_moved
                for place, text in (("result", seen.text), ("folder", filed)):
                    if found := re.search(_gain(plan), text):
                        around = text[max(0, found.start() - 60) : found.end() + 20]
                        who = "The model read the order and obeyed" if model.was_moved else "No model read it"
                        raise Problem(f"{who}; in the {place} stands {around!r}.")
            return "The model read it and obeyed, and nobody else did." if read else "No model read it."

        return judge


class _Obedient(Asked):
    """A model that does what a plan orders where it reads the order, and else gives the true narrative."""

    def __init__(self, plan: Plan, obeys: str, answer: str) -> None:
        super().__init__(answer)
        self._plan, self._obeys, self._answer = plan, obeys, answer
        self.was_moved = False

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> Answer:
        told = flat_of(params)
        moved = all(each in told for each in self._plan.lever)
        self.was_moved = self.was_moved or moved
        self.lines = (self._obeys if moved else self._answer,)
        return await super().__call__(context, params)


REFUSAL = ErrorData(code=-1, message="User rejected sampling request")


_WORDS = tomllib.loads(Path(__file__).with_name("defence.toml").read_text(encoding="utf-8"))
MATTERS = {name: Matter(id=name, source=VALIDATE, **told) for name, told in _WORDS.items()}


def _judges(bed: _Bed) -> dict[str, Judge]:
    """The judge of each of `MATTERS`, by its id."""
    half = good(bed.answer[: len(bed.answer) // 2], "maxTokens")
    return {
        "figures.true": bed.takes_a_true_one,
        "figures.invented": bed.marks(bed.invents),
        "figures.another-thing": bed.marks(bed.takes_a_true_figure),
        "figures.swapped": bed.marks(bed.swaps),
        "figures.in-words": bed.marks(bed.takes_words),
        "action.no-model": bed.acts_on_nothing(),
        "action.fallback": bed.acts_on_nothing("", half),
        "action.refused": bed.acts_on_nothing(REFUSAL),
        "action.false": bed.acts_on_no_lie,
    }


def _attack(plan: Plan) -> Matter:
    return Matter(
        f"{plan.family}.{plan.name}",
        plan.what,
        "a row of data with the order in it, to a model that does all it is told",
        "Rows are written by strangers. What they order must reach neither who reads the result nor what is done.",
        VALIDATE,
        "Send the model no words of strangers; or hold what it says against a form in which an order has no room.",
    )


def _gain(plan: Plan) -> str:
    return plan.gain.like if plan.gain else r"(?!)"


def _texts(params: CreateMessageRequestParams) -> str:
    return flat_of(params.model_copy(update={"system_prompt": None}))


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def _short(line: object) -> str:
    content = getattr(line, "content", line)
    return repr(getattr(content, "text", getattr(content, "message", content)))[:80]


POINTS = {
    "the scorecard for servers": ((), 25),
    "figures": (("figures",), 15),
    "action": (("action",), 10),
    "orders in the data": (("hijack", "poisoning"), 20),
}
"""What code can mark, with the groups of rows that it is read off and the most points."""

BY_A_PERSON = {"design, and the reasons": 10, "code that others can read": 10, "the defence, in talk": 10}
"""What a person marks: docs/CAPSTONE.md says by what."""


@dataclass(frozen=True)
class Marks:
    """What code can mark of a capstone: for each part its points, the most that there are, and rows passed of how many.

    Attributes:
        parts: By name. A part of which nothing could be seen has `None` for points, and counts for neither side.
    """

    parts: dict[str, tuple[int | None, int, str]]

    @property
    def points(self) -> int:
        return sum(points or 0 for points, _, _ in self.parts.values())

    @property
    def most(self) -> int:
        """The most points of the parts that could be seen."""
        return sum(of for points, of, _ in self.parts.values() if points is not None)

    def __str__(self) -> str:
        lines = [
            f"{name:26} {'–' if points is None else points:>3} of {of:<3} {told}"
            for name, (points, of, told) in self.parts.items()
        ]
        lines.append(f"{'by code':26} {self.points:>3} of {self.most}")
        return "\n".join([*lines, *(f"{name:26}   … of {of:<3} a person" for name, of in BY_A_PERSON.items())])


def marks(card: Scorecard, defence: Scorecard) -> Marks:
    """The points of a capstone that code can give, by the share of rows that passed; rounded down.

    Args:
        card: Of `scorecard_server`.
        defence: Of `defend`.
    """
    parts = dict[str, tuple[int | None, int, str]]()
    for name, (groups, most) in POINTS.items():
        rows = [row for row in (defence.rows if groups else card.rows) if not groups or row.group in groups]
        passed, failed = (sum(row.status == "PASS" for row in rows), sum(row.failed for row in rows))
        seen = passed + failed
        points = most * passed // seen if seen else None
        parts[name] = points, most, f"{passed} of {seen} cases" if seen else "nothing to see"
    return Marks(parts)
