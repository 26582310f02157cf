"""The same fault on another line"""


def combined(answers):
    kept = {}
    for finding in [each for answer in answers for each in answer]:
        kept.setdefault(finding.rule or finding.text, finding)
    return list(kept.values())
