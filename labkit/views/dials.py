"""`dials(model)`: the dials of a model, to be turned by hand. `tune(prompt)`: the dials above an answer, drawn anew.

In plain code: `with_dials(model, Settings(temperature=0.8, seed=7))`. What a panel shows, `print(panel.code)` shows as
code.
"""

import ipywidgets
from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.dial_table import Settings
from labkit.errors import sentence
from labkit.host.dials import DialState
from labkit.models.tiny import TinyModel
from labkit.models.trace import Traceable
from labkit.models.tracing import Drawing, Prompt, as_request, can_be_traced, drawing
from labkit.plain import seen
from labkit.views.answers_asked import Answers
from labkit.views.dial_panel import DialPanel
from labkit.views.placed import Placed
from labkit.views.token_drawing import head
from labkit.views.token_view import TokenView
from labkit.work import Latest

__all__ = ["DialPanel", "TunePanel", "dials", "tune"]

PATIENCE = 60.0
"""Seconds that an answer that is drawn anew may take."""


def dials(model: SamplingFnT | None = None, settings: Settings | None = None) -> DialPanel:
    """The dials of a model; as the last line of a cell.

        panel = dials(TinyModel())
        lab = Lab(server, sampling_callback=panel.callback)
        panel

    Beside each dial stands what the server asked last, what the client uses, and whether the model honours it.

    Args:
        model: A sampling callback; the tiny model when left out.
        settings: Where the dials stand at first.
    """
    return DialPanel(DialState(model or TinyModel(), settings))


def tune(prompt: Prompt, model: Traceable | None = None, settings: Settings | None = None) -> "TunePanel":
    """The dials above an answer of the tiny model, which is drawn anew whenever one is turned.

        tune("Explain this log line: ...")
        tune(request, TinyModel(seed=7), Settings(temperature=0.8, top_p=0.9))

    Args:
        prompt: What a user says, or a whole sampling request.
        model: A model that can be traced, with defaults of your own: the tiny model where none is given, or `SmolLM`.
        settings: Where the dials stand at first.

    Raises:
        TypeError: `model` does not show what it could have said instead.
        ValueError: There is no text to answer.
    """
    model = model or TinyModel()
    if not can_be_traced(model):
        name = getattr(model, "__name__", type(model).__name__)
        raise TypeError(f"{name} does not show its tokens: write dials({name}) and give panel.callback to a Lab")
    return TunePanel(DialState(model, settings, as_request(prompt)), model)


class TunePanel(Placed, ipywidgets.VBox):
    """The panel that `tune` makes: `dials`, `tokens` and `answers` are the three parts.

    `callback` is the model with the dials as they stand. Given to a Lab, the panel goes on to what its server asks.
    """

    def __init__(self, state: DialState, model: Traceable) -> None:
        self._model = model
        self.state = state
        drawn = self._drawing()
        self.dials = DialPanel(state, code=self._code)
        self.tokens = TokenView(drawn.trace(model), steady=True, dialled=False)
        self.answers = Answers(state, self._request)
        self._latest: Latest[Drawing] = Latest("the answer", self._redraw, PATIENCE, self._failed)
        super().__init__([self.dials, self.tokens, self.answers])
        state.listen(self._turned)

    @property
    def callback(self) -> SamplingFnT:
        """A sampling callback for a Lab or an `mcp.Client`: the model with the dials as they stand when it is asked."""
        return self.state.callback

    @property
    def code(self) -> str:
        """The code of what the panel shows: a few lines, without a widget."""
        return self._drawing().code()

    @property
    def text(self) -> str:
        """The answer that is shown."""
        return self.tokens.reading.trace.text

    def close(self) -> None:
        """Stop what is being drawn and take the panel off the page. More than once does no harm."""
        self._latest.cancel()
        for part in self.children:
            part.close()
        super().close()

    def _code(self) -> str:
        try:
            return self.code
        except ValueError:  # what the server asks of the panel's callback may hold no text at all
            return ""

    def _request(self) -> CreateMessageRequestParams:
        if self.state.request is None:
            raise ValueError("there is no request to answer")
        return as_request(self.state.request)

    def _drawing(self) -> Drawing:
        return drawing(self._model, self._request(), self.state.settings)

    def _turned(self) -> None:
        """Take a turned dial into account: quick, since a click handler waits."""
        try:
            drawn = self._drawing()
        except ValueError as error:
            self.dials.fault = str(error)
        else:
            self.dials.fault = ""
            self.tokens.turn(drawn.dials)  # the bars move at once, the answer may take its time
            self._latest.ask(drawn)

    async def _redraw(self, drawn: Drawing) -> None:
        self.tokens.show(await drawn.trace_in_steps(self._model))

    def _failed(self, error: Exception) -> None:
        """Say on the panel why no answer is shown: nobody awaits one, so nobody else hears of the error."""
        late = f"The answer was not drawn within {PATIENCE:g} s: that of the former dials is shown."
        self.dials.fault = late if isinstance(error, TimeoutError) else sentence(error)

    def __repr__(self) -> str:
        return f"<TunePanel {self.tokens.reading.settings}>"

    def __str__(self) -> str:
        many = f"\n\n{self.answers}" if self.answers.texts else ""
        return f"{self.dials}\n\n{head(self.tokens.reading)}\n{seen(self.text)}{many}"

    def stored(self) -> dict[str, str]:
        return {"text/plain": str(self), "image/svg+xml": self.tokens.to_svg()}
