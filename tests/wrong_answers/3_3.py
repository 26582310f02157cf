"""Exercise 3.3: a callback round a model that keeps the dials within limits."""

from mcp.types import CreateMessageRequestParams, CreateMessageResult, TextContent


def _cool(temperature):
    return None if temperature is None else min(max(temperature, 0.0), 1.0)


def a_plain_function(model, context, params):
    """Lacks the word `async`, and answers at once.

    careful is a plain function
    """
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text="Fine."))


async def a_request_of_its_own(model, context, params):
    """Makes a new request of what it knows, and loses what else the server sent.

    with another modelPreferences than the server's
    """
    limited = {"max_tokens": min(params.max_tokens, 120), "temperature": _cool(params.temperature)}
    return await model(context, CreateMessageRequestParams(messages=params.messages, **limited))


async def an_answer_of_its_own(model, context, params):
    """Makes a new answer of the model's text, and loses why it ended.

    The model answered, and that did not come back.
    """
    answer = await model(context, params)
    return CreateMessageResult(role="assistant", model=answer.model, content=answer.content)


async def asks_for_more(model, context, params):
    """Sets the limit of tokens, where it should hold it: a small one grows.

    ; 0.2 and 50 are right
    """
    return await model(context, params.model_copy(update={"max_tokens": 120}))


async def asks_for_one_at_least(model, context, params):
    """Lifts a limit that no answer can keep to, and so asks for more than the server did.

    None and 0 are right
    """
    limited = {"max_tokens": max(1, min(params.max_tokens, 120)), "temperature": _cool(params.temperature)}
    return await model(context, params.model_copy(update=limited))


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


async def calls_itself(model, context, params):
    """Hands on a request that is no request.

    The model was asked with a dict.
    """
    return await model(context, {"max_tokens": min(params.max_tokens, 120), "temperature": _cool(params.temperature)})


async def just_the_limit(model, context, params):
    """Takes a limit of 120 for a limit of 121.

    your callback asked the model for 1.0 and 121; 1.0 and 120 are right
    """
    limited = {
        "max_tokens": 120 if params.max_tokens > 121 else params.max_tokens,
        "temperature": _cool(params.temperature),
    }
    return await model(context, params.model_copy(update=limited))


async def no_context(model, context, params):
    """Gives the model no context.

    The model was given another context
    """
    limited = {"max_tokens": min(params.max_tokens, 120), "temperature": _cool(params.temperature)}
    return await model(None, params.model_copy(update=limited))


async def takes_a_refusal_for_an_answer(model, context, params):
    """Reads the text of a refusal, which has none.

    Asked for temperature 0.2 and 5000 tokens, takes_a_refusal_for_an_answer raised AttributeError: 'ErrorData'
    """
    limited = {"max_tokens": min(params.max_tokens, 120), "temperature": _cool(params.temperature)}
    answer = await model(context, params.model_copy(update=limited))
    return answer if answer.content else None


async def the_last_message_alone(model, context, params):
    """Sends the last message alone, and the model knows nothing of what was said.

    with another messages than the server's
    """
    limited = {"max_tokens": min(params.max_tokens, 120), "temperature": _cool(params.temperature)}
    return await model(context, params.model_copy(update=limited | {"messages": params.messages[-1:]}))
