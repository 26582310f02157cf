"""Lesson 08, code reviewer: another aspect, two answers made one, and an order that keeps what it need not change."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, cast

from mcp.server.mcpserver import MCPServer, Resolve
from mcp_types import CreateMessageRequestParams, CreateMessageResult

from labkit.checks.asking_servers import Answers, Use, connect, use
from labkit.checks.engine import FunctionExercise, Problem, called
from labkit.checks.quizzes import Question
from labkit.models.scripted import text_of
from servers import asking
from servers.code_facts import analyse
from servers.code_findings import Finding
from servers.serving import quietly

READABILITY = {"complexity", "unused-name", "mutable-default", "bare-except"}
SECRET = "tok-5e1f90b7a2"  # noqa: S105 - made up
UNTIDY = f'''\
import os

API_KEY = "{SECRET}"


def first(rows, seen=[]):
    return eval(rows[0])
'''
TIDY = "def first(rows):\n    return eval(rows[0])\n"
FEWEST, MOST = 40, 400
"""Tokens for the answer: one finding at least, and no more than a review of a page needs."""
REPLY = "Line 6 has a default value that all calls share."

Findings = list[Finding]


@quietly()
def readability_server(resolver: Callable[..., Any]) -> MCPServer:
    """A server with one tool, `review_readability`, that returns what comes of the question of `resolver`.

    Args:
        resolver: `async def ask_readability(code: str, ctx: Context)`, which returns a `Sample` or `None`.
    """
    server = MCPServer("readability")

    @server.tool(structured_output=False)
    async def review_readability(  # pyright: ignore[reportUnusedFunction]
        code: str,  # noqa: ARG001 - the resolver's
        answer: Annotated[CreateMessageResult | None, Resolve(resolver)],
    ) -> str:
        """Review how readable Python code is."""
        return asking.text_of(answer)

    return server


async def _through(resolver: Callable[..., Any], code: str, mode: str, answers: Answers | None) -> Use:
    """What came of a call of the tool, and what the client was asked."""
    if not inspect.iscoroutinefunction(resolver):
        raise Problem(
            "ask_readability is a plain function. Write `async def ask_readability(code: str, ctx: Context):`."
        )
    with connect(readability_server(resolver), mode, answers) as lab:
        return await use(lab, "review_readability", {"code": code}, answers)


def _asks(mode: str) -> Callable[..., Awaitable[None]]:
    async def case(resolver: Callable[..., Any]) -> None:
        used = await _through(resolver, UNTIDY, mode, Answers(REPLY))
        if not used.asked:
            raise Problem(
                "We sent code with an unused import and a mutable default, and nothing was asked. Keep the facts "
                "whose .rule is in READABILITY, and return ask(...)."
            )
        _judge(text_of(used.asked[0].messages[-1]))
        _judge_limits(used.asked[0])
        if REPLY not in used.said:
            raise Problem(f'The model\'s answer did not arrive: the tool said "{used.said[:60]}".')

    return case


def _judge(text: str) -> None:
    if SECRET in text:
        raise Problem(
            "The key of line 3 stands in your question. Send analyse(code).code, which is masked, not `code`."
        )
    if "def first(rows, seen=[])" not in text:
        raise Problem("The code itself is not in your question. Build it with question(code, facts, aspect).")
    for fact in analyse(UNTIDY).facts:
        if fact.rule in READABILITY and str(fact) not in text:
            raise Problem(
                f'Your question leaves out the fact "{fact}". Give it every fact whose rule is in READABILITY.'
            )
        if fact.rule not in READABILITY and str(fact) in text:
            raise Problem(
                f'Your question holds the fact "{fact}", which is not about readability. Filter by fact.rule.'
            )
    if "readability" not in text.partition("\n")[0].lower():
        raise Problem(f'Your question begins "{text[:60]}". Give question() the aspect "readability".')


def _judge_limits(asked: CreateMessageRequestParams) -> None:
    if not (asked.system_prompt or "").strip():
        raise Problem(
            "Your sample has no system prompt, so nobody tells the model that the code is data. Give ask() SYSTEM."
        )
    if not FEWEST <= asked.max_tokens <= MOST:
        raise Problem(
            f"You ask for max_tokens={asked.max_tokens}; {FEWEST} to {MOST} fit a few findings of one sentence each."
        )


def _keeps_quiet(mode: str) -> Callable[..., Awaitable[None]]:
    async def case(resolver: Callable[..., Any]) -> None:
        for code, what in ((TIDY, "no fact of readability"), ("def f(:\n", "a syntax error")):
            if (await _through(resolver, code, mode, Answers(REPLY))).asked:
                raise Problem(f"We sent code with {what}, and you took a sample all the same. Return None there.")
        if (await _through(resolver, UNTIDY, mode, None)).error is not None:
            raise Problem(
                "A client that cannot sample got an error of the protocol. ask(ctx, ...) returns None for it."
            )

    return case


def _finding(line: int | None, rule: str | None, text: str, severity: Any = None, aspect: str = "security") -> Finding:
    check = "names no line" if line is None else "confirmed" if rule else "unconfirmed"
    return Finding(aspect=aspect, text=text, line=line, check=check, rule=rule, severity=severity)


SQL = _finding(8, "sql-concatenation", "Line 8 builds SQL.", "high")
SQL_AGAIN = _finding(8, "sql-concatenation", "Line 8 joins strings to a query.", "high", "performance")
SHELL = _finding(8, "shell-true", "Line 8 goes through the shell.", "high")
LOOP = _finding(15, "nested-loop", "Line 15 loops twice.", "medium", "performance")
OTHER_SQL = _finding(3, "sql-concatenation", "Line 3 builds SQL.", "high", "performance")
NAMES = _finding(None, None, "The names are too short.")
TESTS = _finding(None, None, "There are no tests.", None, "performance")
UNUSED = _finding(1, "unused-name", "Line 1 is never used.", "low")
HASH = _finding(2, "weak-hash", "Line 2 uses a weak hash.", "medium")


def _told(findings: object, *, words: bool = False) -> str:
    """Findings in a sentence: `8 sql-concatenation, 15 nested-loop`, or by their words."""
    if not isinstance(findings, list | tuple):
        return "nothing: is a return missing?" if findings is None else f"a {type(findings).__name__}"
    each = [_short(one, words=words) for one in cast("Sequence[object]", findings)]
    return f"[{', '.join(each)}]"


def _short(one: object, *, words: bool) -> str:
    if not isinstance(one, Finding):
        return type(one).__name__
    return f'"{one.text}"' if words or not one.rule else f"{one.line} {one.rule}"


def _gives(call: str, argument: list[Any], wanted: Findings, why: str) -> Callable[..., Awaitable[None]]:
    """A case: the function, called with `argument`, returns the very findings wanted, and leaves its argument alone."""

    async def case(function: Callable[..., Any]) -> None:
        given = [[*each] if isinstance(each, list) else each for each in cast("list[object]", argument)]
        returned: Any = called(function, given)
        sent = ", ".join(map(_told, argument)) if argument and isinstance(argument[0], list) else _told(argument)[1:-1]
        got: list[object] | None = [*returned] if isinstance(returned, list | tuple) else None
        if got != wanted:
            words = _told(cast("object", returned)) == _told(wanted)
            told, right = _told(cast("object", returned), words=words), _told(wanted, words=words)
            raise Problem(f"{call}([{sent}]) returned {told}, and {right} is right. {why}")
        if given != argument:
            raise Problem(f"{call} changed the list that it was given. Others may read it: build a new one.")

    return case


EXERCISES = {
    "8.1": FunctionExercise(
        "8.1", [stage for mode in ("auto", "legacy") for stage in (_asks(mode), _keeps_quiet(mode))]
    ),
    "8.2": FunctionExercise(
        "8.2",
        [
            _gives("combined", [[SQL, SHELL], [LOOP]], [SQL, SHELL, LOOP], "One line may have two faults."),
            _gives(
                "combined", [[SQL], [SQL_AGAIN, LOOP]], [SQL, LOOP],
                "Two findings on one line by one rule are a repeat, in whatever words; the first stays.",
            ),
            _gives(
                "combined", [[OTHER_SQL], [SQL]], [OTHER_SQL, SQL],
                "The same fault on another line is another finding.",
            ),
            _gives(
                "combined", [[NAMES], [TESTS, NAMES]], [NAMES, TESTS],
                "Where a finding has no rule, only the same text is a repeat.",
            ),
            _gives(
                "combined", [[LOOP, UNUSED], [HASH, SQL, LOOP]], [LOOP, UNUSED, HASH, SQL],
                "Keep the order in which they came.",
            ),
            _gives("combined", [], [], "No answers, no findings."),
        ],
    ),
    "8.3": FunctionExercise(
        "8.3",
        [
            _gives("by_severity", [UNUSED, SQL], [SQL, UNUSED], "The gravest comes first."),
            _gives("by_severity", [UNUSED, HASH, SQL], [SQL, HASH, UNUSED], "The order is high, medium, low."),
            _gives(
                "by_severity", [SHELL, LOOP, OTHER_SQL, HASH], [SHELL, OTHER_SQL, LOOP, HASH],
                "Of one severity, they stay in the order in which they came.",
            ),
            _gives(
                "by_severity", [NAMES, UNUSED, TESTS], [UNUSED, NAMES, TESTS],
                "A finding with severity None comes last.",
            ),
        ],
    ),
}  # fmt: skip

QUESTIONS = {
    "8.4": Question(
        'A finding is marked "confirmed". What do you know?',
        {
            "a": "the model's advice is right",
            "b": "plain code found a fault on that line, and the finding's words fit it",
            "c": "the line is free of other faults",
        },
        "b",
        {
            "a": "the advice was not checked, only the line and what stands on it.",
            "b": "the line holds, as far as words can tell. Whether the advice is good is still for you to judge.",
            "c": "nobody said so. A rule finds what it was written for, and a model what it happens to say.",
        },
    ),
    "8.5": Question(
        'A finding is marked "unconfirmed". What do you do with it?',
        {"a": "throw it away", "b": "read the line yourself", "c": "believe it: the model saw what the rules did not"},
        "b",
        {
            "a": "rules see what they were written for. A model may see more, and that is why it was asked.",
            "b": "it may be the one thing that no rule could see, or made up. Only the line can tell.",
            "c": "perhaps it did. The same model names wrong lines with the same confidence.",
        },
    ),
    "8.6": Question(
        "You want facts even where the client refuses a sample. What helps?",
        {"a": "two samples in one tool", "b": "a tool for the facts alone", "c": "a longer system prompt"},
        "b",
        {
            "a": "on 2026-07-28 one refusal ends the whole call, facts included. More samples, more to refuse.",
            "b": "analyze_code asks nobody, so nobody can refuse it.",
            "c": "the system prompt speaks to the model. Whether it is asked at all, the client decides before.",
        },
    ),
}
