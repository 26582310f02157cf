"""Mistakes in what an answer says of itself."""

from mcp.types import CreateMessageResultWithTools

from tests.checks import good_callbacks
from tests.checks.good_callbacks import my_callback as good


def _changed(answer, **fields):
    """The answer with other fields; a refusal has none of them."""
    return answer.model_copy(update=fields) if hasattr(answer, "role") else answer


def always_the_end_of_the_turn(base_url, timeout=30.0):
    """Says that every answer is whole.

    - stop-reasons.cut-off
    - stop-reasons.sequence
    - stop-reasons.refusal
    """
    asks = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        return _changed(await asks(context, params), stop_reason="endTurn")

    return my_callback


async def list_of_blocks(context, params):
    """Answers a plain request with a list of blocks.

    - answers.one-block
    - wires.modern
    - wires.legacy
    """
    answer = await good(context, params)
    if not hasattr(answer, "content"):
        return answer
    return CreateMessageResultWithTools(
        role="assistant", model=answer.model, content=[answer.content], stop_reason=answer.stop_reason
    )


async def always_cut(context, params):
    """Says of every answer that the limit cut it.

    - stop-reasons.whole
    """
    return _changed(await good(context, params), stop_reason="maxTokens")


async def no_model(context, params):
    """Does not say which model has answered.

    - answers.model
    """
    return _changed(await good(context, params), model="")


async def one_stop_sequence(context, params):
    """Expects one stop sequence at most.

    - stop-reasons.sequences
    """
    if params.stop_sequences:
        (stop,) = params.stop_sequences
        print(stop)
    return await good(context, params)


async def providers_stop_reason(context, params):
    """Passes the provider's own word for the stop reason on.

    - stop-reasons.words
    """
    return _changed(await good(context, params), stop_reason="end_turn")


async def user_role(context, params):
    """Answers in the name of the user.

    - answers.role
    """
    return _changed(await good(context, params), role="user")
