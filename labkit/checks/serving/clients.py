"""Clients that cannot sample, or say no."""

import re

from mcp_types import INTERNAL_ERROR, ErrorData

from labkit.checks.engine import Problem
from labkit.checks.served import Served, ends_well, question_of, useful
from labkit.checks.trial import NotApplicable

MOST_GUESSES = 8
"""Words of a result that are tried as an answer, to see whether a result without a model looks like one with it."""

TELLS = re.compile(
    r"sampl|model|client|availab|without|fall ?back|could not|cannot|can't|unable|no answer|not answer|guess|by rule"
    r"|heuristic|estimat|offline|degraded|plain code|keyword|list of words",
    re.IGNORECASE,
)
"""What stands in a result that says how it came about."""

REFUSAL = ErrorData(code=-1, message="The user said no.")
FAULT = ErrorData(code=INTERNAL_ERROR, message="The model could not be reached.")


async def asks_nobody(served: Served, mode: str) -> None:
    seen = await served.use(mode)
    if seen.asking:
        raise Problem(f"{seen.asking} question(s) to a client that has not said that it can sample.")


async def degrades(served: Served, mode: str) -> str:
    seen = await served.use(mode)
    if seen.asking:
        raise NotApplicable("See clients.not-asked.")
    if seen.kind != "result" and served.tool not in await served.tools(mode, None):
        raise NotApplicable("The server lists the tool for clients that can sample, and for no others.")
    useful(seen)
    return seen.told


async def says_so(served: Served, mode: str) -> str:
    plain = await served.use(mode)
    if plain.kind != "result" or not plain.text.strip():
        raise NotApplicable("See clients.cannot-sample.")
    if TELLS.search(plain.text):
        return plain.told
    lines = [line.rpartition(":")[2].strip() for line in plain.text.splitlines()]
    guesses = [plain.text, *lines, *re.findall(r"\w{3,}", plain.text)]
    for guess in list(dict.fromkeys(filter(None, guesses)))[:MOST_GUESSES]:
        if (await served.use(mode, guess)).text == plain.text:
            raise Problem(f"{plain.text[:200]!r}, which is what comes of a model that answers {guess[:60]!r}.")
    return plain.told


async def refused(served: Served, mode: str) -> str:
    seen = await served.use(mode, REFUSAL)
    ends_well(seen)
    return seen.told


async def failed(served: Served, mode: str) -> str:
    seen = await served.use(mode, FAULT)
    ends_well(seen)
    return seen.told


async def takes_no_for_an_answer(served: Served, mode: str) -> None:
    seen = await served.use(mode, REFUSAL)
    asked = [question_of(each) for each in seen.asked]
    if len(asked) > len(set(asked)):
        raise Problem(f"After a no the same question came again: {len(asked)} questions in all.")


JUDGES = {
    "clients.not-asked": asks_nobody,
    "clients.cannot-sample": degrades,
    "clients.says-so": says_so,
    "clients.refuses": refused,
    "clients.fails": failed,
    "clients.no-means-no": takes_no_for_an_answer,
}
