"""Exercise 15.4: what a day may cost."""

from labkit.host import Policy


def _policy(asked, reports, usd, price, **changed):
    if usd / price * 1e6 < asked.max_tokens:
        raise ValueError("too little")
    told = {"samples_per_call": 1, "samples": reports, "max_tokens": asked.max_tokens, "tokens": int(usd / price * 1e6)}
    return Policy(**(told | changed))


def as_recommended(asked, reports, usd, price):
    """Leaves all as it is.

    One call may ask 12 times; your tool asks once.
    """
    return Policy()


def without_a_count(asked, reports, usd, price):
    """Counts no samples.

    The policy allows 200 samples in all.
    """
    return Policy(samples_per_call=1, max_tokens=asked.max_tokens, tokens=int(usd / price * 1e6))


def twice_to_be_safe(asked, reports, usd, price):
    """Allows twice as many reports.

    The policy allows 60 samples in all.
    """
    return _policy(asked, reports, usd, price, samples=2 * reports)


def long_answers(asked, reports, usd, price):
    """Leaves the length of answers open.

    Your tool asks for 150 tokens, and the policy allows 4096.
    """
    return Policy(samples_per_call=1, samples=reports, tokens=int(usd / price * 1e6))


def what_the_day_needs(asked, reports, usd, price):
    """Takes the tokens that the answers need, and never looks at the money.

    The policy allows 4,500 tokens; 20,000 cost no more.
    """
    return _policy(asked, reports, usd, price, tokens=reports * asked.max_tokens)


def without_a_limit(asked, reports, usd, price):
    """Sets no limit on tokens.

    The policy allows any number of tokens in all.
    """
    return _policy(asked, reports, usd, price, tokens=None)


def for_a_thousand(asked, reports, usd, price):
    """Reads the price as one of a thousand tokens.

    The policy allows 20 tokens; 20,000 cost no more.
    """
    return _policy(asked, reports, usd, price, tokens=int(usd / price * 1e3))


def rounds_up(asked, reports, usd, price):
    """Rounds up to the next thousand.

    a day would cost 0.5250 USD.
    """
    return _policy(asked, reports, usd, price, tokens=int(usd / price * 1e6) + 1_000)


def asks_nobody(asked, reports, usd, price):
    """Has no person asked, since the server is one's own.

    ask is 'never'; leave it as the kit recommends.
    """
    return _policy(asked, reports, usd, price, ask="never")


def forgets_to_return(asked, reports, usd, price):
    """Makes it and lets it go.

    policy_for returned nothing (is `return` missing?).
    """
    _policy(asked, reports, usd, price)


def of_nothing(asked, reports, usd, price):
    """Makes a policy under which nothing passes.

    0.00374 USD buy 149 tokens, and an answer may have 150. policy_for returned a Policy.
    """
    told = {"samples_per_call": 1, "samples": reports, "max_tokens": asked.max_tokens, "tokens": int(usd / price * 1e6)}
    return Policy(**told)
