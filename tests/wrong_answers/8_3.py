"""Exercise 8.3: findings in order of severity."""


def _in_order(findings, order):
    return sorted(findings, key=lambda finding: order.index(finding.severity))


def by_alphabet(findings):
    """Sorts the words by their letters.

    The order is high, medium, low
    """
    return sorted(findings, key=lambda finding: finding.severity or "z")


def by_line_too(findings):
    """Sorts by line what is equally grave.

    they stay in the order in which they came
    """
    order = ["high", "medium", "low", None]
    return sorted(findings, key=lambda finding: (order.index(finding.severity), finding.line or 0))


def in_place(findings):
    """Sorts the list that belongs to the caller.

    changed the list that it was given
    """
    findings.sort(key=lambda finding: ["high", "medium", "low", None].index(finding.severity))
    return findings


def lowest_first(findings):
    """Begins with the least.

    The gravest comes first
    """
    return _in_order(findings, ["low", "medium", "high", None])


def none_first(findings):
    """Begins with what has no severity.

    A finding with severity None comes last
    """
    return _in_order(findings, [None, "high", "medium", "low"])


def none_is_no_key(findings):
    """Takes it for granted that every finding has a severity.

    raised KeyError
    """
    order = {"high": 0, "medium": 1, "low": 2}
    return sorted(findings, key=lambda finding: order[finding.severity])
