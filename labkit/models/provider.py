"""The parts around a callback's request to a provider over HTTP: a key, a client, a deadline, plain sentences.

A client lives for one call. Labs end and replace their event loop, and a client that outlives a loop leaves its sockets
behind. With the TLS settings shared a client of its own makes a call a millisecond longer; without, twenty and more.

What a provider says about a failure may hold the account's name or an echo of the key. It stays on this side, in a
step; the server is told the status and what to do, and the provider's words only where they are about the request.
"""

import importlib
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlsplit

import anyio
import httpx2
from anyio.to_thread import run_sync
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS
from pydantic import SecretStr

from labkit import network
from labkit.callbacks import hint
from labkit.errors import ConnectError
from labkit.models.convert import Refused
from labkit.models.echo import Echo
from labkit.models.streaming import Pieces, streamed, whole
from labkit.steps import reader, report

TIMEOUT = 50.0
"""Seconds that an answer may take in all, so that the sentence comes before a Lab's own `timeout=` of 60."""

RETRIES = 2
CONNECT_TIMEOUT = 5.0
LARGEST_ERROR = 65_536
"""Bytes of an error's reply that are read."""
HEADERS = {
    *("host", "accept", "accept-encoding", "connection", "content-length", "content-type", "anthropic-version"),
    "x-stainless-raw-response",  # by which the packages know that a reply is to be left as it is
}
"""The headers of a request that say nothing of who asks."""

AT_FAULT = (400, 413, 422)
"""Statuses that blame the request itself: the same request fails again."""

CURES = {
    401: "The key was not accepted (401). Put a valid one into {place}.",
    402: "The account has to be paid first (402). See its billing page.",
    403: "This key may not do that (403). Use another, or ask whoever gave it to you.",
    404: "There is no model {model} here (404). Check its name and the address.",
    413: "The request is too large (413). Send less.",
    429: "Too many requests (429{tries}). Wait a minute and ask again.",
    529: "The service is overloaded (529{tries}). Ask again later.",
}
"""The advice by status, for each status that says more than that something is wrong."""


TEMPLATE = re.compile(r"jinja|chat.?template|roles must alternate|role not supported", re.IGNORECASE)
"""What a server says whose model's chat template cannot write the conversation: it never will."""
NO_MONEY = re.compile(r"insufficient_quota|exceeded your current quota|credit balance", re.IGNORECASE)
NO_ROOM = re.compile(r"(system|gpu|enough|out of|insufficient) memory|out of vram", re.IGNORECASE)
LOADING = re.compile(r"\bloading\b.*\bmodel|\bmodel\b.*\bloading", re.IGNORECASE)

INSIDE = {"rate_limit": 429, "overloaded": 529, "auth": 401, "not_found": 404, "invalid_request": 400}
"""Statuses by words of the errors that hold none."""


