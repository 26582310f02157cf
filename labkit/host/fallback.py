"""`with_fallback`: where one fails, the next is asked."""

from collections.abc import Callable
from contextlib import nullcontext

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import INTERNAL_ERROR, CreateMessageRequestParams, ErrorData

from labkit.callbacks import Answer, name_of
from labkit.host.duty import REFUSED, Duty, Failure, Result, models_in, settled, trying, words_of
from labkit.steps import report


def with_fallback(*callbacks: SamplingFnT, usable: Callable[[Result], bool] | None = None) -> "Fallback":
    """Ask the first of `callbacks`, and the next where that one fails.

        with_approval(with_fallback(Claude(), SmolLM()))

    One fails that answers with an error, raises, or gives an answer that is not `usable`. A refusal (-1) is final:
    a person, or a duty in a person's name, has said no, and the next one is not to say yes. An answer carries the name
    of the model that gave it, and a step tells who answered in whose place. Where all fail, the last failure is told.

    Args:
        callbacks: Who is asked, in turn.
        usable: Tells whether an answer can be used: not empty, not cut, of the form that was asked for.

    Raises:
        TypeError: `usable` is no function.
        ValueError: There are not two callbacks.
        WrongOrder: An approval stands before more than one of them.
    """
    return Fallback(callbacks, usable)


class Fallback(Duty):
    """What `with_fallback` makes."""

    def __init__(self, callbacks: tuple[SamplingFnT, ...], usable: Callable[[Result], bool] | None) -> None:
        super().__init__(*callbacks)
        if len(callbacks) < 2:
            raise ValueError("there is none to fall back on: write with_fallback(first, second)")
        if usable is not None and not callable(usable):
            raise TypeError(f"usable={usable!r} tells nothing: give a function of an answer")
        self._usable = usable

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The first answer that can be used, or the last failure."""
        failed: list[str] = []
        outcome: Answer | Exception = ErrorData(code=INTERNAL_ERROR, message="Nobody was asked.")
        for callback in self.inner:
            name = next(models_in(callback)) or name_of(callback)
            with trying() if failed else nullcontext():
                outcome = await self.outcome(callback, context, params)
            if not isinstance(outcome, Failure) and self._usable is not None and not self._usable(outcome):
                outcome = ErrorData(code=INTERNAL_ERROR, message="The model's answer could not be used.")
            if not isinstance(outcome, Failure):
                if failed:
                    report(f"{name} answered in place of {', '.join(failed)}", answered=name)
                return outcome
            if isinstance(outcome, ErrorData) and outcome.code == REFUSED:
                return outcome
            report(f"{name} failed: {words_of(outcome)}", failed=name)
            failed.append(name)
        return settled(outcome)
