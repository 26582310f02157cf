"""Exercise 12.2: the least policy under which a day passes that needs twice as much."""

from collections import Counter

from labkit.host import Policy


def _policy(entries, *, needed=None, calls=None, **fields):
    answered = [entry for entry in entries if entry.decision == "answered"] if needed is None else needed
    if not answered:
        return Policy(when="never")
    calls = calls or Counter((entry.run, entry.connection, entry.call) for entry in answered)
    asked = [entry.asked for entry in answered]
    return Policy(
        **{
            "samples_per_call": 2 * max(calls.values()),
            "max_tokens": 2 * max(each.max_tokens for each in asked),
            "characters": 2 * max(each.characters for each in asked),
            "tools": sorted({name for each in asked for name in each.tools}),
            "context": ["none", *{each.context for each in asked if each.context}],
        }
        | fields
    )


def as_recommended(entries):
    """Takes the policy that the kit recommends.

    does: samples_per_call is 12
    """
    return Policy()


def counts_attacks(entries):
    """Counts what was refused, too.

    a stranger who was refused
    """
    return _policy(entries, needed=entries)


def no_room(entries):
    """Leaves no room.

    max_tokens is 100
    """
    asked = [entry.asked for entry in entries if entry.decision == "answered"]
    return _policy(entries, max_tokens=max([1, *(each.max_tokens for each in asked)]))


def ten_times(entries):
    """Leaves ten times the room.

    does: samples_per_call is 10
    """
    answered = [entry for entry in entries if entry.decision == "answered"]
    calls = Counter((entry.run, entry.connection, entry.call) for entry in answered)
    return _policy(entries, samples_per_call=10 * max([1, *calls.values()]))


def by_connection(entries):
    """Counts the samples of a connection, and not of a call.

    does: samples_per_call is 14
    """
    answered = [entry for entry in entries if entry.decision == "answered"]
    return _policy(entries, calls=Counter((entry.run, entry.connection) for entry in answered))


def by_run(entries):
    """Counts calls of two connections together, but not those of two runs.

    does: samples_per_call is 6
    """
    answered = [entry for entry in entries if entry.decision == "answered"]
    return _policy(entries, calls=Counter((entry.run, entry.call) for entry in answered))


def by_connection_and_number(entries):
    """Counts calls of two runs together.

    does: samples_per_call is 4
    """
    answered = [entry for entry in entries if entry.decision == "answered"]
    return _policy(entries, calls=Counter((entry.connection, entry.call) for entry in answered))


def lasts(entries):
    """Has an approval last for the connection.

    You set consent to 'connection'
    """
    return _policy(entries, consent="connection")


def by_number(entries):
    """Counts calls of two connections together, since they have the same number.

    does: samples_per_call is 8
    """
    answered = [entry for entry in entries if entry.decision == "answered"]
    return _policy(entries, calls=Counter(entry.call for entry in answered))


def the_last_tools(entries):
    """Names the tools of the last entry alone.

    tools lacks cite
    """
    answered = [entry for entry in entries if entry.decision == "answered"]
    return _policy(entries, tools=answered[-1].asked.tools if answered else ())


def all_contexts(entries):
    """Allows every context.

    includeContext allServers
    """
    return _policy(entries, context=["none", "thisServer", "allServers"])


def no_context(entries):
    """Allows no context.

    We gave a day on which context was asked for
    """
    return _policy(entries, context=["none"])


def mean_tokens(entries):
    """Takes the mean for the most.

    max_tokens is 21
    """
    asked = [entry.asked for entry in entries if entry.decision == "answered"]
    return _policy(entries, max_tokens=max(1, 2 * sum(each.max_tokens for each in asked) // max(1, len(asked)) // 2))


def characters_are_left(entries):
    """Leaves the characters as they are.

    characters is not to pass
    """
    return _policy(entries, characters=Policy().characters)


def fails_on_nothing(entries):
    """Takes the most of nothing.

    Your function raised ValueError
    """
    asked = [entry.asked for entry in entries if entry.decision == "answered"]
    return _policy(entries, max_tokens=2 * max(each.max_tokens for each in asked))


def always(entries):
    """Lets a server sample whenever it likes.

    You set when to 'always'
    """
    return _policy(entries, when="always" if any(entry.decision == "answered" for entry in entries) else "never")


def asks_nobody(entries):
    """Asks nobody.

    You set ask to 'never'
    """
    return _policy(entries, ask="never")


def takes_away(entries):
    """Takes out of the list what was refused.

    policy_of changed the list
    """
    for entry in [*entries]:
        if entry.decision != "answered":
            entries.remove(entry)
    return _policy(entries)


def a_dictionary(entries):
    """Returns the policy as a dictionary.

    A Policy is wanted
    """
    return _policy(entries).model_dump()
