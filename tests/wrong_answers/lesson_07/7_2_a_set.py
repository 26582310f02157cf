"""Return a list of ids"""

import re


def invented(text, papers):
    return set(re.findall(r"\b\d{4}\.\d{4,5}", text)) - {paper["id"] for paper in papers}
