"""An exercise whose solution makes callbacks that ask a provider: the scorecard judges it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from inspect import iscoroutinefunction
from typing import Any

from mcp_types import INTERNAL_ERROR, ErrorData

from labkit.answering import ask
from labkit.callbacks import name_of
from labkit.checks.engine import FunctionExercise, Problem, Report, bounded, direct_context, request
from labkit.checks.scorecard import CASES
from labkit.checks.standin import Standin
from labkit.checks.trial import MAKE, is_factory, parameters
from labkit.errors import LabError

NOWHERE = "http://127.0.0.1:9"
"""Where nobody listens on a machine of today."""
PATH = "/v1/chat/completions"
NAMED = "llama3.2:1b"
"""The model that a factory is given."""
SMALL = 7
"""Tokens: fewer than anybody would write down as a limit of one's own."""


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
            if iscoroutinefunction(function):
                told = "make is `async def`, and nobody awaits it. Write `def make(base_url):`; `async def` is inside."
            return Report(self.number, "NOT YET", 0, self.total, told, "factory")
        every = {case.id: case for case in CASES}
        for passed, case in enumerate(every[name] for name in self.cases):
            row = await case.examine(function)
            if row.status == "TODO" and not await _makes(function):
                return Report(self.number, "TODO", passed, self.total)
            if row.failed:
                sent = "" if row.mend == MAKE else f"We sent {row.sent}. "
                told = f"{sent}{row.came_back.removesuffix('.')}. {row.mend}"
                if row.status == "TODO":
                    told = "The callback calls a function that is not written yet: look at 2.1, 2.2 and 2.3 first."
                return Report(self.number, "NOT YET", passed, self.total, told, case.id)
        try:
            await _asks_as_told(function)
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
    if not isinstance(answer, ErrorData):
        told = (
            "Nobody listened at base_url, and it answered. Return ErrorData(code=-32603, message=...): a server files"
        )
        raise Problem(f"{told} an answer as a model's words.", hint="provider.wrong-key")
    if answer.code != INTERNAL_ERROR:
        told = f"Nobody listened at base_url, and the code of the refusal was {answer.code}."
        raise Problem(f"{told} Your side failed, so it is {INTERNAL_ERROR}.", hint="code")


async def _asks_as_told(factory: Any) -> None:
    """See that the API is asked where it is, for the model that was given and within a small limit."""
    async with Standin() as api:
        named = {"model": NAMED} if "model" in parameters(factory) else {}
        question = request("What is a deadlock?", max_tokens=SMALL)

        async def asked() -> None:
            await ask(factory(base_url=api.url, **named), direct_context(), question)

        with suppress(LabError):  # an error has had its case; here the request counts
            await bounded(asked)
        body = next((each.body for each in api.asked if each.path == PATH), None)
        told = f"{name_of(factory)} was given base_url={api.url[:17]}PORT"
        if body is None:
            places = ", ".join([*api.lost, *api.unspoken, *(each.path for each in api.asked)]) or "nothing"
            raise Problem(f"{told}, and asked for {places} there. Post to base_url and {PATH}.", hint="address")
        if named and body.get("model") != NAMED:
            raise Problem(f"{told} and model={NAMED!r}, and asked for the model {body.get('model')!r}.", hint="model")
        if not isinstance(limit := api.asked[-1].limit, int) or limit > SMALL:
            told = f"We sent a question with max_tokens {SMALL}, and the API was asked for {limit} tokens."
            raise Problem(f"{told} What is cut afterwards is paid for all the same.", hint="limits.one-token")


async def _makes(factory: Any) -> bool:
    """Whether a factory makes something, and is no stub."""

    async def make() -> object:
        return factory(base_url=NOWHERE)

    try:
        await bounded(make)
    except NotImplementedError:
        return False
    return True
