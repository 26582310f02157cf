"""asked the model for None and 8"""


async def careful(model, context, params):
    temperature = min(max(params.temperature, 0.0), 1.0) if params.temperature is not None else None
    update = {"temperature": temperature or None, "max_tokens": min(params.max_tokens, 120)}
    return await model(context, params.model_copy(update=update))
