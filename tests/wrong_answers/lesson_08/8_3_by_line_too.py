"""they stay in the order in which they came"""


def by_severity(findings):
    order = ["high", "medium", "low", None]
    return sorted(findings, key=lambda finding: (order.index(finding.severity), finding.line or 0))
