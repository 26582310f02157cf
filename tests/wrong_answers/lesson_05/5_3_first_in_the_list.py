"""you chose 'small', and 'medium' is right"""


def within_budget(models, requests, tokens_in, tokens_out, usd):
    payable = [m for m in models if requests * m.price(tokens_in, tokens_out) <= usd]
    return payable[0].name if payable else None
