"""Where the dials stand, and what they make of a request and of a model.

A server asks for `maxTokens`, `temperature`, `stopSequences` and `systemPrompt`; the client decides. It may change or
ignore all of them but one: it MUST respect `maxTokens`. Top-k, top-p and the seed are the client's alone, the protocol
has no field for them. Source: specification 2025-11-25 and 2026-07-28, client/sampling.
"""

from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.models.claude import Claude
from labkit.models.gguf import GGUF
from labkit.models.openai_compatible import OpenAICompatible
from labkit.models.tiny import TinyModel
from labkit.numbers import checked_number, checked_share, checked_whole

Dial = Literal["temperature", "max_tokens", "top_p", "top_k", "stop_sequences", "seed", "system_prompt"]
DIALS: tuple[Dial, ...] = ("temperature", "max_tokens", "top_p", "top_k", "stop_sequences", "seed", "system_prompt")
OWN: tuple[Dial, ...] = ("top_p", "top_k", "seed")
"""The dials that are the client's alone."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the dials stand. `None` leaves what the server asked, or what the model does by itself.

        Settings(temperature=0.8, top_p=0.9, seed=7)

    Args:
        temperature: 0 takes the best token, 1 draws as the model says, more is flatter.
        max_tokens: Never above what the server asked, unless you `insist`.
        top_p: Keep the best tokens that together hold this probability, above 0 up to 1; 1 keeps all.
        top_k: Keep so many of the best tokens; 0 keeps all.
        stop_sequences: In place of those that were asked.
        seed: Of the random numbers, 0 or more.
        system_prompt: In place of the one that was asked.
        insist: Let `max_tokens` go beyond what the server asked. The specification forbids it.

    Raises:
        ValueError: A dial cannot stand there.
    """

    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: tuple[str, ...] | None = None
    seed: int | None = None
    system_prompt: str | None = None
    insist: bool = False

    def __post_init__(self) -> None:
        if self.temperature is not None:
            checked_number("temperature", self.temperature)
        if self.max_tokens is not None and checked_whole("max tokens", self.max_tokens) < 1:
            raise ValueError(f"max tokens is {self.max_tokens}, and an answer needs at least 1")
        if self.top_p is not None:
            checked_share("top-p", self.top_p)
        for name, number in (("top-k", self.top_k), ("seed", self.seed)):
            if number is not None:
                checked_whole(name, number)
        if isinstance(self.stop_sequences, str):  # a sequence too, of letters
            raise ValueError(f"stop sequences is {self.stop_sequences!r}, and it must be a tuple of texts")


def turned_request(params: CreateMessageRequestParams, settings: Settings) -> CreateMessageRequestParams:
    """A copy of a request as the client hands it on."""
    changes: dict[str, Any] = {}
    if settings.temperature is not None:
        changes["temperature"] = settings.temperature
    if settings.max_tokens is not None:
        most = settings.max_tokens if settings.insist else min(settings.max_tokens, params.max_tokens)
        changes["max_tokens"] = most
    if settings.stop_sequences is not None:
        changes["stop_sequences"] = list(settings.stop_sequences)
    if settings.system_prompt is not None:
        changes["system_prompt"] = settings.system_prompt
    return params.model_copy(update=changes)


def turned_model(callback: SamplingFnT, settings: Settings) -> SamplingFnT:
    """`callback` with the client's own dials; itself where none is set, or where it has no place for them."""
    wishes: dict[str, Any] = {dial: getattr(settings, dial) for dial in OWN if getattr(settings, dial) is not None}
    if wishes and isinstance(callback, TinyModel):
        return turned_tiny(callback, settings)
    if wishes and isinstance(callback, Claude | OpenAICompatible | GGUF):
        turned = cast("Any", copy(callback))  # copies of a GGUF share the loaded model
        turned.dials = {name: wishes.get(name, value) for name, value in callback.dials.items()}
        return turned
    return callback


def turned_tiny(model: TinyModel, settings: Settings) -> TinyModel:
    """The tiny model with the client's own dials. Its temperature stays: that is for requests which ask for none."""
    turned, dials = copy(model), {"top_p": settings.top_p, "top_k": settings.top_k}
    turned.dials = replace(model.dials, **{name: value for name, value in dials.items() if value is not None})
    turned.seed = model.seed if settings.seed is None else settings.seed
    return turned
