"""In case F you said claude-opus"""


def my_predictions():
    return {"A": "haiku", "B": "opus", "C": "sonnet", "D": "fable", "E": "haiku", "F": "opus"}
