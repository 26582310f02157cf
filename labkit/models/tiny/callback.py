"""`TinyModel`: the embedded model as a sampling callback, with every probability open to view."""

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any, Self

from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData, SamplingMessage, TextContent

from labkit.dial_table import honouring
from labkit.models.convert import Refused, check
from labkit.models.sampler import TEMPERATURE, Dials, checked_seed, find_stop
from labkit.models.tiny.answer import TinyAnswer
from labkit.models.tiny.generation import generate
from labkit.models.tiny.messages import conversation, fitted, has_text
from labkit.models.tiny.model import Model
from labkit.models.tiny.tokenizer import Tokenizer
from labkit.models.trace import Trace, TracedToken
from labkit.numbers import checked_number
from labkit.steps import reader, report

FOLDER = Path(__file__).parent
OUT_OF_DEPTH = "I am only a tiny model"
"""The beginning of an answer when the model is asked for what it was not made for."""

NO_TEXT = f"{OUT_OF_DEPTH} and read text alone, and this message holds none."
"""The answer to a message without text: a fixed sentence, since there is nothing to draw one from."""

SHORTEST_MARK = "I am"
"""The part of the mark `OUT_OF_DEPTH` that an answer which was cut off must hold to be told from others."""

PROMPT_ROOM = 736
"""Tokens of a prompt that are read; the model was not trained on longer ones."""

HOTTEST = 2.0


@cache
def load() -> tuple[Model, Tokenizer]:
    """The weights and the tokenizer beside this file, read once."""
    return Model.load(FOLDER / "weights.npz"), Tokenizer.load(FOLDER / "tokenizer.json")


def is_out_of_depth(text: str, stop_reason: str | None) -> bool:
    """Whether an answer says that the subject is not known, in so many words or as far as it got before it was cut.

    The last word of the mark is not asked for: on prompts far from all that it was trained on the model may lose it.
    """
    if stop_reason != "endTurn" and text.startswith(SHORTEST_MARK) and OUT_OF_DEPTH.startswith(text.rstrip()):
        return True
    return text.startswith(OUT_OF_DEPTH.rpartition(" ")[0])


