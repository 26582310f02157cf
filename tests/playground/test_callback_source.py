"""What a student's callback uses is written down with it, or the program says what is missing."""

import asyncio
import linecache
import sys
from collections.abc import Iterator
from itertools import count
from types import ModuleType
from typing import Any

import pytest

from labkit.playground.callback_source import source_of

NUMBERS = count(1)
HEAD = """
from mcp.types import CreateMessageResult, TextContent
"""
CALLBACK = """
async def mine(context, params):
    {body}
    return CreateMessageResult(role="assistant", model="mine", content=TextContent(text=str({text})))
"""


def notebook(*cells: str) -> dict[str, Any]:
    """What a kernel has in its memory once it has run `cells`."""
    names: dict[str, Any] = {"__name__": "__main__", "In": [""]}
    for cell in (HEAD, *cells):
        place = f"<cell {next(NUMBERS)}>"
        linecache.cache[place] = (len(cell), None, cell.splitlines(keepends=True), place)
        names["In"].append(cell)
        exec(compile(cell.replace("%time", ""), place, "exec"), names)  # noqa: S102
    return names


def mine(body: str = "pass", text: str = "''") -> str:
    return CALLBACK.format(body=body, text=text)


def program(names: dict[str, Any]) -> str:
    found = source_of(names["mine"])
    assert found is not None
    name, source = found
    assert name == "mine"
    lines = ["from __future__ import annotations", "import sys"]
    lines += [f"import {module}" for module in source.plain]
    lines += [f"from {module} import {name}" for module, names in source.names.items() for name in names]
    return "\n".join([*lines, *source.blocks])


def run(names: dict[str, Any]) -> dict[str, Any]:
    """The names of a program that has nothing of the notebook."""
    sys.modules["clean"] = module = ModuleType("clean")  # where a dataclass looks for what its annotations name
    exec(compile(program(names), "program", "exec"), module.__dict__)  # noqa: S102
    return module.__dict__


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    sys.modules.pop("clean", None)


def said(names: dict[str, Any]) -> str:
    return asyncio.run(names["mine"](None, object())).content.text


USES: list[tuple[tuple[str, ...], str, str]] = [
    (("seen = []\nlimit = 3",), "seen.append(params)", "(len(seen), limit)"),
    (("seen: list[object] = []",), "seen.append('a text')", "seen"),
    (("from collections import Counter\ntold = Counter()",), "told[type(params)] += 1", "sum(told.values())"),
    (("first, second = [], {}",), "first.append(params)", "(len(first), second)"),
    (
        ("class Desk:\n    def __init__(self):\n        self.seen = []\ndesk = Desk()",),
        "desk.seen += [params]",
        "len(desk.seen)",
    ),
    (
        (
            "from dataclasses import dataclass",
            "@dataclass\nclass Desk:\n    name: str\n    n: int = 0",
            "desk = Desk('a')",
        ),
        "desk.n += 1",
        "desk",
    ),
    (
        (
            "from pydantic import BaseModel\nclass Part(BaseModel):\n    n: int",
            "class Whole(BaseModel):\n    parts: list[Part]",
        ),
        "whole = Whole(parts=[{'n': 1}])",
        "whole.parts[0].n",
    ),
    (("import asyncio\nlock = asyncio.Lock()",), "await lock.acquire()", "lock.locked()"),
    (("double = lambda number: 2 * number",), "pass", "double(2)"),
    (("def helper(n):\n    return n + 1\nalso = helper",), "pass", "also(2)"),
    (("def add(a, b):\n    return a + b\ntools = {'add': add}",), "tools['later'] = params", "tools['add'](1, 2)"),
    (("from functools import cache\n@cache\ndef slow(n):\n    return n + 1",), "pass", "slow(2)"),
    (("%time\nseen = [1]\n", "seen = []"), "seen.append(params)", "len(seen)"),
    (("for desk in [object()]:\n    pass",), "str(lambda: params.desk)", "'an attribute is no name'"),
]


@pytest.mark.parametrize(("cells", "body", "text"), USES)
def test_what_a_callback_uses_is_as_it_was_before_the_first_run(cells: tuple[str, ...], body: str, text: str) -> None:
    names = notebook(*cells, mine(body, text))
    first = said(names)
    assert said(run(names)) == first


def test_what_a_default_and_a_closure_hold_is_there_too() -> None:
    body = "async def mine(context, params, words=WORDS):\n    return answer(words, limit)\n"
    names = notebook(
        "WORDS = ('a', 'b')\ndef answer(words, limit):\n"
        "    text = f'{words} {limit}'\n"
        "    return CreateMessageResult(role='assistant', model='mine', content=TextContent(text=text))",
        "def made(limit):\n"
        + "".join(f"    {line}\n" for line in body.splitlines())
        + "    return mine\nmine = made(3)",
    )
    assert said(run(names)) == "('a', 'b') 3"


def test_other_decorators_than_the_playgrounds_stay() -> None:
    loud = (
        "from functools import wraps\nfrom types import SimpleNamespace\n"
        "playground = SimpleNamespace(callback=lambda function: function)\n"
        "def loud(function):\n"
        "    @wraps(function)\n"
        "    async def louder(context, params):\n"
        "        answer = await function(context, params)\n"
        "        answer.content.text = answer.content.text.upper()\n"
        "        return answer\n"
        "    return louder\n"
    )
    names = notebook(loud, "@playground.callback\n@loud" + mine(text="'hello'"))
    assert said(run(names)) == "HELLO"
    assert "playground" not in program(names)


@pytest.mark.parametrize(
    "cell",
    [
        "for desk in [object()]:\n    pass",
        "desk = object()\ndesk = [desk][0]",
        "from labkit import Lab\nfrom tests.story import bookshop\ndesk = Lab(bookshop())",
        "desk = object()\nIn.clear()",
    ],
)
def test_what_cannot_be_made_anew_is_told_at_the_start(cell: str) -> None:
    names = notebook(cell, mine("str(desk)"))
    with pytest.raises(SystemExit) as told:
        run(names)
    assert str(told.value) == (
        "`desk`, which your callback uses, is missing: put it into the line that begins with `desk =`."
    )


def test_a_container_whose_beginning_is_not_known_is_empty() -> None:
    names = notebook("for seen in [[object()]]:\n    pass", mine("seen.append(params)", "len(seen)"))
    assert run(names)["seen"] == []
    assert "seen = []  # what your notebook has put into it is left out" in program(names)


@pytest.mark.parametrize(
    "cell", ["password = 'hunter22-and-more'", 'import json\nbox = json.loads(\'{"password": "hunter22-and-more"}\')']
)
def test_a_secret_is_not_written_down(cell: str) -> None:
    name = "password" if cell.startswith("p") else "box"
    names = notebook(cell, mine(f"str({name})"))
    assert "hunter22" not in program(names)


def test_a_model_of_the_kit_is_a_callback_too_and_what_has_no_source_is_none() -> None:
    from labkit import TinyModel

    found = source_of(TinyModel(seed=2))
    assert found is not None
    assert (found[0], found[1].names) == ("model", {"labkit": {"TinyModel"}})
    assert source_of(print) is None
    assert source_of(lambda *_: None) is None
