"""Exercise 5.2: which model the client takes in six cases, said before it is run."""

RIGHT = {"A": "haiku", "B": "opus", "C": "sonnet", "D": "fable", "E": "haiku", "F": "fable"}


def a_list():
    """Leaves out which case is meant.

    Return a dict
    """
    return list(RIGHT.values())


def a_version_is_no_hint():
    """Takes the name of a version for a hint at its family.

    In case E you said claude-sonnet
    """
    return RIGHT | {"E": "sonnet"}


def priorities_first():
    """Weighs the priorities before the hints.

    In case B you said claude-haiku
    """
    return RIGHT | {"B": "haiku"}


def the_middle():
    """Takes the middle where nothing is asked for.

    In case F you said claude-opus
    """
    return RIGHT | {"F": "opus"}


def too_short():
    """Gives a word that is part of every name.

    Write a model's name
    """
    return RIGHT | {"A": "claude"}


def unknown_hint_means_default():
    """Takes the first model where a hint is unknown, and passes over the hint behind it.

    In case C you said claude-haiku
    """
    return RIGHT | {"C": "haiku"}


def only_two():
    """Says what is sure and leaves the rest out.

    has no model for C, D, E, F
    """
    return {"A": "haiku", "B": "opus"}


def the_hint_decides():
    """Takes the first model that a hint leaves, and forgets the priorities.

    In case D you said claude-haiku
    """
    return RIGHT | {"D": "haiku"}


def what_it_knows_best():
    """Takes a model that is not in the list.

    In case F you wrote 'gpt-5'
    """
    return RIGHT | {"F": "gpt-5"}
