"""Takes a timeout and forgets it.

- provider.silent
"""

from tests.checks import good_callbacks

TIMEOUT = 1.5


def make(base_url, timeout=30.0):
    return good_callbacks.make(base_url)
