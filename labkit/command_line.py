"""`command_of`: what somebody types to start a server, as the SDK is given it."""

import os
import re
import shlex
from pathlib import Path

from mcp import StdioServerParameters


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
