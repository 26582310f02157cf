"""is a `return` missing?"""


async def careful(model, context, params):
    await model(context, params)
