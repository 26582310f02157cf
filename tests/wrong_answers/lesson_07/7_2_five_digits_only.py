"""Before 2015 an id ended in four digits"""

import re


def invented(text, papers):
    known = {paper["id"] for paper in papers}
    return [number for number in dict.fromkeys(re.findall(r"\b(\d{4}\.\d{5})(?:v\d+)?\b", text)) if number not in known]
