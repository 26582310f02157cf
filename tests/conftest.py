"""What every test may ask for, how hypothesis chooses its examples, and how tests share a machine with two cores."""

import gc
import os
import sys
from collections import defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

# The same examples at every run, so that a run says something about the change at hand and not about chance; and no
# time limit for one of them, which a busy machine would miss. `LABKIT_EXPLORE=1` looks for examples not yet tried.
settings.register_profile(
    "lab",
    derandomize=not os.environ.get("LABKIT_EXPLORE"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("lab")


# No test reads or writes the settings that whoever runs it has kept of a playground, or progress; Lab and its kernels
# inherit this.
os.environ["LABKIT_PLAYGROUND_SETTINGS"] = "off"
os.environ["LABKIT_PROGRESS"] = "off"

# nbformat imports jsonschema, which looks for this and needs two seconds to build a grammar of web addresses.
sys.modules.setdefault("rfc3987_syntax", None)  # pyright: ignore[reportArgumentType]

# While tests are collected nothing becomes rubbish, and to look for it takes half of that time in each process.
gc.disable()

LONGEST = (
    "tests/browser/",
    "tests/test_style.py",
    "tests/notebooks/",
    "tests/checks/test_mutants.py",
    "tests/checks/test_scorecard.py",
    "tests/test_lab_transports.py",
    "tests/playground/test_program.py",
    "tests/test_leaks.py",
    "tests/test_kernel.py",
    "tests/test_run.py",
    "tests/checks/test_server_card.py",
    "tests/checks/test_wrong_answers.py",
)
"""Begins of the paths of what takes longest, longest first: what comes late must be short, or one process is left alone
with it. Only the time of a whole run hangs on this list, which the table at the end of one renews."""


@pytest.fixture
def anyio_backend() -> str:
    """Tests marked with `anyio` run on asyncio, the loop that a kernel has."""
    return "asyncio"


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    """A file whose tests left a Lab open, or the lab thread at work, does not change what the next file's tests see."""
    yield
    if lab := sys.modules.get("labkit.lab"):
        lab.close_all()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files of `LONGEST` first."""
    items.sort(key=lambda item: next((i for i, start in enumerate(LONGEST) if item.nodeid.startswith(start)), 99))


def pytest_collection_finish() -> None:
    """Look for rubbish from here on, and not among the tests themselves, which stay to the end."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling:
    """Hand out file by file, but of the browser's files one after the other and of the notebooks each for itself."""
    return Sharing(config, log)  # pyright: ignore[reportArgumentType]


class Sharing(LoadFileScheduling):
    """Which tests stay together: they share a JupyterLab, or the fixtures of their file, or nothing."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/notebooks/"):
            return nodeid
        return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)


@pytest.fixture(params=["auto", "legacy"])
def wire(request: pytest.FixtureRequest) -> str:
    """The `mode` of each wire: what is said of one has to hold on the other."""
    return request.param


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """After a run in several processes, the files that took longest."""
    if not config.getoption("numprocesses", None):
        return
    seconds: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.split("::")[0]] += report.duration
    terminalreporter.section("what took longest, in seconds of its process")
    for file, took in sorted(seconds.items(), key=lambda item: -item[1])[:20]:
        terminalreporter.write_line(f"{took:6.1f}  {file}")
