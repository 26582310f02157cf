"""The order is high, medium, low"""


def by_severity(findings):
    return sorted(findings, key=lambda finding: finding.severity or "z")
