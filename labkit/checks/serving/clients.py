"""Clients that cannot sample, or say no."""

import re

from mcp_types import INTERNAL_ERROR, ErrorData

from labkit.checks.engine import Problem
from labkit.checks.served import OLDER, Served, ServerCase, ends_well, question_of, useful
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


CASES = [
    ServerCase(
        "clients.not-asked",
        "a client that cannot sample is not asked",
        "a call by a client that declares no sampling",
        "It has nobody who could answer. Your call would wait, or end in an error of the protocol.",
        "MUST: 2025-11-25, basic/lifecycle, Operation; 2026-07-28, basic/patterns/mrtr, Server Requirements",
        "Look at ctx.client_capabilities.sampling before you ask.",
        asks_nobody,
        wrong="return InputRequiredResult(...), without a look at the client",
    ),
    ServerCase(
        "clients.cannot-sample",
        "a client that cannot sample gets something useful",
        "a call by a client that declares no sampling",
        "Few clients can sample. An error is lawful (-32021), and your tool is of no use to all the others.",
        "advice: 2026-07-28, client/sampling (deprecated; clients may do without)",
        "Where ctx.client_capabilities.sampling is None, return what plain code can tell.",
        degrades,
        wrong="return Sample(...) in every case",
    ),
    ServerCase(
        "clients.says-so",
        "a result without a model says so",
        "a call by a client that declares no sampling; then answers that could have led to the same result",
        "Who reads the result takes a rule of thumb for a model's judgement, and nobody sees that sampling is off.",
        "advice: 2026-07-28, client/sampling",
        'Say it in the result: "by a list of words; this client cannot sample".',
        says_so,
        wrong='return "neutral" where nobody was asked',
    ),
    ServerCase(
        "clients.refuses",
        "a client that refuses",
        "the answer is an error: -1, the user said no (on 2026-07-28 no server hears of it)",
        "A person may say no to every question. That is a normal end, and no fault of your tool.",
        "advice: 2025-11-25, client/sampling, Error Handling",
        "Catch MCPError around the question; return what there is without it, or raise ToolError with a sentence.",
        refused,
        wires=(OLDER,),
        wrong="answer = None in the except, and answer.content below",
    ),
    ServerCase(
        "clients.fails",
        "a client whose model fails",
        "the answer is an error: -32603 (on 2026-07-28 no server hears of it)",
        "Models are busy, keys expire, networks break, and your tool is asked all the same.",
        "advice: 2025-11-25, client/sampling, Error Handling",
        "Catch MCPError whatever its code; return what there is without it, or raise ToolError with a sentence.",
        failed,
        wires=(OLDER,),
        wrong="if error.code == -1: ..., and raise RuntimeError else",
    ),
    ServerCase(
        "clients.no-means-no",
        "a no is not asked again",
        "the answer is an error: -1, the user said no",
        "Who asks again after a no nags a person, or wears down an approval.",
        "advice: 2025-11-25, client/sampling, Security Considerations",
        "Ask once more after a bad answer, never after a refusal.",
        takes_no_for_an_answer,
        wires=(OLDER,),
        wrong="for _ in range(3): try: ... except MCPError: continue",
    ),
]
