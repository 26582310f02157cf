"""How many tokens a sample took: as told by the answerer, else estimated.

MCP carries no usage. The answerer may report `input_tokens` and `output_tokens` in a step, as the kit's models do; what
is not told is estimated from the text and counted as estimated.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mcp_types import CreateMessageRequestParams

from labkit.host.duty import Result, Witness, witnessing
from labkit.host.texts import binaries, dumped, texts
from labkit.steps import HostStep, overhearing

CHARACTERS_PER_TOKEN = 4
"""The usual rule of thumb for English text."""

TOKENS_PER_BINARY = 1_500
"""A round figure for an image or a sound, which has no characters to count."""

MOST = 10**12
"""Tokens above which a number is no number of tokens; a wire may carry thousands of digits."""


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
    fields = dumped(params)
    return _tokens_of([fields.get(name) for name in ("systemPrompt", "messages", "tools")])


def answer_tokens(answer: Result) -> int:
    """An estimate of what an answer took."""
    return _tokens_of(dumped(answer).get("content"))


def _tokens_of(value: object) -> int:
    characters = sum(len(text) for _, text in texts(value))
    return -(-characters // CHARACTERS_PER_TOKEN) + binaries(value) * TOKENS_PER_BINARY


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
            if isinstance(number, int) and not isinstance(number, bool) and number >= 0 and not self.closed:
                self.told[name] = min(self.told.get(name, 0) + number, MOST)
                self.last_answer = number if name == "output_tokens" else self.last_answer

    @property
    def usage(self) -> Usage:
        """What was told, and estimates for the rest of an answer that was given."""
        answer = self.witness.answer
        input_tokens, output_tokens = self.told.get("input_tokens"), self.told.get("output_tokens")
        params = self.witness.params or self.params  # as it was when it came to the answerer
        guessed_in = prompt_tokens(params) if input_tokens is None and answer is not None else 0
        guessed_out = answer_tokens(answer) if output_tokens is None and answer is not None else 0
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
