"""Mistakes with the limit of tokens, the temperature and the wishes for a model."""

from tests.checks import good_callbacks
from tests.checks.good_callbacks import answer, fault_of
from tests.checks.good_callbacks import my_callback as good

MODELS = {"my-rules": good}


def a_limit_of_its_own(base_url, timeout=30.0):
    """Asks for a thousand tokens, whatever the server wants.

    - limits.one-token
    - limits.negative
    - provider.limit
    """
    asks = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        return await asks(context, params.model_copy(update={"max_tokens": 1_000}))

    return my_callback


async def asserts_the_temperature(context, params):
    """Asserts what is only a wish.

    - limits.temperature
    """
    assert 0 <= (params.temperature or 0) <= 2
    return await good(context, params)


async def cuts_with_a_slice(context, params):
    """Cuts the answer to maxTokens words, also where maxTokens is negative.

    - limits.negative
    """
    if params.max_tokens < 0 and params.messages:
        return answer("Look at what came before this line, if there is anything.", params.max_tokens)
    return await good(context, params)


async def first_hint_for_granted(context, params):
    """Takes the first hint without a look whether there are hints.

    - limits.model-no-match
    """
    if params.model_preferences:
        print(params.model_preferences.hints[0].name)
    return await good(context, params)


async def ignores_the_limit(context, params):
    """Says all that it has to say, however little was asked for.

    - limits.one-token
    """
    if fault_of(params):
        return await good(context, params)
    return answer("Look at what came before this line.", 1_000)


async def wants_its_own_model(context, params):
    """Knows one name of a model, and fails when a hint is a part of it.

    - limits.model-match
    """
    hints = (params.model_preferences and params.model_preferences.hints) or []
    wanted = [hint.name for hint in hints if hint.name and "my-rules".startswith(hint.name)]
    chosen = MODELS[wanted[0]] if wanted else good
    return await chosen(context, params)
