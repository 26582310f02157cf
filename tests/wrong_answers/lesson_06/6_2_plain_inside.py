"""returns is a plain function, and the client awaits it"""

from mcp.types import ErrorData


def my_budget(callback, samples):
    left = samples

    def within_budget(context, params):
        nonlocal left
        left -= 1
        return ErrorData(code=-1, message="The budget is spent.")

    return within_budget
