"""Exercise 2.2: a text cut to what was asked for, with the reason why it ends there."""

from mcp.types import CreateMessageResult, TextContent


def _result(text, reason):
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text=text), stop_reason=reason)


def _stopped(text, params):
    for stop in params.stop_sequences or []:
        if stop in text:
            return text[: text.index(stop)], "stopSequence"
    return text, "endTurn"


def _at_every_stop(text, params):
    reason = "endTurn"
    for stop in params.stop_sequences or []:
        if stop in text:
            text, reason = text[: text.index(stop)], "stopSequence"
    return text, reason


def _limited(text, reason, params):
    words = text.split()
    return (" ".join(words[: params.max_tokens]), "maxTokens") if len(words) > params.max_tokens else (text, reason)


def a_text(text, params):
    """Returns the text alone, and not why it ends.

    returned a str
    """
    return " ".join(_at_every_stop(text, params)[0].split()[: params.max_tokens])


def always_the_end(text, params):
    """Says that the turn is over, whatever ended the text.

    gave the stop reason 'endTurn', and 'maxTokens' is right
    """
    return _result(" ".join(text.split()[: params.max_tokens]), "endTurn")


def first_in_the_list(text, params):
    """Cuts at the first stop sequence of the list, where another comes first in the text.

    gave the text 'Full. END Delete old logs. '
    """
    return _result(*_limited(*_stopped(text, params), params))


def keeps_the_stop_sequence(text, params):
    """Leaves the stop sequence in the answer.

    gave the text 'Full. END', and 'Full.' is right
    """
    reason = "endTurn"
    for stop in params.stop_sequences or []:
        if stop in text:
            text, reason = text[: text.index(stop) + len(stop)], "stopSequence"
    return _result(*_limited(text, reason, params))


def no_return(text, params):
    """Makes the result and forgets to return it.

    returned nothing
    """
    _result(*_limited(*_at_every_stop(text, params), params))


def none_is_no_list(text, params):
    """Takes the stop sequences for granted.

    'NoneType' object is not iterable
    """
    for stop in params.stop_sequences:
        text = text.split(stop)[0]
    return _result(*_limited(text, "endTurn", params))


def one_too_few(text, params):
    """Says of a text that just fits that it was cut.

    just as many words as the limit
    """
    text, reason = _at_every_stop(text, params)
    words = text.split()
    if len(words) >= params.max_tokens:
        text, reason = " ".join(words[: params.max_tokens]), "maxTokens"
    return _result(text, reason)


def providers_word(text, params):
    """Passes on the stop reason as a provider spells it.

    gave the stop reason 'max_tokens'
    """
    text, reason = _limited(*_at_every_stop(text, params), params)
    return _result(text, {"maxTokens": "max_tokens", "stopSequence": "stop_sequence"}.get(reason, reason))


def slices_letters(text, params):
    """Counts letters, where the limit counts tokens.

    gave the text 'The', and 'The disk of' is right
    """
    text, reason = _at_every_stop(text, params)
    if len(text) > params.max_tokens:
        text, reason = text[: params.max_tokens], "maxTokens"
    return _result(text, reason)


def stop_wins(text, params):
    """Names the stop sequence, where the limit had ended the text before it.

    gave the stop reason 'stopSequence', and 'maxTokens' is right
    """
    reason = "maxTokens" if len(text.split()) > params.max_tokens else "endTurn"
    for stop in params.stop_sequences or []:
        if stop in text:
            text, reason = text[: text.index(stop)], "stopSequence"
    return _result(" ".join(text.split()[: params.max_tokens]), reason)


def any_case(text, params):
    """Takes a stop sequence in any case, and a word of the text for it.

    wherever it stands first, in just this case
    """
    lowest = min(
        [text.lower().find(s.lower()) for s in params.stop_sequences or [] if s.lower() in text.lower()], default=-1
    )
    stopped = (text[:lowest], "stopSequence") if lowest >= 0 else (text, "endTurn")
    return _result(*_limited(*stopped, params))


def at_a_word(text, params):
    """Looks for a stop sequence among the words, where it may be any piece of the text.

    gave the text 'Full.(end) Delete logs.(END)'
    """
    words = text.split()
    places = [words.index(stop) for stop in params.stop_sequences or [] if stop in words]
    stopped = (" ".join(words[: min(places)]), "stopSequence") if places else (text, "endTurn")
    return _result(*_limited(*stopped, params))


def at_the_last_place(text, params):
    """Cuts at the last place where a stop sequence stands.

    gave the text 'Full.(end) Delete logs.(END) '
    """
    reason = "endTurn"
    for stop in params.stop_sequences or []:
        if stop in text:
            text, reason = text[: text.rindex(stop)], "stopSequence"
    return _result(*_limited(text, reason, params))


def changes_the_limit(text, params):
    """Counts down in the request itself.

    changed `params`
    """
    text, reason = _limited(*_at_every_stop(text, params), params)
    params.max_tokens -= len(text.split())
    return _result(text, reason)


def never_less_than_two(text, params):
    """Keeps to a limit of 3, and of a limit of 1 makes 2.

    gave the text 'The disk', and 'The' is right
    """
    text, reason = _at_every_stop(text, params)
    words, most = text.split(), max(params.max_tokens, 2)
    return _result(*((" ".join(words[:most]), "maxTokens") if len(words) > most else (text, reason)))


def of_nobody(text, params):
    """Names no model.

    names no model
    """
    return _result(*_limited(*_at_every_stop(text, params), params)).model_copy(update={"model": ""})


def stops_that_are_not_there(text, params):
    """Cuts at a stop sequence without a look whether it is in the text.

    raised ValueError: substring not found
    """
    reason = "endTurn"
    for stop in params.stop_sequences or []:
        text, reason = text[: text.index(stop)], "stopSequence"
    return _result(*_limited(text, reason, params))
