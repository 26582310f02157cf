"""How many calls the code reviewer's rules come to for a small program and for one four times as long, as JSON.

Its own process: Python 3.11 spins for ever under a profile function where Playwright has run before (its greenlets).

    python -m tests.servers.growth
"""

import json
import sys
from collections.abc import Callable

from servers.code_facts import analyse

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


def calls(code: str) -> int:
    """How many calls, of Python and of C, a look at `code` comes to: time that no machine changes."""
    count = 0

    def see(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(see)
    try:
        analyse.__wrapped__(code)
    finally:
        sys.setprofile(None)
    return count


if __name__ == "__main__":
    print(json.dumps({name: [calls(program(SMALL)), calls(program(LARGE))] for name, program in PROGRAMS.items()}))
