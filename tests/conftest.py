"""What every test may ask for, and how hypothesis chooses its examples."""

import os

import pytest
from hypothesis import HealthCheck, settings

# The same examples at every run, so that a run says something about the change at hand and not about chance; and no
# time limit for one of them, which a busy machine would miss. `LABKIT_EXPLORE=1` looks for examples not yet tried.
settings.register_profile(
    "lab",
    derandomize=not os.environ.get("LABKIT_EXPLORE"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("lab")


# No test reads or writes the settings that whoever runs it has kept of a playground; Lab and its kernels inherit this.
os.environ["LABKIT_PLAYGROUND_SETTINGS"] = "off"


@pytest.fixture
def anyio_backend() -> str:
    """Tests marked with `anyio` run on asyncio, the loop that a kernel has."""
    return "asyncio"
