"""How many calls the code reviewer's work comes to, for a little of it and for four times as much.

Counted in a process of its own: Python 3.11 spins for ever under a profile function where Playwright has run before.

    python -m tests.servers.growth    # all of it as JSON
"""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from servers.code_facts import analyse
from servers.code_findings import missed, read_findings
from servers.code_reviewer import gravest

PROGRAMS: dict[str, Callable[[int], str]] = {
    "texts that set": lambda n: "".join(f'pwd="{each:08}";' for each in range(n)),
    "names and lists": lambda n: "password=" * n + "[" + '"a12345",' * n + "]",
    "queries": lambda n: 'q = "select a from b"\n' * n + "q += x\n" * n,  # noqa: S608 - code under review
    "comments that set": lambda n: f"# {'pass:' * n}\n",
    "options with digits": lambda n: f"# {'--password a1b2 ' * n}\n",
    "options": lambda n: f"# {'--password a ' * n}\n",
    "arguments": lambda n: "run([" + '"--password", "a1b2", ' * n + "])\n",
    "joined": lambda n: "password = ''.join([" + '"a1", ' * n + "])\n",
    "conditions": lambda n: "a = " + 'p["password"] if b else ' * n + "'a12345'\n",
    "sums": lambda n: "password = " + '"a1" + ' * n + "b\n",
    "findings": lambda n: "eval(x)\n" * n,
}
SMALL, LARGE = 150, 600


def reading(lines: int) -> Callable[[], object]:
    """A long answer read against so many facts."""
    answer = "\n".join(f"Line {number} uses eval on a string{' string' * 20}." for number in range(1, 41))
    analysis = analyse("eval(x)\n" * lines)
    return lambda: missed(read_findings(answer, "security", analysis), analysis.facts, ["security"])


def choosing(lines: int) -> Callable[[], object]:
    """The gravest of so many facts chosen."""
    facts = analyse("eval(x)\n" * lines).facts
    return lambda: gravest(facts)


def calls(work: Callable[[], object]) -> int:
    """How many calls, of Python and of C, `work` comes to: time that no machine changes."""
    count = 0

    def see(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(see)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@cache
def counted() -> dict[str, list[int]]:
    """By name, the calls for a little work and for four times as much."""
    command = [sys.executable, "-m", "tests.servers.growth"]
    root = Path(__file__).parents[2]
    told = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=True, timeout=300)
    return json.loads(told.stdout)


if __name__ == "__main__":
    works: dict[str, Callable[[int], Callable[[], object]]] = {
        name: lambda n, program=program: partial(analyse.__wrapped__, program(n)) for name, program in PROGRAMS.items()
    }
    works |= {"reading": reading, "choosing": choosing}
    print(json.dumps({name: [calls(work(SMALL)), calls(work(LARGE))] for name, work in works.items()}))
