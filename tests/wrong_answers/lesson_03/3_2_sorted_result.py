"""need not be sorted"""


def top_p(probabilities, p):
    kept, held = [], 0.0
    for probability in sorted(probabilities, reverse=True):
        if kept and held >= p:
            break
        kept.append(probability)
        held += probability
    return [probability / held for probability in kept] + [0.0] * (len(probabilities) - len(kept))
