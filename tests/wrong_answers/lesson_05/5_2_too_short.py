"""Write a model's name"""


def my_predictions():
    return {"A": "claude", "B": "opus", "C": "sonnet", "D": "fable", "E": "haiku", "F": "fable"}
