"""llama.cpp in this process: a model's file loaded once, requests handed on, and what else can be told of the model.

Needs the package `xllamacpp`, whose threads are OpenMP's: by default these wait for each other in a busy loop, many
times a token. Where another program wants one of the cores this was seen to make two threads 40 times slower than one
and to cost 15 times the processor time, so the threads are told to sleep while they wait.
"""

import importlib
import os
import secrets
from pathlib import Path
from threading import Lock
from typing import Any

import httpx2
from mcp_types import INTERNAL_ERROR

from labkit.models.convert import Refused

MAGIC = b"GGUF"
WAITING = "OMP_WAIT_POLICY"


class Engine:
    """llama.cpp with the model of a file, loaded at the first request, for one model of the kit and all its copies.

    Args:
        path: The path of the file.
        context: Tokens that prompt and answer may have together.
        threads: Processor threads to compute with; as many as llama.cpp finds right where `None`.
        install: The sentence for somebody who has no `xllamacpp`.
        missing: The sentence where the file cannot be read, in place of one that names the file.
    """

    def __init__(self, path: Path, context: int, threads: int | None, install: str, missing: str = "") -> None:
        self.path, self.context, self.threads = path, context, threads
        self.install, self.missing = install, missing
        self.loading = Lock()
        self.server: Any = None
        # The server listens on a port of this machine: nobody else has the key.
        self._key = secrets.token_urlsafe()
        self._facts: tuple[int, int] | None = None

    def loaded(self) -> Any:
        """The server; the model is loaded now where it is not yet.

        Raises:
            Refused: The package or the file is missing, or the file is no model that llama.cpp can run.
        """
        with self.loading:
            if self.server is None:
                self.server = self._load()
            return self.server

    def close(self) -> None:
        """Give the model's memory and threads back, once what is under way is answered. A request loads it again.

        xllamacpp's server waits for ever when it is taken apart before its own loop has begun, which on a busy machine
        may be a while after it was made. Who has had an answer knows that the loop is there.
        """
        with self.loading:
            if self.server is not None:
                self.server.handle_completions({"prompt": " ", "n_predict": 1}, _nobody)
            self.server = None

    def tell(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The server's answer on its own port, where some things alone can be asked.

        Raises:
            Refused: The server cannot answer.
        """
        address = self.loaded().listening_address + path
        headers = {"Authorization": f"Bearer {self._key}"}
        try:
            with httpx2.Client(trust_env=False, timeout=60, headers=headers) as client:
                reply = client.get(address) if body is None else client.post(address, json=body)
        except httpx2.HTTPError as error:
            raise Refused(f"llama.cpp could not be asked ({type(error).__name__}).", INTERNAL_ERROR) from None
        told = reply.json()
        if reply.is_error:
            raise Refused(f"llama.cpp refused it: {told.get('error', {}).get('message', reply.status_code)}")
        return told

    def tokens(self, text: str) -> list[int]:
        """The ids of a text, control tokens among them."""
        return self.tell("/tokenize", {"content": text, "add_special": True, "parse_special": True})["tokens"]

    @property
    def vocabulary(self) -> int:
        """How many tokens the model knows."""
        return self._known()[0]

    @property
    def end(self) -> int:
        """The id of the control token that ends an answer; -1 where that is none."""
        return self._known()[1]

    def _known(self) -> tuple[int, int]:
        if self._facts is None:
            number = self.tell("/v1/models")["data"][0]["meta"]["n_vocab"]
            body = {"content": self.tell("/props")["eos_token"], "parse_special": True}
            ends = self.tell("/tokenize", body)["tokens"]
            self._facts = number, ends[0] if len(ends) == 1 else -1
        return self._facts

    def _load(self) -> Any:
        xllamacpp = _imported(self.install)
        try:
            with self.path.open("rb") as file:
                is_gguf = file.read(len(MAGIC)) == MAGIC
        except OSError as error:
            raise Refused(
                self.missing
                or f"[FIX] The file {self.path.name} cannot be read ({error.strerror}): give the path of a model in "
                "GGUF format, GGUF(path).",
                INTERNAL_ERROR,
            ) from None
        cannot = f"[FIX] {self.path.name} is no model that llama.cpp can run: download it anew, or take another."
        if not is_gguf:
            raise Refused(cannot, INTERNAL_ERROR)
        wishes = xllamacpp.CommonParams()
        wishes.model.path = str(self.path)
        wishes.n_ctx = self.context
        wishes.n_parallel = 1
        wishes.warmup = False
        wishes.verbosity = -1
        wishes.api_keys = [self._key]
        if self.threads is not None:
            wishes.cpuparams.n_threads = wishes.cpuparams_batch.n_threads = self.threads
        try:
            return xllamacpp.Server(wishes)
        except RuntimeError:
            raise Refused(cannot, INTERNAL_ERROR) from None


def _nobody(_: object) -> None:
    """Hear an answer that nobody wants."""


def _imported(install: str) -> Any:
    """`xllamacpp`, whose OpenMP reads how to wait from the environment in the moment in which OpenMP is loaded."""
    mine = WAITING not in os.environ
    if mine:
        os.environ[WAITING] = "passive"
    try:
        return importlib.import_module("xllamacpp")
    except ImportError:
        raise Refused(install, INTERNAL_ERROR) from None
    finally:
        if mine:
            del os.environ[WAITING]
