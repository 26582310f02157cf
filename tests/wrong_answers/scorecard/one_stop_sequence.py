"""Expects one stop sequence at most.

- stop-reasons.sequences
"""

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    if params.stop_sequences:
        (stop,) = params.stop_sequences
        print(stop)
    return await good(context, params)
