"""in whatever words"""


def combined(answers):
    kept = []
    for finding in [each for answer in answers for each in answer]:
        if finding.text not in [each.text for each in kept]:
            kept.append(finding)
    return kept
