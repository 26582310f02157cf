"""Return its own ErrorData: only it knows why."""

from mcp.types import ErrorData


def my_budget(callback, samples):
    left = samples

    async def within_budget(context, params):
        nonlocal left
        if left == 0:
            return ErrorData(code=-1, message=f"The budget of {samples} samples is spent.")
        left -= 1
        answer = await callback(context, params)
        if isinstance(answer, ErrorData):
            left += 1
            return ErrorData(code=-1, message="The model refused.")
        return answer

    return within_budget
