"""Return a dict"""


def my_predictions():
    return ["haiku", "opus", "sonnet", "fable", "haiku", "fable"]
