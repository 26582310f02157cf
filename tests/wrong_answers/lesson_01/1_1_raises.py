"""raised ZeroDivisionError"""


async def my_callback(context, params):
    return 1 / 0
