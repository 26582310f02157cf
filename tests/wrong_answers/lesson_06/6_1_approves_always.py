"""one of a server that is not in TRUSTED, and it passed unseen."""

from labkit.host import Approve


def my_policy(request, ask):
    return Approve()
