"""asked 2 times for one request"""


def careful(model):
    async def callback(context, params):
        await model(context, params)
        return await model(context, params)

    return callback
