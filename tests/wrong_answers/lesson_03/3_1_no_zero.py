"""raised ZeroDivisionError"""

import math


def apply_temperature(logits, temperature):
    weights = [math.exp((logit - max(logits)) / temperature) for logit in logits]
    return [weight / sum(weights) for weight in weights]
