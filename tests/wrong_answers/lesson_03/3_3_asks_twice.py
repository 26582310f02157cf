"""asked 2 times for one request"""


async def careful(model, context, params):
    await model(context, params)
    return await model(context, params)
