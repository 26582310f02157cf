"""A temperature above 1 becomes 1"""


def careful(model):
    async def callback(context, params):
        return await model(context, params)

    return callback
