"""What all tests of checks share."""

from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest


@pytest.fixture(scope="module", autouse=True)
def _one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Callbacks that ask the stand-in make an HTTP client for each request, and each client reads every certificate.

    That takes 26 ms, and with one certificate less than one; the stand-in has none.
    """
    every, end = Path(certifi.where()).read_text(encoding="utf-8"), "-----END CERTIFICATE-----\n"
    one = tmp_path_factory.mktemp("certificate") / "one.pem"
    one.write_text(every[every.index("-----BEGIN") : every.index(end) + len(end)], encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(one))
        yield
