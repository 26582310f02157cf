"""Exercise 5.3: the most intelligent model that many requests can pay for."""


def _most_intelligent(models):
    return max(models, key=lambda m: m.scores.intelligence)


def _payable(models, requests, tokens_in, tokens_out, usd):
    return [m for m in models if requests * m.price(tokens_in, tokens_out) <= usd]


def all_tokens_at_once(models, requests, tokens_in, tokens_out, usd):
    """Asks for the price of one huge request, which is another.

    ask price() for one request
    """
    payable = [m for m in models if m.price(requests * tokens_in, requests * tokens_out) <= usd]
    return _most_intelligent(payable).name if payable else None


def first_in_the_list(models, requests, tokens_in, tokens_out, usd):
    """Takes the first that can be paid.

    you chose 'small', and 'medium' is right
    """
    payable = _payable(models, requests, tokens_in, tokens_out, usd)
    return payable[0].name if payable else None


def first_price_only(models, requests, tokens_in, tokens_out, usd):
    """Reckons with the first price, where a long prompt has another.

    the small model's second price holds
    """
    payable = [
        m
        for m in models
        if requests * (tokens_in * m.prices[0].input + tokens_out * m.prices[0].output) / 1_000_000 <= usd
    ]
    return _most_intelligent(payable).name if payable else None


def nobody_to_pay(models, requests, tokens_in, tokens_out, usd):
    """Takes it for granted that one of them can be paid.

    Your function raised ValueError: max()
    """
    return _most_intelligent(_payable(models, requests, tokens_in, tokens_out, usd)).name


def one_request(models, requests, tokens_in, tokens_out, usd):
    """Reckons with one request in place of all.

    The large one costs $3.24
    """
    payable = _payable(models, 1, tokens_in, tokens_out, usd)
    return _most_intelligent(payable).name if payable else None


def the_cheapest(models, requests, tokens_in, tokens_out, usd):
    """Saves what may be spent.

    the most intelligent, wherever it stands
    """
    payable = _payable(models, requests, tokens_in, tokens_out, usd)
    return min(payable, key=lambda m: m.price(tokens_in, tokens_out)).name if payable else None


def the_whole_entry(models, requests, tokens_in, tokens_out, usd):
    """Returns the entry of the catalogue, where its name is wanted.

    Return its name
    """
    payable = _payable(models, requests, tokens_in, tokens_out, usd)
    return _most_intelligent(payable) if payable else None
