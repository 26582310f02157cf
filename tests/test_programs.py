"""A program that serves beside the kernel is there when it was made, and gone when it is closed or its name taken."""

import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.request import urlopen

import psutil
import pytest

from labkit import ConnectError, Program, programs

# It listens on the port that it is given, and answers with what stands in its environment.
SERVES = """
import http.server, os, sys
class Tells(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{os.environ.get('WORD')} {os.getpid()}".encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Tells).serve_forever()
"""
COMMAND = [sys.executable, "-c", SERVES, "PORT"]


def told(program: Program) -> list[str]:
    with urlopen(program.url, timeout=60) as answer:  # noqa: S310 - on this machine
        return answer.read().decode().split()


def is_gone(pid: str) -> bool:
    return not psutil.pid_exists(int(pid))


@pytest.mark.parametrize("notebook", [True, False])
def test_it_listens_once_it_is_made_with_what_it_is_given(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, notebook: bool
) -> None:
    monkeypatch.setattr(programs, "is_a_notebook", lambda: notebook)
    with Program("tells", COMMAND, path="/mcp", WORD="plum") as program:
        word, pid = told(program)
        assert (word, program.url) == ("plum", f"http://127.0.0.1:{program.port}/mcp")
        assert repr(program) == "<Program tells>"
    assert is_gone(pid)
    assert repr(program) == "<Program tells (ended)>"
    program.close()
    out, err = capfd.readouterr()
    assert (out, "GET /mcp" in err, bool(err)) == ("", not notebook, not notebook)


def test_another_of_its_name_ends_it_and_a_restart_keeps_its_address() -> None:
    with Program("tells", COMMAND) as former:
        _, first = told(former)
        with Program("tells", COMMAND) as program:
            assert is_gone(first)
            url, (_, second) = program.url, told(program)
            program.restart()
            _, third = told(program)
            assert (program.url, is_gone(second)) == (url, True)
            with pytest.raises(ConnectError, match=r"^tells was closed\."):
                former.restart()  # as a callback of the former cell may do, late
            former.close()
            assert told(program)[1] == third
    assert is_gone(third)


def test_who_asks_for_the_address_in_the_middle_of_a_restart_waits_until_it_listens() -> None:
    with Program("tells", COMMAND) as program, ThreadPoolExecutor(1) as beside:
        _, first = told(program)
        gone = psutil.Process(int(first))
        restarting = beside.submit(program.restart)
        gone.wait(60)
        _, second = told(program)
        assert second != first
        restarting.result(60)


def test_its_port_is_one_that_no_connection_is_given_and_nobody_listens_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with Program("tells", COMMAND) as program:
        assert program.port < 32_768  # from there on Linux hands them out, from 49,152 on macOS and Windows
        monkeypatch.setattr(programs, "PORTS", [program.port])
        with pytest.raises(ConnectError, match=r"^All ports from (\d+) to \1 are taken\.$"):
            Program("another", COMMAND)


def test_it_ends_with_the_kernel() -> None:
    program = Program("tells", COMMAND)
    _, pid = told(program)
    programs._close_all()
    assert is_gone(pid)


def test_a_program_that_does_not_listen_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConnectError, match=r"ends ended before it listened\. Run its command in a terminal"):
        Program("ends", [sys.executable, "-c", "raise SystemExit(3)"])
    monkeypatch.setattr(programs, "LONGEST_START", 0.3)
    with pytest.raises(ConnectError, match=r"^waits did not listen within 0\.3 s\.$"):
        Program(
            "waits", [sys.executable, "-c", "input()" if sys.platform == "win32" else "import signal; signal.pause()"]
        )
    programs._close_all()
    assert not programs._running


def test_the_port_is_free_again() -> None:
    with Program("tells", COMMAND) as program:
        pass
    with closing(socket.create_server(("127.0.0.1", program.port))):
        pass
