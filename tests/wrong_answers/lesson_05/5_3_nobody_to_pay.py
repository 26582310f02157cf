"""Your function raised ValueError: max()"""


def within_budget(models, requests, tokens_in, tokens_out, usd):
    payable = [m for m in models if requests * m.price(tokens_in, tokens_out) <= usd]
    return max(payable, key=lambda m: m.scores.intelligence).name
