"""What reaches the provider. It shows only on a factory, which asks our stand-in."""

from collections.abc import Awaitable, Callable

from mcp_types import CreateMessageRequestParams, ErrorData, Role, SamplingMessage, TextContent

from labkit.checks.apis import Asked, Says, as_a_model
from labkit.checks.case import Case
from labkit.checks.engine import Problem, request
from labkit.checks.judging import given, handles, said
from labkit.checks.sampling.content import IMAGE, PIXEL, holding
from labkit.checks.sampling.messages import QUESTION, turns
from labkit.checks.sampling.tools import QUESTION as WEATHER_QUESTION
from labkit.checks.sampling.tools import RESULTS, USES, conversation, fits, result, uses_of
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


CASES = [
    Case(
        "provider.messages",
        "every message reaches the model",
        "three messages: user, assistant, user",
        "A model that sees the last message alone does not know what is talked about.",
        "advice: 2025-11-25, client/sampling, Message Flow",
        "Go through `params.messages` and hand each on with its role, in their order.",
        arrives(turns(*TALK), has_messages),
        needs_provider=True,
        wrong="messages=[params.messages[-1]]",
    ),
    Case(
        "provider.system-prompt",
        "the system prompt reaches the model",
        "one text of the user with a system prompt",
        "A client may change it or leave it out for a reason of its own. One that never hands it on has none.",
        "advice: 2026-07-28, client/sampling, System Prompt",
        "system=params.system_prompt for the Messages API; a first message with the role system for the other.",
        arrives(request("What does this line mean?", system_prompt=PROMPT), has_prompt),
        needs_provider=True,
        wrong="messages alone, and `params.system_prompt` handed to nobody",
    ),
    Case(
        "provider.limit",
        "the limit reaches the model",
        "a question with maxTokens 100",
        "The client must respect it, and the one who can keep to it is the model.",
        "MUST: 2026-07-28, client/sampling, Sampling Parameters",
        "max_tokens=params.max_tokens, or your own limit where that is smaller.",
        arrives(QUESTION, has_limit),
        needs_provider=True,
        wrong="max_tokens=1_000",
    ),
    Case(
        "provider.long-conversation",
        "a long conversation reaches the model",
        f"{len(LONG_TALK.messages)} short messages with a system prompt",
        "Who cuts a conversation answers another one. A server that wants a shorter one sends a shorter one.",
        "advice: 2025-11-25, client/sampling, Message Flow",
        "Hand all of it on, or refuse in words what your model has no room for.",
        long_conversation,
        needs_provider=True,
        wrong="params.messages[-3:]",
    ),
    Case(
        "provider.same-question",
        "the same last question in another conversation",
        "two conversations with one last question; then the second again, with a system prompt",
        "What was answered in one conversation may be wrong, or a secret, in another.",
        "SHOULD: 2026-07-28, client/sampling, Messages (not retained between requests)",
        "Keep no replies, or by the whole request: params.model_dump_json().",
        same_question,
        needs_provider=True,
        wrong="cache[params.messages[-1]]",
    ),
    Case(
        "provider.blocks",
        "every block of a list reaches the model",
        "one message whose content is a list of two texts",
        "What is asked may stand in one block and what it is about in the next.",
        "advice: 2025-11-25, schema, SamplingMessage",
        "Go through `message.content_as_list`, not to its first entry.",
        arrives(turns(("user", ["Explain this line.", "ERROR: deadlock detected"])), has_blocks, or_refuses=True),
        needs_provider=True,
        wrong="message.content_as_list[0]",
    ),
    Case(
        "provider.letters",
        "a text reaches the model as it is",
        f"a text of {len(LINES):,} letters that begins {LETTERS!r}",
        "Letters that are lost, replaced or cut make another question of it.",
        "advice: 2025-11-25, client/sampling, Text Content",
        "Encode as UTF-8, escape nothing, and refuse in words what is too long.",
        arrives(request(LINES), has_letters, or_refuses=True),
        needs_provider=True,
        wrong='text[:1000], or text.encode("ascii", "ignore")',
    ),
    Case(
        "provider.model",
        "the model that replied is named",
        f"a question; the reply names the model {NAMES[1]}",
        "The client chooses the model. The name of its own program tells the server nothing.",
        "advice: 2026-07-28, client/sampling, Result Fields",
        "model=reply.model, or the name that you asked for.",
        names_model,
        needs_provider=True,
        wrong='model="my-client"',
    ),
    Case(
        "provider.image",
        "no image is lost on the way",
        "a text and a PNG of one pixel; then three messages, of which the first holds both",
        "An answer about a picture that the model has not seen is made up, and nobody is told.",
        "advice: 2025-11-25, client/sampling, Image Content",
        "Hand each image on as a block of its own with its media type, wherever it stands, or refuse in words.",
        images,
        needs_provider=True,
        wrong='f"data:{block.mime_type};base64,{block.data}" as a text',
    ),
    Case(
        "provider.tool-result",
        "no tool's result is lost on the way",
        "a question, two uses of weather, their two results",
        "The results are what the model is to answer from.",
        "advice: 2025-11-25, client/sampling, Multi-turn Tool Loop",
        "Hand tool_use and tool_result on, or refuse the request in words.",
        arrives(conversation(WEATHER_QUESTION, USES, result(*RESULTS)), has_result, or_refuses=True),
        needs_provider=True,
        wrong="message.content_as_list[0]",
    ),
    Case(
        "provider.tool-use",
        "the model uses a tool",
        "a question and the tool weather; the model wants the weather in Lima and in Oslo",
        "The server runs the tools: it needs each name, id and input, in a tool_use block each.",
        "advice: 2025-11-25, client/sampling, Sampling with Tools",
        'CreateMessageResultWithTools(content=[ToolUseContent(...)], stop_reason="toolUse", ...), or refuse in words.',
        tool_use,
        needs_provider=True,
        wrong='use = next(block for block in reply.content if block.type == "tool_use")',
    ),
]
