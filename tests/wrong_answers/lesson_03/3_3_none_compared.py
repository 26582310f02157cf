"""'>' not supported"""


async def careful(model, context, params):
    temperature = 1.0 if params.temperature > 1 else max(params.temperature, 0.0)
    update = {"temperature": temperature, "max_tokens": min(params.max_tokens, 120)}
    return await model(context, params.model_copy(update=update))