class _Answer:
    """The answer while it grows: the text, and why it ended once it has."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int, stop_sequences: Sequence[str]) -> None:
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self.stop_sequences = stop_sequences
        self.ids: list[int] = []
        self.tokens: list[TracedToken] = []
        self.text = ""
        self.stop_reason = ""

    def add(self, token: TracedToken) -> bool:
        """Take the next token that was drawn. Returns whether the answer is now complete."""
        self.tokens.append(token)
        return self.take(token.id)

    def take(self, token: int) -> bool:
        """Take the next token, drawn or not. Returns whether the answer is now complete."""
        self.ids.append(token)
        if token == self.tokenizer.end:
            self.stop_reason = "endTurn"
            return True
        self.text = self.tokenizer.decode(self.ids)
        stop = find_stop(self.text, self.stop_sequences)
        if stop is not None:
            self.text, self.stop_reason = self.text[:stop], "stopSequence"
        elif len(self.ids) == self.max_tokens:
            self.stop_reason = "maxTokens"
        return bool(self.stop_reason)


@dataclass(frozen=True, slots=True)
class _Options:
    """The options that `TinyModel.trace` takes beside the prompt."""

    system_prompt: str = ""
    max_tokens: int = 100
    stop_sequences: Sequence[str] = ()
    dials: Dials | None = None
    seed: int | None = None
    begin: Sequence[TracedToken] = ()

    def asked(self, prompt: str | Sequence[SamplingMessage]) -> dict[str, Any]:
        """The arguments with which the same is asked again."""
        told = {"system_prompt": self.system_prompt, "max_tokens": self.max_tokens}
        return {"prompt": prompt, **told, "stop_sequences": self.stop_sequences}


class TinyModel:
    """A sampling callback that answers with the small model of the kit.

        Lab(server, sampling_callback=TinyModel())
        TinyModel().trace("Explain this log line: ...", dials=Dials(temperature=1.0)).tokens[0].stages["temperature"]

    The callback honours the system prompt, the messages, `max_tokens`, `temperature` and `stop_sequences` of the
    request. Top-k, top-p, min-p and the seed are the client's alone: the protocol has no field for them. The same seed
    and the same request give the same text. The model knows log lines, Python review findings, abstracts, short texts
    and one-word labels; asked for anything else it says so in the first words.

    Args:
        seed: The seed of the random numbers; each request begins with it anew.
        temperature: The temperature of requests that name none. 0 always takes the best token, above 2 is taken as 2.
        name: The name of the model in the answers.
        dials: The client's own dials: `top_k`, `top_p`, `min_p`, `frequency_penalty`, as in `labkit.Settings`.

    Raises:
        TypeError: There is no such dial.
        ValueError: A dial cannot stand there.
    """

    shown_as, shown_why = TinyAnswer.shown_as, TinyAnswer.shown_why
    honours = honouring("yes", max_tokens="must")
    as_code = "from labkit.models.tiny import Dials, TinyModel", "TinyModel()"

    def __init__(self, *, seed: int = 0, temperature: float = TEMPERATURE, name: str = "tiny", **dials: float) -> None:
        self.name = name
        self.seed = checked_seed(seed)
        self.dials = Dials(bounded(checked_number("temperature", temperature)), **dials)

    @property
    def defaults(self) -> Mapping[str, Any]:
        """Where the model's dials stand when nobody turns them."""
        return {**self.dials.values, "seed": self.seed}

    def turned(self, wishes: Mapping[str, Any]) -> Self:
        """A copy of the model with other dials of the client's own. The temperature is for requests that name none."""
        other = copy(self)
        other.seed = wishes.get("seed", self.seed)
        other.dials = self.dials.but(**{name: value for name, value in wishes.items() if name in self.dials.values})
        return other

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
        """Answer a sampling request. The event loop gets its turn after every token, so the answer can be cancelled.

        A request that nothing can answer (no message, no token to spend, tool results without their uses) is refused in
        a sentence with code -32602, as one with tools is.

        Source: specification 2025-11-25 and 2026-07-28, client/sampling.
        """
        try:
            _check(params)
        except Refused as refused:
            return refused.error
        stop_sequences = params.stop_sequences or []
        if not has_text(params.messages[-1]):
            trace = self._without_text(params.max_tokens, stop_sequences)
            report("found no text to answer", source="model", stop_reason=trace.stop_reason)
            _report_depth(trace)
            return self._result(trace)
        dials = self.dials
        if params.temperature is not None:
            dials = dials.but(temperature=bounded(params.temperature))
        model, tokenizer = load()
        system = params.system_prompt or ""
        prompt, left_out = fitted(tokenizer, system, conversation(params.messages), PROMPT_ROOM)
        report(
            "asks the tiny model", source="callback", target="model",
            max_tokens=params.max_tokens, prompt_tokens=len(prompt), prompt_tokens_left_out=left_out,
            seed=self.seed, dials=dict(dials.values),
        )  # fmt: skip
        answer = _Answer(tokenizer, params.max_tokens, stop_sequences)
        began, read = perf_counter(), reader()
        for token in generate(model, tokenizer, prompt, dials, self.seed):
            await asyncio.sleep(0)
            over = token is not None and answer.add(token)
            if read and token is not None:
                read(answer.text)
            if over:
                break
        trace = self._traced(answer, len(prompt), dials, self.seed)
        _report_depth(trace)
        report(
            f"tiny model answered, {len(trace.tokens)} tokens", source="model", target="callback",
            input_tokens=trace.prompt_tokens, output_tokens=len(trace.tokens), stop_reason=trace.stop_reason,
            seconds=round(perf_counter() - began, 3), candidates=[_candidates(token) for token in trace.tokens],
        )  # fmt: skip
        return self._result(trace)

    def trace(
        self,
        prompt: str | Sequence[SamplingMessage],
        *,
        system_prompt: str = "",
        max_tokens: int = 100,
        stop_sequences: Sequence[str] = (),
        dials: Dials | None = None,
        seed: int | None = None,
        begin: Sequence[TracedToken] = (),
    ) -> Trace:
        """Answer a prompt at once and keep everything that was there to choose from.

        Each of the `tokens` tells of the drawn token its probability (0 to 1), rank (from 1) and entropy (in bits), and
        its ten best rivals: before any dial, and after temperature, top-k, top-p and min-p in turn.

        Args:
            prompt: What the user says, or the messages of a request. Where it holds no text the answer is that of the
                callback: a fixed sentence, for which no token is drawn.
            system_prompt: The system prompt, as in a request; so are `max_tokens` and `stop_sequences`.
            dials: The dials, in place of the model's own.
            seed: The seed, in place of the model's own.
            begin: Tokens with which the answer begins; `max_tokens` counts them too.

        Raises:
            ValueError: `max_tokens` is below 1, there is no message, or the seed is no whole number of 0 or more.
        """
        options = _Options(system_prompt, max_tokens, stop_sequences, dials, seed, begin)
        return next(trace for trace in self._steps(prompt, options) if trace is not None)

    async def trace_in_steps(self, prompt: str | Sequence[SamplingMessage], **options: Any) -> Trace:
        """`trace`, with a turn for the event loop after every token, so that the trace can be cancelled.

        Arguments and errors are those of `trace`.
        """
        for trace in self._steps(prompt, _Options(**options)):
            if trace is not None:
                return trace
            await asyncio.sleep(0)
        raise AssertionError("a trace always comes to its end")

    def __repr__(self) -> str:
        return f"TinyModel(seed={self.seed})"

    def _steps(self, prompt: str | Sequence[SamplingMessage], options: _Options) -> Iterator[Trace | None]:
        """`None` after every slice of the prompt and every token, then the trace."""
        turns = [("user", prompt)] if isinstance(prompt, str) else conversation(prompt)
        if options.max_tokens < 1 or not turns:
            raise ValueError("a trace needs a message and max_tokens of at least 1")
        if not (prompt.strip() if isinstance(prompt, str) else has_text(prompt[-1])):
            yield self._without_text(options.max_tokens, options.stop_sequences)
            return
        model, tokenizer = load()
        ids, _ = fitted(tokenizer, options.system_prompt, turns, PROMPT_ROOM)
        dials, seed = options.dials or self.dials, self.seed if options.seed is None else checked_seed(options.seed)
        answer = _Answer(tokenizer, options.max_tokens, options.stop_sequences)
        if not any(answer.add(token) for token in options.begin):
            for token in generate(model, tokenizer, ids, dials, seed, begin=answer.ids):
                yield None
                if token is not None and answer.add(token):
                    break
        yield replace(self._traced(answer, len(ids), dials, seed), asked=options.asked(prompt))

    def _traced(self, answer: _Answer, prompt_tokens: int, dials: Dials, seed: int) -> Trace:
        reason = answer.stop_reason or "maxTokens"  # a full context is the same to the reader as a limit
        marked = is_out_of_depth(answer.text, reason)
        return Trace(answer.text, reason, prompt_tokens, answer.tokens, dials, seed, out_of_depth=marked, model=self)

    def _without_text(self, max_tokens: int, stop_sequences: Sequence[str]) -> Trace:
        """`NO_TEXT`, token by token: within the limit and up to a stop sequence, as an answer that is drawn."""
        _, tokenizer = load()
        answer = _Answer(tokenizer, max_tokens, stop_sequences)
        for token in [*tokenizer.encode(NO_TEXT), tokenizer.end]:
            if answer.take(token):
                break
        return Trace(answer.text, answer.stop_reason, 0, [], read=False, out_of_depth=True, model=self)

    def _result(self, trace: Trace) -> CreateMessageResult:
        content = TextContent(text=trace.text)
        return TinyAnswer(role="assistant", model=self.name, content=content, stop_reason=trace.stop_reason)


def _report_depth(trace: Trace) -> None:
    if trace.out_of_depth:
        report("out of its depth", source="model", knows="log lines, Python reviews, abstracts, short texts, labels")


def _check(params: CreateMessageRequestParams) -> None:
    """See that there is something to answer, and that the request demands nothing but text.

    Raises:
        Refused: There is nothing to answer, or tools are offered. Source: 2025-11-25, schema,
            CreateMessageRequestParams.tools: a client that has not declared `sampling.tools` must return an error.
    """
    check(params)
    if params.tools or (params.tool_choice is not None and params.tool_choice.mode == "required"):
        raise Refused("The request offers tools, but the tiny model cannot use any. Ask without tools.")


def bounded(temperature: float) -> float:
    """A temperature that the sampler can use: below 0 and what is no number become 0, above 2 becomes 2."""
    if math.isnan(temperature):
        return 0.0
    return min(max(temperature, 0.0), HOTTEST)


def _candidates(token: TracedToken) -> dict[str, object]:
    best = [[rival.text, round(rival.probability, 4)] for rival in token.stages["model"][:3]]
    return {"text": token.text, "probability": round(token.probability, 4), "rank": token.rank, "best": best}
