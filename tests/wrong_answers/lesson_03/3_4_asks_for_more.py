"""; 0.2 and 50 are right"""


def careful(model):
    async def callback(context, params):
        return await model(context, params.model_copy(update={"max_tokens": 120}))

    return callback
