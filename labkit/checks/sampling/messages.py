"""What is asked: messages and the system prompt."""

from collections.abc import Awaitable, Callable

from mcp_types import CreateMessageRequestParams, ErrorData, Role, SamplingMessage, TextContent

from labkit.checks.case import Case
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


CASES = [
    Case(
        "messages.shape",
        "it can be called and awaited",
        "nothing where it is `async def`; else one text of the user, to see what it returns",
        "The client calls it with two arguments and awaits what it returns; anything else fails in the first sample.",
        "SDK: mcp 2.3, SamplingFnT",
        "Write `async def my_callback(context, params):` and pass the function without brackets.",
        has_shape,
        wrong="def my_callback(context, params): return CreateMessageResult(...)",
    ),
    Case(
        "messages.one",
        "one message and nothing else",
        "one text of the user, at most 100 tokens; every optional field left out",
        "It is the smallest request that a server can make: system prompt, temperature and all the rest are None.",
        "advice: 2025-11-25, client/sampling, Creating Messages",
        "Return a CreateMessageResult with one text; look at each optional field first: `if params.system_prompt:`.",
        asks(QUESTION, answers),
        wrong="system = params.system_prompt.strip()",
    ),
    Case(
        "messages.in-turn",
        "several messages in turn",
        "three messages: user, assistant, user",
        "A server that holds a conversation sends all of it each time.",
        "advice: 2025-11-25, client/sampling, Message Roles",
        "Go through `params.messages` and hand each on with its role.",
        asks_for_an_answer(
            turns(
                ("user", "What is a deadlock?"),
                ("assistant", "Two processes that each wait for the other."),
                ("user", "And how does it end?"),
            )
        ),
        wrong="if len(params.messages) > 1: raise ValueError",
    ),
    Case(
        "messages.lists",
        "content in lists",
        "three messages: the content of the first is one block, that of the others a list of text blocks",
        "The content of a message is one block or a list of blocks, and both come.",
        "advice: 2025-11-25, schema, SamplingMessage",
        "`message.content_as_list` is a list either way.",
        asks(
            turns(
                ("user", "What is a deadlock?"),
                ("assistant", ["In short:", "two processes that wait for each other."]),
                ("user", ["Then explain this line.", "ERROR: deadlock detected"]),
            ),
            handles,
        ),
        wrong="text = params.messages[0].content.text",
    ),
    Case(
        "messages.prefill",
        "the last word is the assistant's",
        "two messages: user, assistant",
        "A server may put the beginning of the answer into the model's mouth. Not every provider goes on from there.",
        "advice: 2025-11-25, client/sampling, Message Roles",
        "Answer it, or refuse with ErrorData(code=-32602, message=...) if your model cannot.",
        asks(turns(("user", "Name a colour."), ("assistant", "My favourite colour is")), handles),
        wrong='assert params.messages[-1].role == "user"',
    ),
    Case(
        "messages.none",
        "no messages at all",
        "a request with an empty list of messages",
        "Nothing on the way stops such a request: the SDK's client passes on what a server sends.",
        "SHOULD: 2025-11-25, client/sampling, Security Considerations (validate message content)",
        "If `params.messages` is empty, refuse before anything else: ErrorData(code=-32602, message=...).",
        asks(CreateMessageRequestParams(messages=[], max_tokens=100), handles),
        wrong="last = params.messages[-1]",
    ),
    Case(
        "messages.system-prompt",
        "a system prompt",
        "one text of the user with a system prompt",
        "A client may change it or leave it out, but the request is an ordinary one.",
        "advice: 2026-07-28, client/sampling, System Prompt",
        "Hand `params.system_prompt` to the model apart from the messages.",
        asks_for_an_answer(request("Why is the disk full?", system_prompt="You explain log lines in one sentence.")),
        wrong='if params.system_prompt: return ErrorData(code=-32602, message="I have my own.")',
        requirement="sampling:create:system-prompt",
    ),
    Case(
        "messages.long-system-prompt",
        "a very long system prompt",
        f"a system prompt of {LONG_PROMPT:,} characters",
        "Nobody on the way limits it. What the model cannot take has to be refused by you, or cut.",
        "advice: 2025-11-25, client/sampling, Security Considerations (validate message content)",
        "Give it to the model and catch its error, or refuse above a length of your choice.",
        long_prompt,
        wrong="if len(params.system_prompt) > 100_000: raise ValueError",
    ),
    Case(
        "messages.not-kept",
        "each request by itself",
        "a request with a secret, then another without it",
        "Two servers may share a client. What one of them said is none of the other's business.",
        "SHOULD: 2026-07-28, client/sampling, Messages (not retained between requests)",
        "Build the conversation from `params.messages` alone; keep no list outside the function.",
        not_kept,
        wrong="history.append(params.messages[-1])",
    ),
]
