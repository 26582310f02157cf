"""returned [1.000, 0.000, 0.000], and [0.500"""


def top_p(probabilities, p):
    kept = [q if q >= min(p, max(probabilities)) else 0.0 for q in probabilities]
    return [q / sum(kept) for q in kept]
