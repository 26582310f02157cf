"""'ImageContent' object has no attribute 'text'"""


def my_label(answer, labels):
    word = answer.content.text.lower().strip(" \n.!*")
    return word if word in labels else None
