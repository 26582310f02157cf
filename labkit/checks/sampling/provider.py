"""What reaches the provider. It shows only on a factory, which asks our stand-in."""

from collections.abc import Awaitable, Callable
from typing import Any

from mcp_types import CreateMessageRequestParams, ErrorData, Role, SamplingMessage, TextContent

from labkit.checks.apis import Asked, Says, as_a_model
from labkit.checks.engine import Problem, request
from labkit.checks.judging import given, handles, said
from labkit.checks.sampling.content import IMAGE, PIXEL, holding
from labkit.checks.sampling.messages import QUESTION, turns
from labkit.checks.sampling.tools import QUESTION as WEATHER_QUESTION
from labkit.checks.sampling.tools import RESULTS, USE, USES, conversation, declared, fits, result, uses_of
from labkit.checks.standin import Reply
from labkit.checks.trial import NotApplicable, Trial

TALK: tuple[tuple[Role, str], ...] = (
    ("user", "What is a deadlock?"),
    ("assistant", "Two that wait."),
    ("user", "How does it end?"),
)
PROMPT = "You answer in the words of a lighthouse keeper."
LONG_TALK = CreateMessageRequestParams(
    messages=[
        SamplingMessage(
            role="assistant" if number % 2 else "user",
            content=TextContent(text=f"This is turn number {number} of ours."),
        )
        for number in range(13)
    ],
    system_prompt=PROMPT,
    max_tokens=100,
)
LETTERS = 'Čapek wrote 読書, пиво & <b>naïveté</b> 😀 "so"'
END = "This line is the last one."
LINES = f"{LETTERS}\n" + "INFO nothing of note happened in this minute\n" * 150 + END
SHOWN = "Look at this picture."
NAMES = ("stand-in", "stand-in-2026-11-30")


def asked_of(trial: Trial) -> Asked:
    """The last request that reached the provider.

    Raises:
        Problem: None did, and it answered all the same; or it looked in the wrong place.
        NotApplicable: None did, since it refused before: `messages.one` tells of a callback that refuses everything.
    """
    if trial.provider and trial.provider.asked:
        return trial.provider.asked[-1]
    if trial.lost:
        raise trial.lost
    if isinstance(trial.answer, ErrorData):
        told = f"{trial.answer.code}: {trial.answer.message}"
        raise NotApplicable(f"It refused ({told}) before it asked the provider, so there is nothing to see.")
    raise Problem(
        "It answered without asking the provider at base_url.",
        "Hand base_url on to your provider's client, and take the answer from its reply.",
    )


def arrives(
    params: CreateMessageRequestParams, judge: Callable[[Asked], None], *, or_refuses: bool = False
) -> Callable[[Trial], Awaitable[None]]:
    """Send `params`, and judge what the provider is then asked."""

    async def run(trial: Trial) -> None:
        answer = await trial.ask(params)
        handles(answer, params)
        if not (or_refuses and isinstance(answer, ErrorData)):
            judge(asked_of(trial))

    return run


def has_messages(asked: Asked) -> None:
    left = list(asked.turns)
    for role, text in TALK:
        while left and not (left[0][0] == role and text in left[0][1]):
            left.pop(0)
        if not left:
            came = ", ".join(role for role, _ in asked.turns)
            raise Problem(f"The provider was sent {came or 'nothing'}; {text!r} of the {role} is not in its place.")


def has_prompt(asked: Asked) -> None:
    if PROMPT not in asked.text:
        raise Problem("The provider was not sent the words of the system prompt.")


def has_limit(asked: Asked) -> None:
    if not isinstance(asked.limit, int):
        raise Problem("The provider was sent no limit.")
    if asked.limit > QUESTION.max_tokens:
        raise Problem(f"The provider was sent the limit {asked.limit} in place of {QUESTION.max_tokens}.")


def has_all_turns(asked: Asked) -> None:
    sent = "".join(text for _, text in asked.turns)
    if lost := [turn for turn in range(len(LONG_TALK.messages)) if f"turn number {turn} of" not in sent]:
        raise Problem(f"Of {len(LONG_TALK.messages)} messages the provider was not sent {len(lost)}.")


async def long_conversation(trial: Trial) -> None:
    """What is lost in a short conversation too is the matter of another case."""
    for judge, short, other in (
        (has_all_turns, turns(*TALK), "provider.messages"),
        (has_prompt, request("Hello.", system_prompt=PROMPT), "provider.system-prompt"),
    ):
        try:
            await arrives(LONG_TALK, judge, or_refuses=True)(trial)
        except Problem:
            await trial.attempt(short)
            try:
                (has_messages if judge is has_all_turns else judge)(asked_of(trial))
            except Problem as same:
                raise NotApplicable(f"It is lost in a short conversation too: see {other}.") from same
            raise


async def same_question(trial: Trial) -> None:
    """A reply that is kept for the very same request is no fault: what differs must make another request."""
    first, second = (
        turns(("user", f"We talk of the {name}."), ("assistant", "Yes."), ("user", "What do you know of it?"))
        for name in ("heron", "otter")
    )
    sent = 0
    for params, other in (
        (first, ""),
        (second, "another beginning"),
        (second.model_copy(update={"system_prompt": PROMPT}), "a system prompt"),
    ):
        answer = given(await trial.ask(params))
        asked_of(trial)
        now = len(trial.provider.asked) if trial.provider else 0
        if now == sent:
            raise Problem(
                f"A conversation with {other} was answered without asking the provider: {said(answer)[:60]!r}."
            )
        sent = now


