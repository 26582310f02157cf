"""Exercise 15.1: a design."""

_RIGHT = {
    "a": "code", "b": "code", "c": "code", "d": "sample", "e": "code",
    "f": "sample", "g": "refused", "h": "refused", "i": "refused", "j": "refused",
}  # fmt: skip


def _design(**changed):
    return {letter: (place, "it would go wrong elsewhere") for letter, place in (_RIGHT | changed).items()}


def a_model_that_adds_up():
    """Has a model do sums.

    Step b ("add up the orders of each month") is sample in your design. A sum is right or wrong
    """
    return _design(b="sample")


def a_model_that_looks_for_odd_days():
    """Has a model look for what stands out.

    Step c ("find the days that stand out") is sample in your design.
    """
    return _design(c="sample")


def code_that_judges():
    """Has code choose what matters.

    Step d ("choose which three of twenty facts matter to a reader in a hurry") is code in your design.
    """
    return _design(d="code")


def a_model_that_writes_figures():
    """Lets the model write the figures.

    Step e ("put a figure into a sentence") is sample in your design. A model that writes figures writes likely ones.
    """
    return _design(e="sample")


def fills_gaps():
    """Has a model guess what is missing.

    Step g ("make up a figure for a day that has none") is sample in your design. Nobody knows it
    """
    return _design(g="sample")


def runs_queries():
    """Runs what a model wrote.

    Step h ("run a query that the model wrote") is code in your design.
    """
    return _design(h="code")


def obeys_notes():
    """Obeys the data.

    Step i ("do what a note in a row asks for") is sample in your design. Notes are data.
    """
    return _design(i="sample")


def acts_on_a_fallback():
    """Acts where nothing was checked.

    no model has answered and nothing was checked") is code in your design.
    """
    return _design(j="code")


def another_word():
    """Has a fourth place.

    is 'ask a person': choose code, sample or refused.
    """
    return _design(f="ask a person")


def without_reasons():
    """Gives no reasons.

    is 'code'. Write a pair: where it belongs, and why.
    """
    return _RIGHT


def a_word_for_a_reason():
    """Gives a reason of a word.

    the reason is 'obvious'. Say in a sentence what would go wrong.
    """
    return {letter: (place, "obvious") for letter, place in _RIGHT.items()}


def leaves_one_out():
    """Leaves a step out.

    Step j ("wake somebody at night where no model has answered and nothing was checked") is missing
    """
    return {letter: pair for letter, pair in _design().items() if letter != "j"}


def a_list():
    """Returns a list.

    my_design returned a list, not a dictionary.
    """
    return [*_design().values()]
