"""a message with "INSTRUCTIONS", and it passed unseen"""

from labkit.host import Approve, visible

TRUSTED = {"log-archiver"}


def my_policy(request, ask):
    params = request.params
    text = "".join([params.system_prompt or "", *(message.content.text for message in params.messages)])
    harmless = (
        request.origin is not None
        and request.origin.server in TRUSTED
        and params.max_tokens <= 200
        and len(text) <= 1_000
        and visible(text) == text
        and "instructions" not in text
    )
    return Approve() if harmless else ask(request)
