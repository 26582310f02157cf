"""Exercise 4.2: the label that an answer gives, or None."""

import re

from mcp.types import TextContent


def _text(answer):
    """The answer's text; none of a picture."""
    return answer.content.text if isinstance(answer.content, TextContent) else ""


def _words(text):
    return set(re.findall(r"[^\W_]+", text.lower()))


DENIALS = {"not", "t", "no", "never", "neither", "nor", "cannot", "whether"}


def _named(words, named):
    return named[0] if len(named) == 1 and not set(words) & (DENIALS - set(named)) else None


def a_label_denies(answer, labels):
    """Takes a label for a word that denies.

    to ['yes', 'no'] gave None, and 'no' is right. Here no is a label, and denies nothing
    """
    words = _words(_text(answer))
    named = words & set(labels)
    return named.pop() if len(named) == 1 and not words & DENIALS else None


async def async_for_nothing(answer, labels):
    """Is a coroutine, and nothing in it waits.

    async_for_nothing is `async def`, and nobody awaits it here
    """
    return None


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
    """Takes a label that is a part of another word.

    The answer "storages" gave 'storage', and None is right
    """
    named = [label for label in labels if label in _text(answer).lower()]
    return named[0] if len(named) == 1 else None


def labels_of_its_own(answer, labels):
    """Knows its labels by heart and does not look at those that are given.

    The labels are those given: here yes and no
    """
    named = _words(_text(answer)) & {"database", "network", "storage"}
    return named.pop() if len(named) == 1 and not _words(_text(answer)) & (DENIALS - set(labels)) else None


def last_word(answer, labels):
    """Takes the last of two labels for the answer.

    The answer "storage, or network" gave 'network', and None is right
    """
    named = [word for word in re.findall(r"[^\W_]+", _text(answer).lower()) if word in labels]
    return named[-1] if named and not _words(_text(answer)) & (DENIALS - set(labels)) else None


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
    words = _words(answer.content.text)
    named = words & set(labels)
    return named.pop() if len(named) == 1 and not words & (DENIALS - set(labels)) else None


def denied(answer, labels):
    """Takes the first label that it finds, also where the sentence denies it.

    The answer "not storage" gave 'storage', and None is right
    """
    return next((word for word in re.findall(r"[^\W_]+", _text(answer).lower()) if word in labels), None)


def no_sentence(answer, labels):
    """Wants the bare word and refuses a sentence around it.

    The answer "The ticket is classified as storage." gave None, and 'storage' is right
    """
    word = re.fullmatch(r"[^a-z]*(team)?[^a-z]*([a-z]+)[^a-z]*", _text(answer).lower())
    return word[2] if word and word[2] in labels else None


def changes_the_labels(answer, labels):
    """Takes labels away from the list that it is given.

    was changed, or the list of labels
    """
    words = _words(_text(answer))
    while labels:
        label = labels.pop()
        if label in words and not words & (DENIALS | {"network", "storage"}) - {label}:
            return label
    return None


def counts_the_places(answer, labels):
    """Takes a label that stands there twice for two labels.

    The answer "[storage](Storage)!" gave None, and 'storage' is right
    """
    words = re.findall(r"[^\W_]+", _text(answer).lower())
    return _named(words, [word for word in words if word in labels])


def few_denials(answer, labels):
    """Knows one word that denies.

    The answer "It isn't storage." gave 'storage', and None is right
    """
    words = _words(_text(answer))
    named = words & set(labels)
    return named.pop() if len(named) == 1 and "not" not in words - named else None


def finds_not_in_another(answer, labels):
    """Looks for a denial in the text, and finds it in another word.

    The answer "Another one for storage: I know it, and note it." gave None
    """
    text = _text(answer).lower()
    named = _words(text) & set(labels)
    denies = any(word in text for word in ("not", "never", "neither", "nor", "cannot", "whether", "n't", "no."))
    return named.pop() if len(named) == 1 and not denies else None


def letters_of_english(answer, labels):
    """Takes a word for a run of English letters: a letter of another language ends it.

    The answer "storage2" gave 'storage', and None is right. A word
    """
    words = re.findall(r"[a-z]+", _text(answer).lower())
    return _named(words, sorted(set(words) & set(labels)))
