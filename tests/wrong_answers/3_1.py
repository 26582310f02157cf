"""Exercise 3.1: the probabilities of logits at a temperature."""

import math


def _softmax(logits):
    weights = [math.exp(logit - max(logits)) for logit in logits]
    return [weight / sum(weights) for weight in weights]


def _all_on_the_best(logits):
    return [1.0 if i == logits.index(max(logits)) else 0.0 for i in range(len(logits))]


def logits_not_probabilities(logits, temperature):
    """Returns scaled logits, which sum to anything.

    this is the softmax of the logits
    """
    return [logit / temperature for logit in logits]


def multiplies(logits, temperature):
    """Multiplies where it should divide: hot and cold change places.

    Divide the logits by the temperature
    """
    return _all_on_the_best(logits) if temperature == 0 else _softmax([logit * temperature for logit in logits])


def no_zero(logits, temperature):
    """Divides by a temperature of zero.

    raised ZeroDivisionError
    """
    return _softmax([logit / temperature for logit in logits])


def overflows(logits, temperature):
    """Does not take the greatest logit away first.

    raised OverflowError
    """
    if temperature == 0:
        return _all_on_the_best(logits)
    weights = [math.exp(logit / temperature) for logit in logits]
    return [weight / sum(weights) for weight in weights]


def ties_share(logits, temperature):
    """Shares a temperature of zero out among equals.

    of equal ones the first
    """
    if temperature == 0:
        return [float(logit == max(logits)) / logits.count(max(logits)) for logit in logits]
    return _softmax([logit / temperature for logit in logits])


def sorts_the_list(logits, temperature):
    """Sorts the list that it is given, to find the best.

    changed the list of logits
    """
    probabilities = (
        _all_on_the_best(logits) if temperature == 0 else _softmax([logit / temperature for logit in logits])
    )
    logits.sort()
    return probabilities


def no_higher_than_two(logits, temperature):
    """Takes 2 for the highest temperature there is.

    A temperature has no upper bound
    """
    return _all_on_the_best(logits) if temperature == 0 else _softmax([x / min(temperature, 2.0) for x in logits])
