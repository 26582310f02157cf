"""The mean of several checkpoints of one run: `python -m training.average A.pt B.pt ... OUT.pt`.

Ends of one training, each with its rate taken down to nothing, lie in one basin, and the middle is mostly better than
any of them (Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization").
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    *others, last = (torch.load(path, weights_only=True) for path in options.checkpoints)
    # The rest of the last is kept, so that `--resume` can go on from the mean.
    states = [each["weights"] for each in (*others, last)]
    last["weights"] = {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}
    torch.save(last, options.out)


if __name__ == "__main__":
    main()
