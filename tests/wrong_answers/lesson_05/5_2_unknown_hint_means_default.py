"""In case C you said claude-haiku"""


def my_predictions():
    return {"A": "haiku", "B": "opus", "C": "haiku", "D": "fable", "E": "haiku", "F": "fable"}
