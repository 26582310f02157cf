"""`GGUF`: a sampling callback that answers with a model in a GGUF file, which llama.cpp runs in this process.

Needs the package `xllamacpp` (the extra `gguf`). The model is loaded at the first sample and kept. The model answers in
a worker thread, so that the event loop goes on and an answer can be cancelled.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Self

from anyio.to_thread import run_sync
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    SamplingMessage,
    TextContent,
    ToolUseContent,
)

from labkit.dial_table import STAGES, honouring
from labkit.models.chat_completions import STOP_REASONS
from labkit.models.convert import Refused, check, spoken
from labkit.models.convert import answer as shaped
from labkit.models.dialled import WithDials
from labkit.models.gguf_trace import TOLD, Drawn, Draws
from labkit.models.llama_cpp import Engine
from labkit.models.sampler import TEMPERATURE, Dials, checked_seed, find_stop
from labkit.models.tiny.callback import bounded
from labkit.models.tiny.messages import conversation, has_text
from labkit.models.tool_form import read, with_form
from labkit.models.trace import END, Trace, TracedToken
from labkit.numbers import checked_number, checked_whole
from labkit.steps import reader, report

CONTEXT = 4096
INSTALL = '[FIX] The package xllamacpp is missing: pip install "xllamacpp>=2026.10"'

SAMPLERS = [{"frequency_penalty": "penalties"}.get(dial.name, dial.name) for dial in STAGES]
"""llama.cpp's names of the dials, in the table's order, which is the embedded model's; llama.cpp turns the heat last.

