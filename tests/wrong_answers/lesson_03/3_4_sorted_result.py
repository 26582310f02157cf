"""need not be sorted"""

import math


def top_p(logits, p):
    weights = [math.exp(logit - max(logits)) for logit in logits]
    probabilities = [weight / sum(weights) for weight in weights]
    kept, held = [], 0.0
    for probability in sorted(probabilities, reverse=True):
        if kept and held >= p:
            break
        kept.append(probability)
        held += probability
    return [probability / held for probability in kept] + [0.0] * (len(probabilities) - len(kept))
