"""What detect-secrets (Yelp) finds of the texts in `tests/secret_forms/`, and how much of that is found here.

Run by hand, with detect-secrets where it harms nobody (it is no dependency of the kit):

    python -m venv /tmp/peer && /tmp/peer/bin/pip install detect-secrets==1.5.0
    PYTHONPATH=$(echo /tmp/peer/lib/python3*/site-packages) python -m tests.bench.secret_forms_peer [held later_held]

A sample counts as found by the peer when one of its detectors tells a value that shares a run of the secret.
Its filters
(words of a list, sequences, templates) are on, as `detect-secrets scan` has them; each sample is a file of its own.
"""

import sys
import tempfile
from importlib import import_module
from pathlib import Path

from tests.secret_forms.corpus import leaks, samples, survives


def main() -> None:
    scan = import_module("detect_secrets.core.scan")
    settings = import_module("detect_secrets.settings")
    for name in sys.argv[1:] or ["held"]:
        missed = {sample.line for sample in leaks(name)}
        theirs: list[str] = []
        every = samples(name)
        for sample in every:
            with tempfile.TemporaryDirectory() as folder, settings.default_settings():
                (file := Path(folder) / "sample.txt").write_text("".join(sample.blocks) + "\n", encoding="utf-8")
                found = [each.secret_value for each in scan.scan_file(str(file))]
            if any(survives(secret, value) for secret in sample.secrets for value in found if value):
                theirs.append(sample.line)
        both = [line for line in theirs if line not in missed]
        print(f"{name}: the peer finds {len(theirs)} of {len(every)}, here {len(every) - len(missed)} are found;")
        share = 100 * len(both) / max(1, len(theirs))
        print(f"  of the {len(theirs)} that the peer finds, {len(both)} ({share:.1f} %) are found here")
        print(*(f"    {line}" for line in theirs if line in missed), sep="\n")


if __name__ == "__main__":
    main()
