"""Lesson 08, code reviewer: another aspect, two answers made one, and an order that keeps what it need not change."""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, cast

from mcp.server.mcpserver import MCPServer, Resolve
from mcp.server.mcpserver.exceptions import InvalidSignature
from mcp_types import CreateMessageRequestParams, CreateMessageResult

from labkit.checks.asking_servers import Answers, Case, Use, connect, text_of, use
from labkit.checks.engine import FunctionExercise, Problem, called, rows
from servers import asking
from servers.code_facts import analyse
from servers.code_findings import Finding
from servers.code_reviewer import SYSTEM
from servers.serving import quietly

READABILITY = {"complexity", "unused-name", "mutable-default", "bare-except"}
SECRETS = ("tok-5e1f90b7a2", "plum-forty-two", "r4bbit-holes", "owl-in-march")
"""Made up: each is given a name of its own."""

UNTIDY = f'''\
import os

API_KEY = "{SECRETS[0]}"
settings = {{"password": "{SECRETS[1]}"}}


def first(rows, seen=[], token="{SECRETS[2]}"):
    found = ""
    for row in rows:
        for other in rows:
            found += f"{{row}}{{other}}"
    return eval(found)


def grade(n):
    try:
        return "a" if n > 9 else "b" if n > 8 else "c" if n > 7 else "d" if n > 6 else "e" if n > 5 else "f"
    except:
        return "g" if n and n > 4 or n < -4 or n is None or n == 3 or n == 2 else "h"
'''
"""Ten facts: four are of readability, one by each rule; the others are of security, or of performance."""

SHORT = f"\n\ntry:\n    close()\nexcept:\n    pass\nlogin(passphrase='{SECRETS[3]}')\n"
QUIET = {
    "that does nothing wrong": "def first(rows):\n    return rows[0]\n",
    "that is not safe, and easy to read": "def first(rows):\n    return eval(rows[0])\n",
    "that is slow, and easy to read": "for a in rows:\n    for b in rows:\n        print(a, b)\n",
    "with a syntax error": "def f(:\n",
    "of no line at all": "",
}
"""Code of which no fact is about readability."""

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
    try:
        server = readability_server(resolver)
    except InvalidSignature as error:
        raise Problem(
            f"The SDK cannot call it as a resolver: {error}. Write `async def ask_readability(code: str, ctx: "
            "Context):`, with the types.",
            hint="shape",
        ) from error
    with connect(server, mode, answers) as lab:
        return await use(lab, "review_readability", {"code": code}, answers)


def _asks(mode: str, code: str, what: str) -> Case:
    """A case: the tool asks about `code`, once and well, and its answer arrives."""

    async def case(resolver: Callable[..., Any]) -> None:
        used = await _through(resolver, code, mode, Answers(REPLY))
        if not used.asked:
            raise Problem(
                f"We sent code with {what}, and nothing was asked. Keep the facts whose .rule is in READABILITY, and "
                "return ask(...).",
                hint="nothing",
            )
        if len(used.asked) > 1:
            raise Problem(
                f"We sent code with {what}, and it took {len(used.asked)} samples. One question will do.", hint="once"
            )
        _judge(used.asked[0], code)
        if REPLY not in used.said:
            raise Problem(f'The model\'s answer did not arrive: the tool said "{used.said[:60]}".', hint="answer")

    return case


def _judge(asked: CreateMessageRequestParams, code: str) -> None:
    text = text_of(asked)
    sent = asked.model_dump_json()
    for secret in SECRETS:
        if secret in code and secret in sent:
            number = code[: code.index(secret)].count("\n") + 1
            where = "your question" if secret in text else "your system prompt"
            raise Problem(
                f"The secret of line {number} stands in {where}. Send analyse(code).code, which is masked, not `code`: "
                "a secret may be called anything, so no list of names will do.",
                hint="secret",
            )
    analysis = analyse(code)
    for number, line in enumerate((analysis.code or "").splitlines(), 1):
        if line.strip() and line not in text:
            raise Problem(
                f"Line {number} of the code, `{line.strip()[:40]}`, is not in your question. Build it with "
                "question(analyse(code).code, facts, aspect).",
                hint="code",
            )
    for fact in analysis.facts:
        if fact.rule in READABILITY and str(fact) not in text:
            raise Problem(
                f'Your question leaves out the fact "{fact}". Give it every fact whose rule is in READABILITY.',
                hint="facts",
            )
        if fact.rule not in READABILITY and str(fact) in text:
            raise Problem(
                f'Your question holds the fact "{fact}", which is not about readability. Filter by fact.rule.',
                hint="facts",
            )
    if told := re.findall(r"line \d+: [a-z-]+: .+", text):
        foreign = [each for each in told if each not in map(str, analysis.facts)]
        if foreign or len(told) != len({*told}):
            raise Problem(
                f'Your question holds "{(foreign or told)[0]}", and {"it is of other code" if foreign else "twice"}. '
                "Make the list of facts anew in each call, and ask once.",
                hint="facts",
            )
    if not re.search(r"\breadability\b", text.partition("\n")[0].lower()):
        raise Problem(f'Your question begins "{text[:60]}". Give question() the aspect "readability".', hint="aspect")
    if asked.messages[-1].role != "user":
        raise Problem(
            "Your question is a message of the assistant, as if the model had asked. Give ask() a text.", hint="role"
        )
    if SYSTEM not in (asked.system_prompt or ""):
        raise Problem(
            f'Your sample has the system prompt "{(asked.system_prompt or "")[:40]}", and nobody tells the model that '
            "the code is data. Give ask() SYSTEM.",
            hint="system",
        )
    if not FEWEST <= asked.max_tokens <= MOST:
        raise Problem(
            f"You ask for max_tokens={asked.max_tokens}; {FEWEST} to {MOST} fit a few findings of one sentence each.",
            hint="tokens",
        )


