"""What reaches the provider. It shows only on a factory, which asks our stand-in."""

from collections.abc import Awaitable, Callable

from mcp_types import CreateMessageRequestParams, ErrorData, Role, TextContent

from labkit.callbacks import Answer
from labkit.checks.apis import Asked, Says, as_a_model
from labkit.checks.case import Case
from labkit.checks.engine import Problem, request
from labkit.checks.judging import handles
from labkit.checks.sampling.content import IMAGE, PIXEL, holding
from labkit.checks.sampling.messages import QUESTION, turns
from labkit.checks.sampling.tools import QUESTION as WEATHER_QUESTION
from labkit.checks.sampling.tools import RESULT, USE, conversation, fits, result, uses_of
from labkit.checks.standin import Reply
from labkit.checks.trial import NotApplicable, Trial

TALK: tuple[tuple[Role, str], ...] = (
    ("user", "What is a deadlock?"),
    ("assistant", "Two that wait."),
    ("user", "How does it end?"),
)
PROMPT = "You answer in the words of a lighthouse keeper."


def asked_of(trial: Trial) -> Asked:
    """The last request that reached the provider.

    Raises:
        Problem: None did, and it answered all the same; or it looked in the wrong place.
        NotApplicable: None did, since it refused before: `messages.one` tells of a callback that refuses everything.
    """
    if trial.provider and trial.provider.asked:
        return trial.provider.asked[-1]
    if trial.provider and trial.provider.lost:
        raise Problem(
            f"It asked for {trial.provider.lost[-1]}. The stand-in has /v1/messages and /v1/chat/completions.",
            "base_url is what comes before these two, without /v1: add to it what your provider's client expects.",
        )
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


def has_image(asked: Asked) -> None:
    if PIXEL in asked.text and not any(PIXEL in image for image in asked.images):
        raise Problem("The provider was sent the image as text: a model sees letters, and no picture.")
    if PIXEL not in asked.text:
        raise Problem("It answered, and the image never reached the provider.")


def has_result(asked: Asked) -> None:
    if "19 degrees" not in asked.text:
        raise Problem("It answered, and the result of the tool never reached the provider.")


async def use_of_weather(asked: Asked) -> Reply:
    return Says("Let me look.", "tool", ("weather", {"city": "Lima"})) if asked.tools else as_a_model(asked)


def passes_use_on(answer: Answer, params: CreateMessageRequestParams) -> None:
    fits(answer, params)
    if isinstance(answer, ErrorData):
        return
    if [use.input for use in uses_of(answer)] != [{"city": "Lima"}]:
        raise Problem("The model used the tool weather for Lima, and that is not what came back.")


async def tool_use(trial: Trial) -> None:
    params = conversation(WEATHER_QUESTION)
    if trial.provider:
        trial.provider.behaves(use_of_weather)
    answer = await trial.ask(params)
    if not isinstance(answer, ErrorData) and not asked_of(trial).tools:
        raise Problem("It answered, and the tools never reached the provider.")
    passes_use_on(answer, params)


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
    ),
    Case(
        "provider.image",
        "no image is lost on the way",
        "a text and a PNG of one pixel",
        "An answer about a picture that the model has not seen is made up, and nobody is told.",
        "advice: 2025-11-25, client/sampling, Image Content",
        "Hand the image on as a block of its own (image, or image_url), or refuse the request in words.",
        arrives(holding([TextContent(text="What is on it?"), IMAGE]), has_image, or_refuses=True),
        needs_provider=True,
    ),
    Case(
        "provider.tool-result",
        "no tool's result is lost on the way",
        "a question, the use of weather, its result",
        "The result is what the model is to answer from.",
        "advice: 2025-11-25, client/sampling, Multi-turn Tool Loop",
        "Hand tool_use and tool_result on, or refuse the request in words.",
        arrives(conversation(WEATHER_QUESTION, USE, result(RESULT)), has_result, or_refuses=True),
        needs_provider=True,
    ),
    Case(
        "provider.tool-use",
        "the model uses a tool",
        "a question and the tool weather; the model wants the weather in Lima",
        "The server runs the tool: it needs the name, the id and the input, in a tool_use block.",
        "advice: 2025-11-25, client/sampling, Sampling with Tools",
        'CreateMessageResultWithTools(content=[ToolUseContent(...)], stop_reason="toolUse", ...), or refuse in words.',
        tool_use,
        needs_provider=True,
    ),
]
