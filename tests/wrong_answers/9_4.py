"""Exercise 9.4: limits for a class of thirty."""

_RIGHT = {"per_minute": 6, "at_once": 2, "waiting": 45, "timeout": 9}


def a_list(times):
    """Leaves out which number is which.

    Return a dict of four numbers
    """
    return list(_RIGHT.values())


def one_is_left_out(times):
    """Leaves the time-out to somebody else.

    timeout is None
    """
    return {name: number for name, number in _RIGHT.items() if name != "timeout"}


def half_a_request(times):
    """Computes a number of requests and does not round it.

    at_once is 2.5
    """
    return _RIGHT | {"at_once": 2.5}


def to_be_safe(times):
    """Gives every answer a minute.

    60 s: somebody waited
    """
    return _RIGHT | {"timeout": 60}


def the_longest_measured(times):
    """Takes the longest answer for the time-out, though four at once take twice as long.

    4 at once, 45 in line, 2.88 s
    """
    return _RIGHT | {"at_once": 4, "timeout": max(times)}


def the_mean(times):
    """Takes the mean for the time-out.

    2 at once, 45 in line, 1.74 s
    """
    return _RIGHT | {"timeout": sum(times) / len(times)}


def one_at_a_time(times):
    """Leaves a core idle.

    6 a minute, 1 at once, 45 in line
    """
    return _RIGHT | {"at_once": 1}


def all_at_once(times):
    """Keeps no line.

    30 at once, 45 in line
    """
    return _RIGHT | {"at_once": 30}


def a_short_line(times):
    """Keeps a line for half of the class.

    calls found the line full
    """
    return _RIGHT | {"waiting": 12}


def a_line_for_everything(times):
    """Keeps a line as long as can be.

    a line of 500 has no room
    """
    return _RIGHT | {"waiting": 500}


def one_a_minute(times):
    """Lets a student ask once a minute.

    were over per_minute
    """
    return _RIGHT | {"per_minute": 1}


def as_many_as_they_like(times):
    """Leaves the loop to the queue.

    60 a minute, 2 at once
    """
    return _RIGHT | {"per_minute": 60}


def a_few_too_many(times):
    """Lets the loop have what a student never needs.

    the loop was given
    """
    return _RIGHT | {"per_minute": 12}


def by_this_machine_alone(times):
    """Writes down a time-out that is right for the measured machine.

    On one that is slower, 1.4 times
    """
    return _RIGHT | {"at_once": 4, "timeout": 6}


def sorts_what_it_is_given(times):
    """Changes the list of times.

    changed the list of times
    """
    times.sort()
    return _RIGHT
