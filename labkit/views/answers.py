"""`Answers`: a request answered many times, each with a seed of its own, side by side.

In plain code this is a loop over `TinyModel.trace`, which `print(answers.code)` shows.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any, cast

import anywidget
import traitlets
from mcp.client import ClientRequestContext, ClientSession
from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams, ErrorData, SamplingMessageContentBlock, TextContent

from labkit.answering import ask
from labkit.call import Call
from labkit.callbacks import Answer
from labkit.cutting import cut
from labkit.dial_table import Settings
from labkit.errors import LabError, sentence
from labkit.host.dials import DialState, defaults, with_dials
from labkit.models.tiny.callback import is_out_of_depth
from labkit.models.token_words import CUT_OFF, OUT_OF_ITS_DEPTH, Badge, badge_of, confidence_word
from labkit.models.tracing import as_request, can_be_traced, drawing
from labkit.plain import seen
from labkit.steps import HostStep, overhearing
from labkit.views.answers_drawing import as_text, svg
from labkit.views.page import read_parts
from labkit.views.placed import Placed
from labkit.work import start

MANY = 10
LONGEST = 20_000
"""Characters of an answer that a card holds."""

PATIENCE = 300.0
"""Seconds that all answers together may take."""


class Answers(Placed, anywidget.AnyWidget):
    """Ten answers side by side, with a button that asks for them, progress, and a button that stops.

    Args:
        state: The dials; where they stand when the button is pressed holds for all ten.
        request: Returns the request that is answered.
        number: How many answers.
    """

    _esm = read_parts("page.js", "answers.js")
    _css = read_parts("page.css", "answers.css")

    # All traits are written here; the browser only says which button was pressed.
    cards = traitlets.List().tag(sync=True)
    number = traitlets.Int().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)
    running = traitlets.Bool().tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, state: DialState, request: Callable[[], CreateMessageRequestParams], *, number: int = MANY
    ) -> None:
        self._state = state
        self._request = request
        self._lock = Lock()
        self._call: Call[None] | None = None
        self._cards: list[dict[str, Any]] = []
        self._number = number
        super().__init__(number=number, code=self._code())
        self.on_msg(self._pressed)
        state.listen(self._turned)

    @property
    def texts(self) -> list[str]:
        """The answers so far."""
        return [card["text"] for card in self._cards]

    def to_svg(self) -> str:
        """The shown answers as a drawing, for where no kernel runs."""
        return svg(self._head(), self._cards)

    def run(self) -> None:
        """Ask for the answers on the lab thread and return at once. Does nothing while answers are being drawn."""
        with self._lock:
            if self.running:
                return
            settings, request = self._state.settings, self._request()
            self._cards, self.cards, self.running, self.code = [], [], True, self._code()
            self.note, self.status = self._noted(settings), f"0 of {self._number} answers"
            self._call = call = start("many answers", lambda: self._draw(settings, request), PATIENCE)
        call.when_over(lambda: self._over(call))

    def cancel(self) -> None:
        """Stop; the answers that are there stay. From any thread."""
        if self._call is not None:
            self._call.cancel()

    def close(self) -> None:
        """Stop, and take the answers off the page. More than once does no harm."""
        self.cancel()
        super().close()

    async def _draw(self, settings: Settings, request: CreateMessageRequestParams) -> None:
        for seed in seeds(self._state.model, settings, self._number):
            card = await one_answer(self._state.model, replace(settings, seed=seed), request)
            alike = (other["seed"] for other in self._cards if other["text"] == card["text"])
            same = next(alike, None) if card["text"] else None  # two faults are not the same answer
            with self._lock:
                if not self.running:  # cancelled in this very moment
                    return
                self._cards = [*self._cards, card | {"same": same}]
                self.cards, self.status = self._cards, self._told()

    def _over(self, call: Call[None]) -> None:
        with self._lock:
            told = self._told()
            try:
                call.result(0)
            except LabError as error:
                told = f"stopped after {told}: {error}"
            except BaseException:  # noqa: BLE001 - cancelled, or the kernel ends: either way it has stopped
                told = f"stopped after {told}"
            self.running, self.status = False, told

    def _told(self) -> str:
        different = len(set(self.texts))
        return f"{len(self._cards)} of {self._number} answers, {different} different"

    def _turned(self) -> None:
        """Take a turned dial or a new request into account. Shown answers keep the code that they were drawn with."""
        if not self.running and not self._cards:
            self.code = self._code()

    def _code(self) -> str:
        """The answers in plain code; empty where no code can name the model, and where nothing is asked."""
        model, settings = self._state.model, self._state.settings
        if not can_be_traced(model):
            return ""
        try:
            drawn = drawing(model, as_request(self._request()), settings)
        except ValueError:  # what the server asks of the panel's callback may hold no text at all
            return ""
        return drawn.code_for(seeds(model, settings, self._number))

    def _head(self) -> str:
        badge = badge_of(self._state.model)
        parts = [self.status or "no answer yet", self.note, badge.text if badge else ""]
        return " · ".join(part for part in parts if part)

    def _noted(self, settings: Settings) -> str:
        readings = {reading.dial: reading.used for reading in self._state.readings()}
        temperature = readings["temperature"]
        numbers = seeds(self._state.model, settings, self._number)
        parts = [f"temperature {temperature:g}"] if temperature is not None else []
        return " · ".join([*parts, f"seeds {numbers[0]} to {numbers[-1]}"])

    def _pressed(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("press") == "run":
            self.run()
        elif message.get("press") == "cancel":
            self.cancel()

    def __repr__(self) -> str:
        return f"<Answers {len(self._cards)} of {self._number}>"

    def __str__(self) -> str:
        return as_text(self._head(), self._cards)

    def stored(self) -> dict[str, str]:
        # In a notebook that JupyterLab does not trust it draws no SVG, and shows the text.
        return {"text/plain": str(self), "image/svg+xml": self.to_svg()}


def seeds(model: SamplingFnT, settings: Settings, number: int) -> Sequence[int]:
    """The seeds of many answers: the first is that of the dials or else the model's own; the next ones follow."""
    first = (defaults(model).get("seed") or 0) if settings.seed is None else settings.seed
    return range(first, first + number)


