"""A server of one's own in one's own tests, a case of the scorecard at a time: the example of `server_cases`."""

import inspect
import textwrap
from pathlib import Path

import pytest

from labkit import close_all
from labkit.checks import ServerCase, server_cases
from tests.checks.right_servers import with_resolve as make_server


@pytest.mark.anyio
@pytest.mark.parametrize("case", server_cases(), ids=str)
async def test_my_server(case: ServerCase) -> None:
    row = await case.examine(make_server, "label", {"text": "I like it."})
    assert not row.failed, row


def test_the_example_is_what_the_docstring_says() -> None:
    close_all()
    *_, printed = (inspect.getdoc(server_cases) or "").partition("\n\n")
    assert textwrap.dedent(printed).strip() in Path(__file__).read_text(encoding="utf-8")
