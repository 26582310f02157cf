"""What the callback answered did not come back."""

from mcp.types import CreateMessageResult, ErrorData, TextContent


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
        return CreateMessageResult(role="assistant", model="me", content=TextContent(text="fine"))

    return within_budget
