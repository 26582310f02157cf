"""Exercise 10.4: for eight scenarios a way and a reason."""

RIGHT = {
    "a": ("provider", "time"),
    "b": ("provider", "cost"),
    "c": ("code", "exact"),
    "d": ("provider", "private"),
    "e": ("provider", "any client"),
    "f": ("provider", "many"),
    "g": ("provider", "stateless"),
    "h": ("sample", "their model"),
}


def samples_while_one_types():
    """Asks the client while its user types.

    In a you chose 'sample'
    """
    return RIGHT | {"a": ("sample", "time")}


def lets_the_client_pay():
    """Sells what the client pays for.

    In b you chose 'sample'
    """
    return RIGHT | {"b": ("sample", "cost")}


def counts_with_a_model():
    """Has a model count.

    In c you chose 'provider'
    """
    return RIGHT | {"c": ("provider", "exact")}


def reads_letters_by_code():
    """Has code sum up letters.

    In d you chose 'code'
    """
    return RIGHT | {"d": ("code", "private")}


def trusts_any_client():
    """Asks clients that mostly cannot.

    In e you chose 'sample'
    """
    return RIGHT | {"e": ("sample", "any client")}


def asks_five_hundred_times():
    """Asks a person five hundred times, since it costs the server nothing.

    In f you chose 'sample'
    """
    return RIGHT | {"f": ("sample", "cost")}


def asks_without_a_session():
    """Asks where nobody can take the answer.

    In g you chose 'sample'
    """
    return RIGHT | {"g": ("sample", "stateless")}


def pays_for_a_gift():
    """Pays for the models of all users.

    In h you chose 'provider'
    """
    return RIGHT | {"h": ("provider", "their model")}


def another_reason():
    """Chooses well, for a reason that holds elsewhere.

    In e 'provider' is right, and 'cost' is not why
    """
    return RIGHT | {"e": ("provider", "cost")}


def leaves_one_out():
    """Decides seven.

    Of g you say None
    """
    return {letter: choice for letter, choice in RIGHT.items() if letter != "g"}


def ways_alone():
    """Gives no reason.

    Of a you say 'provider'
    """
    return {letter: way for letter, (way, _) in RIGHT.items()}


def the_other_way_round():
    """Puts the reason first.

    In a: 'time' is none of code, provider, sample
    """
    return {letter: (reason, way) for letter, (way, reason) in RIGHT.items()}


def a_list():
    """Returns pairs without their letters.

    my_choices returned a list
    """
    return list(RIGHT.values())


def in_other_words():
    """Words a reason of its own.

    In h: 'because' is none of time, cost
    """
    return RIGHT | {"h": ("sample", "because")}
