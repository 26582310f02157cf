"""changed the list that it was given"""


def by_severity(findings):
    findings.sort(key=lambda finding: ["high", "medium", "low", None].index(finding.severity))
    return findings
