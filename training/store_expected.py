"""Write down the token ids that the tests expect of the present weights: `python -m training.store_expected`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from labkit.models.tiny import Dials, TinyModel
from training import prompts

DEADLOCK = (
    "2026-11-13 01:12:11.482 UTC [821] ERROR:  deadlock detected DETAIL:  Process 821 waits for ShareLock on "
    "transaction 456; blocked by process 999. Process 999 waits for ShareLock on transaction 821; "
    "blocked by process 821."
)
PAPER = prompts.summarize_paper("Kestrel", "Kestrel uses reranking for legal search. It lowers cost by 9%.")
REVIEW = prompts.review_code("eval(text)", ["line 1: eval-call: call to eval"], "security")
CASES = [
    ("deadlock, greedy", prompts.LOG_SYSTEM, prompts.log_line(DEADLOCK), Dials(0.0), 0),
    ("deadlock, cool", prompts.LOG_SYSTEM, prompts.log_line(DEADLOCK), Dials(0.2), 1),
    ("deadlock, hot", "", prompts.explain_log_line(DEADLOCK), Dials(1.0), 2),
    ("sentiment", prompts.SENTIMENT_SYSTEM, prompts.sentiment("I absolutely love this product!"), Dials(0.0), 0),
    ("out of its depth", "", "Who painted the Mona Lisa?", Dials(0.7, top_p=0.9), 3),
    ("one paper", prompts.RESEARCH_SYSTEM, PAPER, Dials(0.8, top_k=5), 4),
    ("review", prompts.REVIEW_SYSTEM, REVIEW, Dials(1.2, min_p=0.05), 5),
]


def main() -> None:
    model = TinyModel()
    stored = [
        {"name": name, "system": system, "prompt": prompt, "dials": asdict(dials), "seed": seed,
         "ids": [token.id for token in model.trace(prompt, system_prompt=system, dials=dials, seed=seed).tokens]}
        for name, system, prompt, dials, seed in CASES
    ]  # fmt: skip
    Path("tests/models/tiny_expected.json").write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
