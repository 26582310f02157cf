"""invented is `async def`"""


async def invented(text, papers):
    return []
