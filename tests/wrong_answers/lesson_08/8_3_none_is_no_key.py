"""raised KeyError"""


def by_severity(findings):
    order = {"high": 0, "medium": 1, "low": 2}
    return sorted(findings, key=lambda finding: order[finding.severity])
