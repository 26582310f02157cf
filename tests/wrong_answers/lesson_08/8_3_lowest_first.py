"""The gravest comes first"""


def by_severity(findings):
    order = ["low", "medium", "high", None]
    return sorted(findings, key=lambda finding: order.index(finding.severity))
