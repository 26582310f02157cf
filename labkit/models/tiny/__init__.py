"""The embedded model: 3.5 million weights, numpy only, made by `training/` from text of our own."""

from labkit.models.tiny.answer import TinyAnswer
from labkit.models.tiny.callback import OUT_OF_DEPTH, TinyModel, Trace
from labkit.models.tiny.generation import Rival, Standing, TracedToken
from labkit.models.tiny.sampler import Dials

__all__ = ["OUT_OF_DEPTH", "Dials", "Rival", "Standing", "TinyAnswer", "TinyModel", "Trace", "TracedToken"]
