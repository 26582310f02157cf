"""None of these has the form of an arXiv id"""

import re


def invented(text, papers):
    known = {paper["id"] for paper in papers}
    found = re.findall(r"\d+\.\d+", text)
    return [number for number in dict.fromkeys(found) if number not in known]
