"""Exercise 4.2: the label that an answer gives, or None."""

from mcp.types import TextContent


def _text(answer):
    """The answer's text; none of a picture."""
    return answer.content.text if isinstance(answer.content, TextContent) else ""


def any_word(answer, labels):
    """Returns what was said, whether it is a label or not.

    The answer "the weather" gave 'the weather', and None is right
    """
    return _text(answer).strip(" \n.*").lower()


def case_matters(answer, labels):
    """Compares with the one case in which a label is written.

    The answer " Storage " gave None
    """
    text = _text(answer).strip()
    return text if text in labels else None


def in_the_text(answer, labels):
    """Finds a label anywhere, also where the sentence denies it.

    The answer "not storage" gave 'storage', and None is right
    """
    return next((label for label in labels if label in _text(answer).lower()), None)


def labels_of_its_own(answer, labels):
    """Knows its labels by heart and does not look at those that are given.

    The labels are given: these were yes and no
    """
    word = _text(answer).lower().strip(" \n.!*")
    return word if word in ("database", "network", "storage") else None


def last_word(answer, labels):
    """Takes the last of two labels for the answer.

    The answer "storage, or network" gave 'network', and None is right
    """
    words = _text(answer).lower().replace("not storage", "").strip(" \n.!*").split()
    return words[-1] if words and words[-1] in labels else None


def marks_matter(answer, labels):
    """Stumbles over the marks that a model puts round a word.

    The answer "**network**." gave None
    """
    text = _text(answer).strip().lower()
    return text if text in labels else None


def no_look_at_the_type(answer, labels):
    """Reads the text of a picture.

    'ImageContent' object has no attribute 'text'
    """
    word = answer.content.text.lower().strip(" \n.!*")
    return word if word in labels else None
