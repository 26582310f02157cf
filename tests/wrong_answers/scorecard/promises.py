"""Mistakes in what an answer promises: its length, its end, its model."""

from tests.checks import good_callbacks
from tests.checks.good_callbacks import answer, fault_of
from tests.checks.good_callbacks import my_callback as good

LONG = "Look at what came before this line, and at the disk that it names, and then start the service again."


def a_model_name_of_its_own(base_url, timeout=30.0):
    """Writes the name of the program where that of the model belongs.

    - provider.model
    """
    asks = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        reply = await asks(context, params)
        return reply.model_copy(update={"model": "my-client"}) if hasattr(reply, "model") else reply

    return my_callback


async def claims_any_model(context, params):
    """Says that it is whatever model was wished for.

    - limits.model-no-match
    """
    hints = (params.model_preferences and params.model_preferences.hints) or []
    reply = await good(context, params)
    if hints and hints[0].name and hasattr(reply, "model"):
        return reply.model_copy(update={"model": hints[0].name})
    return reply


async def cut_and_says_it_is_the_end(context, params):
    """Cuts its answer to the limit, and says that this was all.

    - stop-reasons.own-cut
    """
    if fault_of(params):
        return await good(context, params)
    return answer(LONG, params.max_tokens).model_copy(update={"stop_reason": "endTurn"})


async def keeps_the_limit_at_one_only(context, params):
    """Was tried with a limit of one token, and keeps that one.

    - limits.few-tokens
    """
    if fault_of(params):
        return await good(context, params)
    return answer(LONG, 1 if params.max_tokens == 1 else 1_000)


async def never_below_ten(context, params):
    """Takes a small limit for a mistake of the server, but for that of a label.

    - limits.few-tokens
    """
    if fault_of(params):
        return await good(context, params)
    return answer(LONG, params.max_tokens if params.max_tokens == 1 else max(params.max_tokens, 10))
