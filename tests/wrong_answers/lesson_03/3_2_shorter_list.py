"""returned [0.625, 0.375], and"""


def top_p(probabilities, p):
    order = sorted(range(len(probabilities)), key=lambda i: -probabilities[i])
    kept, held = [], 0.0
    for i in order:
        if kept and held >= p:
            break
        kept.append(i)
        held += probabilities[i]
    return [probabilities[i] / held for i in sorted(kept)]
