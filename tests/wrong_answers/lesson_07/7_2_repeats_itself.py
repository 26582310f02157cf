"""Each once, in order"""

import re


def invented(text, papers):
    known = {paper["id"] for paper in papers}
    return [number for number in re.findall(r"\b\d{4}\.\d{4,5}", text) if number not in known]
