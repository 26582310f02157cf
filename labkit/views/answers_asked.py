"""`Answers`: a request answered many times, each with a seed of its own, and grouped.

In plain code this is a loop over `TinyModel.trace`, which `print(answers.code)` shows.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any, cast

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
from labkit.views.answers import Grouped
from labkit.views.answers_groups import LONGEST, Answered
from labkit.work import start

MANY = 10

PATIENCE = 300.0
"""Seconds that all answers together may take."""


class Answers(Grouped):
    """Ten answers, grouped, with a button that asks for them, progress, and a button that stops.

    Args:
        state: The dials; where they stand when the button is pressed holds for all ten.
        request: Returns the request that is answered.
        number: How many answers.
    """

    def __init__(
        self, state: DialState, request: Callable[[], CreateMessageRequestParams], *, number: int = MANY
    ) -> None:
        self._state = state
        self._request = request
        self._lock = Lock()
        self._call: Call[None] | None = None
        self._number = number
        super().__init__([], number=number, code=self._code())
        state.listen(self._turned)

    @property
    def texts(self) -> list[str]:
        """The answers so far."""
        return [answer.text for answer in self.answers]

    def run(self) -> None:
        """Ask for the answers on the lab thread and return at once. Does nothing while answers are being drawn."""
        with self._lock:
            if self.running:
                return
            settings, request = self._state.settings, self._request()
            self.running, self.code = True, self._code()
            self._let_go()
            self.show([])
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
            answer = await one_answer(self._state.model, replace(settings, seed=seed), request)
            with self._lock:
                if not self.running:  # cancelled in this very moment
                    return
                self.show([*self.answers, answer], still_coming=True)

    def _over(self, call: Call[None]) -> None:
        with self._lock:
            told = self._told()
            try:
                call.result(0)
            except LabError as error:
                told = f"stopped after {told}: {error}"
            except BaseException:  # noqa: BLE001 - cancelled, or the kernel ends: either way it has stopped
                told = f"stopped after {told}"
            self.show(self.answers)
            self.running, self.status = False, told

    def _told(self) -> str:
        if not (self.answers or self.running):
            return ""
        return f"{len(self.answers)} of {self._number} answers, {self.groups.found}"

    def _turned(self) -> None:
        """Take a turned dial or a new request into account. Shown answers keep the code that they were drawn with."""
        if not self.running and not self.answers:
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
        return " · ".join(filter(None, [self.status or "no answer yet", self.note, badge.text if badge else ""]))

    def _noted(self, settings: Settings) -> str:
        readings = {reading.dial: reading.used for reading in self._state.readings()}
        temperature = readings["temperature"]
        numbers = seeds(self._state.model, settings, self._number)
        parts = [f"temperature {temperature:g}"] if temperature is not None else []
        return " · ".join([*parts, f"seeds {numbers[0]} to {numbers[-1]}"])

    def _pressed(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("type") == "run":
            self.run()
        elif message.get("type") == "cancel":
            self.cancel()
        super()._pressed(_widget, message, _buffers)


def seeds(model: SamplingFnT, settings: Settings, number: int) -> Sequence[int]:
    """The seeds of many answers: the first is that of the dials or else the model's own; the next ones follow."""
    first = (defaults(model).get("seed") or 0) if settings.seed is None else settings.seed
    return range(first, first + number)


async def one_answer(model: SamplingFnT, settings: Settings, request: CreateMessageRequestParams) -> Answered:
    """Ask a callback directly: what was answered, why it ended, badges; and what draws the same tokens once more."""
    heard: list[HostStep] = []
    context = ClientRequestContext(session=cast("ClientSession", None), request_id="many", meta=None)
    heat = settings.temperature if settings.temperature is not None else request.temperature
    one = partial(Answered, label=f"seed {settings.seed}", temperature=heat)
    try:
        with overhearing(heard.append):
            answer = await ask(with_dials(model, settings), context, request)
    except LabError as error:
        return one("", note=str(error))
    except Exception as error:  # noqa: BLE001 - whatever went wrong is what the card says
        return one("", note=sentence(error))
    text, note = _read(answer)
    mark = badge_of(answer) or badge_of(model)
    ended = [CUT_OFF] if note == "maxTokens" else []
    badges = [*([mark, *_badges(text, note, heard)] if mark else []), *ended]
    again = partial(drawing(model, request, settings).trace_in_steps, model) if can_be_traced(model) else None
    return one(cut(text, LONGEST), note=note, badges=badges, trace=again)


def _read(answer: Answer) -> tuple[str, str]:
    if isinstance(answer, ErrorData):
        return "", f"refused ({answer.code}): {seen(cut(answer.message))}"
    blocks: list[SamplingMessageContentBlock] = answer.content if isinstance(answer.content, list) else [answer.content]
    text = "\n".join(block.text for block in blocks if isinstance(block, TextContent))
    return text, seen(cut(answer.stop_reason or "", 200))


def _badges(text: str, stop_reason: str, heard: Sequence[HostStep]) -> list[Badge]:
    """How sure a model of the box was, and whether it says that it does not know the subject."""
    candidates = [each for step in heard for each in step.data.get("candidates", [])]
    sure = [confidence_word([each["probability"] for each in candidates])] if candidates else []
    return [*sure, *([OUT_OF_ITS_DEPTH] if is_out_of_depth(text, stop_reason) else [])]
