"""`Past`: the settings of last time, taken up when a page opens and kept while it is used."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from labkit.playground.box import BoxServer
from labkit.playground.choices import Choices, from_json, to_json
from labkit.playground.memory import Memory
from labkit.playground.reach import Source

USED, OFFERED = "Settings of last time", "There are settings of last time"
UNREADABLE = "The settings of last time could not be read"
WITHOUT = ", without what may be a secret"


class Remembering(Protocol):
    """A playground whose settings are kept, as `Past` needs it."""

    box: dict[str, BoxServer]
    given: Source | None
    fault: str

    @property
    def choices(self) -> Choices: ...
    @property
    def keys(self) -> Sequence[str]: ...
    @property
    def status(self) -> str: ...
    def choose(self, choices: Choices, *, ask: bool = False) -> None: ...
    def say(self, fault: str) -> None: ...


class Past:
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
        """Read the settings and use them, once; or only offer them, where somebody was faster.

        A server in the box is connected to. One behind a command or an address is shown and left alone. Nothing runs.
        """
        if self._recalled:
            return
        self._recalled = self._open = True
        playground = self._playground
        try:
            told = self._memory.read()
            if told is not None:
                self._offer(told)
        except ValueError:
            self.note = UNREADABLE
        if use:
            self.use()
        self._kept = self._present()
        playground.say(playground.fault)

    def _offer(self, told: dict[str, Any]) -> None:
        playground = self._playground
        offered = from_json(told, playground.choices, playground.box, playground.given)
        if to_json(offered, playground.given, playground.keys) != self._present():
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
            self._playground.say("")

    def keep(self) -> None:
        """Write down what is chosen, where that has changed; while the playground connects, nobody has chosen."""
        if not self._open or self._playground.status == "connecting":
            return
        if self._kept != (present := self._present()):
            self._kept = present
            self._memory.write(present)

    def _present(self) -> dict[str, Any]:
        playground = self._playground
        return to_json(playground.choices, playground.given, playground.keys)

    def forget(self) -> None:
        """Remove the settings that were kept."""
        self._memory.forget()
        self.offered, self.note, self._kept = None, "", None

    def close(self) -> None:
        """Keep what was chosen last, which a page may not have drawn yet, and nothing from then on."""
        self.keep()
        self._open = False
