"""What somebody types: `command_of` to start a server, as the SDK is given it; `load` to name a function in a file."""

import importlib
import importlib.util
import os
import re
import shlex
import sys
from operator import attrgetter
from pathlib import Path

from mcp import StdioServerParameters

from labkit.errors import line_of, sentence


def command_of(text: str, *, windows: bool = os.name == "nt") -> StdioServerParameters:
    """A command line as it would be typed into a terminal: with quotes, `~`, and `NAME=value` before the command.

    What such a NAME is set to may be a key. It goes into the program's environment, and a command that has one is
    neither stored nor shown.

    Raises:
        ValueError: `text` holds no command, or a quotation mark is missing.
    """
    reader = shlex.shlex(text, posix=True, punctuation_chars=False)
    reader.whitespace_split, reader.commenters = True, ""
    if windows:
        reader.escape = ""  # a backslash is part of a path
    try:
        words = list(reader)
    except ValueError as error:
        raise ValueError(f"this is no command: {str(error).lower()}") from None
    if words[0:1] == ["env"]:
        del words[0]
    env: dict[str, str] = {}
    while words and (assignment := re.fullmatch(r"([A-Za-z_]\w*)=(.*)", words[0], re.ASCII | re.DOTALL)):
        env[assignment[1]] = assignment[2]
        del words[0]
    if not words:
        raise ValueError("type the command that starts the server, such as: python -m my_server")
    home = r"~(?=$|[/\\])" if windows else r"~(?=$|/)"
    command, *arguments = (str(Path.home()) + word[1:] if re.match(home, word) else word for word in words)
    return StdioServerParameters(command=command, args=arguments, env=env or None)


def printed(text: str) -> None:
    """Print `text`; whoever reads it may have read enough, as `| head` has after ten lines."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # What is left would be written as Python ends, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class NotFound(Exception):
    """There is no such function; the text says what was looked for."""


def load(place: str) -> object:
    """What `path/to/file.py:name` names, where `name` may be that of an attribute: `client.on_sampling`.

    The file is run as an import runs it: its folder is on the path, or the one that its outermost package lies in.

    Raises:
        NotFound: There is no such file, it cannot be run, or it has no such name.
    """
    file, colon, name = place.rpartition(":")
    path = Path(file)
    if not colon or not all(part.isidentifier() for part in name.split(".")):
        raise NotFound(f"{place} names no function. Write path/to/file.py:my_callback.")
    if not path.is_file():
        raise NotFound(f"There is no file {file}.")
    root, package = path.resolve().parent, list[str]()
    while (root / "__init__.py").is_file():
        root, package = root.parent, [root.name, *package]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise NotFound(f"{file} is no Python file.")
    sys.path.insert(0, str(root))
    try:
        if package:
            module = importlib.import_module(".".join([*package, path.stem]).removesuffix(".__init__"))
        else:
            module = importlib.util.module_from_spec(spec)
            sys.modules[path.stem] = module  # dataclasses and pickle look it up
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        line = line_of(error)
        raise NotFound(f"{file} cannot be run: {sentence(error)}{f' at {line}' if line else ''}") from error
    try:
        return attrgetter(name)(module)
    except AttributeError:
        raise NotFound(f"{file} has no {name}.") from None
