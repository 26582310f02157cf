"""No paper has this id"""


def invented(text, papers):
    return [paper["id"] for paper in papers if paper["id"] not in text and False]
