"""One line may have two faults"""


def combined(answers):
    kept = {}
    for finding in [each for answer in answers for each in answer]:
        kept.setdefault(finding.line, finding)
    return list(kept.values())
