"""`Claude`: a sampling callback that asks Claude through Anthropic's Messages API."""

import os
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import anyio
import httpx2
from mcp_types import (
    INTERNAL_ERROR,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
)

from labkit.dial_table import ANTHROPIC, OWN, Honour, honouring, own_dials
from labkit.models.catalog import Accepts, catalog
from labkit.models.convert import Fitted, Refused, answer
from labkit.models.dialled import WithDials
from labkit.models.messages_api import Pieces, read, request
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
from labkit.numbers import checked_seconds, checked_whole
from labkit.steps import report

KEY = "ANTHROPIC_API_KEY"
HOST = "api.anthropic.com"

CURRENT = Accepts(dials=(), images=True, tools=True)
"""What a model that the catalogue does not know is taken to accept: as much as the current models."""


class Claude(WithDials):
    """Answers with Claude.

        Claude()                                   # the cheapest model, the key from ANTHROPIC_API_KEY
        Claude("claude-opus-5-5", timeout=120)
        Claude(api_key=key, base_url="http://127.0.0.1:8080")   # a gateway, or a stand-in for a test

    What the model does not take (a temperature, for the current ones) is left out and told as a step. Whatever goes
    wrong is answered in a sentence, as `ErrorData`: code -32602 when the request is at fault, -32603 when the service
    or the way to it is. A refusal of the model is an answer, with its stop reason `refusal`.

    Where somebody reads along (`labkit.steps.reading_along`, as the playground does) the answer is asked for as a
    stream and shown as it grows. What comes of it is the same.

    Nothing is sent before the first sample, and nothing stays open after one. The key appears nowhere but in the header
    of the request. With a key or an address given, no other secret of the environment leaves (the package would add
    ANTHROPIC_CUSTOM_HEADERS).

    Args:
        model: The model's name; the default model of the catalogue when left out.
        api_key: The key. When left out it is looked up in ANTHROPIC_API_KEY at each call, and goes to Anthropic or
            where ANTHROPIC_BASE_URL says, never to a `base_url` that was given.
        base_url: Where the API is, when not at Anthropic or where ANTHROPIC_BASE_URL says.
        timeout: Seconds that an answer may take in all, retries included.
        max_retries: How often a request is repeated after 408, 409, 429, a status from 500 on, or a lost connection.
        dials: The client's own dials, for models that take them: `top_p`, `top_k`.

    Raises:
        TypeError: There is no such dial.
        ValueError: `base_url` is no address, or a number cannot stand where it does.
    """

    api = ANTHROPIC

    def __init__(
        self,
        model: str | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        timeout: float = TIMEOUT,
        max_retries: int = RETRIES,
        **dials: float | None,
    ) -> None:
        self.model = model or catalog().default
        self.base_url = checked_url(base_url) if base_url else None
        self.timeout = checked_seconds("timeout", timeout)
        self.max_retries = checked_whole("max_retries", max_retries)
        self.dials = own_dials(type(self).__name__, dials, dict.fromkeys(OWN))
        self._key = Key(api_key) if api_key else None

    @property
    def honours(self) -> Mapping[str, Honour]:
        """The word on each dial. Of the Messages API's own dials, the catalogue knows those that the model takes."""
        others: dict[str, Honour] = dict.fromkeys(self._accepts.dials, "yes")
        return honouring("no", **others, max_tokens="must", stop_sequences="yes", system_prompt="yes")

    @property
    def _accepts(self) -> Accepts:
        known = catalog().find(self.model)
        return known.accepts if known else CURRENT

    async def __call__(
        self, context: object, params: CreateMessageRequestParams
    ) -> CreateMessageResult | CreateMessageResultWithTools | ErrorData:
        """Answer a sampling request, or say in a sentence why not."""
        try:
            return await self._answer(params)
        except Refused as refused:
            return refused.error

    async def _answer(self, params: CreateMessageRequestParams) -> CreateMessageResult | CreateMessageResultWithTools:
        known = catalog().find(self.model)
        fitted = Fitted(params)
        body, left_out = request(fitted.params, model=self.model, accepts=self._accepts, dials=self.dials)
        exchange = self._exchange()
        if left_out:
            report(f"leaves out {', '.join(left_out)}: {self.model} does not take it", left_out=left_out)
        if fitted.changed:
            report(f"adapts the tools {', '.join(fitted.changed)}: the API takes no other form", adapted=fitted.changed)
        farewell = known.farewell() if known else None
        if farewell:
            report(farewell)
        report(f"asks {self.model}", target="model", model=self.model, max_tokens=params.max_tokens)
        reply = read(await self._ask(exchange, body))
        if reply.error:
            raise exchange.refused_inside(reply.error)
        model, usage = reply.model or self.model, reply.usage
        report(
            f"answers with {usage.output_tokens} tokens" if usage and usage.output_tokens else "answers",
            source="model",
            target="callback",
            model=model,
            input_tokens=usage.prompt_tokens if usage else None,
            output_tokens=usage.output_tokens if usage else None,
            stop_reason=reply.stopped,
        )
        return answer(params, model=model, blocks=fitted.back(reply.blocks()), stop_reason=reply.stopped)

    def _exchange(self) -> Exchange:
        try:
            url = self.base_url or checked_url(os.environ.get("ANTHROPIC_BASE_URL") or f"https://{HOST}")
        except ValueError as error:
            raise Refused(f"ANTHROPIC_BASE_URL: {error}", INTERNAL_ERROR) from None
        is_own = not self.base_url or is_at(url, HOST)
        key = key_of(self._key, KEY, is_meant=is_own)
        if not key and is_own:
            raise Refused(
                f"Claude needs a key: put one into the environment variable {KEY}, or ask a model that needs none.",
                INTERNAL_ERROR,
            )
        if not key:
            raise Refused(
                f"Claude needs a key for {url}: give it, Claude(api_key=..., base_url=...). {KEY} goes to {HOST} "
                "alone.",
                INTERNAL_ERROR,
            )
        unreachable = f"Claude's API cannot be reached at {url}. Is there a network, and is the address right?"
        place = "Claude(api_key=...)" if self._key else KEY
        alone = bool(self._key or self.base_url)
        ending = urlsplit(url).path.rstrip("/")
        hint = "base_url ends before /v1." if ending.endswith(("/v1", "/messages")) else ""
        return Exchange("Claude's API", url, self.model, place, unreachable, key, alone, hint)

    async def _ask(self, exchange: Exchange, body: dict[str, Any]) -> bytes:
        """The body of the reply to a request of the Messages API."""
        await prepare("anthropic")
        import anthropic  # takes two seconds, which only those who ask Claude should wait

        # With the request: a client with just the package's own default is held to belong to a request that streams.
        body["timeout"] = httpx2.Timeout(self.timeout, connect=CONNECT_TIMEOUT)
        if exchange.read:
            body["stream"] = True
        try:
            with anyio.fail_after(self.timeout):
                client = anthropic.AsyncAnthropic(
                    api_key=exchange.key,
                    base_url=exchange.url,
                    max_retries=self.max_retries,
                    http_client=exchange.client(),
                )
                async with client, client.messages.with_streaming_response.create(**body) as response:
                    return await exchange.body(cast("httpx2.Response", response.http_response), Pieces())
        except anthropic.APIStatusError as error:
            raise exchange.refused(error.status_code, error.body) from None
        except (TimeoutError, UnicodeEncodeError, anthropic.AnthropicError, httpx2.HTTPError) as error:
            raise exchange.lost(error, self.timeout) from None

    def __repr__(self) -> str:
        return f"Claude(model={self.model!r})"
