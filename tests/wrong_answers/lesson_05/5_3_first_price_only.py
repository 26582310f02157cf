"""the small model's second price holds"""


def within_budget(models, requests, tokens_in, tokens_out, usd):
    payable = [
        m
        for m in models
        if requests * (tokens_in * m.prices[0].input + tokens_out * m.prices[0].output) / 1_000_000 <= usd
    ]
    if not payable:
        return None
    return max(payable, key=lambda m: m.scores.intelligence).name
