"""returned [0.625, 0.375], and"""

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
    return [probabilities[i] / held for i in sorted(kept)]
