"""An exercise whose solution makes callbacks that ask a provider: the scorecard judges it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from mcp_types import INTERNAL_ERROR, ErrorData

from labkit.answering import ask
from labkit.checks.engine import FunctionExercise, Problem, Report, bounded, direct_context, request
from labkit.checks.scorecard import CASES
from labkit.checks.trial import MAKE, is_factory

NOWHERE = "http://127.0.0.1:9"
"""Where nobody listens on a machine of today."""


@dataclass(frozen=True)
class FactoryExercise(FunctionExercise):
    """An exercise whose solution makes callbacks that ask a provider.

    `cases` are cases of the scorecard, in the order in which a student gets to them. They are named by their ids.
    """

    cases: Sequence[Any]

    async def examine(self, function: object) -> Report:
        """Check the callbacks that `function` makes, case by case."""
        if not is_factory(function):
            told = "We were given no factory. Write `def make(base_url):`, and pass it without brackets."
            return Report(self.number, "NOT YET", 0, self.total, told, "factory")
        every = {case.id: case for case in CASES}
        for passed, case in enumerate(every[name] for name in self.cases):
            row = await case.examine(function)
            if row.status == "TODO" and not await _makes(function):
                return Report(self.number, "TODO", passed, self.total)
            if row.failed:
                sent = "" if row.mend == MAKE else f"We sent {row.sent}. "
                told = f"{sent}{row.came_back} {row.mend}"
                if row.status == "TODO":
                    told = "The callback calls a function that is not written yet: look at 2.1, 2.2 and 2.3 first."
                return Report(self.number, "NOT YET", passed, self.total, told, case.id)
        try:
            await bounded(partial(_fails_well, function))
        except Problem as problem:
            return Report(self.number, "NOT YET", self.total - 1, self.total, str(problem), problem.hint)
        return Report(self.number, "PASS", self.total, self.total, tried=self.tried)

    @property
    def total(self) -> int:
        """The cases, and whether a refusal says whose affair it is."""
        return len(self.cases) + 1


async def _fails_well(factory: Any) -> None:
    """See what the code of a refusal is where nobody listens; the scorecard looks at its words alone."""
    answer = await ask(factory(base_url=NOWHERE), direct_context(), request("What is a deadlock?"))
    if not isinstance(answer, ErrorData) or answer.code != INTERNAL_ERROR:
        code = answer.code if isinstance(answer, ErrorData) else "none"
        raise Problem(
            f"Nobody listened at base_url, and the code of the refusal was {code}. Your side failed, so it is -32603.",
            hint="code",
        )


async def _makes(factory: Any) -> bool:
    """Whether a factory makes something, and is no stub."""

    async def make() -> object:
        return factory(base_url=NOWHERE)

    try:
        await bounded(make)
    except NotImplementedError:
        return False
    return True