async def one_answer(model: SamplingFnT, settings: Settings, request: CreateMessageRequestParams) -> dict[str, Any]:
    """Ask a callback directly, and put its answer on a card: seed, text, a note, badges."""
    heard: list[HostStep] = []
    context = ClientRequestContext(session=cast("ClientSession", None), request_id="many", meta=None)
    try:
        with overhearing(heard.append):
            answer = await ask(with_dials(model, settings), context, request)
    except LabError as error:
        return {"seed": settings.seed, "text": "", "note": str(error), "badges": []}
    except Exception as error:  # noqa: BLE001 - whatever went wrong is what the card says
        return {"seed": settings.seed, "text": "", "note": sentence(error), "badges": []}
    text, note = _read(answer)
    mark = badge_of(answer) or badge_of(model)
    ended = [CUT_OFF] if note == "maxTokens" else []
    badges = [*([mark, *_badges(text, note, heard)] if mark else []), *ended]
    found = [[badge.kind, badge.text, badge.title] for badge in badges]
    return {"seed": settings.seed, "text": seen(cut(text, LONGEST)), "note": note, "badges": found}


def _read(answer: Answer) -> tuple[str, str]:
    if isinstance(answer, ErrorData):
        return "", f"refused ({answer.code}): {seen(cut(answer.message))}"
    blocks: list[SamplingMessageContentBlock] = answer.content if isinstance(answer.content, list) else [answer.content]
    return "\n".join(block.text for block in blocks if isinstance(block, TextContent)), seen(
        cut(answer.stop_reason or "", 200)
    )


def _badges(text: str, stop_reason: str, heard: Sequence[HostStep]) -> list[Badge]:
    """How sure a model of the box was, and whether it says that it does not know the subject."""
    candidates = [each for step in heard for each in step.data.get("candidates", [])]
    sure = [confidence_word([each["probability"] for each in candidates])] if candidates else []
    return [*sure, *([OUT_OF_ITS_DEPTH] if is_out_of_depth(text, stop_reason) else [])]
