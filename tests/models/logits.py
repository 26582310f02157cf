"""What the embedded model itself says, for tests of what the dials make of it."""

from functools import cache

import numpy as np

from labkit.models.tiny import sampler
from labkit.models.tiny.callback import load
from labkit.models.tiny.messages import fitted
from labkit.models.tiny.model import Cache


@cache
def logits_of(prompt: str) -> sampler.Logits:
    """The logits of the first token of an answer to `prompt`."""
    model, tokenizer = load()
    ids, _ = fitted(tokenizer, "", [("user", prompt)], 640)
    logits = model.forward(ids, Cache(model.shape))
    logits[[i for i in tokenizer.control.values() if i != tokenizer.end]] = -np.inf
    return sampler.settle(logits)
