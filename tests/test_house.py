"""Rules that hold for the whole repository, read off its files and their syntax trees."""

import ast
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import labkit
from labkit.playground.sources import in_the_box

ROOT = Path(__file__).parent.parent
NOT_OURS = {".git", ".venv", "__pycache__", ".hypothesis", ".ipynb_checkpoints", ".pytest_cache", ".ruff_cache"}

# Logs and corpora are made up by hand and speak of machines that do not exist.
MADE_UP_FILES = {".log"}
MADE_UP_FOLDERS = {"corpus"}
MADE_UP_USERS = {"app", "deploy", "jovyan", "me", "you"}


@cache
def files() -> tuple[Path, ...]:
    """What git tracks or would track; in a copy without git, whatever is there and is not a by-product."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout
        return tuple(path for name in sorted(listed.split("\0")) if name and (path := ROOT / name).is_file())
    found = (path for path in sorted(ROOT.rglob("*")) if path.is_file())
    return tuple(path for path in found if NOT_OURS.isdisjoint(path.relative_to(ROOT).parts))


@cache
def texts() -> dict[Path, str]:
    """The files that hold text, with what they hold."""
    contents = {path: path.read_bytes() for path in files()}
    return {path: content.decode("utf-8") for path, content in contents.items() if b"\0" not in content}


@cache
def trees() -> dict[Path, ast.Module]:
    """The syntax tree of every Python file. A lesson awaits at its top level, as a notebook does."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return {
        path: compile(text, str(path), "exec", flags, dont_inherit=True)
        for path, text in texts().items()
        if path.suffix == ".py"
    }


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    """Let go of the trees: with a million objects more every later collection of garbage takes half a second."""
    yield
    for kept in (files, texts, trees, arrows):
        kept.cache_clear()


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def dependencies() -> list[str]:
    return pyproject()["project"]["dependencies"]


