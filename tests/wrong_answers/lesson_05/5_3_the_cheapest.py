"""the most intelligent, wherever it stands"""


def within_budget(models, requests, tokens_in, tokens_out, usd):
    payable = [m for m in models if requests * m.price(tokens_in, tokens_out) <= usd]
    if not payable:
        return None
    return min(payable, key=lambda m: m.price(tokens_in, tokens_out)).name
