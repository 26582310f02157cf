"""How many tokens a sample took: as told by the answerer, else estimated.

MCP carries no usage. The answerer may report `input_tokens` and `output_tokens` in a step, as the kit's models do; what
is not told is estimated from the text and counted as estimated.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mcp_types import CreateMessageRequestParams

from labkit.cutting import outline
from labkit.host.duty import Result, Witness, witnessing
from labkit.host.texts import Media, dumped, texts, values
from labkit.steps import HostStep, overhearing

CHARACTERS_PER_TOKEN = 4
"""The usual rule of thumb for English text."""

TOKENS_PER_MEDIA, BYTES_PER_TOKEN = 1_500, 500
"""A round figure for an image, and for a sound or a long document by its size: 16 kB of sound are a second, and that is
about 32 tokens."""

MOST = 10**12
"""Tokens above which no sum goes; a wire may carry thousands of digits."""

MOST_TOLD = 10**7
"""Tokens above which what is told of one sample is no number of tokens: no model reads so much."""

MOST_PER_TOKEN, SLACK = 20, 200
"""Characters of a token at most, and characters beyond: a text that is longer was not told truly, and is estimated."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of one sample; `estimated` of them were not told by the answerer."""

    input_tokens: int
    output_tokens: int
    estimated: int = 0
    model: str = ""

    @property
    def tokens(self) -> int:
        """The tokens of prompt and answer together."""
        return self.input_tokens + self.output_tokens


def prompt_tokens(params: CreateMessageRequestParams) -> int:
    """An estimate of what a request's prompt takes: system prompt, messages and tools."""
    return tokens_of(_prompt(params))


def _content(answer: Result) -> object:
    try:
        return dumped(answer).get("content")
    except (ValueError, RecursionError):  # nested more deeply than any wire carries: it will go nowhere
        return outline(answer.content)


def _prompt(params: CreateMessageRequestParams) -> list[object]:
    fields = dumped(params)
    return [fields.get(name) for name in ("systemPrompt", "messages", "tools")]


def tokens_of(value: object) -> int:
    """An estimate of what JSON takes: its texts and numbers by their characters, media by their size."""
    media = sum(
        max(TOKENS_PER_MEDIA, each.bytes // BYTES_PER_TOKEN) for each in values(value) if isinstance(each, Media)
    )
    return -(-_characters(value) // CHARACTERS_PER_TOKEN) + media


def _characters(value: object) -> int:
    numbers = sum(
        each.bit_length() * 3 // 10 + 1 if isinstance(each, int) else 8
        for each in values(value)
        if isinstance(each, int | float)
    )
    return numbers + sum(len(text) for _, text in texts(value))


def _believed(told: int | None, text: object) -> int | None:
    """What was told, unless the text cannot have been so few tokens."""
    return None if told is None or _characters(text) > told * MOST_PER_TOKEN + SLACK else told


@dataclass
class Meter:
    """Hears what is told of one sample."""

    params: CreateMessageRequestParams
    witness: Witness
    told: dict[str, int] = field(default_factory=dict[str, int])
    last_answer: int | None = None
    """Tokens of the answer that was told of last."""
    closed: bool = False

    def hear(self, step: HostStep) -> None:
        """Add what a step tells. A callback that asks twice reports twice, and both count."""
        for name in ("input_tokens", "output_tokens"):
            number = step.data.get(name)
            if not isinstance(number, int) or isinstance(number, bool) or self.closed:
                continue
            if 0 <= number <= MOST_TOLD:
                self.witness.was_told = True
                self.told[name] = min(self.told.get(name, 0) + number, MOST)
                self.last_answer = number if name == "output_tokens" else self.last_answer

    @property
    def usage(self) -> Usage:
        """What was told and can be, and estimates for the rest of an answer that was given."""
        witness, answer = self.witness, self.witness.answer
        input_tokens, output_tokens = self.told.get("input_tokens"), self.told.get("output_tokens")
        # As it was when it came to the answerer, in each try that was answered.
        given = witness.earlier + ([(witness.params or self.params, answer)] if answer is not None else [])
        prompts, contents = [_prompt(params) for params, _ in given], [_content(each) for _, each in given]
        if given:
            input_tokens, output_tokens = _believed(input_tokens, prompts), _believed(output_tokens, contents)
        guessed_in = sum(map(tokens_of, prompts)) if input_tokens is None else 0
        guessed_out = sum(map(tokens_of, contents)) if output_tokens is None else 0
        return Usage(
            input_tokens=guessed_in if input_tokens is None else input_tokens,
            output_tokens=guessed_out if output_tokens is None else output_tokens,
            estimated=guessed_in + guessed_out,
            model=answer.model if answer is not None else "",
        )


@contextmanager
def metering(params: CreateMessageRequestParams) -> Generator[Meter]:
    """Measure the sample that is asked for inside the block."""
    with witnessing() as witness:
        meter = Meter(params, witness)
        with overhearing(meter.hear):
            try:
                yield meter
            finally:
                meter.closed = True