def locked() -> dict[str, str]:
    """Name and version of every package in the lock."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, re.MULTILINE))


# ---- what must not be in any file


def machine_paths() -> Iterator[tuple[str, str]]:
    """Patterns of paths that name one machine: this checkout's own, its neighbours', and those below a home folder.

    Before each stands a word that is in whatever it matches: to look for that first is much faster. A short path such
    as /app may as well stand in an example, so only longer ones are looked for.
    """
    own = [ROOT] if len(ROOT.parts) > 2 else []
    if ROOT.parent.parent != ROOT.parent and ROOT.parent != Path(tempfile.gettempdir()).resolve():
        own += ROOT.parent.iterdir()
    if len(Path.home().parts) > 2:
        own.append(Path.home())
    for path in own:
        yield str(path), rf"(?<![\w.-]){re.escape(str(path))}(?![\w-])"
    users = "|".join(sorted(MADE_UP_USERS))
    for folder in ("/home/", "/Users/"):
        yield folder, rf"(?<![\w.]){folder}(?!(?:{users})\b)[A-Za-z]"
    yield "Users", rf"\b[A-Za-z]:[\\/]+Users[\\/]+(?!(?:{users})\b)[A-Za-z]"
    yield "/root/.", r"(?<![\w.])/root/\.\w"
    yield "/ipykernel_", r"/ipykernel_\d"


def paths_in(text: str) -> list[str]:
    """What in a text names the path of a machine, with what stands beside it."""
    return [
        text[max(0, hit.start() - 20) : hit.end() + 20]
        for word, pattern in machine_paths()
        if word in text
        for hit in re.finditer(pattern, text)
    ]


def test_no_file_names_a_path_of_one_machine() -> None:
    found = [
        f"{name_of(path)}: {named!r}"
        for path, text in texts().items()
        if path.suffix not in MADE_UP_FILES and MADE_UP_FOLDERS.isdisjoint(path.parts)
        for named in paths_in(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "path",
    [
        str(ROOT / "labkit" / "lab.py"),
        "/HOME/somebody/x.py",
        "/USERS/Somebody/x.py",
        "C:\\USERS\\Somebody\\x.py",
        "/ROOT/.pyenv",
        "/tmp/IPYKERNEL_123/4.py",
    ],
)
def test_the_rule_on_paths_sees_the_path_of_a_machine(path: str) -> None:
    for shouted in ("HOME", "ROOT", "IPYKERNEL"):  # written so above, or this file would break the rule it tests
        path = path.replace(shouted, shouted.lower())
    assert paths_in(f"in {path.replace('USERS', 'Users')} line 3")


@pytest.mark.parametrize("path", ["/home/app/main.py", "/var/log/nginx/error.log", "labkit/lab.py", "/rest/home/x"])
def test_the_rule_on_paths_lets_examples_pass(path: str) -> None:
    assert paths_in(f"in {path} line 3") == []


def test_no_file_names_the_host_of_a_package_registry() -> None:
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
    hosts += [".".join(parts) for parts in (("npmjs", "com"), ("anaconda", "org"), ("yarnpkg", "com"))]
    found = [f"{name_of(path)}: {host}" for path, text in texts().items() for host in hosts if host in text]
    assert found == []


def test_the_lock_holds_names_versions_and_hashes_only() -> None:
    entry = re.compile(
        r"[a-z0-9][a-z0-9-]*==[\w.!+]+(?: ; [\w\s.<>=!'()]+)? \\"  # name==version ; marker \
        r"|    --hash=sha256:[0-9a-f]{64}(?: \\)?"
        r"|    #(?: via)?(?:   | )?[\w\s().:-]*"
    )
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    body = [line for line in lines if not line.startswith("#")]
    assert [line for line in body if not entry.fullmatch(line)] == []
    assert [line for line in lines if line.startswith("#")] == lines[:2]


def test_the_lock_satisfies_every_range_of_the_project() -> None:
    project, groups = pyproject()["project"], pyproject()["dependency-groups"]
    wanted = [*dependencies()]
    for extra in [*project["optional-dependencies"].values(), *groups.values()]:
        wanted += extra
    versions = locked()
    ranges = [each for line in wanted if (each := Requirement(line)).name != project["name"]]
    assert [str(each) for each in ranges if not each.specifier.contains(versions.get(each.name, "0"))] == []


def test_what_the_kit_and_the_servers_import_is_declared() -> None:
    """What comes along with another package today may not tomorrow."""
    extras = pyproject()["project"]["optional-dependencies"]
    lines = [*dependencies(), *(line for name in extras.keys() - {"author", "test"} for line in extras[name])]
    parts = {"mcp-types", "pydantic-core"}  # of mcp and of pydantic
    declared = parts | {canonicalize_name(Requirement(line).name) for line in lines}
    makers = importlib.metadata.packages_distributions()
    for name, found in arrows().items():
        if name.split(".")[0] in {"labkit", "servers"}:
            tops = {module.split(".")[0] for module in found} - sys.stdlib_module_names - {"labkit", "servers"}
            undeclared = {top for top in tops if declared.isdisjoint(map(canonicalize_name, makers.get(top, [top])))}
            assert undeclared == set(), name


def test_the_hooks_before_a_commit_use_the_ruff_of_the_lock() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    pins = {pin for repo in hooks["repos"] for hook in repo["hooks"] for pin in hook.get("additional_dependencies", [])}
    assert pins == {f"ruff=={locked()['ruff']}"}


# ---- files that every system can hold and read


def test_file_names_are_ascii_and_differ_in_more_than_case() -> None:
    names = [name_of(path) for path in files()]
    assert [name for name in names if not re.fullmatch(r"[\w./@-]+", name, re.ASCII)] == []
    assert len({name.lower() for name in names}) == len(names)


def test_every_text_ends_its_lines_with_a_newline_alone() -> None:
    assert [name_of(path) for path, text in texts().items() if "\r" in text or text.startswith("\ufeff")] == []
    assert [name_of(path) for path, text in texts().items() if text and not text.endswith("\n")] == []


def lacks_encoding(call: ast.Call) -> bool:
    """Whether a call reads or writes text in whatever encoding the machine happens to have."""
    named = {keyword.arg for keyword in call.keywords}
    if "encoding" in named or None in named:
        return False
    match call.func:
        case ast.Name("open"):
            mode = [*call.args[1:2], *(each.value for each in call.keywords if each.arg == "mode")]
            return len(call.args) < 4 and not is_binary(mode)
        case ast.Attribute(attr="open"):
            # Only a path's open() takes a mode first; os.open, webbrowser.open and the like take a name.
            mode = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "mode")]
            is_paths = not mode or (
                isinstance(mode[0], ast.Constant) and re.fullmatch("[rwaxbt+]+", str(mode[0].value))
            )
            return bool(is_paths) and len(call.args) < 3 and not is_binary(mode)
        case ast.Attribute(attr="read_text"):
            return not call.args
        case ast.Attribute(attr="write_text"):
            return len(call.args) < 2
        case _:
            return False


def is_binary(mode: list[ast.expr]) -> bool:
    return bool(mode) and isinstance(mode[0], ast.Constant) and "b" in str(mode[0].value)


def test_every_file_is_opened_with_an_encoding() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and lacks_encoding(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "lacks"),
    [
        ("open(p)", True),
        ("open(p, 'w')", True),
        ("open(p, 'rb')", False),
        ("open(p, encoding='utf-8')", False),
        ("p.open()", True),
        ("p.open('wb')", False),
        ("os.open(p, flags)", False),
        ("p.read_text()", True),
        ("p.read_text('utf-8')", False),
        ("p.write_text(t)", True),
        ("p.write_text(t, encoding='utf-8')", False),
    ],
)
def test_the_rule_on_encodings_knows_the_ways_to_open_a_file(source: str, lacks: bool) -> None:
    call = ast.parse(source, mode="eval").body
    assert isinstance(call, ast.Call)
    assert lacks_encoding(call) == lacks


# ---- size and shape of the kit


def test_what_is_no_text_is_a_picture_or_the_weights() -> None:
    binary = {name_of(path) for path in files() if path not in texts()}
    strange = {name for name in binary if not re.fullmatch(r"docs/[\w-]+\.png", name)}
    assert strange == {"labkit/models/tiny/weights.npz"}


def test_a_file_of_code_is_read_in_one_sitting() -> None:
    """The mean of all, for a cap on each file once cut classes in two. It was 146 lines when this was written."""
    lengths = [
        text.count("\n")
        for path, text in texts().items()
        if path.suffix in {".py", ".js", ".css"} and name_of(path).startswith(("labkit/", "servers/"))
    ]
    assert sum(lengths) / len(lengths) <= 170


def test_all_of_labkit_is_sorted_complete_and_there() -> None:
    assert labkit.__all__ == sorted(labkit.__all__)
    public = {name for name in vars(labkit) if not name.startswith("_")} - {"Any", "TYPE_CHECKING", "import_module"}
    modules = {path.stem for path in (ROOT / "labkit").iterdir()}
    assert public <= {*labkit.__all__} | modules
    assert [name for name in labkit.__all__ if not hasattr(labkit, name)] == []


def test_what_a_secret_looks_like_costs_a_server_nothing_else() -> None:
    script = "import sys; had = {*sys.modules}; import labkit.secret_forms; print(*sorted({*sys.modules} - had))"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    ours = [name for name in loaded.split() if name.split(".")[0] not in sys.stdlib_module_names]
    assert {".".join(name.split(".")[:2]) for name in ours} == {"labkit", "labkit.secret_forms"}


@cache
def arrows() -> dict[str, set[str]]:
    """Which module imports which, by dotted name, also where only a type checker follows."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): set(imports(tree))
        for path, tree in trees().items()
    }


