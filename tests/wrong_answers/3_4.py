"""Exercise 3.4: top-p, the fewest likely tokens that together hold p."""

import math


def _softmax(logits):
    weights = [math.exp(logit - max(logits)) for logit in logits]
    return [weight / sum(weights) for weight in weights]


def _kept(probabilities, p):
    """Which are kept, likeliest first, and what they hold together."""
    kept, held = [], 0.0
    for i in sorted(range(len(probabilities)), key=lambda i: -probabilities[i]):
        if kept and held >= p:
            break
        kept.append(i)
        held += probabilities[i]
    return kept, held


def a_threshold(logits, p):
    """Takes p for the least probability that a token may have.

    returned [1.000, 0.000, 0.000], and [0.500
    """
    probabilities = _softmax(logits)
    kept = [q if q >= min(p, max(probabilities)) else 0.0 for q in probabilities]
    return [q / sum(kept) for q in kept]


def not_scaled(logits, p):
    """Leaves the kept ones as they were: they sum to less than 1.

    [0.500, 0.300, 0.000], and [0.625
    """
    probabilities = _softmax(logits)
    kept, _ = _kept(probabilities, p)
    return [q if i in kept else 0.0 for i, q in enumerate(probabilities)]


def shorter_list(logits, p):
    """Drops the rest from the list: places no longer say which token is meant.

    returned [0.625, 0.375], and
    """
    probabilities = _softmax(logits)
    kept, held = _kept(probabilities, p)
    return [probabilities[i] / held for i in sorted(kept)]


def sorted_result(logits, p):
    """Returns the probabilities in order of size, and not of the tokens.

    need not be sorted
    """
    probabilities = _softmax(logits)
    kept, held = _kept(probabilities, p)
    return [probabilities[i] / held for i in kept] + [0.0] * (len(probabilities) - len(kept))


def stops_short(logits, p):
    """Leaves out the token with which p would be reached.

    Keep the fewest best that together hold at least p
    """
    probabilities = _softmax(logits)
    kept, held = [], 0.0
    for i in sorted(range(len(probabilities)), key=lambda i: -probabilities[i]):
        if kept and held + probabilities[i] > p + 1e-9:
            break
        kept.append(i)
        held += probabilities[i]
    return [q / held if i in kept else 0.0 for i, q in enumerate(probabilities)]


def all_equal_ones(logits, p):
    """Keeps all that are as likely as the last one kept.

    Of equal ones the first goes first.
    """
    probabilities = _softmax(logits)
    kept, _ = _kept(probabilities, p)
    least = min(probabilities[i] for i in kept)
    likely = [q if q >= least - 1e-12 else 0.0 for q in probabilities]
    return [q / sum(likely) for q in likely]


def changes_the_list(logits, p):
    """Writes into the list that it is given.

    changed the list of logits
    """
    probabilities = _softmax(logits)
    kept, held = _kept(probabilities, p)
    logits[:] = [q / held if i in kept else 0.0 for i, q in enumerate(probabilities)]
    return list(logits)


def more_than_p(logits, p):
    """Takes one more where the kept ones hold just p.

    hold just 0.5, and that is at least p
    """
    probabilities, kept, held = _softmax(logits), [], 0.0
    for i in sorted(range(len(probabilities)), key=lambda i: -probabilities[i]):
        if kept and held > p + 1e-12:
            break
        kept.append(i)
        held += probabilities[i]
    return [q / held if i in kept else 0.0 for i, q in enumerate(probabilities)]


def nothing_of_a_p_of_0(logits, p):
    """Keeps nothing where p is 0, and divides by nothing.

    raised ZeroDivisionError
    """
    probabilities, kept, held = _softmax(logits), [], 0.0
    for i in sorted(range(len(probabilities)), key=lambda i: -probabilities[i]):
        if held >= p:
            break
        kept.append(i)
        held += probabilities[i]
    return [q / held if i in kept else 0.0 / held for i, q in enumerate(probabilities)]


def never_all_of_them(logits, p):
    """Holds p below 1, so that a last token of little weight is lost.

    be it ever so unlikely
    """
    probabilities = _softmax(logits)
    kept, held = _kept(probabilities, min(p, 0.99))
    return [q / held if i in kept else 0.0 for i, q in enumerate(probabilities)]