def _keeps_quiet(mode: str) -> Case:
    async def case(resolver: Callable[..., Any]) -> None:
        for what, code in QUIET.items():
            try:
                asked = (await _through(resolver, code, mode, Answers(REPLY))).asked
            except Problem as problem:
                raise Problem(f"We sent code {what}. {problem}", hint="quiet") from problem
            if asked:
                raise Problem(
                    f"We sent code {what}, and you took a sample all the same. Return None there.", hint="quiet"
                )
        if (await _through(resolver, UNTIDY, mode, None)).error is not None:
            raise Problem(
                "A client that cannot sample got an error of the protocol. ask(ctx, ...) returns None for it.",
                hint="cannot",
            )

    return case


def _finding(told: dict[str, Any]) -> Finding:
    fields: dict[str, Any] = {"aspect": "security", "line": None, "rule": None, "severity": None} | told
    check = "names no line" if fields["line"] is None else "confirmed" if fields["rule"] else "unconfirmed"
    return Finding(check=check, **fields)


FINDINGS = {name: _finding(told) for name, told in cast("Any", rows("lesson_08", "findings")).items()}


def _told(findings: object, *, words: bool = False) -> str:
    """Findings in a sentence: `8 sql-concatenation, 15 nested-loop`, or by their words."""
    if not isinstance(findings, list | tuple):
        return "nothing (is a return missing?)" if findings is None else f"a {type(findings).__name__}"
    each = [_short(one, words=words) for one in cast("Sequence[object]", findings)]
    return f"[{', '.join(each)}]"


def _short(one: object, *, words: bool) -> str:
    if not isinstance(one, Finding):
        return type(one).__name__
    return f'"{one.text}"' if words or not one.rule else f"{one.line} {one.rule}"


def _gives(call: str, argument: list[Any], wanted: Findings, why: str, hint: str) -> Case:
    """A case: the function, called with `argument`, returns the very findings wanted, and leaves its argument alone."""

    async def case(function: Callable[..., Any]) -> None:
        given = [[*each] if isinstance(each, list) else each for each in cast("list[object]", argument)]
        returned: Any = called(function, given)
        sent = ", ".join(map(_told, argument)) if argument and isinstance(argument[0], list) else _told(argument)[1:-1]
        got: list[object] | None = [*returned] if isinstance(returned, list | tuple) else None
        if got != wanted:
            words = _told(cast("object", returned)) == _told(wanted)
            told, right = _told(cast("object", returned), words=words), _told(wanted, words=words)
            what = "Return a list." if got is None else why
            raise Problem(f"{call}([{sent}]) returned {told}, and {right} is right. {what}", hint=hint)
        if given != argument:
            raise Problem(
                f"{call}([{sent}]) changed the list that it was given. Others may read it: build a new one.",
                hint="changed",
            )
        if returned is given:
            raise Problem(
                f"{call}([{sent}]) returned the very list that it was given. Others may read it: build a new one.",
                hint="changed",
            )

    return case


def _named(names: list[Any]) -> list[Any]:
    """The findings of these names; a list among them is one of findings."""
    return [_named(cast("list[Any]", each)) if isinstance(each, list) else FINDINGS[each] for each in names]


def _cases(call: str) -> list[Case]:
    """The cases of a function, out of the table of its name."""
    told = rows("lesson_08", call)
    return [_gives(call, _named(row["given"]), _named(row["right"]), row["why"], row["hint"]) for row in told]


EXERCISES = {
    "8.1": FunctionExercise(
        "8.1",
        [
            stage
            for mode in ("auto", "legacy")
            for stage in (
                _asks(mode, UNTIDY, "an unused import, a mutable default, a bare except and a complex function"),
                _asks(mode, SHORT, "a bare except and a secret"),
                _keeps_quiet(mode),
            )
        ],
        tried="code of every rule and of one, four secrets, five codes not to ask about, no sampling, and both wires",
    ),
    "8.2": FunctionExercise(
        "8.2",
        _cases("combined"),
        tried="repeats within an answer and across three, two faults on a line, findings without a rule, and none",
    ),
    "8.3": FunctionExercise(
        "8.3",
        _cases("by_severity"),
        tried="every severity and none, equal ones in the order in which they came, repeats, and an empty list",
    ),
}
