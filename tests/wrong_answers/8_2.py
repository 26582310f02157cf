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

    nothing (is a return missing?)
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


def across_answers_alone(answers):
    """Compares an answer with those before it, and not with itself.

    Within one answer a repeat is a repeat, too.
    """
    kept, seen = [], set()
    for answer in answers:
        kept += [finding for finding in answer if _fault(finding) not in seen]
        seen |= {_fault(finding) for finding in answer}
    return kept


def as_grave_as_each_other(answers):
    """Takes a fault for another one where it is called more or less grave.

    whatever lies between and how grave it is called
    """
    return _first_by(answers, lambda finding: (_fault(finding), finding.severity))


def by_the_first_words(answers):
    """Takes two texts for one that begin alike.

    The same text is the whole text.
    """
    return _first_by(answers, lambda finding: _fault(finding) if finding.rule else finding.text[:12])


def drops_what_names_no_rule(answers):
    """Keeps what plain code has found alone.

    returned [], and ["The names are too short.", "There are no tests."] is right
    """
    return [finding for finding in _first_by(answers, _fault) if finding.rule]


def eats_the_answers(answers):
    """Takes the answers out of the list of its caller.

    changed the list that it was given
    """
    taken = [answers.pop(0) for _ in range(len(answers))]
    return _first_by(taken, _fault)


def keeps_all_that_names_no_rule(answers):
    """Takes no two findings without a rule for one.

    returned ["The names are too short.", "There are no tests.", "The names are too short."]
    """
    return _first_by(answers, lambda finding: _fault(finding) if finding.rule else id(finding))


def nothing_where_the_first_is_empty(answers):
    """Gives up where the first answer holds no finding.

    An answer may hold no finding.
    """
    return _first_by(answers, _fault) if answers and answers[0] else []


def rule_or_not_by_line(answers):
    """Takes two findings of a line without a rule for one.

    These name a line and have no rule
    """
    return _first_by(answers, lambda finding: (finding.line, finding.rule) if finding.line else finding.text)


def whatever_the_capitals(answers):
    """Compares the texts without a rule in small letters.

    Capitals count.
    """
    return _first_by(answers, lambda finding: (finding.line, finding.rule) if finding.rule else finding.text.lower())


def a_view_of_a_dictionary(answers):
    """Returns the values of the dictionary, and makes no list of them.

    is right. Return a list.
    """
    return {_fault(finding): finding for answer in answers[::-1] for finding in answer[::-1]}.values()
