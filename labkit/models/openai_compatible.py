"""`OpenAICompatible`: a sampling callback that asks any server that speaks OpenAI's Chat Completions API."""

import os
import re
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

import anyio
import httpx2
from mcp_types import (
    INTERNAL_ERROR,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    TextContent,
)
from pydantic import BaseModel, ValidationError

from labkit.dial_table import OPENAI, OWN, honouring, own_dials
from labkit.models.chat_completions import DROPPABLE, STREAMED, Models, Pieces, Reply, request
from labkit.models.convert import Fitted, Refused, answer
from labkit.models.dialled import WithDials
from labkit.models.provider import (
    CONNECT_TIMEOUT,
    RETRIES,
    TIMEOUT,
    Exchange,
    Key,
    checked_url,
    is_at,
    key_of,
    prepare,
)
from labkit.models.sampler import find_stop
from labkit.numbers import checked_seconds, checked_whole
from labkit.steps import report

if TYPE_CHECKING:
    import openai

T = TypeVar("T", bound=BaseModel)

KEY = "OPENAI_API_KEY"
HOST = "api.openai.com"


class OpenAICompatible(WithDials):
    """Answers with a model of Ollama, LM Studio, llama.cpp, vLLM, or a service that speaks as they do.

        OpenAICompatible()                                    # Ollama on this machine, its first model
        OpenAICompatible("http://localhost:1234/v1", "qwen3") # LM Studio
        OpenAICompatible(top_p=0.9, top_k=40, seed=7)         # wishes of the client's own

    Every dial is sent as it is. OpenAI's own service knows no top_k and no min_p, and Ollama pays no heed to them on
    this API; the others do. What a server refuses by name is left out, told as a step, and the request made once more.

    Whatever goes wrong is answered in a sentence, as `ErrorData`: code -32602 when the request is at fault, -32603 when
    the server or the way to it is. A refusal of the model is an answer, with its stop reason `refusal`.

    Where somebody reads along (`labkit.steps.reading_along`, as the playground does) the answer is asked for as a
    stream and shown as it grows. What comes of it is the same.

    Nothing is sent before the first sample, and nothing stays open after one. The key appears nowhere but in the header
    of the request, and no other secret of the environment leaves.

    Args:
        base_url: Where the API is, up to and with the `/v1`.
        model: The model's name; when left out, the first that the server lists, models for embeddings aside.
        api_key: The key, where the server wants one. When left out it is looked up in OPENAI_API_KEY for OpenAI's own
            address, and no key is sent to others: a key for OpenAI is none of another server's business.
        timeout: Seconds that an answer may take in all, retries included.
        max_retries: How often a request is repeated after 408, 409, 429, a status from 500 on, or a lost connection.
        dials: The client's own dials, not in MCP: `top_p`, `top_k`, `min_p`, `frequency_penalty`, `seed`.

    Raises:
        TypeError: There is no such dial.
        ValueError: `base_url` is no address, or a number cannot stand where it does.
    """

    honours = honouring("sent on", max_tokens="must")
    api = OPENAI

    def __init__(
        self,
        base_url: str = "http://localhost:11434/v1",
        model: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = TIMEOUT,
        max_retries: int = RETRIES,
        **dials: float | None,
    ) -> None:
        self.base_url = checked_url(base_url)
        self.model = model
        self.timeout = checked_seconds("timeout", timeout)
        self.max_retries = checked_whole("max_retries", max_retries)
        self.dials = own_dials(type(self).__name__, dials, dict.fromkeys(OWN))
        self._key = Key(api_key) if api_key else None
        self._listed: str | None = None

    async def __call__(
        self, context: object, params: CreateMessageRequestParams
    ) -> CreateMessageResult | CreateMessageResultWithTools | ErrorData:
        """Answer a sampling request, or say in a sentence why not."""
        try:
            return await self._answer(params)
        except Refused as refused:
            return refused.error

    async def _answer(self, params: CreateMessageRequestParams) -> CreateMessageResult | CreateMessageResultWithTools:
        fitted = Fitted(params)
        body, left_out = request(fitted.params, dials=self.dials)
        if left_out:
            report(f"leaves out {', '.join(left_out)}: the API does not take it", left_out=left_out)
        if fitted.changed:
            report(f"adapts the tools {', '.join(fitted.changed)}: the API takes no other form", adapted=fitted.changed)
        exchange = self._exchange()
        reply = _read(Reply, await self._ask(exchange, body), exchange)
        if reply.error:
            raise exchange.refused_inside(reply.error)
        if not reply.choices:
            raise _no_reply(exchange)
        model, usage = reply.model or exchange.model, reply.usage
        report(
            f"answers with {usage.completion_tokens} tokens" if usage and usage.completion_tokens else "answers",
            source="model",
            target="callback",
            model=model,
            input_tokens=usage.prompt_tokens if usage else None,
            output_tokens=usage.completion_tokens if usage else None,
            stop_reason=reply.stopped,
        )
        blocks, stopped = fitted.back(reply.blocks()), reply.stopped
        if blocks and isinstance(blocks[0], TextContent):
            end = find_stop(blocks[0].text, exchange.cuts)
            if end is not None:
                blocks, stopped = [TextContent(text=blocks[0].text[:end])], "stopSequence"
        return answer(params, model=model, blocks=blocks, stop_reason=stopped)

    def _exchange(self) -> Exchange:
        is_own = is_at(self.base_url, HOST)
        key = key_of(self._key, KEY, is_meant=is_own)
        place = KEY if is_own and not self._key else "OpenAICompatible(api_key=...)"
        if not key and os.environ.get(KEY):
            place += f"; {KEY} goes to {HOST} alone"
        unreachable = (
            f"[FIX] Nothing answers at {self.base_url}: start your model server (with Ollama: `ollama serve`), "
            "or give its address, OpenAICompatible(base_url=...)."
        )
        return Exchange("The model server", self.base_url, self.model or "", place, unreachable, key, hint=self._hint)

    @property
    def _hint(self) -> str:
        path = urlsplit(self.base_url).path.rstrip("/")
        if path.endswith(("/completions", "/models")):
            return "base_url ends with /v1, before /chat/completions."
        return (
            ""
            if re.search(r"/v\d", path)
            else f"With most servers base_url ends in /v1: {self.base_url.rstrip('/')}/v1."
        )

    async def _ask(self, exchange: Exchange, body: dict[str, Any]) -> bytes:
        """The body of the reply to a request of the Chat Completions API. `exchange` learns which model is asked."""
        try:
            await prepare("openai")
        except ImportError:
            raise Refused('[FIX] The package openai is missing: pip install "openai>=3,<4"', INTERNAL_ERROR) from None
        import openai

        try:
            with anyio.fail_after(self.timeout):
                client = openai.AsyncOpenAI(
                    api_key=exchange.key or "none",  # the package insists on one
                    base_url=exchange.url,
                    timeout=httpx2.Timeout(self.timeout, connect=CONNECT_TIMEOUT),
                    max_retries=self.max_retries,
                    http_client=exchange.client(),
                )
                async with client:
                    exchange.model = self.model or self._listed or await self._first_listed(client, exchange)
                    report(
                        f"asks {exchange.model}", target="model", model=exchange.model, max_tokens=body["max_tokens"]
                    )
                    return await self._complete(client, exchange, body | {"model": exchange.model})
        except openai.APIStatusError as error:
            raise exchange.refused(error.status_code, error.body) from None
        except (TimeoutError, UnicodeEncodeError, openai.OpenAIError, httpx2.HTTPError) as error:
            raise exchange.lost(error, self.timeout) from None

    async def _first_listed(self, client: "openai.AsyncOpenAI", exchange: Exchange) -> str:
        # Not repeated: where nothing listens, nothing will in a second.
        models = client.with_options(max_retries=0).models
        async with models.with_streaming_response.list() as response:
            listed = _read(Models, await exchange.body(response.http_response), exchange)
        if listed.first is None:
            raise Refused(
                f"[FIX] The model server at {self.base_url} has no model: load one (with Ollama: `ollama pull NAME`).",
                INTERNAL_ERROR,
            )
        self._listed = listed.first
        return listed.first

    async def _complete(self, client: "openai.AsyncOpenAI", exchange: Exchange, body: dict[str, Any]) -> bytes:
        """Ask; and ask again without what the server refuses by name, as long as the server does."""
        import openai

        stops = body.get("stop", ())
        if exchange.read:
            body |= STREAMED
        while True:
            try:
                async with client.chat.completions.with_streaming_response.create(**body) as response:
                    return await exchange.body(cast("httpx2.Response", response.http_response), Pieces(exchange.cuts))
            except openai.APIStatusError as error:
                told = _without(body, f"{error.body} {exchange.words(error.body)}", error.status_code)
                if not told:
                    raise
                label, left_out = told
                if "stop" in left_out:
                    exchange.cuts = stops
                report(f"{label}: {exchange.model} does not take it", left_out=left_out)

    def __repr__(self) -> str:
        return f"OpenAICompatible({self.base_url!r}, model={self.model!r})"


