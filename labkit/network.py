"""The way to an address: an HTTP client that obeys proxies and certificates of the environment, or says what is wrong.

    async with network.client("https://example.org/mcp", timeout=10) as client: ...

httpx2 reads HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR, and raises whatever it meets there:
ImportError, ValueError, FileNotFoundError. Here each is a sentence that names the variable and never quotes it, since
a proxy's address may hold a password. This machine is never asked through a proxy.
"""

import ipaddress
import os
import ssl
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, getproxies_environment, proxy_bypass

import httpx2

from labkit.errors import ConnectError

C = TypeVar("C", bound=httpx2.AsyncClient)

NOT_KNOWN = {18, 19, 20, 21}
"""OpenSSL's numbers for a certificate whose maker is not known here (X509_V_ERR_…): a file of certificates helps."""


def is_here(url: str) -> bool:
    """Whether an address belongs to this machine."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def spare_this_machine() -> None:
    """Have clients that others make, who read the environment, reach this machine without a proxy too."""
    spared = getproxies_environment().get("no", "")
    if "127.0.0.1" not in spared.split(","):
        os.environ["no_proxy"] = f"{spared},127.0.0.1".lstrip(",")


def client(url: str, kind: type[C] = httpx2.AsyncClient, **options: Any) -> C:
    """An HTTP client of the class `kind` for `url`, with the `options` of httpx2.

    Raises:
        ConnectError: A proxy or the certificates of the environment cannot be used.
    """
    try:
        is_address = bool(httpx2.URL(url).host)
    except (httpx2.InvalidURL, ValueError):
        is_address = False
    if not is_address:
        raise ConnectError("this is no address: one looks like http://127.0.0.1:8000/mcp.")
    try:
        verify = certificates()
    except ConnectError:
        if urlsplit(url).scheme == "https":
            raise
        verify = _certificates("", "")  # a plain address needs none
    try:
        return kind(verify=verify, trust_env=not is_here(url), **options)
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        raise ConnectError(_about_proxies(isinstance(error, ImportError))) from None


def unusable() -> str:
    """What the environment says of proxies or certificates and no client can use, in a sentence; empty otherwise.

    A client that is not the kit's own raises of it what names no variable.
    """
    try:
        client("https://example.org")
    except ConnectError as error:
        return str(error)
    return ""


def certificates() -> ssl.SSLContext:
    """The certificates that are trusted. They are read once, which takes 20 ms and more, and anew for another setting.

    Raises:
        ConnectError: The file of SSL_CERT_FILE holds no certificates or cannot be read.
    """
    file, folder = os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")
    try:
        return _certificates(file, folder)
    except OSError as error:
        why = "it holds no certificates" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConnectError(
            f"[FIX] The file that the environment variable SSL_CERT_FILE names cannot be used ({why}): name a file of "
            "certificates in PEM format, or delete the variable."
        ) from None


@lru_cache(maxsize=4)
def _certificates(file: str, folder: str) -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=bool(file or folder))


def untrusted(error: BaseException | None, url: str) -> str:
    """The sentence for a certificate that failed on the way to `url`; empty where `error` has another cause."""
    while error and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    if error is None:
        return ""
    host, why = urlsplit(url).hostname, error.verify_message.partition(",")[0]
    if error.verify_code not in NOT_KNOWN:
        return f"The certificate of {host} cannot be accepted ({why}): ask whoever runs it for another."
    return (
        f"The certificate of {host} is not trusted here ({why}): if the server or your school's network has a "
        "certificate of its own, save it as a file and set the environment variable SSL_CERT_FILE to its path."
    )


def proxy(url: str) -> str:
    """The name of the environment variable whose proxy stands between here and `url`; empty without one."""
    parts, proxies = urlsplit(url), getproxies()
    scheme = next((each for each in (parts.scheme, "all") if proxies.get(each)), "")
    return "" if not scheme or is_here(url) or proxy_bypass(parts.netloc) else _variable(scheme)


def _about_proxies(lacks_package: bool) -> str:
    """What is wrong with the proxies of the environment, which httpx2 reads all before it needs one."""
    need = "a package that is missing (pip install socksio)" if lacks_package else "another address"
    scheme = next(each for each in ("http", "https", "all") if each == "all" or not _works(getproxies().get(each)))
    return (
        f"[FIX] The proxy that the environment variable {_variable(scheme)} names cannot be used, it needs {need}: "
        "name one such as http://proxy.example.org:8080, or delete the variable."
    )


def _works(proxy: str | None) -> bool:
    address = proxy if not proxy or "://" in proxy else f"http://{proxy}"
    try:
        httpx2.Client(proxy=address, trust_env=False, verify=False).close()
    except (ImportError, ValueError, httpx2.InvalidURL):
        return False
    return True


def _variable(scheme: str) -> str:
    """The name under which the environment holds the proxy for `scheme`; in small letters it comes first."""
    small = f"{scheme}_proxy"
    return small if os.environ.get(small) else small.upper()
