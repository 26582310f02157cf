"""Score a sampling callback in a file:

python -m labkit.checks path/to/file.py:my_callback

Exit code 0: no case failed. 1: some did. 2: the callback could not be found or its file not be run.
"""

import argparse
import asyncio
import importlib.util
import sys
from pathlib import Path

from labkit.checks.engine import STAGE_TIMEOUT, CheckFailed
from labkit.checks.scorecard import scorecard
from labkit.errors import line_of, sentence


class NotFound(Exception):
    """There is no such callback; the text says what was looked for."""


def load(place: str) -> object:
    """What `path/to/file.py:name` names. The file is run as an import runs it: its folder is on the path.

    Raises:
        NotFound: There is no such file, it cannot be run, or it has no such name.
    """
    file, colon, name = place.rpartition(":")
    path = Path(file)
    if not colon or not name.isidentifier():
        raise NotFound(f"{place} names no callback. Write path/to/file.py:my_callback.")
    if not path.is_file():
        raise NotFound(f"There is no file {file}.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise NotFound(f"{file} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent.resolve()))
    sys.modules[path.stem] = module  # dataclasses and pickle look it up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        line = line_of(error)
        raise NotFound(f"{file} cannot be run: {sentence(error)}{f' at {line}' if line else ''}") from error
    if not hasattr(module, name):
        raise NotFound(f"{file} has no {name}.")
    return getattr(module, name)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m labkit.checks", description="Score a sampling callback.", epilog="Exit code 1: a case failed."
    )
    parser.add_argument("callback", metavar="FILE.py:NAME", help="the callback, or a factory with a parameter base_url")
    parser.add_argument("--timeout", type=float, default=STAGE_TIMEOUT, help="seconds that an answer may take")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    options = parser.parse_args(arguments)
    try:
        callback = load(options.callback)
    except NotFound as error:
        print(error, file=sys.stderr)
        return 2
    try:
        card = asyncio.run(scorecard(callback, timeout=options.timeout))
    except CheckFailed as error:  # LABKIT_STRICT=1
        print(error)
        return 1
    print(card.to_json() if options.json else card)
    return 1 if card.failed else 0


if __name__ == "__main__":
    sys.exit(main())
