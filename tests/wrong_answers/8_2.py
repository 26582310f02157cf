"""Exercise 8.2: the findings of several reviews as one list, each fault once."""


def _first_by(answers, key):
    kept = {}
    for finding in [each for answer in answers for each in answer]:
        kept.setdefault(key(finding), finding)
    return list(kept.values())


def _fault(finding):
    return (finding.line, finding.rule) if finding.rule else finding.text


def by_line(answers):
    """Takes two faults of one line for one.

    One line may have two faults
    """
    return _first_by(answers, lambda finding: finding.line)


def by_rule(answers):
    """Takes the same fault on two lines for one.

    The same fault on another line
    """
    return _first_by(answers, lambda finding: finding.rule or finding.text)


def by_text(answers):
    """Takes one fault in two wordings for two.

    in whatever words
    """
    return _first_by(answers, lambda finding: finding.text)


def no_return(answers):
    """Makes the list and forgets to return it.

    nothing: is a return missing?
    """
    _first_by(answers, _fault)


def no_rule_is_no_rule(answers):
    """Takes all findings of a line that name no rule for one.

    Where a finding has no rule
    """
    return _first_by(answers, lambda finding: (finding.line, finding.rule))


def sorted_by_line(answers):
    """Puts the findings into an order of its own.

    Keep the order in which they came
    """
    kept = _first_by(answers, _fault)
    rules = [each for each in kept if each.rule]
    return sorted(rules, key=lambda each: each.line) + [each for each in kept if not each.rule]


def the_last_stays(answers):
    """Lets a later review overwrite an earlier one.

    ; the first stays
    """
    return list({(each.line, each.rule): each for answer in answers for each in answer}.values())
