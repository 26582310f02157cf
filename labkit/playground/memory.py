"""The place where the settings of last time are kept: one small JSON file for each notebook, or none.

The file lies in Jupyter's data folder, or where `LABKIT_PLAYGROUND_SETTINGS` says; `off` there keeps nothing.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

PLACE = "LABKIT_PLAYGROUND_SETTINGS"
"""The environment variable that names another folder, or `off`."""

FORM = 1
"""The number of the file's form. A file of another form is left alone."""

LARGEST = 100_000
"""How many bytes of a file are read and written, at most: settings are small."""


class Memory:
    """The file of a playground, which need not be there and need not be writable.

    Args:
        remember: The folder: `True` for the usual one, a path, or `False` for none.
        name: The playground's name; each playground of a notebook has a file of its own.
    """

    def __init__(self, remember: "bool | str | Path", name: str) -> None:
        folder = _folder() if remember is True else Path(remember) if remember else None
        # Jupyter's server tells a kernel which notebook it belongs to.
        notebook = os.environ.get("JPY_SESSION_NAME") or str(Path.cwd())
        digest = sha256(f"{notebook}\n{name}".encode(errors="replace")).hexdigest()[:16]
        self.path = folder and folder / f"playground-{digest}.json"

    def read(self) -> dict[str, Any] | None:
        """The settings that were kept; `None` where none were.

        Raises:
            ValueError: There is a file, and the file is not one of ours.
        """
        if self.path is None:
            return None
        try:
            with self.path.open("rb") as file:
                content = file.read(LARGEST + 1)
        except OSError:
            return None
        if len(content) > LARGEST:
            raise ValueError("it is too large")
        try:
            told: Any = json.loads(content.decode("utf-8"))
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if not isinstance(told, dict) or cast("dict[str, Any]", told).get("playground") != FORM:
            raise ValueError("it is of another form")
        return cast("dict[str, Any]", told)

    def write(self, kept: Mapping[str, Any]) -> None:
        """Put `kept` in place of what was there, at once and whole. Where that is not possible, nothing is kept."""
        text = json.dumps({"playground": FORM, **kept})
        if self.path is None or len(text) > LARGEST:
            return
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f"{self.path.stem}-", suffix=".new")
            try:
                os.close(handle)
                Path(name).write_text(text, encoding="utf-8")
                Path(name).replace(self.path)
            except OSError:
                Path(name).unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove the file."""
        if self.path is not None:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)


def _folder() -> Path | None:
    named = os.environ.get(PLACE, "").strip()
    if named:
        return None if named == "off" else Path(named)
    try:
        from jupyter_core.paths import jupyter_data_dir  # a kernel in a browser has none
    except ImportError:
        return None
    return Path(jupyter_data_dir()) / "labkit"