def checked_url(url: str) -> str:
    """`url` unchanged, if it can be the address of a provider.

    Raises:
        ValueError: `url` is no http address, or holds a user or a password: these would take the place of the key.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("base_url must be an address such as http://localhost:11434/v1, with http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("base_url must not hold a user or a password. Pass a key as api_key=.")
    return url


def is_at(url: str, host: str) -> bool:
    """Whether the address `url` belongs to `host`, or to a name below `host`, and nobody on the way can read along."""
    parts = urlsplit(url)
    return parts.scheme == "https" and f".{parts.hostname}".endswith(f".{host}")


def key_of(given: SecretStr | None, variable: str, *, is_meant: bool) -> str:
    """The key that was given, else the one in the environment if `is_meant` for the address, else an empty text.

    Raises:
        Refused: The key cannot go into a header. The error of the HTTP library would quote the key.
    """
    found = os.environ.get(variable, "") if is_meant else ""
    key = (given.get_secret_value() if given else found).strip()
    if not all("!" <= letter <= "~" for letter in key):
        raise Refused(
            f"The key for {variable} holds a space, a line break or an odd letter. Copy it anew.", INTERNAL_ERROR
        )
    return key


async def prepare(package: str) -> None:
    """Import a provider's package, and read the TLS certificates, without stopping the loop for two seconds.

    Raises:
        ImportError: The package is not installed.
    """

    def work() -> None:
        importlib.import_module(package)
        with suppress(ConnectError):
            network.certificates()

    # The package itself asks the same worker thread of anyio about the platform, at every first request of a client.
    await run_sync(work, abandon_on_cancel=True)


class Key(SecretStr):
    """A key that stays in this process: a model that is pickled has none, and looks for one in the environment."""

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return (type(None), ())

    def __deepcopy__(self, memo: object) -> "Key":
        return self


@dataclass
class Exchange:
    """One request to a provider with its retries.

    Attributes:
        who: The provider, as the beginning of a sentence.
        url: The provider's address.
        model: The model that is asked.
        place: Where the provider's key belongs, as code or as the name of an environment variable.
        unreachable: What to say when nothing answers at the address.
        key: The key, so that it can be taken out of what is shown.
        alone: Whether the key is the one secret that leaves: the packages add headers of the environment's own
            (ANTHROPIC_CUSTOM_HEADERS, OPENAI_CUSTOM_HEADERS, OPENAI_ORG_ID), which may take the key's place.
        hint: What is odd about the address; empty where nothing is.
        status: The status of the last reply, if that was an error.
        tries: How many replies in a row had that status.
        wait: Seconds that the last reply asked to wait.
        cuts: The stop sequences that are ours to find, since the server does not take them.
        no_way: The sentence for what stands between here and the provider, and will at the next try.
        read: Who reads along while the answer grows. Where nobody does it is asked for in one piece: a stream costs
            the provider and this machine more, and tells a program nothing sooner.
    """

    who: str
    url: str
    model: str
    place: str
    unreachable: str
    key: str = field(repr=False)
    alone: bool = True
    hint: str = ""
    status: int | None = None
    tries: int = 0
    wait: float = 0.0
    no_way: str = ""
    cuts: Sequence[str] = ()
    read: Callable[[str], object] | None = field(default_factory=reader)

    def client(self) -> httpx2.AsyncClient:
        """An HTTP client for this exchange alone. It never follows a redirect, which would carry the key elsewhere.

        Raises:
            Refused: A proxy or the certificates of the environment cannot be used.
        """
        _asking.set(self)
        hooks = {"request": [self._leaving]}
        try:
            client = network.client(self.url, _Client, event_hooks=hooks)
        except ConnectError as error:
            raise Refused(str(error), INTERNAL_ERROR) from None
        client.exchange = self
        return client

    async def _leaving(self, request: httpx2.Request) -> None:
        """Take from a request all headers that no provider needs, and with them what the environment put there."""
        if self.alone:
            kept = {name: value for name, value in request.headers.items() if name in HEADERS}
            authorization = {"authorization": f"Bearer {self.key}"} if self.key else {}
            request.headers = httpx2.Headers(kept | {"user-agent": "mcp-sampling-lab"} | authorization)

    async def heard(self, response: httpx2.Response, request: httpx2.Request) -> httpx2.Response:
        """A reply as the package is to see it: of an error the beginning, and whether it is worth another try."""
        self.tries = self.tries + 1 if response.is_error and response.status_code == self.status else 1
        self.status = status = response.status_code if response.is_error else None
        if status is None:
            return response
        report(f"answers {status}", source="model", target="callback", status=status)
        self.wait = _wait(response.headers)
        body = bytearray()
        try:
            with suppress(httpx2.DecodingError):
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST_ERROR:
                        break
        finally:
            await response.aclose()
        text = body.decode("utf-8", "replace")
        headers = {
            name: response.headers[name] for name in ("retry-after", "retry-after-ms") if name in response.headers
        }
        # Both packages obey this header. Otherwise they would sleep until the deadline, and not say why.
        too_long = self.wait > anyio.current_effective_deadline() - anyio.current_time()
        if too_long or TEMPLATE.search(text) or NO_ROOM.search(text) or NO_MONEY.search(text):
            headers["x-should-retry"] = "false"
        return httpx2.Response(status, headers=headers, content=bytes(body), request=request)

    def refused(self, status: int, body: object) -> Refused:
        """The refusal for a reply with an error status. The provider's own words go into a step."""
        if self.no_way:
            return Refused(self.no_way, INTERNAL_ERROR)
        words = self.words(body)
        if words:
            report(words, source="model", target="callback", status=status)
        tries = f", {self.tries} times" if self.tries > 1 else ""
        if words and TEMPLATE.search(words):
            return Refused(f"{self.who}: The model's chat template refused the request ({status}): {words}")
        if NO_MONEY.search(str(body)):
            return Refused(f"{self.who}: {CURES[402].replace('402', str(status))}", INTERNAL_ERROR, hint(402))
        told = status
        if status >= 500 and NO_ROOM.search(words):
            told = 507  # insufficient storage: another try needs the same
            sentence = (
                f"There is not enough memory for {self.model} ({status}). Take a smaller model, or close programs."
            )
        elif status == 503 and LOADING.search(words):
            sentence = f"The model is still being loaded ({status}{tries}). Ask again in a minute."
        elif status in (404, 405) and (self.hint or not self.model):
            sentence = (
                f"There is nothing at {self.url} ({status}). {self.hint or 'Name a model, or check the address.'}"
            )
        elif status in CURES:
            sentence = CURES[status].format(place=self.place, model=self.model, tries=tries)
        elif status in AT_FAULT:
            sentence = f"The request was not accepted ({status}){': ' + words if words else '.'}"
        elif status >= 500:
            sentence = f"The service has a fault of its own ({status}{tries}). Ask again later."
        else:
            sentence = f"The reply is a {status}. Check the address."
        if self.wait >= 1:
            sentence += f" It asks to wait {self.wait:.0f} s."
        code = INVALID_PARAMS if status in AT_FAULT else INTERNAL_ERROR
        return Refused(f"{self.who}: {sentence}", code, hint(told, self.wait))

    def refused_inside(self, error: Any) -> Refused:
        """The refusal for an error that came with the status 200; where it holds a status of its own, with that."""
        body: object = {"error": error}
        told = cast("dict[str, Any]", error) if isinstance(error, dict) else {}
        codes = [str(told.get(name)) for name in ("code", "status", "type")]
        if isinstance(error, str):
            codes = ["_".join(error[:200].split())]
        number = next((int(code) for code in codes if code.isdecimal() and 400 <= int(code) < 600), None)
        named = next((status for code in codes for word, status in INSIDE.items() if word in code.lower()), 500)
        if not number and named == 500 and self.hint:
            named = 404  # what is asked for at a wrong address
        return self.refused(number or named, body)

    def lost(self, error: Exception, timeout: float) -> Refused:
        """The refusal for an exchange without a reply; `error` comes from the package, httpx2, or the deadline."""
        if isinstance(error, UnicodeEncodeError):
            return Refused("The request holds half a character (a lone surrogate), which cannot be sent.")
        cause = error if isinstance(error, TimeoutError | httpx2.HTTPError) else error.__cause__
        if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
            proxy = network.proxy(self.url)
            via = f" The way there leads through the proxy that {proxy} names: is it right?" if proxy else ""
            return Refused(self.unreachable + via, INTERNAL_ERROR)
        if isinstance(cause, TimeoutError | httpx2.TimeoutException):
            last = f" The last reply was a {self.status}." if self.status else ""
            return Refused(f"{self.who}: No answer within timeout={timeout:g} s.{last}", INTERNAL_ERROR)
        return Refused(f"{self.who}: The connection broke off before the answer was complete.", INTERNAL_ERROR)

    async def body(self, response: httpx2.Response, pieces: Pieces | None = None) -> bytes:
        """The body of a reply without the key, whether it comes whole or in `pieces`.

        Raises:
            Refused: The body is too large.
            httpx2.HTTPError: The reply broke off.
        """
        if not pieces or not (read := self.read):
            return self.hidden(await whole(response))
        return self.hidden(await streamed(response, pieces, lambda draft: read(self._shown(draft))))

    def _shown(self, draft: str) -> str:
        """A draft without the key, and without what may become one with the next piece."""
        text = self.hidden(draft.encode("utf-8", "replace")).decode("utf-8")
        begun = next((n for n in range(len(self.key), 3, -1) if text.endswith(self.key[:n])), 0)
        return text[: len(text) - begun]

    def hidden(self, body: bytes) -> bytes:
        """What came from the provider without the key, in whatever form it is quoted there."""
        return self._echo.hidden(body) if len(self.key) >= 8 else body

    @cached_property
    def _echo(self) -> Echo:
        return Echo(self.key)

    def words(self, body: object) -> str:
        """The provider's explanation on one line, shortened, with the key taken out."""
        place = ""
        while isinstance(body, Mapping | list) and body:  # FastAPI's servers, as Mistral's, list the faults: the first
            if isinstance(body, list):
                body = cast("list[Any]", body)[0]
                continue
            parts = cast("Mapping[str, Any]", body)
            if isinstance(where := parts.get("loc"), list):
                place = ".".join(str(each) for each in cast("list[Any]", where) if each != "body") + ": "
            body = next((parts[name] for name in ("error", "message", "detail", "msg") if parts.get(name)), None)
        if not isinstance(body, str) or body.lstrip().startswith("<"):
            return ""
        text = self.hidden((place + body).encode("utf-8", "replace")).decode("utf-8")
        text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
        return text if len(text) <= 300 else f"{text[:299]}…"


