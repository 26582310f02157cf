"""`Remembered`: a model that is asked once for each request, so that a matrix of ten thousand samples ends."""

from typing import Self

from anyio.lowlevel import checkpoint
from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.attacks.bed import TURNS
from labkit.callbacks import Answer
from labkit.host.cache import whole_request
from labkit.host.turns import Turns
from labkit.steps import HostStep, overhearing, report
from servers.hostile import Plan

LONGEST = 64
"""Tokens that an answer of a remembered model has at most, however many a server asks for."""


class Remembered:
    """A callback that answers an equal request with the answer it gave before, and tells of the same tokens.

    It is for a seeded model, whose answer to an equal request would be the same. Unlike `with_cache` it is part of the
    model and no duty: errors are kept too, and connections share what is kept.

    Args:
        model: Who is asked.
        longest: Tokens that the model is asked for at most.

    Attributes:
        asked: How many requests the model was asked.
        remembered: How many were answered without the model.
    """

    def __init__(self, model: SamplingFnT, longest: int = LONGEST) -> None:
        self.name = str(getattr(model, "name", "") or getattr(model, "model", ""))
        self.asked = self.remembered = 0
        self._model, self._longest = model, longest
        self._kept: dict[str, tuple[Answer, list[HostStep]]] = {}
        self._one_at_a_time = Turns(1)
        self._turns = 0

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The answer to `params`. Of several equal requests at once the model is asked one."""
        params = params.model_copy(update={"max_tokens": min(params.max_tokens, self._longest)})
        key = whole_request(params)
        async with self._one_at_a_time:
            kept = self._kept.get(key)
            if kept is None:
                self.asked += 1
                steps: list[HostStep] = []
                with overhearing(steps.append):
                    answer = await self._model(context, params)
                self._kept[key] = answer.model_copy(deep=True), steps
                return answer
        self.remembered += 1
        for _ in range(self._turns):
            await checkpoint()
        answer, steps = kept
        for step in steps:
            report(step.label, source=step.source, target=step.target, **step.data)
        return answer.model_copy(deep=True)

    def for_plan(self, plan: Plan) -> Self:
        """The model itself, which takes its time for an answer where it matters who comes meanwhile."""
        self._turns = TURNS if plan.gain and plan.gain.kind == "held" else 0
        return self

    def close(self) -> None:
        """Give back what the model has loaded, where it has."""
        close = getattr(self._model, "close", None)
        if close is not None:
            close()