For the frequency penalty, llama.cpp counts what stands in the prompt too.
"""


@dataclass
class _Answer:
    """An answer while it grows. The worker thread writes it; `over` tells that thread that nobody waits any more."""

    stop_sequences: list[str]
    text: str = ""
    stop_reason: str = ""
    tokens: int = 0
    prompt_tokens: int = 0
    error: dict[str, Any] = field(default_factory=dict[str, Any])
    over: bool = False
    read: Callable[[str], object] | None = field(default_factory=reader)

    def hear(self, chunk: dict[str, Any]) -> bool:
        """Take a chunk of the stream. Returns whether that chunk is the last that is wanted."""
        if self.over:
            return True
        self.error = chunk.get("error") or self.error
        timings = chunk.get("timings") or {}
        self.tokens = timings.get("predicted_n", self.tokens)
        self.prompt_tokens = timings.get("cache_n", 0) + timings.get("prompt_n", 0) or self.prompt_tokens
        for choice in chunk.get("choices", []):
            self.take(choice)
            reason = choice["finish_reason"]
            self.stop_reason = STOP_REASONS.get(reason, reason) or self.stop_reason
        # llama.cpp could do this too, and would then not tell a stop sequence from the end of the turn.
        # Those in a thought stop nothing, since the thought is no part of the answer.
        said = self.said if self.stop_sequences else ""
        stop = find_stop(said, self.stop_sequences)
        if stop is not None:
            self.text, self.stop_reason, self.over = said[:stop], "stopSequence", True
        if self.read:
            self.read(self.said)
        return self.over

    @property
    def said(self) -> str:
        return spoken(self.text, is_cut=self.stop_reason in ("", "maxTokens"))

    def take(self, choice: dict[str, Any]) -> None:
        self.text += choice["delta"].get("content") or ""


@dataclass
class _Traced(_Answer):
    """An answer with each draw, as llama.cpp tells them of a bare prompt: of a chat, llama.cpp leaves out the end."""

    drawn: list[Drawn] = field(default_factory=list[Drawn])

    @property
    def said(self) -> str:
        return self.text  # a trace shows every token, those of a thought too

    def begun(self, begin: Sequence[TracedToken]) -> tuple[str, bool]:
        """The text of the tokens with which the answer begins, and whether they end it."""
        ended = bool(begin) and begin[-1].text == END
        text = "".join(token.text for token in begin[: len(begin) - ended])
        stop = find_stop(text, self.stop_sequences)
        self.stop_reason = "" if stop is None else "stopSequence"
        return text[:stop], ended or stop is not None

    def take(self, choice: dict[str, Any]) -> None:
        self.text += choice.get("text") or ""
        self.drawn += (choice.get("logprobs") or {}).get("content", [])


class GGUF(WithDials):
    """Answers with any chat model in a GGUF file, without a key and without a network.

        GGUF("SmolLM2-360M-Instruct-Q8_0.gguf")
        GGUF("qwen3-4b-q4_k_m.gguf", temperature=0.7, top_p=0.9, context=8192)

    The callback honours the system prompt, the messages, `max_tokens`, `temperature` and `stop_sequences` of the
    request; the chat template is the file's own. Top-k, top-p, min-p and the seed are the client's alone. The same seed
    and the same request give the same text on the same machine. A copy (`copy.copy`) may have other `dials` and shares
    the loaded model. The model reads and writes text: what is not text is put into words, and so are tools, whose uses
    llama.cpp then holds to a form (`labkit.models.tool_form`). Whatever goes wrong is answered in a sentence, as
    `ErrorData`: code -32602 when the request is at fault, -32603 otherwise.

    Args:
        path: The path of the file.
        seed: The seed of the random numbers; each request begins with it anew.
        temperature: The temperature of requests that name none. 0 always takes the best token, above 2 is taken as 2.
        context: Tokens that prompt and answer may have together, at most as many as the model was trained on; memory
            grows with it.
        threads: Processor threads to compute with; as many as llama.cpp finds right when left out.
        dials: The client's own dials: `top_k`, `top_p`, `min_p`, `frequency_penalty`, as in `labkit.Settings`.

    Raises:
        TypeError: `path` is no path, or there is no such dial.
        ValueError: A dial, `context` or `threads` cannot stand there.
    """

    honours = honouring("yes", max_tokens="must")
    install, missing = INSTALL, ""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        seed: int = 0,
        temperature: float = TEMPERATURE,
        context: int = CONTEXT,
        threads: int | None = None,
        **dials: float,
    ) -> None:
        self.path = Path(path)
        drawn = Dials(bounded(checked_number("temperature", temperature)), **dials)
        self.dials: dict[str, float] = {**drawn.values, "seed": checked_seed(seed)}
        self.context = checked_whole("context", context, least=1)
        self.threads = None if threads is None else checked_whole("threads", threads, least=1)
        self._engine = Engine(self.path, self.context, self.threads, self.install, self.missing)

    @property
    def as_code(self) -> tuple[str, str]:
        """The code of the model: what a program has to import, and the expression that makes the model."""
        return "from labkit import GGUF\nfrom labkit.models.tiny import Dials", f"GGUF({str(self.path)!r})"

    @property
    def name(self) -> str:
        """The model's name in an answer: the name of the file, without the folder, which is nobody's business."""
        return self.path.stem

    async def __call__(
        self, context: object, params: CreateMessageRequestParams
    ) -> CreateMessageResult | CreateMessageResultWithTools | ErrorData:
        """Answer a sampling request, or say in a sentence why not.

        Source: specification 2025-11-25 and 2026-07-28, client/sampling.
        """
        try:
            return await self._answer(params)
        except Refused as refused:
            return refused.error

    def close(self) -> None:
        """Give the model's memory and threads back, also those of copies. The next sample loads the model again."""
        self._engine.close()

    async def _answer(self, params: CreateMessageRequestParams) -> CreateMessageResult | CreateMessageResultWithTools:
        check(params)
        asked, form = with_form(params)
        if not has_text(asked.messages[-1]):
            raise Refused("The last message holds no text, and this model reads nothing else.")
        body = self._body(asked)
        if form:
            body["response_format"] = {"type": "json_schema", "json_schema": {"schema": form}}
        answer = _Answer(asked.stop_sequences or [])
        report(
            f"asks {self.name}", target="model", model=self.name, max_tokens=params.max_tokens,
            dials={dial: body[dial] for dial in self.dials},
        )  # fmt: skip
        began = perf_counter()
        try:
            await run_sync(partial(self._run, body, answer), abandon_on_cancel=True)
        finally:
            answer.over = True
        if answer.error:
            raise self._refused(answer.error)
        report(
            f"answers with {answer.tokens} tokens", source="model", target="callback", model=self.name,
            input_tokens=answer.prompt_tokens, output_tokens=answer.tokens, stop_reason=answer.stop_reason,
            seconds=round(perf_counter() - began, 3),
        )  # fmt: skip
        said: list[TextContent | ToolUseContent] = [TextContent(text=answer.said)]
        stop_reason = answer.stop_reason or None
        if form:
            said = read(answer.text, len(params.messages), is_cut=stop_reason == "maxTokens")
            stop_reason = "endTurn" if isinstance(said[0], TextContent) else "toolUse"
        return shaped(params, model=self.name, blocks=said, stop_reason=stop_reason)

    def _body(self, params: CreateMessageRequestParams) -> dict[str, Any]:
        """A request as llama.cpp's server has it."""
        messages = [{"role": role, "content": _sendable(text)} for role, text in conversation(params.messages)]
        if params.system_prompt:
            messages.insert(0, {"role": "system", "content": _sendable(params.system_prompt)})
        body: dict[str, Any] = {"messages": messages, **self.dials, "samplers": SAMPLERS, "repeat_last_n": self.context}
        if params.temperature is not None:
            body["temperature"] = bounded(params.temperature)
        body["max_tokens"] = min(params.max_tokens, 2**31 - 1)
        # What is kept of the last prompt changes the order of sums, and so now and then the text.
        return body | {"stream": True, "timings_per_token": True, "cache_prompt": False}

    def _run(self, body: dict[str, Any], answer: _Answer) -> None:
        """Have the request answered. Runs in a worker thread, and blocks it until the answer is complete or over."""
        server = self._engine.loaded()
        if answer.over:
            return
        ask = server.handle_completions if "prompt" in body else server.handle_chat_completions
        try:
            ask(body, answer.hear)
        except (RuntimeError, ValueError) as error:  # the second from a chat template that refuses
            answer.error = {"message": str(error)}

    def _refused(self, error: dict[str, Any]) -> Refused:
        if error.get("type") == "exceed_context_size_error":
            return Refused(
                f"The prompt has {error['n_prompt_tokens']} tokens and {self.name} reads {error['n_ctx']} at most. "
                "Send less."
            )
        report("cannot answer", source="model", target="callback", error=str(error.get("message", error)))
        words = " ".join(str(error.get("message", "")).split())[:300] or "its chat template or llama.cpp refused it."
        return Refused(f"{self.name} could not answer this request: {words}")

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
        """Answer a prompt and keep what there was to choose from: of each draw the 200 likeliest tokens, and the rest.

            GGUF("model.gguf").trace("Why is the sky blue?", dials=Dials(0.8)).tokens[0].stages["temperature"]

        The tokens are those that llama.cpp drew, the probabilities those of the model before any dial. What the dials
        make of them is computed from these; the rest, of which the sum alone is known, is told with its bounds in
        `TracedToken.rest`. `Trace.all(i)` asks again for one draw with all its tokens. A letter that takes several
        tokens is told as one, the last of them.

        Args:
            prompt: What the user says, or the messages of a request.
            system_prompt: The system prompt, as in a request; so are `max_tokens` and `stop_sequences`.
            dials: The dials, in place of the model's own.
            seed: The seed, in place of the model's own.
            begin: Tokens with which the answer begins; `max_tokens` counts them too. llama.cpp begins with the first
                of its random numbers after them.

        Raises:
            ValueError: There is no text to answer, or the model cannot answer; the sentence says why.
        """
        params, model = _request(prompt, system_prompt, max_tokens, stop_sequences), self._drawing(dials, seed)
        answer = _Traced(list(stop_sequences))
        try:
            check(params)
            return model._trace(params, answer, begin)
        except Refused as refused:
            raise ValueError(refused.error.message) from None

    async def trace_in_steps(self, prompt: str | Sequence[SamplingMessage], **options: Any) -> Trace:
        """`trace` in a worker thread, with the same arguments: the event loop goes on, and a trace can be cancelled."""
        dials, seed, begin = options.pop("dials", None), options.pop("seed", None), options.pop("begin", ())
        params, model = _request(prompt, **options), self._drawing(dials, seed)
        answer = _Traced(params.stop_sequences or [])
        try:
            check(params)
            return await run_sync(partial(model._trace, params, answer, begin), abandon_on_cancel=True)
        except Refused as refused:
            raise ValueError(refused.error.message) from None
        finally:
            answer.over = True

    def _drawing(self, dials: Dials | None, seed: int | None) -> Self:
        wishes: dict[str, Any] = dict(dials.values) if dials else {}
        return self.turned(wishes if seed is None else wishes | {"seed": checked_seed(seed)})

    def _trace(self, params: CreateMessageRequestParams, answer: _Traced, begin: Sequence[TracedToken] = ()) -> Trace:
        if not has_text(params.messages[-1]):
            raise Refused("The last message holds no text, and this model reads nothing else.")
        body = self._body(params)
        text = self._engine.tell("/apply-template", {"messages": body.pop("messages")})["prompt"]
        prompt = self._engine.tokens(text)
        read = [*prompt, *(token.id for token in begin)]
        limit = params.max_tokens - len(begin)
        answer.text, ended = answer.begun(begin)
        if not ended and limit > 0:
            self._run(body | {"prompt": read if begin else text, "n_probs": TOLD, "max_tokens": limit}, answer)
        if answer.error:
            raise self._refused(answer.error)
        reason = answer.stop_reason or ("endTurn" if ended else "maxTokens")
        dials = Dials(**{dial.name: self.dials[dial.name] for dial in STAGES})
        merged = answer.tokens - len(answer.drawn)
        draws = Draws(self._engine, read, dials, answer.drawn, reason == "endTurn", merged)
        return Trace(
            answer.text, reason, len(prompt), [*begin, *draws.tokens()], dials, int(self.dials["seed"]), model=self,
            merged=merged, asked=_asked(params), again=partial(draws.again, begun=len(begin)),
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"GGUF({self.name!r})"


def _request(
    prompt: str | Sequence[SamplingMessage],
    system_prompt: str = "",
    max_tokens: int = 100,
    stop_sequences: Sequence[str] = (),
) -> CreateMessageRequestParams:
    said = [SamplingMessage(role="user", content=TextContent(text=prompt))] if isinstance(prompt, str) else [*prompt]
    return CreateMessageRequestParams(
        messages=said, system_prompt=system_prompt, max_tokens=max_tokens, stop_sequences=list(stop_sequences)
    )


def _asked(params: CreateMessageRequestParams) -> dict[str, Any]:
    """The arguments with which the same is asked again."""
    told = {"system_prompt": params.system_prompt or "", "max_tokens": params.max_tokens}
    return {"prompt": params.messages, **told, "stop_sequences": params.stop_sequences or ()}


def _sendable(text: str) -> str:
    """`text` with a question mark for what is no valid Unicode: half a pair has no place in UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
