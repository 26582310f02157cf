"""Exercise 9.1: what failed in five calls, and whether the server was given a sign of it."""

_RIGHT = {
    "A": ("wrong form", True),
    "B": ("given up", True),
    "C": ("late", False),
    "D": ("empty", True),
    "E": ("busy", False),
}


def a_list():
    """Leaves out which flow is meant.

    Return a dict
    """
    return list(_RIGHT.values())


def causes_alone():
    """Says nothing of the server.

    Of flow A you say 'wrong form'. Say two things
    """
    return {letter: cause for letter, (cause, _) in _RIGHT.items()}


def own_words():
    """Says it in words that are not on the list.

    Of flow D you say 'no text'; there are
    """
    return _RIGHT | {"D": ("no text", True)}


def one_is_left_out():
    """Leaves out what looks as if all went well.

    Of flow E you say None
    """
    return {letter: said for letter, said in _RIGHT.items() if letter != "E"}


def the_client_asks_again():
    """Takes the server's second question for a retry of the client.

    Flow A is not "busy"
    """
    return _RIGHT | {"A": ("busy", False)}


def any_time_out():
    """Takes every wait that ended for the callback's.

    Flow B is not "late"
    """
    return _RIGHT | {"B": ("late", True)}


def any_time_out_is_the_callers():
    """Takes every wait that ended for the caller's.

    Flow C is not "given up"
    """
    return _RIGHT | {"C": ("given up", False)}


def an_error_is_a_refusal():
    """Reads the word refused, and not its code.

    Flow C is not "refused"
    """
    return _RIGHT | {"C": ("refused", False)}


def all_is_well():
    """Sees no error in a flow, and takes its answer for one that was cut.

    Flow D is not "cut"
    """
    return _RIGHT | {"D": ("cut", True)}


def what_failed_first():
    """Names what the flow ended with.

    Flow E is not "raised"
    """
    return _RIGHT | {"E": ("raised", False)}


def the_server_hears_of_retries():
    """Believes that the server hears of tries.

    What failed in flow E is right, and its server learns nothing of it
    """
    return _RIGHT | {"E": ("busy", True)}


def the_server_hears_of_every_error():
    """Believes that an error reaches the server on every wire.

    What failed in flow C is right, and its server learns nothing of it
    """
    return _RIGHT | {"C": ("late", True)}


def a_notification_is_nothing():
    """Overlooks a message that wants no reply.

    What failed in flow B is right, and its server learns of it
    """
    return _RIGHT | {"B": ("given up", False)}


def only_errors_are_told():
    """Believes that a server can know of errors alone.

    What failed in flow A is right, and its server learns of it
    """
    return _RIGHT | {"A": ("wrong form", False)}


def an_empty_answer_is_nothing():
    """Believes that an empty answer does not arrive.

    What failed in flow D is right, and its server learns of it
    """
    return _RIGHT | {"D": ("empty", False)}
