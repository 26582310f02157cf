"""Exercise 10.1: the frames of one call, in the order in which they crossed."""


def _reply(frames, request, towards=True):
    return next(
        frame
        for frame in frames
        if "method" not in frame
        and frame["id"] == request["id"]
        and (not towards or frame["to"] != request["to"])
        and frame is not request
    )


def _requests(frames, method):
    return sorted((frame for frame in frames if frame.get("method") == method), key=lambda frame: frame["id"])


def _ordered(frames):
    ordered = []
    for call in _requests(frames, "tools/call"):
        ordered.append(call)
        for question in _requests(frames, "sampling/createMessage"):
            ordered += [question, _reply(frames, question)]
        ordered.append(_reply(frames, call))
    return ordered


def by_id(frames):
    """Sorts by id, requests first, which is right on the newer wire alone.

    with one sample: first came [→ id 3 tools/call], and not [← id 1 sampling/createMessage]
    """
    return sorted(frames, key=lambda frame: (frame["id"], "method" not in frame))


def by_id_alone(frames):
    """Leaves a request and its reply in the order in which they came.

    with one sample: after [← id 3 input_required + inputRequests + requestState] came [→ id 4 tools/call
    """
    return sorted(frames, key=lambda frame: frame["id"])


def forgets_the_direction(frames):
    """Takes any reply with the id of a request for its own.

    with equal ids by chance: [
    """
    ordered = []
    for call in _requests(frames, "tools/call"):
        ordered.append(call)
        for question in _requests(frames, "sampling/createMessage"):
            ordered += [question, _reply(frames, question, towards=False)]
        ordered.append(_reply(frames, call, towards=False))
    return ordered


def questions_first(frames):
    """Asks everything before anything is answered.

    one of them refused: after [← id 9 sampling/createMessage] came [→ id 9 error]
    """
    ordered = []
    for call in _requests(frames, "tools/call"):
        asked = _requests(frames, "sampling/createMessage")
        ordered += [call, *asked[:1]]
        ordered += [_reply(frames, question) for question in asked[:1]]
        ordered += [*asked[1:], *(_reply(frames, question) for question in asked[1:])]
        ordered.append(_reply(frames, call))
    return ordered


def ids_as_text(frames):
    """Compares ids as texts, so that 10 comes before 9.

    after [→ id 5 tools/call] came [← id 8 sampling/createMessage]
    """
    ordered = []
    for call in sorted(_requests(frames, "tools/call"), key=lambda frame: str(frame["id"])):
        ordered.append(call)
        for question in sorted(_requests(frames, "sampling/createMessage"), key=lambda frame: str(frame["id"])):
            ordered += [question, _reply(frames, question)]
        ordered.append(_reply(frames, call))
    return ordered


def results_alone(frames):
    """Knows no reply that is an error.

    Your function raised StopIteration
    """
    return _ordered([frame for frame in frames if "error" not in frame])


def one_round(frames):
    """Stops after the first call and its reply.

    with one sample: [→ id 4 tools/call + inputResponses + requestState] did not come back
    """
    [call, *_] = _requests(frames, "tools/call")
    return [call, _reply(frames, call)]


def the_ids(frames):
    """Returns the ids in place of the frames.

    what came back holds 3
    """
    return [frame["id"] for frame in _ordered(frames)]


def sorts_in_place(frames):
    """Sorts the list that it was given.

    The list that you were given came back changed
    """
    frames.sort(key=lambda frame: (frame["id"], "method" not in frame))
    return frames


def a_generator(frames):
    """Returns no list.

    in_order returned a generator
    """
    return (frame for frame in frames)
