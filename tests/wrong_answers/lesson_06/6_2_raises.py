"""Over the budget, at request 4 of 3, it raised RuntimeError"""

from mcp.types import ErrorData


def my_budget(callback, samples):
    left = samples

    async def within_budget(context, params):
        nonlocal left
        if left == 0:
            raise RuntimeError("The budget is spent.")
        left -= 1
        answer = await callback(context, params)
        if isinstance(answer, ErrorData):
            left += 1
        return answer

    return within_budget
