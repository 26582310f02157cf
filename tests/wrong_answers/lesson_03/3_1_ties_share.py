"""of equal ones the first"""

import math


def apply_temperature(logits, temperature):
    best = max(logits)
    if temperature == 0:
        return [float(logit == best) / logits.count(best) for logit in logits]
    weights = [math.exp((logit - best) / temperature) for logit in logits]
    return [weight / sum(weights) for weight in weights]
