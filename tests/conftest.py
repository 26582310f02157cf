"""What every test may ask for."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Tests marked with `anyio` run on asyncio, the loop that a kernel has."""
    return "asyncio"
