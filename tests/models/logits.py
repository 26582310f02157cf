"""What the embedded model itself says, for tests of what the dials make of it."""

from functools import cache

from labkit.models import sampler
from labkit.models.tiny.callback import load
from labkit.models.tiny.generation import possible, read
from labkit.models.tiny.messages import fitted
from labkit.models.tiny.model import Cache


@cache
def logits_of(prompt: str) -> sampler.Logits:
    """The logits of the first token of an answer to `prompt`, read as an answer reads it."""
    model, tokenizer = load()
    ids, _ = fitted(tokenizer, "", [("user", prompt)], 640)
    *_, logits = read(model, ids, Cache(model.shape))
    return possible(logits, tokenizer)
