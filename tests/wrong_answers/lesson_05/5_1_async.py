"""`async def`, and nothing in it waits"""


async def my_choice(preferences, scores):
    return next(iter(scores))
