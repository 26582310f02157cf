"""In case E you said claude-sonnet"""


def my_predictions():
    return {"A": "haiku", "B": "opus", "C": "sonnet", "D": "fable", "E": "sonnet", "F": "fable"}
