"""and the callback was asked 100 times"""

from mcp.types import ErrorData


def my_budget(callback, samples):
    left = samples

    async def within_budget(context, params):
        nonlocal left
        if left == 0:
            return ErrorData(code=-1, message=f"The budget of {samples} samples is spent.")
        answer = await callback(context, params)
        if not isinstance(answer, ErrorData):
            left -= 1
        return answer

    return within_budget
