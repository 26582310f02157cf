"""`LastSettings`: the settings of last time, taken up when a page opens and kept while it is used.

They are one small JSON file for each notebook, or none: in Jupyter's data folder, or where
`LABKIT_PLAYGROUND_SETTINGS` says; `off` there keeps nothing.
"""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, cast

from labkit.files import remove_left_behind, write_whole
from labkit.playground.choices import Choices, from_json, to_json
from labkit.playground.history import History
from labkit.playground.kept_runs import KeptRuns
from labkit.playground.target import Target

PLACE = "LABKIT_PLAYGROUND_SETTINGS"
"""The environment variable that names another folder, or `off`."""

FORM = 1
"""The number of the file's form. A file of another form is left alone."""

LARGEST = 100_000
"""How many bytes of a file are read and written, at most: settings are small."""

USED, OFFERED = "Settings of last time", "There are settings of last time"
UNREADABLE = "The settings of last time could not be read"
WITHOUT = ", without what may be a secret"


class Remembering(Protocol):
    """A playground whose settings are kept, as far as `LastSettings` needs it."""

    target: Target
    history: History

    @property
    def choices(self) -> Choices: ...
    @property
    def keys(self) -> Sequence[str]: ...
    def choose(self, choices: Choices, *, ask: bool = False) -> None: ...
    def keep_one_run(self) -> bool: ...


class LastSettings:
    """The settings of last time, as a playground knows of them.

    Nothing is read before `recall`, which a page calls, and nothing is kept before that: a notebook that is executed
    without a page runs as it is written.

    Args:
        playground: The playground whose settings these are.
        name: The playground's name.
        remember: Whether and where the settings are kept, as `Playground` takes it.
    """

    def __init__(self, playground: Remembering, name: str, remember: bool | str | Path) -> None:
        self._playground = playground
        self._memory = Memory(remember, name)
        self._kept: dict[str, Any] | None = None
        self._open = self._recalled = False
        self.offered: Choices | None = None
        """The settings that were read and are not used."""
        self.note = ""
        """What is to be told of the settings, in a few words."""

    @property
    def recalled(self) -> bool:
        """Whether the settings were asked for."""
        return self._recalled

    def recall(self, *, use: bool = True) -> None:
        """Read the runs, and the settings and use these, once; or only offer them, where somebody was faster.

        A server in the box is connected to. One behind a command or an address is shown and left alone. Nothing runs.
        """
        if self._recalled:
            return
        self._recalled = self._open = True
        playground = self._playground
        if playground.history.kept is None:  # or they were taken over with the history
            playground.history.kept = kept = KeptRuns(self._memory.path and self._memory.path.with_suffix(""))
            playground.history.take_in(kept.read())
        try:
            told = self._memory.read()
            if told is not None:
                self._offer(told)
        except ValueError:
            self.note = UNREADABLE
        if use:
            self.use()
        self._kept = self._present()
        playground.target.say(playground.target.fault)

    def _offer(self, told: dict[str, Any]) -> None:
        playground = self._playground
        offered = from_json(told, playground.choices, playground.target.box_servers, playground.target.given)
        if to_json(offered, playground.target.given, playground.keys) != self._present():
            self.offered = offered
            self.note = OFFERED + (WITHOUT if told.get("left_out") else "")

    def use(self) -> None:
        """Use the settings that are offered."""
        if self.offered is None:
            return
        offered, self.offered = self.offered, None
        self.note = self.note.replace(OFFERED, USED)
        try:
            self._playground.choose(offered, ask=True)
        except ValueError:
            self.note = UNREADABLE
            self._playground.target.say("")

    def keep(self) -> None:
        """Write down what is chosen, where that has changed; while the playground connects, nobody has chosen."""
        if not self._open or self._playground.target.status == "connecting":
            return
        if self._kept != (present := self._present()):
            self._kept = present
            self._memory.write(present)

    def _present(self) -> dict[str, Any]:
        playground = self._playground
        return to_json(playground.choices, playground.target.given, playground.keys)

    def forget(self) -> None:
        """Remove the settings that were kept."""
        self._memory.forget()
        self.offered, self.note, self._kept = None, "", None

    def close(self) -> None:
        """Keep what was chosen and run last, which a page may not have drawn yet, and nothing from then on."""
        self.keep()
        while self._open and self._playground.keep_one_run():
            pass
        self._open = False


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
        remove_left_behind(self.path)
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
            write_whole(self.path, text)

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
