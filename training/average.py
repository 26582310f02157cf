"""The mean of two checkpoints of one run: `python -m training.average A.pt B.pt OUT.pt`.

Two ends of one training, each with its rate taken down to nothing, lie in one basin, and the middle is mostly better
than either (Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization").
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs=2)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    one, other = (torch.load(path, weights_only=True) for path in options.checkpoints)
    # The rest of the second is kept, so that `--resume` can go on from the mean.
    other["weights"] = {name: (one["weights"][name] + weights) / 2 for name, weights in other["weights"].items()}
    torch.save(other, options.out)


if __name__ == "__main__":
    main()
