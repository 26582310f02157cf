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

    returned [3 sql-concatenation, 4 pickle-load, 8 shell-true
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


def by_rule_too(findings):
    """Sorts by the name of the rule what is equally grave.

    returned [4 pickle-load, 8 shell-true, 3 sql-concatenation
    """
    order = ["high", "medium", "low", None]
    return sorted(findings, key=lambda finding: (order.index(finding.severity), finding.rule or ""))


def drops_repeats(findings):
    """Does the work of 8.2 once more.

    Change the order and nothing else
    """
    return _in_order(dict.fromkeys(findings), ["high", "medium", "low", None])


def drops_what_has_no_severity(findings):
    """Leaves out what has no severity.

    returned [1 unused-name], and
    """
    return _in_order([finding for finding in findings if finding.severity], ["high", "medium", "low"])


def no_severity_is_low(findings):
    """Takes what has no severity for low.

    returned ["There are no tests.", 1 unused-name, "The names are too short."]
    """
    order = ["high", "medium", "low"]
    return sorted(findings, key=lambda finding: order.index(finding.severity or "low"))


def the_first_is_there(findings):
    """Takes it for granted that there is a finding.

    Your function raised IndexError
    """
    return findings if not findings[0] else _in_order(findings, ["high", "medium", "low", None])


def the_same_list(findings):
    """Hands the list itself back where it is in order.

    returned the very list that it was given
    """
    ordered = _in_order(findings, ["high", "medium", "low", None])
    return findings if ordered == findings else ordered
