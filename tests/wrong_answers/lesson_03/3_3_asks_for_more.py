"""; 0.2 and 50 are right"""


async def careful(model, context, params):
    return await model(context, params.model_copy(update={"max_tokens": 120}))
