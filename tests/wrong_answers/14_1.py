"""Exercise 14.1: the cause that took most time, and the server at which most of that was."""

from collections import Counter

from labkit.telemetry.parts import parts


def _cause(part, told):
    failed = part.kind == "model" and "error.type" in told
    return "tries" if failed or told.get("labkit.wait") == "pause" else part.kind


def _server(part, by_id):
    span = by_id[part.span_id]
    while "labkit.server" not in span.attributes:
        span = by_id.get(span.parent.span_id, by_id[part.call])
    return span.attributes["labkit.server"]


def _by_id(spans):
    return {span.context.span_id: span for span in spans}


def _is_inner(part, by_id):
    above = by_id[part.call].parent
    return above is not None and above.span_id in by_id


def _most(spans, cause=_cause, server=_server, twice=False):
    by_id, times, causes = _by_id(spans), Counter(), Counter()
    for part in parts(spans):
        if _is_inner(part, by_id) and not twice:
            continue
        span = by_id[part.span_id]
        causes[cause(part, span.attributes)] += part.seconds
        times[cause(part, span.attributes), server(part, by_id)] += part.seconds
    [(slowest, _)] = causes.most_common(1)
    return slowest, max((at for each, at in times if each == slowest), key=lambda at: times[slowest, at])


def the_cause_alone(spans):
    """Says what, and not where.

    got 'person'. Return a pair
    """
    return _most(spans)[0]


def the_name_of_a_span(spans):
    """Gives the name of the longest span below the call.

    got ('sampling/createMessage', 'desk'). Return a pair
    """
    below = [span for span in spans if span.parent]
    longest = max(below, key=lambda span: span.end_time - span.start_time)
    return longest.name, longest.attributes["labkit.server"]


def the_longest_part(spans):
    """Takes the longest part, and adds nothing up.

    of 0.7 s each, and 2 s of the server's own, and you say "server"
    """
    by_id = _by_id(spans)
    longest = max(parts(spans), key=lambda part: part.seconds)
    return _cause(longest, by_id[longest.span_id].attributes), _server(longest, by_id)


def durations_added_up(spans):
    """Adds up the durations of spans, those at the same time twice.

    What goes on at the same time may not be counted twice
    """
    by_id, causes = _by_id(spans), Counter()
    for span in spans:
        told = span.attributes
        kind = "model" if told.get("gen_ai.operation.name") == "chat" else told.get("labkit.wait", "")
        if "error.type" in told or kind == "pause":
            kind = "tries"
        if kind:
            causes[{"line": "turn"}.get(kind, kind)] += span.end_time - span.start_time
    for part in parts(spans):
        if part.kind in ("server", "host", "wire"):
            causes[part.kind] += part.end - part.start
    slowest = causes.most_common(1)[0][0]
    return slowest, _server(parts(spans)[0], by_id) if slowest != "person" else _most(spans)[1]


def no_tries(spans):
    """Gives the kinds of the parts as they are.

    and you say "turn". A try that failed
    """
    return _most(spans, cause=lambda part, told: part.kind)


def pauses_alone(spans):
    """Counts the pauses as tries, and the tries that failed as the model's.

    and you say "model". A try that failed
    """
    return _most(spans, cause=lambda part, told: "tries" if told.get("labkit.wait") == "pause" else part.kind)


def failed_tries_alone(spans):
    """Counts the tries that failed, and the pauses after them as a turn's.

    with pauses of 2 and 4 s, and you say "turn"
    """
    return _most(
        spans, cause=lambda part, told: "tries" if part.kind == "model" and "error.type" in told else part.kind
    )


def any_error(spans):
    """Counts whatever ended in an error as a try, a tool's work too.

    and you say "tries". A try is a model's
    """

    def cause(part, told):
        return "tries" if "error.type" in told or told.get("labkit.wait") == "pause" else part.kind

    return _most(spans, cause=cause)


def tries_wherever_one_failed(spans):
    """Says tries as soon as one has failed.

    whose second took 6, and you say "tries"
    """
    cause, server = _most(spans)
    return ("tries" if any("error.type" in span.attributes for span in spans) else cause), server


def at_the_first_call(spans):
    """Takes the server of the first call.

    "person" is right, and it was not at 'desk'
    """
    first = min(spans, key=lambda span: span.start_time)
    return _most(spans)[0], first.attributes["labkit.server"]


def the_largest_pair(spans):
    """Takes cause and server together, and not the cause first.

    and you say "model". Find the cause first
    """
    by_id, times = _by_id(spans), Counter()
    for part in parts(spans):
        times[_cause(part, by_id[part.span_id].attributes), _server(part, by_id)] += part.seconds
    return times.most_common(1)[0][0]


def looks_no_further_up(spans):
    """Knows no server where a span does not name one.

    Your function raised
    """
    return _most(spans, server=lambda part, by_id: by_id[part.span_id].attributes["labkit.server"])


def knows_each_parent(spans):
    """Goes up as if each span above were known.

    Your function raised KeyError
    """

    def server(part, by_id):
        span = by_id[part.span_id]
        while "labkit.server" not in span.attributes:
            span = by_id[span.parent.span_id]
        return span.attributes["labkit.server"]

    return _most(spans, server=server)


def where_the_call_was(spans):
    """Takes the server of the part's call, and not that of its span.

    it was not at 'desk'
    """
    return _most(spans, server=lambda part, by_id: by_id[part.call].attributes["labkit.server"])


def turns_the_list(spans):
    """Sorts the list that it was given.

    afterwards the list was another
    """
    spans.sort(key=lambda span: span.start_time)
    return _most(spans)


def an_inner_call_twice(spans):
    """Adds up what is told of a call within another, and then that call.

    where a person thought for 4.5 s, and you say "person"
    """
    return _most(spans, twice=True)
