"""Exercise 3.2: a temperature, chosen by what was measured."""


def _share(texts, true):
    return sum(true(text) is True for text in texts) / len(texts)


def counts_and_does_not_divide(runs, true):
    """Takes the temperature with the most true answers, however many were drawn there.

    All of one are more than half of four
    """
    return min(runs, key=lambda heat: (-sum(true(text) is True for text in runs[heat]), heat))


def hottest_of_equals(runs, true):
    """Wants variety where truth is the same.

    Of equal shares the lowest temperature wins
    """
    return max(runs, key=lambda heat: (_share(runs[heat], true), heat))


def always_the_coldest(runs, true):
    """Takes 0 for the truth and does not look at the answers.

    at 1: 1 of 2 true, choose returned 0, and 1 is right
    """
    return min(runs)


def unknown_counts_as_true(runs, true):
    """Counts whatever is not called false.

    What the rule cannot tell is not true
    """
    return min(runs, key=lambda heat: (-sum(true(text) is not False for text in runs[heat]) / len(runs[heat]), heat))


def adds_none(runs, true):
    """Adds up what the rule says, and it may say nothing.

    unsupported operand type(s) for +
    """
    return min(runs, key=lambda heat: (-sum(true(text) for text in runs[heat]) / len(runs[heat]), heat))


def the_share_itself(runs, true):
    """Returns how good it is in place of where.

    Return a temperature of them
    """
    return f"{max(_share(texts, true) for texts in runs.values()):.0%}"


def empties_the_runs(runs, true):
    """Takes out of the caller's dict what it has looked at.

    choose changed `runs`
    """
    shares = {}
    while runs:
        heat, texts = runs.popitem()
        shares[heat] = _share(texts, true)
    return min(shares, key=lambda heat: (-shares[heat], heat))
