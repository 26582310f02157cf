"""Exercise 3.2: temperature, tokens and a reason, for three jobs."""

REASON = "I have my reasons for this"


def cold_names(job):
    """Wants ten different names of a cold model.

    For 'names' you chose temperature 0.2
    """
    return {"label": (0.0, 8, REASON), "explain": (0.2, 100, REASON), "names": (0.2, 100, REASON)}[job]


def few_words_for_ten_names(job):
    """Leaves no room for what it asks.

    For 'names' you chose 20 tokens
    """
    return {"label": (0.0, 8, REASON), "explain": (0.2, 300, REASON), "names": (1.2, 20, REASON)}[job]


def hot_label(job):
    """Throws dice for a label.

    For 'label' you chose temperature 1.0
    """
    return {"label": (1.0, 8, REASON), "explain": (0.2, 100, REASON), "names": (1.2, 100, REASON)}[job]


def long_label(job):
    """Allows a paragraph where one word is wanted.

    For 'label' you chose 100 tokens
    """
    return (0.0, 100, REASON)


def no_reason(job):
    """Chooses, and does not say why.

    now defend it
    """
    return {"label": (0.0, 8, ""), "explain": (0.2, 100, ""), "names": (1.2, 100, "")}[job]


def one_number(job):
    """Returns the temperature alone.

    Return three values
    """
    return 0.5


def unknown_job(job):
    """Knows one job of three.

    raised KeyError
    """
    return {"label": (0.0, 8, REASON)}[job]


def in_words(job):
    """Writes the temperature as a text.

    The temperature is a number such as 0.5
    """
    return {"label": ("0.0", 8, REASON), "explain": ("0.2", 100, REASON), "names": ("1.2", 100, REASON)}[job]


def one_reason_for_all(job):
    """Has one reason for all three jobs, which is none for any.

    Two jobs have the same reason
    """
    return {"label": (0.0, 8, REASON), "explain": (0.2, 100, REASON), "names": (1.2, 100, REASON)}[job]
