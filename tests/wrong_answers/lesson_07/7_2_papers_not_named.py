"""It names no paper; it need not name them all"""


def invented(text, papers):
    found = [word.strip("().,") for word in text.split() if word.strip("().,")[:2] in ("20", "24") and "." in word]
    return [number for number in found if number not in [paper["id"] for paper in papers]] or [
        paper["id"] for paper in papers if paper["id"] not in text and "cited" in text
    ]
