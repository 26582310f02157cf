"""Divide the logits by the temperature"""

import math


def apply_temperature(logits, temperature):
    if temperature == 0:
        return [1.0 if i == logits.index(max(logits)) else 0.0 for i in range(len(logits))]
    weights = [math.exp((logit - max(logits)) * temperature) for logit in logits]
    return [weight / sum(weights) for weight in weights]
