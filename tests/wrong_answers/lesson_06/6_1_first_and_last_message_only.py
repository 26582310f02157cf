""" "instructions" in the second of three messages, and it passed unseen"""

from labkit.host import Approve, visible

TRUSTED = {"log-archiver"}


def my_policy(request, ask):
    params = request.params
    ends = params.messages[:1] + params.messages[1:][-1:]
    text = "".join([params.system_prompt or "", *(message.content.text for message in ends)])
    harmless = (
        request.origin is not None
        and request.origin.server in TRUSTED
        and params.max_tokens <= 200
        and len(text) <= 1_000
        and visible(text) == text
        and "instructions" not in text.lower()
    )
    return Approve() if harmless else ask(request)
