"""Where a finding has no rule"""


def combined(answers):
    kept = {}
    for finding in [each for answer in answers for each in answer]:
        kept.setdefault((finding.line, finding.rule), finding)
    return list(kept.values())
