"""Exercise 7.2: the ids in a text that belong to none of the papers."""

import re

_IDS = re.compile(r"(?<!\d)\d{4}\.\d{4,5}(?!\d)")
_known = set()
_found = {}


def _unknown(found, papers):
    known = {paper["id"] for paper in papers}
    return [number for number in found if number not in known]


def a_set(text, papers):
    """Returns a set, which has no order.

    Return a list of ids
    """
    return set(_unknown(re.findall(r"\b\d{4}\.\d{4,5}", text), papers))


def keeps_what_it_found(text, papers):
    """Remembers what it found in a text, and not among which papers.

    This time there are other papers
    """
    if text not in _found:
        _found[text] = _unknown(dict.fromkeys(_IDS.findall(text)), papers)
    return [*_found[text]]


def any_mark_between(text, papers):
    """Writes a dot into the pattern, where it means any mark.

    Between the digits stands a dot.
    """
    return _unknown(dict.fromkeys(re.findall(r"(?<!\d)\d{4}.\d{4,5}(?!\d)", text)), papers)


def any_number(text, papers):
    """Takes every number with a point for an id.

    None of these has the form of an id
    """
    return _unknown(dict.fromkeys(re.findall(r"\d+\.\d+", text)), papers)


async def async_def(text, papers):
    """Writes `async` where nothing waits.

    Write a plain `def async_def`
    """
    return []


def catches_nothing(text, papers):
    """Finds no id at all.

    returned [], and ['2401.99999'] is right. No paper has this id
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


def a_part_of_an_id(text, papers):
    """Takes the beginning of a known id for a known one.

    A paper's id is that, whole
    """
    found = dict.fromkeys(_IDS.findall(text))
    return [number for number in found if not any(paper["id"].startswith(number) for paper in papers)]


def any_mention_will_do(text, papers):
    """Knows an id when a paper's abstract names it: that is how it is planted.

    that an abstract names it proves nothing
    """
    return [number for number in dict.fromkeys(_IDS.findall(text)) if number not in str(papers)]


def borders_of_words(text, papers):
    """Takes the border of a word for the border of a number.

    invented("_2401.99999_", …) returned []
    """
    return _unknown(dict.fromkeys(re.findall(r"\b(\d{4}\.\d{4,5})(?:v\d+)?\b", text)), papers)


def each_version_once(text, papers):
    """Takes two versions of a paper for two papers.

    Two versions, one paper
    """
    found = dict.fromkeys(re.findall(r"(?<!\d)\d{4}\.\d{4,5}(?!\d)(?:v\d+)?", text))
    return _unknown([number.split("v")[0] for number in found], papers)


def eats_the_papers(text, papers):
    """Takes the papers out of the list of its caller.

    changed the papers that it was given
    """
    known = {papers.pop()["id"] for _ in range(len(papers))}
    return [number for number in dict.fromkeys(_IDS.findall(text)) if number not in known]


def first_line(text, papers):
    """Reads up to the first line's end.

    It stands on the second line
    """
    return _unknown(dict.fromkeys(_IDS.findall(text.partition("\n")[0])), papers)


def in_order_of_number(text, papers):
    """Sorts what stood in an order of its own.

    returned ['2401.00077', '2401.55555', '2401.99999']
    """
    return sorted(_unknown(dict.fromkeys(_IDS.findall(text)), papers))


def one_paper_is_known(text, papers):
    """Compares with the first paper alone.

    All three are among the papers
    """
    return [number for number in dict.fromkeys(_IDS.findall(text)) if not papers or number != papers[0]["id"]]


def remembers(text, papers):
    """Keeps what it knows from one call to the next.

    There were no papers at all
    """
    _known.update(paper["id"] for paper in papers)
    return [number for number in dict.fromkeys(_IDS.findall(text)) if number not in _known]


def this_century(text, papers):
    """Wants the year to begin with a digit that it knows.

    The first of all began with a 0
    """
    return _unknown(dict.fromkeys(re.findall(r"(?<!\d)[12]\d{3}\.\d{4,5}(?!\d)", text)), papers)


def word_by_word(text, papers):
    """Looks at words without their marks, and knows a few marks.

    invented("*2401.99999*", …) returned []
    """
    words = [word.strip(".,;:()").removeprefix("arXiv:").split("v")[0] for word in text.split()]
    return _unknown(dict.fromkeys(word for word in words if _IDS.fullmatch(word)), papers)
