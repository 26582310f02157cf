"""it returned 'user: What is a deadlock?'. Return a list of"""


def conversation(params):
    return "\n".join(
        f"{message.role}: {block.text}" for message in params.messages for block in message.content_as_list
    )
