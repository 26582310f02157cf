"""returned a str"""


def finish(text, params):
    reason = "endTurn"
    for stop in params.stop_sequences or []:
        if stop in text:
            text, reason = text[: text.index(stop)], "stopSequence"
    return " ".join(text.split()[: params.max_tokens])
