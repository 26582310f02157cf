"""What a server asks."""

from collections import Counter
from collections.abc import Callable

from mcp_types import CreateMessageRequestParams

from labkit.checks.engine import Problem
from labkit.checks.overheard import FAKE_KEY, overheard
from labkit.checks.served import Judge, Served, ServerCase, question_of
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


def case(name: str, title: str, sent: str, why: str, source: str, mend: str, judge: Judge, wrong: str) -> ServerCase:  # noqa: PLR0917 - as in ServerCase
    return ServerCase(f"questions.{name}", title, sent, why, source, mend, judge, wrong=wrong)


ONE = "a call, with a good answer"
CASES = [
    case(
        "max-tokens",
        "a sensible maxTokens",
        ONE,
        f"It is your caller who pays. From 1 to {MOST_TOKENS:,} counts as sensible here.",
        "advice: 2026-07-28, client/sampling, Sampling Parameters",
        "Ask for as many tokens as the answer needs: 10 for a label, some hundred for a summary.",
        each(sensible),
        "max_tokens=10**9",
    ),
    case(
        "form",
        "a question that models take",
        ONE,
        "Providers turn down an empty message, and many a last message of the assistant.",
        "advice: 2026-07-28, client/sampling, Message Content",
        "Let the last message be the user's, with something in it.",
        each(well_formed),
        "messages=[]",
    ),
    case(
        "tools",
        "no tools for a client that takes none",
        "a call by a client that declares sampling without tools",
        "A client that did not declare them cannot use them, and may not even see them.",
        "MUST: 2025-11-25, client/sampling, Tools in Sampling (no tools without the capability)",
        "Look at ctx.client_capabilities.sampling.tools before you offer any.",
        each(without_tools),
        "tools=[...], in every case",
    ),
    case(
        "context",
        "no context of other servers",
        "a call by a client that declares sampling without context",
        "It asks for what other servers said. It is deprecated, and only for clients that declare it.",
        "SHOULD: 2025-11-25, client/sampling, Capabilities (includeContext without sampling.context)",
        'Leave include_context out, or say "none".',
        each(without_context),
        'include_context="allServers"',
    ),
    case(
        "secrets",
        "nothing that looks like a secret",
        ONE,
        "A question goes to a client and a model that you do not know. What you write into each is published.",
        "advice: 2026-07-28, client/sampling, Security Considerations (sensitive data)",
        "Keep keys and passwords out of prompts; mask what you read from files.",
        without_secrets,
        'f"Use the key {KEY}"',
    ),
    case(
        "environment",
        "no key of the environment",
        "a call while the variables ANTHROPIC_API_KEY and OPENAI_API_KEY hold a key",
        "Whoever calls your tool would read your key in the question, or in the result.",
        "advice: 2026-07-28, client/sampling, Security Considerations (sensitive data)",
        "Never put os.environ, or a settings object, into a prompt or a result.",
        without_the_key,
        'f"Environment: {dict(os.environ)}"',
    ),
]
