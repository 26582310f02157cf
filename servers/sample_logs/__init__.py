"""One night shift of an operations team, as its log collector kept it. Hosts, people and addresses are made up."""

from pathlib import Path

from servers.log_entries import read_log

SAMPLE_LOG = Path(__file__).with_name("night_shift.txt")

_KNOWN_BY = {
    "deadlock": "deadlock detected DETAIL",
    "disk_full": "PANIC:  could not write",
    "out_of_memory": "Memory cgroup out of memory",
    "crash_loop": "CrashLoopBackOff",
    "bad_gateway": "no live upstreams",
    "certificate": "certificate expired",
    "failed_login": "Failed password",
    "traceback": "ConnectionRefusedError",
    "injection": "Ignore all earlier instructions",
}


def _sample_lines() -> dict[str, str]:
    texts = [entry.text for entry in read_log(SAMPLE_LOG.read_text(encoding="utf-8"))]
    return {name: next(text for text in texts if mark in text) for name, mark in _KNOWN_BY.items()}


SAMPLE_LINES = _sample_lines()
"""Lines of the sample log by name: `SAMPLE_LINES["deadlock"]`. All are one line but `"traceback"`."""