def imports(node: ast.AST) -> Iterator[str]:
    """Every dotted name that is imported at or below a node. `from a import b` gives `a` and `a.b`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield child.module or "."
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        else:
            yield from imports(child)


def kit_modules(name: str) -> set[str]:
    """The modules of the kit that a module imports, also for a type checker, as their first part below labkit."""
    found = arrows()[name]
    return {part for module in found if module.startswith("labkit.") and (part := module.split(".")[1]).islower()}


# From the ground up: what each may know of the kit. What is not named here stands above all of these.
MAY_KNOW = {
    "doctor": set[str](),
    "errors": {"plain"},
    "interrupts": set[str](),
    "numbers": set[str](),
    "plain": {"secret_forms"},
    "secret_forms": {"secret_forms"},
    "steps": set[str](),
    "front_end": set[str](),
    "files": set[str](),
    "course": {"course", "files", "front_end", "plain"},
    "cutting": set[str](),
    "lines": set[str](),
    "unread": {"plain"},
    "exchange": set[str](),
    "wire": {"cutting", "exchange", "lines", "unread"},
    "unawaited": {"errors"},
    "callbacks": {"errors", "unawaited"},
    "network": {"errors"},
    "programs": {"errors", "front_end"},
    "runtime": {"errors", "interrupts"},
    "open_requests": {"wire"},
    "record": {"cutting", "numbers", "steps", "wire"},
    "dial_table": {"numbers"},
    "diagram": {"plain", "steps"},
    "loops": {"cutting", "plain", "secret_forms"},
    "loop_reader": {"cutting", "diagram", "loops", "steps"},
    "flow": {"cutting", "diagram", "loop_reader", "loops", "record", "steps", "wire"},
    "redacting": {"cutting", "diagram", "flow", "secret_forms"},
    "models": {"callbacks", "dial_table", "errors", "models", "network", "numbers", "plain", "steps", "uses"},
    "host": {
        "callbacks",
        "cutting",
        "dial_table",
        "errors",
        "files",
        "host",
        "numbers",
        "open_requests",
        "plain",
        "redacting",
        "secret_forms",
        "steps",
        "uses",
    },
    "attacks": {
        "attacks",
        "call",
        "callbacks",
        "command_line",
        "errors",
        "host",
        "lab",
        "models",
        "numbers",
        "open_requests",
        "plain",
        "secret_forms",
        "steps",
    },
}
ASKED_FOR = {"labkit.lab": {"telemetry"}}
"""What a module of the core takes from above in the moment in which a caller asks for it."""


def test_arrows_in_the_kit_run_one_way() -> None:
    for name in arrows():
        part = name.split(".")[1] if name.startswith("labkit.") else ""
        if part in MAY_KNOW:
            assert kit_modules(name) <= MAY_KNOW[part], name
        elif part == "telemetry":
            assert kit_modules(name).isdisjoint({"lab", "views", "attacks", "checks", "course", "playground"}), name
        elif part not in {"views", "checks", "playground", ""}:
            above = {"views", "attacks", "checks", "course", "models", "host", "playground", "telemetry"} - {part}
            assert kit_modules(name).isdisjoint(above - ASKED_FOR.get(name, set())), name
        elif part:  # the playground stands above them all
            assert part == "playground" or "playground" not in kit_modules(name), name


def test_servers_know_nobody() -> None:
    ours = ("labkit", "lessons", "tests")
    for name, found in arrows().items():
        if name.split(".")[0] == "servers":
            known = {module for module in found if module.split(".")[0] in ours}
            # The one exception: what a secret looks like is said once, in a package that itself knows nobody.
            assert {module for module in known if module.split(".")[:2] != ["labkit", "secret_forms"]} == set(), name


def test_each_server_is_in_the_box_and_has_its_tests() -> None:
    servers = {
        path.stem
        for path, tree in trees().items()
        if path.parent == ROOT / "servers" and any(getattr(node, "name", "") == "make_server" for node in tree.body)
    }
    assert servers - {"hostile"} == set(in_the_box())  # who attacks on purpose is offered to nobody
    assert servers <= {path.stem.removeprefix("test_") for path in texts() if path.parent == ROOT / "tests/servers"}


def test_the_kit_and_the_servers_import_nothing_relatively() -> None:
    for path, tree in trees().items():
        assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level] == [], path


def test_no_module_of_the_kit_imports_itself_by_a_detour() -> None:
    graph = {name: found for name, found in arrows().items() if name.split(".")[0] == "labkit"}

    def around(name: str) -> set[str]:
        """The packages that a module stands in: it may take a sibling through them."""
        parts = name.split(".")
        return {".".join(parts[:i]) for i in range(1, len(parts))}

    def reached(name: str, seen: set[str]) -> set[str]:
        for module in graph[name] & graph.keys() - around(name) - seen:
            seen.add(module)
            reached(module, seen)
        return seen

    assert [name for name in graph if name != "labkit" and name in reached(name, set())] == []


# ---- what a browser has not: threads, processes, sockets, signals

# A dotted name stands for all below it. A name that begins with a dot is looked for on any object.
NOT_IN_A_BROWSER = {
    "thread": """
        threading.Thread threading.Timer _thread asyncio.to_thread anyio.to_thread anyio.from_thread xllamacpp
        concurrent.futures.ThreadPoolExecutor concurrent.futures.thread
        opentelemetry.sdk.trace.export.BatchSpanProcessor opentelemetry.sdk.metrics.export.PeriodicExportingMetricReader
        .Thread .Timer .ThreadPoolExecutor .ThreadPool .start_new_thread .to_thread .run_in_executor
        """,
    "process": """
        subprocess multiprocessing pty asyncio.subprocess asyncio.create_subprocess_exec asyncio.create_subprocess_shell
        anyio.run_process anyio.open_process anyio.to_process concurrent.futures.ProcessPoolExecutor
        concurrent.futures.process mcp.stdio_client mcp.client.stdio
        os.fork os.forkpty os.system os.popen os.posix_spawn os.posix_spawnp os.startfile
        os.execl os.execle os.execlp os.execlpe os.execv os.execve os.execvp os.execvpe
        os.spawnl os.spawnle os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe
        .ProcessPoolExecutor .create_subprocess_exec .create_subprocess_shell .subprocess_exec .subprocess_shell .fork
        """,
    "socket": """
        socket socketserver http.server http.client urllib.request uvicorn wsgiref xmlrpc
        asyncio.start_server asyncio.open_connection asyncio.start_unix_server asyncio.open_unix_connection
        anyio.create_tcp_listener anyio.connect_tcp anyio.create_udp_socket
        .start_server .open_connection .create_server .create_connection .create_datagram_endpoint .sock_connect
        """,
    "signal": "signal ctypes.pythonapi .add_signal_handler .pythonapi",
}
KIND_OF = {name: kind for kind, names in NOT_IN_A_BROWSER.items() for name in names.split()}

# What each file may use of these, and why. All others run where Pyodide runs.
MAY_USE = {
    "labkit/runtime.py": ("thread signal", "the lab thread and its watchdog; a loop that runs away is broken off"),
    "labkit/interrupts.py": ("signal", "an interrupt waits until what is being made has an owner"),
    "labkit/child.py": ("process signal", "a server that is a command, what it writes, and its end"),
    "labkit/connection.py": ("thread", "an import of seconds does not hold up the loop"),
    "labkit/programs.py": ("process socket", "a server over HTTP beside the kernel"),
    "labkit/network.py": ("socket", "which proxies the environment names"),
    "labkit/doctor.py": ("socket", "looks whether this machine lets a server listen"),
    "labkit/models/provider.py": ("thread", "an import of seconds does not hold up the loop"),
    "labkit/models/gguf.py": ("thread", "llama.cpp computes beside the loop"),
    "labkit/models/llama_cpp.py": ("thread", "a lock: of two requests at once one loads the model"),
    "labkit/telemetry/otlp.py": ("thread", "spans are sent beside the loop, where the user has set the variables"),
    "labkit/checks/standin.py": ("socket", "the API that a student's callback calls"),
    "labkit/checks/sampling/faults.py": ("socket", "a port on which nobody listens"),
    "labkit/playground/connections.py": ("socket", "a server over HTTP"),
    "servers/tracing.py": ("thread", "spans are sent beside the loop, where the variables ask for it"),
    "labkit/telemetry/collector.py": (
        "socket",
        "servers send their spans to this kernel, where a collector was opened",
    ),
    "servers/processes.py": ("process signal", "several processes of a server, which end together"),
    "servers/serving.py": ("thread", "a slow file does not hold up the loop"),
}


def full_names(tree: ast.Module) -> Iterator[str]:
    """Every name that a module imports or looks up, spelt from the module that it comes from.

    A name on an object whose origin cannot be told begins with a dot. The local name of an import counts in the whole
    file, in whatever function it stands.
    """
    local: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                local[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                local[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                yield f"{node.module}.{alias.name}"

    def spelt(node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return local.get(node.id, "")
        if isinstance(node, ast.Attribute):
            return f"{spelt(node.value)}.{node.attr}"
        return imported(node) if isinstance(node, ast.Call) else ""

    def imported(call: ast.Call) -> str:
        """The module that `import_module("name")` or `__import__("name")` gives."""
        maker = spelt(call.func) or ast.unparse(call.func)
        told = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
        return str(told) if maker.endswith(("import_module", "__import__")) and told else ""

    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield spelt(node)
            yield f".{node.attr}"
        elif isinstance(node, ast.Call):
            yield imported(node)
            if ast.unparse(node.func) == "getattr" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
                yield f"{spelt(node.args[0])}.{node.args[1].value}"


def kinds_used(tree: ast.Module) -> set[str]:
    """Which of threads, processes, sockets and signals a module may reach for. `from x import *` takes all of x."""
    kinds: set[str] = set()
    for name in full_names(tree):
        parts = name.split(".")
        above = {".".join(parts[: i + 1]) for i in range(len(parts))}
        if parts[-1] == "*":
            above |= {each for each in KIND_OF if each.startswith(name[:-1])}
        kinds |= {KIND_OF[each] for each in (above | {name}) & KIND_OF.keys()}
    return kinds


def test_only_these_files_use_what_a_browser_has_not() -> None:
    used = {
        name_of(path): kinds
        for path, tree in trees().items()
        if name_of(path).startswith(("labkit/", "servers/")) and (kinds := kinds_used(tree))
    }
    assert used == {name: set(kinds.split()) for name, (kinds, _) in MAY_USE.items()}


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import threading\nthreading.Thread(target=f)", "thread"),
        ("import threading as t\nt.Timer(1, f)", "thread"),
        ("from threading import Thread as T", "thread"),
        ("from threading import *", "thread"),
        ("import threading\nother = threading\nother.Thread()", "thread"),
        ("import threading\ngetattr(threading, 'Thread')()", "thread"),
        ("import _thread", "thread"),
        ("def f():\n    from asyncio import to_thread", "thread"),
        ("async def f():\n    import asyncio\n    await asyncio.to_thread(g)", "thread"),
        ("import anyio\nanyio.to_thread.run_sync(f)", "thread"),
        ("from anyio import to_thread", "thread"),
        ("from anyio.to_thread import run_sync", "thread"),
        ("from anyio.from_thread import start_blocking_portal", "thread"),
        ("asyncio.get_running_loop().run_in_executor(None, f)", "thread"),
        ("from concurrent.futures import ThreadPoolExecutor", "thread"),
        ("from opentelemetry.sdk.trace.export import BatchSpanProcessor", "thread"),
        ("import concurrent.futures\nconcurrent.futures.ThreadPoolExecutor()", "thread"),
        ("import subprocess", "process"),
        ("def f():\n    import subprocess as s", "process"),
        ("from subprocess import run", "process"),
        ("from importlib import import_module as get\nget('subprocess')", "process"),
        ("import importlib\nimportlib.import_module('subprocess').run('x')", "process"),
        ("__import__('subprocess')", "process"),
        ("import asyncio\nasyncio.create_subprocess_exec('x')", "process"),
        ("from asyncio import create_subprocess_shell", "process"),
        ("import multiprocessing.shared_memory", "process"),
        ("from multiprocessing import Process", "process"),
        ("from concurrent import futures\nfutures.ProcessPoolExecutor()", "process"),
        ("import os\nos.fork()", "process"),
        ("import os as o\no.system('x')", "process"),
        ("from os import popen", "process"),
        ("from os import *", "process"),
        ("from mcp import stdio_client", "process"),
        ("import socket", "socket"),
        ("from socket import create_connection", "socket"),
        ("import socketserver", "socket"),
        ("from http import server", "socket"),
        ("import http.server", "socket"),
        ("import uvicorn", "socket"),
        ("from importlib import import_module\nimport_module('uvicorn.config')", "socket"),
        ("import asyncio\nasyncio.start_server(f)", "socket"),
        ("loop.create_connection(f)", "socket"),
        ("import signal", "signal"),
        ("loop.add_signal_handler(2, f)", "signal"),
        ("from ctypes import pythonapi", "signal"),
        ("import ctypes\nctypes.pythonapi.PyThreadState_SetAsyncExc(1, x)", "signal"),
    ],
)
def test_the_rule_on_browsers_sees_each_form(source: str, kind: str) -> None:
    assert kinds_used(ast.parse(source)) == {kind}


@pytest.mark.parametrize(
    "source",
    [
        "import threading\nthreading.Lock()",
        "from threading import Event, RLock, get_ident",
        "from concurrent.futures import Future",
        "import os\nos.replace(a, b)",
        "import platform\nplatform.system()",
        "import asyncio\nasyncio.create_task(f())",
        "socket = process = signal = None\nprint(socket, signal)",
        "text = 'import subprocess'",
        "from mcp import StdioServerParameters",
    ],
)
def test_the_rule_on_browsers_lets_the_rest_pass(source: str) -> None:
    assert kinds_used(ast.parse(source)) == set()


def test_what_is_private_to_the_sdk_is_imported_in_one_place() -> None:
    private = re.compile(r"mcp(_types)?(\.\w+)*\._")
    users = {name for name, found in arrows().items() if any(private.match(each) for each in found)}
    assert {name for name in users if name.split(".")[0] in {"labkit", "servers"}} == {"labkit.wire"}


def test_the_notebooks_of_a_checkout_hold_no_state_of_a_widget() -> None:
    for path, text in texts().items():
        if path.suffix == ".ipynb":
            assert "widgets" not in json.loads(text)["metadata"], name_of(path)


def test_scripts_may_be_executed() -> None:
    scripts = [path for path, text in texts().items() if text.startswith("#!")]
    assert {name_of(path) for path in scripts} >= {"run.py", ".ci/run", "binder/postBuild", "binder/start"}
    assert os.name == "nt" or [name_of(path) for path in scripts if not os.access(path, os.X_OK)] == []


def test_no_test_sets_a_profile_or_trace_function_in_the_process_of_others() -> None:
    """Python 3.11 spins for ever under one where Playwright has run before; `tests/servers/growth.py` has its own."""
    found = {
        name_of(path)
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"setprofile", "settrace", "_settrace"}
    }
    assert found <= {"tests/servers/growth.py"}
