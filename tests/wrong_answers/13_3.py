"""Exercise 13.3: the key that all processes share."""

import os
import secrets

from mcp.server.request_state import RequestStateSecurity


def _keys(environment):
    return environment.get("REQUEST_STATE_KEYS", "").split()


def _or_error(keys):
    if not keys:
        raise ValueError("Set REQUEST_STATE_KEYS.")
    return RequestStateSecurity(keys=keys)


def a_key_of_its_own(environment):
    """Makes a key at random, which no other process has.

    Two processes had the same key. The second said: Invalid or expired requestState.
    """
    _or_error(_keys(environment))
    return RequestStateSecurity.ephemeral()


def written_down(environment):
    """Keeps a key in the program.

    Two desks with different keys took each other's states.
    """
    _or_error(_keys(environment))
    return RequestStateSecurity(keys=["a-key-that-everybody-can-read-in-the-program"])


def the_first_alone(environment):
    """Takes one key, so that none can be changed.

    Both had the old and the new key. The second said
    """
    return _or_error(_keys(environment)[:1])


def all_in_one(environment):
    """Takes all of the variable for one key.

    Both had the old and the new key.
    """
    text = environment.get("REQUEST_STATE_KEYS", "").strip()
    return _or_error([text] if text else [])


def at_blanks_alone(environment):
    """Splits at single blanks, where keys stand on two lines.

    The keys of the second stood on two lines. The second said
    """
    return _or_error([key for key in environment.get("REQUEST_STATE_KEYS", "").split(" ") if key.strip()])


def the_last_seals(environment):
    """Turns the order around.

    The keys of the first were OLD NEW, and the second had OLD.
    """
    return _or_error(_keys(environment)[::-1])


def makes_one_up(environment):
    """Makes a key up where there is none.

    There was no REQUEST_STATE_KEYS, and state_security returned a key all the same.
    """
    return RequestStateSecurity(keys=_keys(environment) or [secrets.token_hex(32)])


def nothing_at_all(environment):
    """Returns nothing where there is no key.

    There was no REQUEST_STATE_KEYS, and state_security returned None.
    """
    return RequestStateSecurity(keys=_keys(environment)) if _keys(environment) else None


def empty_is_a_key(environment):
    """Looks whether the variable is there, and not whether it holds anything.

    REQUEST_STATE_KEYS was empty, and the error said
    """
    if "REQUEST_STATE_KEYS" not in environment:
        raise ValueError("Set REQUEST_STATE_KEYS.")
    return RequestStateSecurity(keys=_keys(environment))


def says_nothing_of_the_variable(environment):
    """Raises an error that helps nobody.

    and the error said 'There is no key.'
    """
    if not _keys(environment):
        raise ValueError("There is no key.")
    return RequestStateSecurity(keys=_keys(environment))


def the_keys_themselves(environment):
    """Returns the keys, where their use was asked for.

    state_security returned a list. Return RequestStateSecurity(keys=...).
    """
    return _keys(environment)


def forgets_to_return(environment):
    """Makes it and lets it go.

    state_security returned nothing (is `return` missing?).
    """
    _or_error(_keys(environment))


def the_real_environment(environment):
    """Looks into the process's own environment.

    Your function raised KeyError
    """
    return _or_error(os.environ["REQUEST_STATE_KEYS"].split())
