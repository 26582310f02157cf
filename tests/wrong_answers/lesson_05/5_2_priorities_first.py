"""In case B you said claude-haiku"""


def my_predictions():
    return {"A": "haiku", "B": "haiku", "C": "sonnet", "D": "fable", "E": "haiku", "F": "fable"}
