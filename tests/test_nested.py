"""`allow_asyncio_run` in a real kernel: a printed script runs in a cell, and what waits behind it runs too."""

import asyncio
from collections.abc import Generator
from typing import Any

import pytest

from labkit.nested import NEEDED, allow_asyncio_run, why_not
from tests.printed.running import ANSWER, Printed, running
from tests.story import WIRES
from tests.test_kernel import ASK, Kernel

BEHIND = 5


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Generator[Printed]:
    with running(tmp_path_factory.mktemp("archive")) as printed:
        yield printed


@pytest.fixture(scope="module")
def kernel(printed: Printed) -> Generator[Kernel]:
    """One in which a Lab was at work before the loops were changed."""
    kernel = Kernel()
    assert kernel.run(printed.set_up).errors == []
    assert kernel.run(f"lab = Lab(bookshop(), sampling_callback=echo)\n{ASK}").errors == []
    assert kernel.run("from labkit import allow_asyncio_run").errors == []
    yield kernel
    kernel.shut_down()


def test_without_it_a_printed_script_cannot_run_in_a_cell(kernel: Kernel) -> None:
    cell = kernel.run(
        "import asyncio\nmain = asyncio.sleep(0)\ntry:\n    asyncio.run(main)\nfinally:\n    main.close()"
    )
    assert [error["evalue"] for error in cell.errors] == ["asyncio.run() cannot be called from a running event loop"]


@pytest.mark.parametrize("wire", WIRES)
def test_a_printed_script_runs_in_a_cell_and_so_does_every_cell_that_waits_behind_it(
    kernel: Kernel, printed: Printed, wire: str
) -> None:
    allowed = kernel.send("allow_asyncio_run()")
    script = kernel.send(printed.script(wire))
    behind = [kernel.send(f"await asyncio.sleep(0)\nprint({number})") for number in range(BEHIND)]
    kernel.until(lambda: all(cell.done for cell in (allowed, script, *behind)))
    assert [cell.errors for cell in (allowed, script, *behind)] == [[]] * (BEHIND + 2)
    assert [cell.out for cell in behind] == [f"{number}\n" for number in range(BEHIND)]
    asked, _, rest = script.out.partition(f"\nClaude answers: {ANSWER}\nThe tool says: ")
    assert asked.startswith("The server asks: ")
    assert ANSWER in rest


def test_the_labs_of_a_kernel_work_on_both_wires_afterwards(kernel: Kernel) -> None:
    assert kernel.run("allow_asyncio_run()\nallow_asyncio_run()").errors == []
    for wire in WIRES:
        cell = kernel.run(f'lab = Lab(bookshop(), sampling_callback=echo, mode="{wire}")\n{ASK}')
        assert (cell.out, cell.err, cell.errors) == ("you asked: recommend noir\n", "", [])
    assert kernel.run("close_all()").errors == []
    assert kernel.run('print([t.name for t in threading.enumerate()].count("labkit"))').out == "0\n"


def test_a_script_that_hangs_can_be_interrupted_and_the_kernel_goes_on(kernel: Kernel) -> None:
    cell = kernel.send("allow_asyncio_run()\nprint('here', flush=True)\nasyncio.run(asyncio.sleep(600))")
    kernel.until(lambda: "here" in cell.out)
    kernel.manager.interrupt_kernel()
    kernel.until(lambda: cell.done)
    assert [error["ename"] for error in cell.errors] == ["KeyboardInterrupt"]
    cell = kernel.run(f"lab = Lab(bookshop(), sampling_callback=echo)\n{ASK}")
    assert (cell.out, cell.err, cell.errors) == ("you asked: recommend noir\n", "", [])
    assert kernel.run("close_all()").errors == []


def test_in_a_plain_script_it_changes_nothing() -> None:
    before = asyncio.run
    allow_asyncio_run()
    assert asyncio.run is before
    assert not hasattr(asyncio, "_nest_patched")


GOOD: dict[str, Any] = {"platform": "linux", "is_asyncios": True, "is_old_nested": False, "installed": NEEDED}


def test_it_can_be_done_where_nothing_is_in_the_way() -> None:
    assert why_not(**GOOD) == ""


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"platform": "emscripten"}, "Write `await main()`"),
        ({"is_asyncios": False}, "Write `await main()`"),
        ({"is_old_nested": True}, "restart the kernel"),
        ({"installed": None}, "and none is installed: pip install"),
        ({"installed": "1.7.2"}, "and 1.7.2 is installed: pip install"),
    ],
)
def test_where_it_cannot_be_done_a_sentence_says_what_to_do(fault: dict[str, Any], said: str) -> None:
    assert said in why_not(**GOOD | fault)
