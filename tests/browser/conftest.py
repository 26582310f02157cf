"""A real JupyterLab for the whole run, and a page in Chromium that may talk to this machine only."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Error, Request, WebError, expect, sync_playwright

from tests.browser.lab_page import LabPage

REPOSITORY = Path(__file__).parents[2]
USUAL = (
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
OPTIONS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def find_chromium() -> str | None:
    """The Chromium to use: `LABKIT_CHROMIUM`, or one in the usual places."""
    named = os.environ.get("LABKIT_CHROMIUM")
    if named:
        return named
    return next((path for path in USUAL if Path(path).is_file()), None) or shutil.which("chromium")


NewPage = Callable[..., AbstractContextManager[LabPage]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module: while Playwright runs, its loop runs in this thread and no test can start another."""
    path = find_chromium()
    if path is None or not Path(path).is_file():
        lacking = f"no Chromium at {path or 'the usual places'}: set LABKIT_CHROMIUM to one"
        if os.environ.get("LABKIT_REQUIRE_BROWSER") == "1":
            pytest.fail(lacking)
        pytest.skip(lacking)
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(OPTIONS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that JupyterLab serves. What the notebooks write stays in it."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="session")
def lab_url(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab with the settings that `run.py` and Binder give it, and nobody's own."""
    home = tmp_path_factory.mktemp("home")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    environment = {
        **os.environ,
        **own,
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_CONFIG_PATH": str(REPOSITORY / "binder" / "jupyter"),
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}", "--IdentityProvider.token="]
    command += ["--LabApp.expose_app_in_browser=True", "--ServerApp.log_level=ERROR"]
    log = (home / "jupyterlab.log").open("w+", encoding="utf-8")
    with log, subprocess.Popen(command, env=environment, cwd=root, stdout=log, stderr=log) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            until_lab_answers(url, server, Path(log.name))
            yield url
        finally:
            server.terminate()
            server.wait(20)


def until_lab_answers(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = monotonic() + 240
    while monotonic() < end and server.poll() is None:
        try:
            if httpx.get(f"{url}/api/status", trust_env=False).is_success:
                return
        except httpx.TransportError:
            sleep(0.1)  # between two looks at a process that is starting
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


def is_here(url: str) -> bool:
    """Whether a request stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme in {"data", "blob", "about"} or parts.hostname in {"127.0.0.1", "localhost"}


@contextmanager
def watched(context: BrowserContext) -> Iterator[None]:
    """Fail when anything in `context` turned to another machine, opened a dialog of its own, or broke."""
    wrong: list[str] = []

    def asked(request: Request) -> None:
        if not is_here(request.url):
            wrong.append(f"asked for {request.url}")

    def opened(dialog: Dialog) -> None:
        if dialog.type == "beforeunload":  # Lab's own, where a widget's picture was told after the last save
            dialog.accept()
            return
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def failed(error: WebError) -> None:
        # Lab itself drops what it had asked of a kernel that is then restarted, and says so as an error.
        if "Canceled future" not in str(error.error):
            wrong.append(f"error: {error.error}")

    context.on("request", asked)
    context.on("dialog", opened)
    context.on("weberror", failed)
    yield
    assert wrong == []


@pytest.fixture(scope="module")
def new_page(browser: Browser, lab_url: str) -> NewPage:
    """`with new_page() as lab_page:` a fresh tab that may reach this machine only."""

    @contextmanager
    def make(width: int = 1366, height: int = 768) -> Iterator[LabPage]:
        context = browser.new_context(viewport={"width": width, "height": height})
        context.set_default_timeout(60_000)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=lab_url)
        try:
            with watched(context):
                yield LabPage(context.new_page(), lab_url)
        finally:
            with suppress(Error):  # it is closed already where the browser was lost
                context.close()

    return make
