"""Try attacks and honest requests on a host, and count what its defences make of both:

python -m labkit.attacks
python -m labkit.attacks --model smollm --seeds 5 --family hijack poisoning
python -m labkit.attacks --defence none policy path/to/file.py:my_defence
python -m labkit.attacks --model smollm --plans more.toml --json matrix.json

A defence of your own is `def my_defence(callback)`, which returns a callback around it; with a parameter `ask` it is
given whom to ask, with `agreed` the names of the tools that the user agreed to. Exit code 0: the bars of the policy
hold, or it was not tried. 1: one is broken. 2: nothing was tried, and a sentence says why.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path

from labkit.attacks.defences import DEFENCES
from labkit.attacks.matrix import MODELS, attack_matrix
from labkit.command_line import NotFound, load, printed
from labkit.errors import LabError
from servers.hostile import FAMILIES, Plan, read_plans


def _progress(done: int, of: int, now: str) -> None:
    """Say on standard error how far it is: on one line of a terminal, else now and then."""
    if sys.stderr.isatty():
        print(f"\r{done}/{of}  {now[:80]:<80}", end="", file=sys.stderr, flush=True)
    elif done % max(1, of // 10) == 0:
        print(f"{done}/{of}  {now}", file=sys.stderr, flush=True)


def _plans(file: str) -> Iterable[Plan]:
    """The plans of a file.

    Raises:
        OSError: It cannot be read.
        ValueError: It holds no plans.
    """
    try:
        return read_plans(Path(file).read_text(encoding="utf-8")).values()
    except ValueError as error:
        raise ValueError(f"{file} holds no plans: {error}") from None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m labkit.attacks",
        description="Carry out attacks and honest requests against a host with each defence.",
        epilog="Exit code 1: a bar of the policy is broken.",
    )
    parser.add_argument("--model", nargs="+", default=["obedient"], choices=MODELS, help="who answers; %(choices)s")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds of a model that has one (%(default)s)")
    named = f"{', '.join(DEFENCES)}, or FILE.py:NAME for your own; all of these where left out"
    parser.add_argument("--defence", nargs="+", metavar="NAME", help=named)
    parser.add_argument("--family", nargs="+", choices=FAMILIES, help="the families to try, all where left out")
    parser.add_argument("--plans", nargs="+", metavar="FILE.toml", help="plans to carry out, in place of the kit's")
    helped = "write shares and trials as JSON; without FILE, print them in the place of the table"
    parser.add_argument("--json", metavar="FILE", nargs="?", const="-", help=helped)
    options = parser.parse_args(arguments)
    try:
        defences = [load(each) if ":" in each else each for each in options.defence or DEFENCES]
        plans = [plan for file in options.plans for plan in _plans(file)] if options.plans else None
        matrix = asyncio.run(
            attack_matrix(defences, options.model, options.seeds, options.family, plans=plans, progress=_progress)
        )
    except (NotFound, LabError, TypeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename} cannot be read: {error.strerror}.", file=sys.stderr)
        return 2
    if sys.stderr.isatty():
        print(f"\r{'':<100}\r", end="", file=sys.stderr)
    print(f"{len(matrix.trials)} trials in {matrix.seconds:.0f} s", file=sys.stderr)
    printed(matrix.to_json() if options.json == "-" else str(matrix))
    try:
        if options.json and options.json != "-":
            Path(options.json).write_text(matrix.to_json() + "\n", encoding="utf-8")
    except OSError as error:
        print(f"{error.filename} cannot be written: {error.strerror}.", file=sys.stderr)
        return 2
    return 1 if matrix.broken else 0


if __name__ == "__main__":
    sys.exit(main())
