"""What is asked: messages and the system prompt."""

from collections.abc import Awaitable, Callable

from mcp_types import CreateMessageRequestParams, ErrorData, Role, SamplingMessage, TextContent

from labkit.checks.engine import Problem, is_awaited, request
from labkit.checks.judging import USER_REJECTED, answers, asks, handles, said
from labkit.checks.trial import NotApplicable, Trial

QUESTION = request("What does this log line mean? FATAL: could not write to file: No space left on device")
MARK = "heron-4711"
LONG_PROMPT = 500_000


def turns(*spoken: tuple[Role, str | list[str]]) -> CreateMessageRequestParams:
    """A request with a message for each turn; a list of texts makes a list of blocks."""
    messages = [
        SamplingMessage(
            role=role,
            content=TextContent(text=said) if isinstance(said, str) else [TextContent(text=text) for text in said],
        )
        for role, said in spoken
    ]
    return CreateMessageRequestParams(messages=messages, max_tokens=100)


async def refuses_this_alone(trial: Trial, refusal: ErrorData) -> None:
    """See that a refusal is about its request.

    Raises:
        NotApplicable: A person, or a rule in a person's place, said no, which is always lawful; or a plain question is
            refused as well, of which `messages.one` tells.
    """
    if refusal.code == USER_REJECTED:
        raise NotApplicable(f"Somebody said no ({refusal.code}: {refusal.message}), so there is nothing to see.")
    if isinstance(plain := await trial.ask(QUESTION), ErrorData):
        raise NotApplicable(f"It refuses a plain question too ({plain.code}: {plain.message}).")


def asks_for_an_answer(params: CreateMessageRequestParams) -> Callable[[Trial], Awaitable[None]]:
    """Send `params`, which a callback can answer that answers a plain question."""

    async def run(trial: Trial) -> None:
        answer = await trial.ask(params)
        if isinstance(answer, ErrorData):
            await refuses_this_alone(trial, answer)
        answers(answer, params)

    return run


async def has_shape(trial: Trial) -> None:
    """See that the callback is awaited. That it takes two arguments was seen when it was made."""
    await trial.on_lab(lambda: is_awaited(trial.callback, QUESTION))


async def long_prompt(trial: Trial) -> None:
    prompt = "You explain log lines. " * (LONG_PROMPT // 23)
    params = request("What does this line mean? WARNING cache miss rate is 0.81", system_prompt=prompt)
    handles(await trial.ask(params), params)


async def not_kept(trial: Trial) -> None:
    await trial.ask(request(f"The code of the vault is {MARK}. Say thank you."))
    question = request("Which code did I tell you? If none, say none.")
    answer = await trial.ask(question)
    handles(answer, question)
    if MARK in said(answer):
        raise Problem(f"The answer to the second request holds {MARK!r}, which only the first had.")
    if trial.provider and trial.provider.asked and MARK in trial.provider.asked[-1].text:
        raise Problem(f"With the second request, the provider was sent {MARK!r}, which only the first had.")


JUDGES = {
    "messages.shape": has_shape,
    "messages.one": asks(QUESTION, answers),
    "messages.in-turn": asks_for_an_answer(
        turns(
            ("user", "What is a deadlock?"),
            ("assistant", "Two processes that each wait for the other."),
            ("user", "And how does it end?"),
        )
    ),
    "messages.lists": asks(
        turns(
            ("user", "What is a deadlock?"),
            ("assistant", ["In short:", "two processes that wait for each other."]),
            ("user", ["Then explain this line.", "ERROR: deadlock detected"]),
        ),
        handles,
    ),
    "messages.prefill": asks(turns(("user", "Name a colour."), ("assistant", "My favourite colour is")), handles),
    "messages.none": asks(CreateMessageRequestParams(messages=[], max_tokens=100), handles),
    "messages.system-prompt": asks_for_an_answer(
        request("Why is the disk full?", system_prompt="You explain log lines in one sentence.")
    ),
    "messages.long-system-prompt": long_prompt,
    "messages.not-kept": not_kept,
}
