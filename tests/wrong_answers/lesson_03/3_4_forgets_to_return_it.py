"""Return the inner function"""


def careful(model):
    async def callback(context, params):
        return await model(context, params)
