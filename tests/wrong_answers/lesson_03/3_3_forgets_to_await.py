"""called and not awaited"""


async def careful(model, context, params):
    return model(context, params)
