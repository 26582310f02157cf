"""A person who is asked about everything reads nothing."""


def my_policy(request, ask):
    return ask(request)
