"""Whether a person sits before the notebook: what a front end tells of itself, in a real kernel."""

from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from labkit.front_end import can_ask_a_person
from tests.story import ROOT

PATIENCE = 60.0
"""Seconds that a busy machine may take to start a kernel."""


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel(startup_timeout=PATIENCE, kernel_name="python3", cwd=str(ROOT))
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize("allow_stdin", [True, False])
def test_a_front_end_that_can_ask_for_input_has_a_person_before_it(
    kernel: BlockingKernelClient, allow_stdin: bool
) -> None:
    number = kernel.execute(
        "from labkit.front_end import can_ask_a_person as can, is_a_notebook",
        user_expressions={"can": "can() if is_a_notebook() else 'no notebook'"},
        allow_stdin=allow_stdin,
    )
    reply = kernel.get_shell_msg(timeout=PATIENCE)
    while reply["parent_header"]["msg_id"] != number:
        reply = kernel.get_shell_msg(timeout=PATIENCE)
    assert reply["content"]["user_expressions"]["can"]["data"]["text/plain"] == str(allow_stdin)


def test_the_playground_says_what_is_loaded_until_its_page_takes_the_place_of_the_words(
    kernel: BlockingKernelClient,
) -> None:
    cell = "from labkit import Playground\nplayground = Playground(remember=False)\nplayground"
    number = kernel.execute(cell, allow_stdin=True)
    shown: list[dict[str, Any]] = []
    while True:
        message = kernel.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") != number:
            continue
        if message["msg_type"].endswith("display_data"):
            shown.append(message)
        if message["content"].get("execution_state") == "idle":
            break
    words = [message["content"]["data"]["text/plain"] for message in shown]
    assert words[:2] == [
        f"Loading the playground, {n} …" for n in ("1 of 3: the MCP SDK", "2 of 3: the model and the servers")
    ]
    assert "3 of 3: the page" in words[-2]
    assert [message["msg_type"] for message in shown] == ["display_data", *["update_display_data"] * (len(shown) - 1)]
    assert len({message["content"]["transient"]["display_id"] for message in shown}) == 1
    assert "labkit-at-" in str(shown[-1]["content"]["data"])
    kernel.execute("playground.close()")


def test_a_script_has_nobody_before_it() -> None:
    assert not can_ask_a_person()
