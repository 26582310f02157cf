"""The embedded model: 3.5 million weights, numpy only, made by `training/` from text of our own."""

from labkit.models.sampler import Dials
from labkit.models.tiny.answer import TinyAnswer
from labkit.models.tiny.callback import OUT_OF_DEPTH, TinyModel

__all__ = ["OUT_OF_DEPTH", "Dials", "TinyAnswer", "TinyModel"]
