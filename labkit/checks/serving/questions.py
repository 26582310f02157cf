"""What a server asks."""

from collections import Counter
from collections.abc import Callable

from mcp_types import CreateMessageRequestParams

from labkit.checks.engine import Problem
from labkit.checks.overheard import FAKE_KEY, overheard
from labkit.checks.served import Judge, Served, question_of
from labkit.checks.trial import NotApplicable
from labkit.secret_forms import redacted

MOST_TOKENS = 50_000


def each(judge: Callable[[CreateMessageRequestParams], object]) -> Judge:
    """A judge of every question of a call."""

    async def all_of_them(served: Served, mode: str) -> None:
        for params in (await served.first(mode)).asked:
            judge(params)

    return all_of_them


def sensible(params: CreateMessageRequestParams) -> None:
    if not 1 <= params.max_tokens <= MOST_TOKENS:
        raise Problem(f"maxTokens {params.max_tokens:,}.")


def well_formed(params: CreateMessageRequestParams) -> None:
    if not params.messages:
        raise Problem("A question without messages.")
    if params.messages[-1].role != "user":
        raise Problem("A question whose last message is the assistant's.")
    if not all(message.content_as_list for message in params.messages) or not question_of(params).strip():
        raise Problem("A question with nothing in it.")


def without_tools(params: CreateMessageRequestParams) -> None:
    if params.tools or params.tool_choice:
        raise Problem(f"{len(params.tools or ())} tools, where the client did not say that it can use any.")


def without_context(params: CreateMessageRequestParams) -> None:
    if params.include_context not in (None, "none"):
        raise Problem(f'includeContext "{params.include_context}", which the client did not declare.')


async def without_secrets(served: Served, mode: str) -> None:
    given = " ".join(map(str, served.arguments.values()))
    for params in (await served.first(mode)).asked:
        kinds = Counter[str]()
        redacted(question_of(params), kinds)
        redacted(given, theirs := Counter[str]())
        if kinds := kinds - theirs:
            raise Problem(f"A question that holds what looks like a secret ({', '.join(kinds)}); the arguments do not.")


async def without_the_key(served: Served, mode: str) -> None:
    if isinstance(served.server, str):
        raise NotApplicable("The environment of a server behind an address is out of reach.")
    with overheard(with_key=True):
        async with served.with_key() as keyed:
            seen = await keyed.use(mode, served.answer)
            # What a client without sampling gets may tell it too.
            texts = [*map(question_of, seen.asked), seen.text, (await keyed.use(mode)).text]
    if any(FAKE_KEY in text for text in texts):
        raise Problem("The key of its environment, in a question or in a result.")


JUDGES = {
    "questions.max-tokens": each(sensible),
    "questions.form": each(well_formed),
    "questions.tools": each(without_tools),
    "questions.context": each(without_context),
    "questions.secrets": without_secrets,
    "questions.environment": without_the_key,
}
