"""with max_tokens=201, and it passed unseen"""

from labkit.host import Approve, visible

TRUSTED = {"log-archiver"}


def my_policy(request, ask):
    params = request.params
    text = "".join([params.system_prompt or "", *(message.content.text for message in params.messages)])
    harmless = (
        request.origin is not None
        and request.origin.server in TRUSTED
        and len(text) <= 1_000
        and visible(text) == text
        and "instructions" not in text.lower()
    )
    return Approve() if harmless else ask(request)
