"""Several processes of one server, each at a port of its own, from a single command line.

A balancer in front of them shares the calls out. They share the key that seals `requestState`, so that a call which
begins in one can go on in another. Ctrl-C ends them all, and so does the end of any.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from servers.credentials import STATE_KEYS

ENDS = {signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}
"""What ends a program beside Ctrl-C: somebody ends it, its terminal is closed."""

LONGEST_GOODBYE = 5.0
"""Seconds that a process has to end in, before it is killed."""


def run_several(commands: Sequence[Sequence[str]]) -> int:
    """Start each of `commands` and wait until one ends, or Ctrl-C, SIGTERM or SIGHUP comes; then end the rest.

    Where the environment names no key, they are given one that is made now: without a common key a call would fail
    whenever its rounds reach two processes. It goes to them through their environment, and stands on no command line.
    Processes that are started by other commands, or on other machines, do not know it.

    Returns:
        The exit status of the one that ended by itself; 0 after Ctrl-C.
    """
    environment = os.environ | ({} if STATE_KEYS in os.environ else {STATE_KEYS: secrets.token_hex(32)})
    processes = list[subprocess.Popen[bytes]]()
    try:
        for number in ENDS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                signal.signal(number, _as_ctrl_c)
        for command in commands:
            processes.append(subprocess.Popen(command, env=environment))
        while True:
            for process in processes:
                if (status := process.poll()) is not None:
                    return status
            time.sleep(0.1)
    except KeyboardInterrupt:
        return 0
    finally:
        _end(processes)


def _as_ctrl_c(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _end(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
    for number in (signal.SIGINT, *ENDS):  # a second Ctrl-C must not leave any of them
        signal.signal(number, signal.SIG_IGN)
    for process in processes:
        process.terminate()
    end = time.monotonic() + LONGEST_GOODBYE
    for process in processes:
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def command_of(arguments: Sequence[str]) -> list[str]:
    """The command that runs this program again, with `arguments` behind its own: of an option the last one counts."""
    module = sys.modules["__main__"].__spec__
    program = ["-m", module.name] if module else [sys.argv[0]]
    return [sys.executable, *program, *sys.argv[1:], *arguments]
