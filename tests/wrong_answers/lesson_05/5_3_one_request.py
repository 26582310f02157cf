"""The large one costs $3.24"""


def within_budget(models, requests, tokens_in, tokens_out, usd):
    payable = [m for m in models if m.price(tokens_in, tokens_out) <= usd]
    if not payable:
        return None
    return max(payable, key=lambda m: m.scores.intelligence).name
