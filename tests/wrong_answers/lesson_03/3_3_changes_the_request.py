"""The request itself was changed"""


async def careful(model, context, params):
    params.max_tokens = min(params.max_tokens, 120)
    if params.temperature is not None:
        params.temperature = min(max(params.temperature, 0.0), 1.0)
    return await model(context, params)
