"""What a server says when something is wrong."""

import re
from pathlib import Path

from labkit.checks.engine import Problem
from labkit.checks.served import OLDER, Served
from labkit.checks.serving.clients import FAULT
from labkit.checks.serving.replies import BLOCKS, IMAGE, NONSENSE, USE
from labkit.checks.trial import NotApplicable

LEAST = 5
"""Characters of a folder's name that do not stand in a text by chance."""

_TRACE = re.compile(r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+|\bat 0x[0-9a-fA-F]{6,}")
_URL = re.compile(r"\b\w+://\S+")
_PATH = re.compile(r"(?:/[\w.@-]+){2,}\.\w{1,5}\b|\b[A-Za-z]:\\[\w.\\ -]+|/(?:home|root|Users|site-packages)/[\w./-]+")


async def tell_nothing_private(served: Served, mode: str) -> None:
    kinds = (None, IMAGE, "", NONSENSE, USE, BLOCKS, *((FAULT,) if mode == OLDER else ()))
    given = " ".join(map(str, served.arguments.values()))
    for kind in kinds:
        try:
            seen = await served.use(mode, *(() if kind is None else (kind,)))
        except (NotApplicable, Problem):
            continue  # it has no end: another case's matter
        text = _URL.sub("", seen.text)
        if found := _TRACE.search(text):
            raise Problem(f"A traceback, or an address in memory: {found[0]!r}.")
        places = [str(place) for place in (Path.home(), Path.cwd()) if len(str(place)) > LEAST]
        paths = [*_PATH.findall(text), *(place for place in places if place in text)]
        if told := [path for path in paths if path not in given]:
            raise Problem(f"A path of the machine that the server runs on, {len(told[0])} characters long.")


JUDGES = {
    "errors.private": tell_nothing_private,
}
