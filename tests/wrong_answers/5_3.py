"""Exercise 5.3: the most intelligent model that many requests can pay for."""


def _most_intelligent(models):
    return max(models, key=lambda m: m.scores.intelligence)


def _payable(models, requests, tokens_in, tokens_out, usd):
    return [m for m in models if m.scores and requests * m.price(tokens_in, tokens_out) <= usd]


def all_tokens_at_once(models, requests, tokens_in, tokens_out, usd):
    """Asks for the price of one huge request, which is another.

    ask price() for one request
    """
    payable = [m for m in models if m.scores and m.price(requests * tokens_in, requests * tokens_out) <= usd]
    return _most_intelligent(payable).name if payable else None


def first_in_the_list(models, requests, tokens_in, tokens_out, usd):
    """Takes the first that can be paid.

    you chose 'dear', and 'large' is right
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
        if m.scores and requests * (tokens_in * m.prices[0].input + tokens_out * m.prices[0].output) / 1_000_000 <= usd
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

    $50, you chose 'small', and 'large' is right
    """
    payable = _payable(models, requests, tokens_in, tokens_out, usd)
    return min(payable, key=lambda m: m.price(tokens_in, tokens_out)).name if payable else None


def the_whole_entry(models, requests, tokens_in, tokens_out, usd):
    """Returns the entry of the catalogue, where its name is wanted.

    Return its name
    """
    payable = _payable(models, requests, tokens_in, tokens_out, usd)
    return _most_intelligent(payable) if payable else None


def a_little_too_much(models, requests, tokens_in, tokens_out, usd):
    """Rounds to whole cents.

    too much, if by a little
    """
    payable = [m for m in models if m.scores and round(requests * m.price(tokens_in, tokens_out), 2) <= usd]
    return _most_intelligent(payable).name if payable else None


def forgets_the_tokens_out(models, requests, tokens_in, tokens_out, usd):
    """Pays for the questions, and not for the answers.

    with its tokens out, and $0.29 without
    """
    payable = _payable(models, requests, tokens_in, 0, usd)
    return _most_intelligent(payable).name if payable else None


def in_place(models, requests, tokens_in, tokens_out, usd):
    """Sorts the list that belongs to the caller.

    changed the list that it was given
    """
    models.sort(key=lambda m: m.scores.intelligence, reverse=True)
    return next((m.name for m in _payable(models, requests, tokens_in, tokens_out, usd)), None)


def last_of_equals(models, requests, tokens_in, tokens_out, usd):
    """Takes the last of equally intelligent ones.

    equally intelligent: the first of them
    """
    payable = sorted(_payable(models, requests, tokens_in, tokens_out, usd), key=lambda m: m.scores.intelligence)
    return payable[-1].name if payable else None


def less_than_there_is(models, requests, tokens_in, tokens_out, usd):
    """Finds too dear what costs just what is there.

    what is just enough will do
    """
    payable = [m for m in models if m.scores and requests * m.price(tokens_in, tokens_out) < usd]
    return _most_intelligent(payable).name if payable else None


def takes_a_price_for_granted(models, requests, tokens_in, tokens_out, usd):
    """Asks for the price of a model that has none.

    Your function raised LookupError: The catalogue has no price for retired.
    """
    payable = [m for m in models if requests * m.price(tokens_in, tokens_out) <= usd]
    return _most_intelligent(payable).name if payable else None


def the_first_is_there(models, requests, tokens_in, tokens_out, usd):
    """Begins with the first model of a list that may be empty.

    Your function raised IndexError
    """
    cheapest = min([models[0], *models], key=lambda m: m.price(tokens_in, tokens_out))
    if requests * cheapest.price(tokens_in, tokens_out) > usd:
        return None
    return _most_intelligent(_payable(models, requests, tokens_in, tokens_out, usd)).name


def what_costs_most(models, requests, tokens_in, tokens_out, usd):
    """Takes the dearest for the best.

    whatever it costs
    """
    payable = _payable(models, requests, tokens_in, tokens_out, usd)
    return max(payable, key=lambda m: m.price(tokens_in, tokens_out)).name if payable else None