def has_blocks(asked: Asked) -> None:
    sent = "".join(text for _, text in asked.turns)
    if lost := [text for text in ("Explain this line.", "ERROR: deadlock") if text not in sent]:
        raise Problem(f"It answered, and the block {lost[0]!r} of the list never reached the provider.")


def has_letters(asked: Asked) -> None:
    sent = "".join(text for _, text in asked.turns)
    if LETTERS not in sent:
        raise Problem(f"The provider was sent {sent[:60]!r} in place of {LETTERS!r}.")
    if END not in sent:
        raise Problem(f"Of a text of {len(LINES):,} letters the provider was sent {len(sent):,}, and nobody was told.")


async def names_model(trial: Trial) -> None:
    if trial.provider:
        trial.provider.behaves(Says("The disk is full.", model=NAMES[1]))
    answer = given(await trial.ask(QUESTION))
    wanted = str(asked_of(trial).body.get("model") or NAMES[0])
    if not any(name in answer.model or answer.model in name for name in (NAMES[1], wanted) if answer.model):
        raise Problem(f'An answer of the model "{answer.model}", where "{wanted}" was asked and "{NAMES[1]}" replied.')


def has_image(asked: Asked) -> None:
    if PIXEL in asked.text and not any(PIXEL in image for image in asked.images):
        raise Problem("The provider was sent the image as text: a model sees letters, and no picture.")
    if not any(SHOWN in text for _, text in asked.turns):
        raise NotApplicable("The message never reached the provider: see provider.messages.")
    if PIXEL not in asked.text:
        raise Problem("It answered, and the image never reached the provider.")
    if IMAGE.mime_type not in asked.text:
        raise Problem(f"The provider was sent the image, and not that it is of the type {IMAGE.mime_type}.")


async def images(trial: Trial) -> None:
    for params in (
        holding([TextContent(text=SHOWN), IMAGE]),
        CreateMessageRequestParams(
            messages=[
                *holding([TextContent(text=SHOWN), IMAGE]).messages,
                *turns(("assistant", "A picture."), ("user", "Of what?")).messages,
            ],
            max_tokens=100,
        ),
    ):
        await arrives(params, has_image, or_refuses=True)(trial)


def has_result(asked: Asked) -> None:
    if lost := [degrees for degrees in ("19 degrees", "4 degrees") if degrees not in asked.text]:
        raise Problem(f"It answered, and {len(lost)} of the 2 results of the tool never reached the provider.")


async def uses_of_weather(asked: Asked) -> Reply:
    if not asked.tools:
        return as_a_model(asked)
    oslo = () if asked.one_tool_at_a_time else (("weather", {"city": "Oslo"}),)
    return Says("Let me look.", "tool", ("weather", {"city": "Lima"}), more=oslo)


async def tool_use(trial: Trial) -> None:
    params = conversation(WEATHER_QUESTION)
    if trial.provider:
        trial.provider.behaves(uses_of_weather)
    answer = await trial.ask(params)
    fits(answer, params)
    asked = None if isinstance(answer, ErrorData) else asked_of(trial)
    if not asked or isinstance(answer, ErrorData):
        return
    if not asked.tools:
        raise NotApplicable("The tools never reached the provider: see tools.undeclared.")
    cities = [{"city": "Lima"}] if asked.one_tool_at_a_time else [{"city": "Lima"}, {"city": "Oslo"}]
    if (came := [use.input for use in uses_of(answer)]) != cities:
        raise Problem(f"The model used the tool weather with {cities}, and what came back is {came}.")


async def invented(trial: Trial) -> None:
    async def invents(asked: Asked) -> Reply:
        return Says(stop="tool", tool=("search_the_web", {})) if asked.may_use_tool else as_a_model(asked)

    if trial.provider:
        trial.provider.behaves(invents)
    params = conversation(WEATHER_QUESTION)
    handles(await trial.ask(params), params)


async def tool_error(trial: Trial) -> None:
    sent = list[Any]()
    for is_error in (None, True):
        failed = RESULTS[0].model_copy(update={"is_error": is_error})
        given(await trial.ask(conversation(WEATHER_QUESTION, USE, result(failed))))
        sent.append(asked_of(trial).messages)
    if sent[0] == sent[1]:
        raise Problem("The provider was sent a result that says isError as one that does not.")


JUDGES = {
    "provider.messages": arrives(turns(*TALK), has_messages),
    "provider.system-prompt": arrives(request("What does this line mean?", system_prompt=PROMPT), has_prompt),
    "provider.limit": arrives(QUESTION, has_limit),
    "provider.long-conversation": long_conversation,
    "provider.same-question": same_question,
    "provider.blocks": arrives(
        turns(("user", ["Explain this line.", "ERROR: deadlock detected"])), has_blocks, or_refuses=True
    ),
    "provider.letters": arrives(request(LINES), has_letters, or_refuses=True),
    "provider.model": names_model,
    "provider.image": images,
    "provider.tool-result": arrives(
        conversation(WEATHER_QUESTION, USES, result(*RESULTS)), has_result, or_refuses=True
    ),
    "provider.tool-use": tool_use,
    "provider.tool-error": declared(tool_error),
    "provider.invented-tool": declared(invented),
}
