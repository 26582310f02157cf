"""The way to an address: proxies and certificates of the environment are obeyed, or named in one sentence."""

import ssl
from pathlib import Path

import httpx2
import pytest

from labkit import network
from labkit.errors import ConnectError
from tests.standins.serving import Reply, StandIn
from tests.standins.tls import certified

pytestmark = pytest.mark.anyio
HERE, ELSEWHERE = "http://127.0.0.1:9/v1", "https://api.example.org/v1"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)


BROKEN = {
    "socks": ("ALL_PROXY", "socks5://me:secret@127.0.0.1:9", "a package that is missing (pip install socksio)"),
    "an odd scheme": ("ALL_PROXY", "socks://me:secret@127.0.0.1:9", "another address"),
    "no port": ("https_proxy", "http://me:secret@proxy:port", "another address"),
    "no address": ("HTTP_PROXY", "http://[me:secret", "another address"),
    "no file": ("SSL_CERT_FILE", "/nonexistent/secret.pem", "(No such file or directory)"),
    "a folder": ("SSL_CERT_FILE", "/", "cannot be used ("),
    "no certificates": ("SSL_CERT_FILE", __file__, "(it holds no certificates)"),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_what_cannot_be_used_is_one_sentence_that_names_the_variable(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable, value, words = BROKEN[case]
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConnectError) as caught:
        network.client(ELSEWHERE)
    sentence = str(caught.value)
    assert f"the environment variable {variable} " in sentence or f" {variable} names" in sentence
    assert words in sentence
    assert "secret" not in sentence
    assert network.unusable() == sentence
    monkeypatch.delenv(variable)
    assert network.unusable() == ""
    monkeypatch.setenv(variable, value)
    async with network.client(HERE) as client:  # needs neither
        assert client.trust_env is False


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_this_machine_is_never_asked_through_a_proxy(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with StandIn([Reply({"fine": True})]) as server:
        for host in ("127.0.0.1", "localhost"):
            url = server.url.replace("127.0.0.1", host)
            async with network.client(url, timeout=20) as client:
                assert (await client.get(url)).json() == {"fine": True}
            assert network.proxy(url) == ""
    assert network.proxy("http://example.org") == variable


@pytest.mark.parametrize(
    ("host", "here"),
    [
        *(("127.0.0.1", True), ("127.8.9.1", True), ("[::1]", True), ("LOCALHOST", True), ("localhost.", True)),
        *(("a.localhost", True), ("localhost.example.org", False), ("0.0.0.0", False), ("10.0.0.1", False)),
    ],
)
def test_what_belongs_to_this_machine(host: str, here: bool) -> None:
    assert network.is_here(f"http://{host}:8000/mcp") is here


def test_a_proxy_is_named_where_it_stands_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:8080")
    monkeypatch.setenv("NO_PROXY", "intranet.example.org")
    assert network.proxy("https://api.example.org/v1") == "HTTPS_PROXY"
    assert network.proxy("http://api.example.org/v1") == ""
    assert network.proxy("https://intranet.example.org:8443/v1") == ""


async def test_a_certificate_that_is_not_known_is_named_with_the_cure_and_the_cure_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with certified(tmp_path / "own.pem", StandIn([Reply({"fine": True})])) as server:
        async with network.client(server.url, timeout=20) as client:
            with pytest.raises(httpx2.ConnectError) as caught:
                await client.get(server.url)
        assert network.untrusted(caught.value, server.url) == (
            "The certificate of 127.0.0.1 is not trusted here (self-signed certificate): if the server or your "
            "school's network has a certificate of its own, save it as a file and set the environment variable "
            "SSL_CERT_FILE to its path."
        )
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
        async with network.client(server.url, timeout=20) as client:
            assert (await client.get(server.url)).json() == {"fine": True}
            with pytest.raises(httpx2.ConnectError) as caught:
                await client.get(server.url.replace("127.0.0.1", "localhost"))
    said = network.untrusted(caught.value, "https://localhost")
    assert said.startswith("The certificate of localhost cannot be accepted (Hostname mismatch): ")
    assert network.untrusted(httpx2.ConnectError("refused"), ELSEWHERE) == ""
    assert network.untrusted(None, ELSEWHERE) == ""


def test_certificates_are_read_once_for_each_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert network.certificates() is network.certificates()
    usual = network.certificates()
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert isinstance(network.certificates(), ssl.SSLContext)
    assert network.certificates() is not usual
