"""Exercise 7.2: the ids in a text that belong to none of the papers."""

import re


def _unknown(found, papers):
    known = {paper["id"] for paper in papers}
    return [number for number in found if number not in known]


def a_set(text, papers):
    """Returns a set, which has no order.

    Return a list of ids
    """
    return set(_unknown(re.findall(r"\b\d{4}\.\d{4,5}", text), papers))


def any_number(text, papers):
    """Takes every number with a point for an id.

    None of these has the form of an arXiv id
    """
    return _unknown(dict.fromkeys(re.findall(r"\d+\.\d+", text)), papers)


async def async_def(text, papers):
    """Writes `async` where nothing waits.

    Write a plain `def async_def`
    """
    return []


def catches_nothing(text, papers):
    """Finds no id at all.

    No paper has this id
    """
    return []


def five_digits_only(text, papers):
    """Does not know the ids of older papers.

    Before 2015 an id ended in four digits
    """
    return _unknown(dict.fromkeys(re.findall(r"\b(\d{4}\.\d{5})(?:v\d+)?\b", text)), papers)


def keeps_the_version(text, papers):
    """Returns an id with the version behind it.

    Return the id without its version
    """
    known = {paper["id"] for paper in papers}
    return [number for number in re.findall(r"\d{4}\.\d{4,5}(?:v\d+)?", text) if number.split("v")[0] not in known]


def papers_not_named(text, papers):
    """Reports the papers that the text leaves out.

    It names no paper; it need not name them all
    """
    found = [word.strip("().,") for word in text.split() if word.strip("().,")[:2] in ("20", "24") and "." in word]
    return _unknown(found, papers) or [paper["id"] for paper in papers if paper["id"] not in text and "cited" in text]


def repeats_itself(text, papers):
    """Names an id as often as it stands in the text.

    Each once, in order
    """
    return _unknown(re.findall(r"\b\d{4}\.\d{4,5}", text), papers)


def version_taken_for_the_id(text, papers):
    """Takes a version of a known paper for another paper.

    v4 is the fourth version
    """
    return _unknown(re.findall(r"\d{4}\.\d{4,5}(?:v\d+)?", text), papers)


def within_a_longer_number(text, papers):
    """Finds an id inside a longer number.

    With a digit more at either end it is no id
    """
    return _unknown(dict.fromkeys(re.findall(r"(\d{4}\.\d{4,5})(?:v\d+)?", text)), papers)
