"""`trace(prompt)`: an answer with the choices behind it, of any model that shows these. The views draw a trace."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard, cast

from mcp_types import CreateMessageRequestParams, SamplingMessage, TextContent

from labkit.dial_table import STAGES, Settings, turned_model, turned_request
from labkit.models.partial import retold
from labkit.models.tiny import Dials, TinyModel
from labkit.models.tiny.callback import bounded
from labkit.models.tiny.messages import has_text
from labkit.models.trace import Trace, Traceable, TracedToken

Prompt = str | CreateMessageRequestParams
"""A prompt: what a user says, or a whole sampling request."""

MAX_TOKENS = 100
"""The limit of a request that is made from a prompt alone."""


def can_be_traced(model: object) -> TypeGuard[Traceable]:
    """Whether a model shows what it could have said instead."""
    return callable(getattr(model, "trace", None))


def as_request(prompt: Prompt) -> CreateMessageRequestParams:
    """A sampling request: `prompt` itself, or one that holds it as the user's only message.

    Raises:
        ValueError: `prompt` holds no text to answer, or asks for no token.
    """
    request = prompt if isinstance(prompt, CreateMessageRequestParams) else _asking(prompt)
    if not request.messages or not has_text(request.messages[-1]):
        raise ValueError("the request holds no text to answer: give a prompt, or messages that end with text")
    if request.max_tokens < 1:
        raise ValueError(f"max_tokens is {request.max_tokens}, and an answer needs at least 1")
    return request


def _asking(prompt: str) -> CreateMessageRequestParams:
    message = SamplingMessage(role="user", content=TextContent(text=prompt))
    return CreateMessageRequestParams(messages=[message], max_tokens=MAX_TOKENS)


def trace(prompt: Prompt, model: Traceable | None = None, settings: Settings | None = None) -> Trace:
    """Answer a request with the dials turned, as `tune` does, and keep everything that there was to choose from.

        trace("Explain this log line: ...").text
        trace(request, TinyModel(seed=7), Settings(temperature=0.8, top_p=0.9)).tokens[0].stages["top_p"]

    Args:
        prompt: What a user says, or a whole sampling request.
        model: A model that can be traced, with defaults of your own: `TinyModel` where none is given, `SmolLM`, `GGUF`.
        settings: Where the dials stand.

    Raises:
        TypeError: The model does not show its tokens.
        ValueError: There is no text to answer.
    """
    model = model or TinyModel()
    if not can_be_traced(model):
        raise TypeError(f"a {type(model).__name__} does not show what it draws from: give a TinyModel or a SmolLM")
    return drawing(model, as_request(prompt), settings or Settings()).trace(model)


def turned(trace: Trace, dials: Dials) -> Trace:
    """`trace` with its dials elsewhere, without the model: the same tokens, with what would be drawn in `instead`.

        turned(model.trace(prompt), Dials(1.5)).tokens[3].instead

    After the first token that another would take the place of, the model would have gone on otherwise.
    """
    if dials == trace.dials:
        return trace
    tokens = [token if token.choice is None else retold(token.choice, dials, drawn=False) for token in trace.tokens]
    return replace(trace, tokens=tokens, dials=dials, turned=True)


def begun(trace: Trace, i: int, token: int) -> list[TracedToken]:
    """The tokens with which a branch begins: those before token number `i` (from 0), then the one with id `token`.

    Raises:
        IndexError: The answer has no token of that number.
        LookupError: There was no such token to choose.
        ValueError: The model cannot go on from there.
    """
    drawn = trace.tokens[i]
    if not trace.asked or drawn.choice is None:
        raise ValueError("what was asked is not known, so nobody can go on with this answer")
    if trace.merged and i:
        raise ValueError("letters of this answer are made of several tokens each: the model cannot go on from here")
    if token not in drawn.choice.ids:
        raise LookupError(f"there is no token {token} among those that are told")
    if token == drawn.id:
        return trace.tokens[: i + 1]
    place = drawn.choice.ids.index(token)
    told = retold(replace(drawn.choice, place=place), trace.dials or Dials(), drawn=False)
    return [*trace.tokens[:i], replace(told, instead=None, instead_of=drawn.instead_of or drawn.text)]


def branch(trace: Trace, i: int, token: int) -> Trace:
    """The answer as the model goes on where token number `i` (from 0) is the one with id `token`.

        rival = trace.tokens[6].stages["model"][1]
        branch(trace, 6, rival.id).text

    Raises:
        IndexError: The answer has no token of that number.
        LookupError: There was no such token to choose.
        ValueError: The model cannot go on from there.
    """
    begin = begun(trace, i, token)
    return cast("Traceable", trace.model).trace(**trace.asked, dials=trace.dials, seed=trace.seed, begin=begin)


async def branch_in_steps(trace: Trace, i: int, token: int) -> Trace:
    """`branch` with turns for the event loop, so that it can be cancelled."""
    begin, model = begun(trace, i, token), cast("Traceable", trace.model)
    return await model.trace_in_steps(**trace.asked, dials=trace.dials, seed=trace.seed, begin=begin)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The draw of an answer, as all that it depends on: the request that the client hands on, the dials, the seed."""

    request: CreateMessageRequestParams
    dials: Dials
    seed: int
    model_as_code: tuple[str, str]

    def trace(self, model: Traceable) -> Trace:
        """The answer of `model` with all that there was to choose from. The tiny model takes about 0.1 s."""
        return model.trace(self.request.messages, **self._options())

    async def trace_in_steps(self, model: Traceable) -> Trace:
        """`trace` with a turn for the event loop after every token: the trace can be cancelled, and others go on."""
        return await model.trace_in_steps(self.request.messages, **self._options())

    def _options(self) -> dict[str, Any]:
        return {
            "system_prompt": self.request.system_prompt or "",
            "max_tokens": self.request.max_tokens,
            "stop_sequences": self.request.stop_sequences or (),
            "dials": self.dials,
            "seed": self.seed,
        }

    def code(self) -> str:
        """The answer in plain code, without a widget."""
        imports, prompt, given = self._written()
        return (
            f"{imports}{self.model_as_code[0]}\n"
            "from labkit.views.token_view import table\n\n"
            f"prompt = {prompt}\n"
            f"trace = {self.model_as_code[1]}.trace(prompt, {given}dials={self.dials!r}, seed={self.seed})\n"
            f"print(trace.text)\n"
            f"print(table(trace))\n"
        )

    def code_for(self, seeds: Sequence[int]) -> str:
        """The request answered once with each of `seeds`, in plain code, without a widget."""
        imports, prompt, given = self._written()
        return (
            f"{imports}{self.model_as_code[0]}\n\n"
            f"model = {self.model_as_code[1]}\n"
            f"prompt = {prompt}\n"
            f"print(f'{{model.shown_as}}, temperature {self.dials.temperature:g}')\n"
            f"for seed in {seeds!r}:\n"
            f"    trace = model.trace(prompt, {given}dials={self.dials!r}, seed=seed)\n"
            '    print(f"seed {seed}, {trace.stop_reason}: {trace.text}")\n'
        )

    def _written(self) -> tuple[str, str, str]:
        """The parts of the code: what else to import, the prompt, and what the request asks beside the prompt."""
        messages = self.request.messages
        content = messages[0].content
        if len(messages) == 1 and messages[0].role == "user" and isinstance(content, TextContent):
            imports, prompt = "", repr(content.text)
        else:
            imports = "from mcp_types import SamplingMessage\n"
            told = [message.model_dump(mode="json", exclude_none=True) for message in messages]
            prompt = f"[SamplingMessage.model_validate(message) for message in {told!r}]"
        options = {
            "system_prompt": self.request.system_prompt or "",
            "max_tokens": self.request.max_tokens,
            "stop_sequences": self.request.stop_sequences or [],
        }
        return imports, prompt, "".join(f"{name}={value!r}, " for name, value in options.items() if value)


def drawing(model: Traceable, request: CreateMessageRequestParams, settings: Settings) -> Drawing:
    """The draw that a model makes for a request with the dials turned, as the model's callback would."""
    turned, handed_on = cast("Traceable", turned_model(model, settings)), turned_request(request, settings)
    stands = turned.defaults
    dials = Dials(**{dial.name: stands[dial.name] for dial in STAGES})
    if handed_on.temperature is not None:
        dials = dials.but(temperature=bounded(handed_on.temperature))
    return Drawing(handed_on, dials, stands["seed"], model.as_code)
