"""The solutions of a lesson, found in its solved cells; `lessons/build.py` keeps them in `solutions.toml` for hints."""

import re
from collections.abc import Sequence
from pathlib import Path

PLACE = Path(__file__).with_name("solutions.toml")
CHECKED = re.compile(r'^await check\("(\d+\.\d+)", (\w+)\)', re.MULTILINE)
HEAD = "# Written by lessons/build.py from the lessons.\n"


def found_in(cells: Sequence[str]) -> dict[str, str]:
    """The solution of each exercise: for each that is checked the cell before that defines what is checked.

    Args:
        cells: The code cells of a solved lesson, in their order.
    """
    found: dict[str, str] = {}
    for i, cell in enumerate(cells):
        for number, name in CHECKED.findall(cell):
            defines = re.compile(rf"^(?:(?:async )?def {name}\(|class {name}\b|{name} = )", re.MULTILINE)
            found[number] = next(before for before in reversed(cells[:i]) if defines.search(before)).strip()
    return found


def as_toml(solutions: dict[str, str]) -> str:
    """The solutions as a file that one can read, by exercise."""
    wrong = [number for number, code in solutions.items() if "'''" in code]
    if wrong:
        raise ValueError(f"write these without ''': {', '.join(wrong)}")
    return "\n".join([HEAD, *(f"\"{number}\" = '''\n{code}\n'''\n" for number, code in sorted(solutions.items()))])
