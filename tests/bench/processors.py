"""The tests that compute with the embedded model, in the arithmetic of other processors.

    python tests/bench/processors.py                     all of them, and the notebooks
    python tests/bench/processors.py tests/models -k hot  these, with options of pytest

numpy's OpenBLAS adds in an order that depends on the processor and on its number of threads; `OPENBLAS_CORETYPE` and
`OPENBLAS_NUM_THREADS` choose in their place. A line for each setting; 1 where one of them failed. x86 alone.
"""

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
CORES = ("", "Haswell", "Nehalem", "Prescott")
"""AVX2, SSE4.2 and SSE3. The first is the machine's own: AVX-512 where it has that. Zen computes as Haswell does."""


def kernel() -> str:
    """What the OpenBLAS of this process computes as; "" where numpy has another library."""
    for path in (Path(np.__file__).parents[1] / "numpy.libs").glob("*openblas*"):
        name = ctypes.CDLL(str(path)).scipy_openblas_get_corename64_
        name.restype = ctypes.c_char_p
        return name().decode()
    return ""


def run(core: str, threads: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments in a setting."""
    chosen = {"OPENBLAS_NUM_THREADS": threads} | ({"OPENBLAS_CORETYPE": core} if core else {})
    inherited = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=inherited | chosen, capture_output=True, encoding="utf-8")


def with_the_model() -> list[str]:
    """The test files that name the model, and the notebooks; those in a browser do not compare what it says."""
    files = [path for path in sorted((ROOT / "tests").rglob("test_*.py")) if path.parent.name != "browser"]
    named = [path for path in files if re.search(r"\b[Tt]iny", path.read_text("utf-8"))]
    return [str(path.relative_to(ROOT)) for path in named] + ["tests/notebooks"]


def main(arguments: list[str]) -> int:
    failed = False
    for core in CORES:
        for threads in ("1", "2"):
            name = run(core, threads, __file__, "--kernel").stdout.strip()
            done = run(core, threads, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(arguments or with_the_model()))
            failed = failed or done.returncode != 0
            lines = done.stdout.strip().splitlines() or [done.stderr]
            told = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
            print(
                f"{core or 'own':<9} ({name}), threads {threads}: {lines[-1]}",
                *told,
                sep="\n  ",
                flush=True,
            )
    return int(failed)


if __name__ == "__main__":
    if sys.argv[1:] == ["--kernel"]:
        print(kernel())
    else:
        sys.exit(main(sys.argv[1:]))
