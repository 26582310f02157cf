"""`OpenAICompatible`: a sampling callback that asks any server that speaks OpenAI's Chat Completions API."""

import os
import re
from typing import TYPE_CHECKING, Any, TypeVar, cast

import anyio
import httpx2
from mcp_types import (
    INTERNAL_ERROR,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
)
from pydantic import BaseModel, SecretStr, ValidationError

from labkit.dial_table import OWN, honouring, own_dials
from labkit.models.chat_completions import DROPPABLE, Models, Reply, request
from labkit.models.convert import Refused, answer
from labkit.models.dialled import WithDials
from labkit.models.provider import (
    CONNECT_TIMEOUT,
    RETRIES,
    TIMEOUT,
    Exchange,
    checked_url,
    is_at,
    key_of,
    prepare,
    whole,
)
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
        self._key = SecretStr(api_key) if api_key else None
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
        body, left_out = request(params, dials=self.dials)
        if left_out:
            report(f"leaves out {', '.join(left_out)}: the API does not take it", left_out=left_out)
        exchange = self._exchange()
        reply = _read(Reply, await self._ask(exchange, body))
        if reply.error:
            raise exchange.refused_inside(reply.error)
        if not reply.choices:
            raise _no_reply()
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
        return answer(params, model=model, blocks=reply.blocks(len(params.messages)), stop_reason=reply.stopped)

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
        return Exchange("The model server", self.base_url, self.model or "", place, unreachable, key)

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
                    exchange.model = self.model or self._listed or await self._first_listed(client)
                    report(
                        f"asks {exchange.model}", target="model", model=exchange.model, max_tokens=body["max_tokens"]
                    )
                    return await self._complete(client, exchange, body | {"model": exchange.model})
        except openai.APIStatusError as error:
            raise exchange.refused(error.status_code, error.body) from None
        except (TimeoutError, UnicodeEncodeError, openai.OpenAIError, httpx2.HTTPError) as error:
            raise exchange.lost(error, self.timeout) from None

    async def _first_listed(self, client: "openai.AsyncOpenAI") -> str:
        # Not repeated: where nothing listens, nothing will in a second.
        models = client.with_options(max_retries=0).models
        async with models.with_streaming_response.list() as response:
            listed = _read(Models, await whole(response.http_response))
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

        while True:
            try:
                async with client.chat.completions.with_streaming_response.create(**body) as response:
                    return await whole(cast("httpx2.Response", response.http_response))
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                words = f"{error.param} {exchange.words(error.body)}"
                extra = body.get("extra_body", {})
                left_out = [
                    name for name in DROPPABLE if name in {**body, **extra} and re.search(rf"\b{name}\b", words)
                ]
                if not left_out:
                    raise
                body = {name: value for name, value in body.items() if name not in (*left_out, "extra_body")}
                body["extra_body"] = {name: value for name, value in extra.items() if name not in left_out}
                report(f"leaves out {', '.join(left_out)}: {exchange.model} does not take it", left_out=left_out)

    def __repr__(self) -> str:
        return f"OpenAICompatible({self.base_url!r}, model={self.model!r})"


def _read(shape: type[T], body: bytes) -> T:
    try:
        return shape.model_validate_json(body)
    except ValidationError:
        raise _no_reply() from None


def _no_reply() -> Refused:
    return Refused("What came back is no reply of the Chat Completions API. Check base_url.", INTERNAL_ERROR)