def _without(body: dict[str, Any], words: str, status: int) -> tuple[str, list[str]] | None:
    """Take from `body` what a server refuses by name. Returns the label of a step and the names, or `None`."""
    first = body["messages"][0]
    if first["role"] == "system" and re.search(r"system role|role\W+(is )?\W*system|'system'", words, re.IGNORECASE):
        del body["messages"][0]
        heard = body["messages"][0]
        if heard["role"] == "user" and isinstance(heard["content"], str):
            body["messages"][0] = {"role": "user", "content": f"{first['content']}\n\n{heard['content']}"}
        else:
            body["messages"].insert(0, {"role": "user", "content": first["content"]})
        return "puts the system prompt before the first message", ["system"]
    if status not in (400, 422):
        return None
    if "max_tokens" in body and re.search(r"\bmax_completion_tokens\b|nsupported.*\bmax_tokens\b", words):
        body["max_completion_tokens"] = body.pop("max_tokens")
        return "asks with max_completion_tokens in place of max_tokens", ["max_tokens"]
    extra: dict[str, Any] = body.get("extra_body", {})
    left_out = [name for name in DROPPABLE if name in {**body, **extra} and re.search(rf"\b{name}\b", words)]
    for name in left_out:
        body.pop(name, None)
        extra.pop(name, None)
    return (f"leaves out {', '.join(left_out)}", left_out) if left_out else None


def _read(shape: type[T], body: bytes, exchange: Exchange) -> T:
    try:
        return shape.model_validate_json(body)
    except ValidationError:
        raise _no_reply(exchange) from None


def _no_reply(exchange: Exchange) -> Refused:
    hint = exchange.hint or "Check base_url."
    return Refused(f"What came back is no reply of the Chat Completions API. {hint}", INTERNAL_ERROR)
