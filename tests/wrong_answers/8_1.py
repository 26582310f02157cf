"""Exercise 8.1: a resolver that asks about the readability of code, where there is something to ask about."""

import re
import time
from typing import Annotated

from mcp.server.mcpserver import Context, Resolve, Sample
from mcp.types import CreateMessageResult

from servers.asking import ask, message
from servers.code_facts import analyse
from servers.code_reviewer import SYSTEM, question

READABILITY = {"complexity", "unused-name", "mutable-default", "bare-except"}
_kept = []


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

    Your question holds the fact "line 3: hardcoded-secret
    """
    facts = analyse(code).facts
    return ask(ctx, SYSTEM, _question(code, facts), max_tokens=240) if facts else None


async def always_asks(code: str, ctx: Context):
    """Pays for a question where there is nothing to ask.

    We sent code that does nothing wrong, and you took a sample
    """
    return ask(ctx, SYSTEM, _question(code), max_tokens=240) if analyse(code).code is not None else None


async def another_aspect(code: str, ctx: Context):
    """Names another aspect than the one of its facts.

    Give question() the aspect
    """
    return ask(ctx, SYSTEM, _question(code, aspect="security"), max_tokens=240) if _facts(code) else None


async def facts_alone(code: str, ctx: Context):
    """Asks about code that it does not show.

    Line 3 of the code, `API_KEY = "***"`, is not in your question
    """
    if not (facts := _facts(code)):
        return None
    return ask(ctx, SYSTEM, "Review for readability:\n" + "\n".join(map(str, facts)), max_tokens=240)


async def forgets_a_rule(code: str, ctx: Context):
    """Knows three rules of readability, where there are four.

    leaves out the fact "line 15: complexity
    """
    facts = [fact for fact in _facts(code) if fact.rule != "complexity"]
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

    Your sample has the system prompt "",
    """
    return ask(ctx, "", _question(code), max_tokens=240) if _facts(code) else None


async def one_token(code: str, ctx: Context):
    """Leaves no room for an answer.

    You ask for max_tokens=1;
    """
    return ask(ctx, SYSTEM, _question(code), max_tokens=1) if _facts(code) else None


def plain_def(code: str, ctx: Context):
    """Lacks the word `async`, and hands on what it should await.

    was given a coroutine, all_facts(...), that nobody awaited
    """
    return all_facts(code, ctx)


async def sends_the_secret(code: str, ctx: Context):
    """Sends the code as it came, with the key in it.

    The secret of line 3 stands in your question
    """
    return ask(ctx, SYSTEM, question(code, _facts(code), "readability"), max_tokens=240) if _facts(code) else None


async def all_but_security(code: str, ctx: Context):
    """Takes whatever is not about security for readability.

    Your question holds the fact "line 10: nested-loop
    """
    facts = [fact for fact in analyse(code).facts if fact.aspect != "security"]
    return ask(ctx, SYSTEM, _question(code, facts), max_tokens=240) if facts else None


async def _about_readability(code: str, ctx: Context):
    return ask(ctx, SYSTEM, _question(code), max_tokens=240) if _facts(code) else None


async def a_second_sample(
    code: str, ctx: Context, first: Annotated[CreateMessageResult | None, Resolve(_about_readability)]
):
    """Asks well, and then once more with the code as it came.

    and it took 2 samples
    """
    return ask(ctx, SYSTEM, f"More on readability?\n{code}", max_tokens=240) if _facts(code) else None


async def a_second_message_for_short_code(code: str, ctx: Context):
    """Shows the code as it came once more, where that costs little.

    The secret of line 7 stands in your question
    """
    more = [code] if len(code) < 100 else []
    return ask(ctx, SYSTEM, _question(code), *more, max_tokens=240) if _facts(code) else None


async def as_the_assistant(code: str, ctx: Context):
    """Puts its question into the model's own mouth.

    Your question is a message of the assistant
    """
    return ask(ctx, SYSTEM, message("assistant", _question(code)), max_tokens=240) if _facts(code) else None


async def asks_twice(code: str, ctx: Context):
    """Sends the question twice in one request.

    unused import os", and twice.
    """
    return ask(ctx, SYSTEM, _question(code), _question(code), max_tokens=240) if _facts(code) else None


async def begins_of_code(code: str, ctx: Context):
    """Shows the code up to a line of its own choice.

    Line 10 of the code, `for other in rows:`, is not in your question
    """
    begin = "\n".join((analyse(code).code or "").split("\n")[:9])
    return ask(ctx, SYSTEM, question(begin, _facts(code), "readability"), max_tokens=240) if _facts(code) else None


async def masks_by_a_list_of_names(code: str, ctx: Context):
    """Masks what is called as it once was, and a secret may be called anything.

    The secret of line 4 stands in your question
    """
    masked = re.sub(r'(API_KEY|token) ?= ?"[^"]*"', r'\1 = "***"', code)
    return ask(ctx, SYSTEM, question(masked, _facts(code), "readability"), max_tokens=240) if _facts(code) else None


async def more_than_one_fact(code: str, ctx: Context):
    """Finds a single fact too few to ask about.

    a bare except and a secret, and nothing was asked
    """
    return ask(ctx, SYSTEM, _question(code), max_tokens=240) if len(_facts(code)) > 1 else None


async def parses_everything(code: str, ctx: Context):
    """Asks about code that does not parse, of which there is nothing to show.

    'NoneType' object has no attribute 'rstrip' at 8_1.py, line
    """
    facts = [fact for fact in analyse(code).facts if fact.rule in {*READABILITY, "syntax-error"}]
    return ask(ctx, SYSTEM, _question(code, facts), max_tokens=240) if facts else None


async def remembers_its_facts(code: str, ctx: Context):
    """Keeps the facts of all code in one list.

    unused import os", and it is of other code
    """
    _kept.extend(fact for fact in _facts(code) if fact not in _kept)
    return ask(ctx, SYSTEM, _question(code, _kept), max_tokens=240) if _facts(code) else None


async def secret_in_the_system_prompt(code: str, ctx: Context):
    """Masks the question, and shows the code as it came a second time.

    The secret of line 3 stands in your system prompt
    """
    return ask(ctx, f"{SYSTEM}\n{code}", _question(code), max_tokens=240) if _facts(code) else None


async def strips_the_code(code: str, ctx: Context):
    """Takes away the empty lines above the code, and counts the lines anew.

    leaves out the fact "line 5: bare-except
    """
    return ask(ctx, SYSTEM, _question(code.strip()), max_tokens=240) if _facts(code) else None


async def the_text_of_the_question(code: str, ctx: Context):
    """Returns a text, where a sample is to be asked for.

    was given a str in the place of an answer
    """
    return _question(code) if _facts(code) else None


async def the_worst_alone(code: str, ctx: Context):
    """Tells the model of the first facts, and not of the rest.

    leaves out the fact "line 18: bare-except
    """
    return ask(ctx, SYSTEM, _question(code, _facts(code)[:3]), max_tokens=240) if _facts(code) else None


async def without_types(code, ctx):
    """Leaves out the types, by which the SDK knows what to hand over.

    The SDK cannot call it as a resolver
    """
    return ask(ctx, SYSTEM, _question(code), max_tokens=240) if _facts(code) else None


async def words_of_its_own(code: str, ctx: Context):
    """Tells the model to help, and not that the code is data.

    Your sample has the system prompt "You are a helpful assistant."
    """
    return ask(ctx, "You are a helpful assistant.", _question(code), max_tokens=240) if _facts(code) else None
