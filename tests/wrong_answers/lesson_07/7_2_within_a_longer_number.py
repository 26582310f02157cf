"""With a digit more at either end it is no id"""

import re


def invented(text, papers):
    known = {paper["id"] for paper in papers}
    return [number for number in dict.fromkeys(re.findall(r"(\d{4}\.\d{4,5})(?:v\d+)?", text)) if number not in known]
