"""Logs the key, to see whether it is the right one.

- manners.key
"""

import logging
import os

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    logging.getLogger("my_callback").warning("asking with %s", os.environ.get("ANTHROPIC_API_KEY"))
    return await good(context, params)
