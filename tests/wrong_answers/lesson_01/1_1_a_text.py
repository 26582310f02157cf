"""returned a str."""


async def my_callback(context, params):
    return "Somebody should look at this."
