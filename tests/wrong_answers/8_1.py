"""Exercise 8.1: a resolver that asks about the readability of code, where there is something to ask about."""

import time

from mcp.server.mcpserver import Context, Sample

from servers.asking import ask, message
from servers.code_facts import analyse
from servers.code_reviewer import SYSTEM, question

READABILITY = {"complexity", "unused-name", "mutable-default", "bare-except"}


def _facts(code):
    return [fact for fact in analyse(code).facts if fact.rule in READABILITY]


def _question(code, facts=None, aspect="readability"):
    return question(analyse(code).code, _facts(code) if facts is None else facts, aspect)


async def a_clock(code: str, ctx: Context):
    """Puts the time into the question, so that each round asks another one.

    was another one in every round
    """
    return ask(ctx, SYSTEM, f"{_question(code)}\n{time.monotonic_ns()}", max_tokens=240) if _facts(code) else None


async def all_facts(code: str, ctx: Context):
    """Asks about all facts, whatever they are about.

    which is not about readability
    """
    facts = analyse(code).facts
    return ask(ctx, SYSTEM, _question(code, facts), max_tokens=240) if facts else None


async def always_asks(code: str, ctx: Context):
    """Pays for a question where there is nothing to ask.

    We sent code with no fact of readability
    """
    return ask(ctx, SYSTEM, _question(code), max_tokens=240) if analyse(code).code is not None else None


async def another_aspect(code: str, ctx: Context):
    """Names another aspect than the one of its facts.

    Give question() the aspect
    """
    return ask(ctx, SYSTEM, _question(code, aspect="security"), max_tokens=240) if _facts(code) else None


async def facts_alone(code: str, ctx: Context):
    """Asks about code that it does not show.

    The code itself is not in your question
    """
    if not (facts := _facts(code)):
        return None
    return ask(ctx, SYSTEM, "Review for readability:\n" + "\n".join(map(str, facts)), max_tokens=240)


async def forgets_a_rule(code: str, ctx: Context):
    """Knows one rule of readability, where there are four.

    leaves out the fact
    """
    facts = [fact for fact in analyse(code).facts if fact.rule == "mutable-default"]
    return ask(ctx, SYSTEM, _question(code, facts), max_tokens=240) if facts else None


async def never_asks_whether_it_may(code: str, ctx: Context):
    """Asks a client that cannot sample.

    A client that cannot sample got an error
    """
    if not _facts(code):
        return None
    return Sample([message("user", _question(code))], system_prompt=SYSTEM, max_tokens=240)


async def no_return(code: str, ctx: Context):
    """Makes the sample and forgets to return it.

    nothing was asked
    """
    if _facts(code):
        ask(ctx, SYSTEM, _question(code), max_tokens=240)


async def no_system_prompt(code: str, ctx: Context):
    """Leaves the rules out.

    Your sample has no system prompt
    """
    return ask(ctx, "", _question(code), max_tokens=240) if _facts(code) else None


async def one_token(code: str, ctx: Context):
    """Leaves no room for an answer.

    You ask for max_tokens=1;
    """
    return ask(ctx, SYSTEM, _question(code), max_tokens=1) if _facts(code) else None


def plain_def(code: str, ctx: Context):
    """Lacks the word `async`.

    is a plain function
    """
    return ask(ctx, SYSTEM, _question(code), max_tokens=240) if _facts(code) else None


async def sends_the_secret(code: str, ctx: Context):
    """Sends the code as it came, with the key in it.

    The key of line 3 stands in your question
    """
    return ask(ctx, SYSTEM, question(code, _facts(code), "readability"), max_tokens=240) if _facts(code) else None
