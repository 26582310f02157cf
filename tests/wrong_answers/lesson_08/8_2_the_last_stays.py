"""; the first stays"""


def combined(answers):
    kept = {}
    for finding in [each for answer in answers for each in answer]:
        kept[finding.line, finding.rule] = finding
    return list(kept.values())
