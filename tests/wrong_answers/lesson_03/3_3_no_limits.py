"""A temperature above 1 becomes 1"""


async def careful(model, context, params):
    return await model(context, params)