_asking: ContextVar[Exchange] = ContextVar("asking")
"""The exchange of the task that runs."""


def _without_key(record: logging.LogRecord) -> bool:
    """Take the key from a line of the libraries' logs: on the level DEBUG these hold the headers of a reply."""
    if exchange := _asking.get(None):
        told = record.getMessage().encode("utf-8", "replace")
        if (kept := exchange.hidden(told)) != told:
            record.msg, record.args = kept.decode("utf-8", "replace"), ()
    return True


for _name in (
    *("httpx2", "httpcore2.http11", "httpcore2.http2", "httpcore2.connection", "httpcore2.proxy", "httpcore2.socks"),
    *("openai._base_client", "openai._response", "openai._legacy_response"),
    *("anthropic._base_client", "anthropic._response", "anthropic._legacy_response"),
):
    logging.getLogger(_name).addFilter(_without_key)  # a filter sees what its own logger is told, and no child's


def _wait(headers: Mapping[str, str]) -> float:
    """Seconds that a reply asks to wait before the next try; 0 where the reply does not say, or gives a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(KeyError, ValueError):
            return max(0.0, float(headers[name]) * unit)
    return 0.0


class _Client(httpx2.AsyncClient):
    """A client that answers itself where nobody else will, since the packages ask again after any exception."""

    exchange: Exchange

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        try:
            return await self.exchange.heard(await super().send(request, **options), request)
        except (httpx2.ConnectError, httpx2.ProxyError) as error:
            self.exchange.no_way = network.untrusted(error, self.exchange.url)
            if isinstance(error, httpx2.ProxyError):
                status = str(error).partition(" ")[0]
                self.exchange.no_way = f"The proxy that {network.proxy(self.exchange.url)} names refuses ({status})."
            if not self.exchange.no_way:
                raise
            return httpx2.Response(502, headers={"x-should-retry": "false"}, request=request)
