"""`Program`: a program in a process of its own that serves over HTTP on this machine, as long as the kernel lives."""

import atexit
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from random import SystemRandom
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import Self

from labkit.errors import ConnectError
from labkit.front_end import is_a_notebook

LONGEST_START = 60.0
"""Seconds until a program must listen."""

PORT = "PORT"
"""The word of a command in whose place the port stands."""

PORTS = range(20_000, 32_000)
"""Ports that no system hands out by itself: no connection takes one while its program starts, or starts anew."""

_running: dict[str, "Program"] = {}


class Program:
    """A program that serves at a free port of 127.0.0.1, in a process of its own.

        desk = Program("desk", [sys.executable, "desk.py", "--http", "PORT"], DESK_TOKEN="...")
        lab = Lab(desk.url)

    It is ended by `close`, by another of its name (a cell may be run again), and with the kernel. What it writes to its
    standard error goes to that of a script, and is not shown in a notebook.

    Args:
        name: The program's name.
        command: The command that starts the program, with the word PORT where the port belongs.
        path: What of the address comes after the port.
        environment: What is set in the program's environment beside what is there.

    Raises:
        ConnectError: The program ended before it listened, did not listen in time, or there can be no process here.
    """

    def __init__(self, name: str, command: Sequence[str], *, path: str = "/mcp", **environment: str) -> None:
        self.name = name
        if sys.platform == "emscripten":
            raise ConnectError(f"{name} needs a process of its own, and a browser has none: run this on a machine.")
        if former := _running.get(name):
            former.close()
        self.port = _free_port()
        self._url = f"http://127.0.0.1:{self.port}{path}"
        self._command = [str(self.port) if word == PORT else word for word in command]
        self._environment: Mapping[str, str] = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._changing = Lock()
        self._over = False
        _running[name] = self
        self.restart()

    @property
    def url(self) -> str:
        """The program's address. Whoever asks for it while the program is restarted waits until it listens."""
        with self._changing:  # a call that was lost with the process has ended long before the next one listens
            return self._url

    def restart(self) -> None:
        """End the process at once, as a crash does, and start another at the same address.

        Raises:
            ConnectError: As for the program itself; or it was closed.
        """
        with self._changing:
            self._end()
            if self._over:  # a callback that restarts its server may come too late
                raise ConnectError(f"{self.name} was closed. Run the cell that makes it again.")
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL if is_a_notebook() else None,
            )
            try:
                self._wait(self._process)
            except BaseException:  # also the kernel's "interrupt"
                self._end()
                raise

    def close(self) -> None:
        """End the process at once, and start no other. More than once does no harm."""
        self._over = True
        with self._changing:
            self._end()
        if _running.get(self.name) is self:
            del _running[self.name]

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        """Wait until the process listens."""
        end = monotonic() + LONGEST_START
        while monotonic() < end and not self._over:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
                raise ConnectError(f"{self.name} ended before it listened. Run its command in a terminal to see why.")
        told = "was closed before it listened" if self._over else f"did not listen within {LONGEST_START:g} s"
        raise ConnectError(f"{self.name} {told}.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Program {self.name}{'' if self._process else ' (ended)'}>"


def _free_port() -> int:
    """A port of `PORTS` on which nobody listens; chance picks it, so that two kernels do not pick the same.

    Raises:
        ConnectError: There is none.
    """
    for port in SystemRandom().sample(PORTS, len(PORTS)):  # a notebook's own seed does not reach this one
        with suppress(OSError), closing(socket.create_server(("127.0.0.1", port))):
            return port
    raise ConnectError(f"All ports from {PORTS[0]} to {PORTS[-1]} are taken.")


def _close_all() -> None:
    for program in list(_running.values()):
        program.close()


atexit.register(_close_all)
