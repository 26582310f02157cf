"""A second budget was spent by the first."""

from mcp.types import ErrorData

spent = {}


def my_budget(callback, samples):
    spent.setdefault("samples", 0)

    async def within_budget(context, params):
        if spent["samples"] >= samples:
            return ErrorData(code=-1, message=f"The budget of {samples} samples is spent.")
        spent["samples"] += 1
        answer = await callback(context, params)
        if isinstance(answer, ErrorData):
            spent["samples"] -= 1
        return answer

    return within_budget
