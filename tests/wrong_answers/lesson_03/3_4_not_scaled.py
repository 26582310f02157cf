"""[0.500, 0.300, 0.000], and [0.625"""

import math


def top_p(logits, p):
    weights = [math.exp(logit - max(logits)) for logit in logits]
    probabilities = [weight / sum(weights) for weight in weights]
    order = sorted(range(len(probabilities)), key=lambda i: -probabilities[i])
    kept, held = [], 0.0
    for i in order:
        if kept and held >= p:
            break
        kept.append(i)
        held += probabilities[i]
    return [probabilities[i] if i in kept else 0.0 for i in range(len(probabilities))]
