"""Exercise 3.3: a callback round a model that keeps the dials within limits."""


def _cool(temperature):
    return None if temperature is None else min(max(temperature, 0.0), 1.0)


def a_plain_function(model, context, params):
    """Lacks the word `async`.

    careful is a plain function
    """
    return model(context, params)


async def asks_for_more(model, context, params):
    """Sets the limit of tokens, where it should hold it: a small one grows.

    ; 0.2 and 50 are right
    """
    return await model(context, params.model_copy(update={"max_tokens": 120}))


async def asks_twice(model, context, params):
    """Asks the model once for nothing, and pays for it.

    asked 2 times for one request
    """
    await model(context, params)
    return await model(context, params)


async def changes_the_request(model, context, params):
    """Writes into the request, which is the caller's.

    The request itself was changed
    """
    params.max_tokens = min(params.max_tokens, 120)
    params.temperature = _cool(params.temperature)
    return await model(context, params)


async def forgets_to_await(model, context, params):
    """Returns the coroutine and not what it gives.

    called and not awaited
    """
    return model(context, params)


async def forgets_to_return_it(model, context, params):
    """Lets the answer go.

    is a `return` missing?
    """
    await model(context, params)


async def no_limits(model, context, params):
    """Hands the request on as it came.

    A temperature above 1 becomes 1
    """
    return await model(context, params)


async def none_compared(model, context, params):
    """Compares a temperature that nobody gave.

    '>' not supported
    """
    temperature = 1.0 if params.temperature > 1 else max(params.temperature, 0.0)
    update = {"temperature": temperature, "max_tokens": min(params.max_tokens, 120)}
    return await model(context, params.model_copy(update=update))


async def zero_taken_for_none(model, context, params):
    """Takes a temperature of zero for none.

    asked the model for None and 8
    """
    update = {"temperature": _cool(params.temperature) or None, "max_tokens": min(params.max_tokens, 120)}
    return await model(context, params.model_copy(update=update))
