"""A finding with severity None comes last"""


def by_severity(findings):
    order = [None, "high", "medium", "low"]
    return sorted(findings, key=lambda finding: order.index(finding.severity))
