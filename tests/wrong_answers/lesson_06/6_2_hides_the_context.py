"""The callback was given another context"""

from mcp.types import ErrorData


def my_budget(callback, samples):
    left = samples

    async def within_budget(context, params):
        nonlocal left
        if left == 0:
            return ErrorData(code=-1, message=f"The budget of {samples} samples is spent.")
        left -= 1
        answer = await callback(None, params)
        if isinstance(answer, ErrorData):
            left += 1
        return answer

    return within_budget
