"""Return the id without its version"""

import re


def invented(text, papers):
    known = {paper["id"] for paper in papers}
    return [number for number in re.findall(r"\d{4}\.\d{4,5}(?:v\d+)?", text) if number.split("v")[0] not in known]
