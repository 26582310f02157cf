"""The files that the pages for developers name are there, and the map names every file of the kit and the servers."""

import re
from collections.abc import Iterator

import pytest

from tests.test_house import ROOT, name_of, texts

DOCS = ["MAP", "DECISIONS", "moving-off", "SMOLLM", "attacks", "telemetry", "USE_CASES"]
PAGES = [*(f"docs/{name}.md" for name in DOCS), "CONTRIBUTING.md", "training/README.md", "training/LOG.md"]
SUFFIX = r"\.(?:py|js|css|md|toml|txt|jsonl?|npz)"
NAMED = re.compile(rf"`((?:[\w.*-]+/)+|(?:[\w.*-]+/)*[\w*-]+{SUFFIX})`|\]\(([^)#:]+)\)")
LINE = re.compile(r"(?P<indent> *)(?P<names>\S+(?: \S+)*)(?: {2,}.+)?")


def tree() -> list[tuple[str, str]]:
    """The map's tree as (folder, name) for each name in it; ("labkit/", "") for the line of a folder itself."""
    text = texts()[ROOT / "docs/MAP.md"]
    block = text.partition("```\n")[2].partition("```")[0]
    found: list[tuple[str, str]] = []
    folder = ""
    for line in block.splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        if not match["indent"]:
            folder, *others = match["names"].removeprefix("./").split(" ")
            found += ((each, "") for each in (folder, *others))
        else:
            found += ((folder, name) for name in match["names"].split(" "))
    return found


def named(page: str) -> Iterator[str]:
    """The files and folders that a page names in `code` or links to, without those that stand for any of a kind."""
    text = re.sub(r"^```.*?^```$", "", texts()[ROOT / page], flags=re.MULTILINE | re.DOTALL)
    for match in NAMED.finditer(text):
        name = match[1] or match[2]
        if not re.search(r"NN|NAME|RUN", name):
            yield name


def test_the_tree_names_what_is_there() -> None:
    gone = [f"{folder}{name}" for folder, name in tree() if not any((ROOT / folder).glob(name or "*"))]
    assert gone == [], f"no longer there, take out of docs/MAP.md: {' '.join(gone)}"


def test_the_tree_names_every_file_of_the_kit_and_the_servers() -> None:
    listed = {path for folder, name in tree() if name for path in (ROOT / folder).glob(name)}
    folders = {folder for folder, name in tree() if not name}
    ours = [path for path in texts() if name_of(path).startswith(("labkit/", "servers/"))]
    missing = [name_of(path) for path in ours if path not in listed and path.name != "__init__.py"]
    missing += sorted({f"{name_of(path.parent)}/" for path in ours} - folders)
    assert missing == [], f"add to the tree in docs/MAP.md: {' '.join(missing)}"


@pytest.mark.parametrize("page", PAGES)
def test_each_file_that_a_page_names_is_there(page: str) -> None:
    """From the root of the repository, or from the page's own folder; a bare name may be that of a file anywhere."""
    every = {path.name for path in texts()}
    names = list(named(page))
    here = (ROOT / page).parent
    assert names
    missing = [
        name
        for name in names
        if not any(any(folder.glob(name)) for folder in (ROOT, here))
        and not (here / name).exists()
        and name not in every
    ]
    assert missing == [], f"{page} names what is not there: {' '.join(missing)}"


def test_the_map_fits_on_a_few_screens() -> None:
    assert texts()[ROOT / "docs/MAP.md"].count("\n") <= 180
