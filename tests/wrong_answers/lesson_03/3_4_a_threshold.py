"""returned [1.000, 0.000, 0.000], and [0.500"""

import math


def top_p(logits, p):
    weights = [math.exp(logit - max(logits)) for logit in logits]
    probabilities = [weight / sum(weights) for weight in weights]
    kept = [q if q >= min(p, max(probabilities)) else 0.0 for q in probabilities]
    return [q / sum(kept) for q in kept]
