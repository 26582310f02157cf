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


def machine_paths() -> Iterator[str]:
    """Patterns of paths that name one machine: this checkout's own, its neighbours', and those below a home folder.

    A short path such as /app may as well stand in an example, so only longer ones are looked for.
    """
    own = [ROOT] if len(ROOT.parts) > 2 else []
    if ROOT.parent.parent != ROOT.parent and ROOT.parent != Path(tempfile.gettempdir()).resolve():
        own += ROOT.parent.iterdir()
    if len(Path.home().parts) > 2:
        own.append(Path.home())
    for path in own:
        yield rf"(?<![\w.-]){re.escape(str(path))}(?![\w-])"
    users = "|".join(sorted(MADE_UP_USERS))
    yield rf"(?<![\w.])/(?:home|Users)/(?!(?:{users})\b)[A-Za-z]"
    yield rf"\b[A-Za-z]:[\\/]+Users[\\/]+(?!(?:{users})\b)[A-Za-z]"
    yield r"(?<![\w.])/root/\.\w"
    yield r"/ipykernel_\d"


def test_no_file_names_a_path_of_one_machine() -> None:
    pattern = re.compile("|".join(machine_paths()))
    found = [
        f"{name_of(path)}: {text[max(0, hit.start() - 20) : hit.end() + 20]!r}"
        for path, text in texts().items()
        if path.suffix not in MADE_UP_FILES and MADE_UP_FOLDERS.isdisjoint(path.parts)
        for hit in pattern.finditer(text)
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
    assert re.search("|".join(machine_paths()), f"in {path.replace('USERS', 'Users')} line 3")


@pytest.mark.parametrize("path", ["/home/app/main.py", "/var/log/nginx/error.log", "labkit/lab.py", "/rest/home/x"])
def test_the_rule_on_paths_lets_examples_pass(path: str) -> None:
    assert re.search("|".join(machine_paths()), f"in {path} line 3") is None


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
    declared = {canonicalize_name(Requirement(line).name) for line in lines} | {"mcp-types"}  # a part of mcp
    makers = importlib.metadata.packages_distributions()
    for name, found in arrows(at_run_time=False).items():
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


def test_no_file_of_code_is_too_long_to_read_at_once() -> None:
    # A lesson is read cell by cell: how many it may have is said elsewhere.
    code = [path for path in texts() if path.suffix in {".py", ".js", ".css"} and not path.name[0].isdigit()]
    lengths = {
        name_of(path): texts()[path].count("\n")
        for path in code
        if name_of(path).startswith(("labkit/", "servers/", "lessons/"))
    }
    assert {name: length for name, length in lengths.items() if length > 320} == {}


def test_all_of_labkit_is_sorted_complete_and_there() -> None:
    assert labkit.__all__ == sorted(labkit.__all__)
    made_here = {
        name
        for name, value in vars(labkit).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("labkit.")
    }
    assert made_here <= set(labkit.__all__)
    assert [name for name in labkit.__all__ if not hasattr(labkit, name)] == []


@cache
def arrows(*, at_run_time: bool) -> dict[str, set[str]]:
    """Which module imports which, by dotted name; `at_run_time` leaves out what only a type checker follows."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): set(
            imports(tree, at_run_time=at_run_time)
        )
        for path, tree in trees().items()
    }


def imports(node: ast.AST, *, at_run_time: bool) -> Iterator[str]:
    """Every dotted name that is imported at or below a node. `from a import b` gives `a` and `a.b`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield child.module or "."
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif not (at_run_time and isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from imports(child, at_run_time=at_run_time)


def kit_modules(name: str) -> set[str]:
    """The modules of the kit that a module imports, also for a type checker, as their first part below labkit."""
    found = arrows(at_run_time=False)[name]
    return {part for module in found if module.startswith("labkit.") and (part := module.split(".")[1]).islower()}


# From the ground up: what each may know of the kit. What is not named here stands above all of these.
MAY_KNOW = {
    "doctor": set[str](),
    "errors": set[str](),
    "interrupts": set[str](),
    "numbers": set[str](),
    "plain": set[str](),
    "steps": set[str](),
    "wire": set[str](),
    "runtime": {"errors", "interrupts"},
    "record": {"numbers", "steps", "wire"},
    "dial_table": {"numbers"},
    "diagram": {"flow", "plain", "steps"},
    "flow": {"diagram", "record", "steps", "wire"},
    "models": {"dial_table", "errors", "models", "numbers", "steps"},
    "host": {"dial_table", "errors", "host", "numbers", "plain", "steps"},
}


def test_arrows_in_the_kit_run_one_way() -> None:
    for name in arrows(at_run_time=False):
        part = name.split(".")[1] if name.startswith("labkit.") else ""
        if part in MAY_KNOW:
            assert kit_modules(name) <= MAY_KNOW[part], name
        elif part not in {"views", "checks", "playground", ""}:
            assert kit_modules(name).isdisjoint({"views", "checks", "models", "host", "playground"}), name
        elif part:  # the playground stands above them all
            assert part == "playground" or "playground" not in kit_modules(name), name


def test_servers_know_nobody() -> None:
    ours = ("labkit", "lessons", "tests")
    for name, found in arrows(at_run_time=False).items():
        if name.split(".")[0] == "servers":
            assert [module for module in found if module.split(".")[0] in ours] == [], name


def test_the_kit_and_the_servers_import_nothing_relatively() -> None:
    for path, tree in trees().items():
        assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level] == [], path


def test_no_module_of_the_kit_imports_itself_by_a_detour() -> None:
    graph = {name: found for name, found in arrows(at_run_time=True).items() if name.split(".")[0] == "labkit"}

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


STARTS_THREADS = {"Thread", "Timer", "ThreadPoolExecutor", "start_new_thread", "to_thread", "run_in_executor"}


def test_only_the_runtime_starts_threads() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path, tree in trees().items()
        if name_of(path).startswith("labkit/") and name_of(path) != "labkit/runtime.py"
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in STARTS_THREADS)
        or (isinstance(node, ast.ImportFrom) and STARTS_THREADS & {alias.name for alias in node.names})
    ]
    assert found == []


def test_what_is_private_to_the_sdk_is_imported_in_one_place() -> None:
    private = re.compile(r"mcp(_types)?(\.\w+)*\._")
    users = {name for name, found in arrows(at_run_time=False).items() if any(private.match(each) for each in found)}
    assert {name for name in users if name.split(".")[0] in {"labkit", "servers"}} == {"labkit.wire"}


def test_the_notebooks_of_a_checkout_hold_no_state_of_a_widget() -> None:
    for path, text in texts().items():
        if path.suffix == ".ipynb":
            assert "widgets" not in json.loads(text)["metadata"], name_of(path)


def test_scripts_may_be_executed() -> None:
    scripts = [path for path, text in texts().items() if text.startswith("#!")]
    assert {name_of(path) for path in scripts} >= {"run.py", ".ci/run", "binder/postBuild", "binder/start"}
    assert os.name == "nt" or [name_of(path) for path in scripts if not os.access(path, os.X_OK)] == []
