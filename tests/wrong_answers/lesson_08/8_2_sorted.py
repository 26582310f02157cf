"""Keep the order in which they came"""


def combined(answers):
    kept = {}
    for finding in [each for answer in answers for each in answer]:
        key = (finding.line, finding.rule) if finding.rule else finding.text
        kept.setdefault(key, finding)
    rules = [each for each in kept.values() if each.rule]
    return sorted(rules, key=lambda each: each.line) + [each for each in kept.values() if not each.rule]
