"""A plain function, where the client awaits it.

- messages.shape
"""

from tests.checks.good_callbacks import answer


def my_callback(context, params):
    return answer("Look at the disk.", params.max_tokens)
