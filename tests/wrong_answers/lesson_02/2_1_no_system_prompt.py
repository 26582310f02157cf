"""three messages, and it returned [{'role': 'user', 'content': 'Full?'"""


def conversation(params):
    turns = []
    for message in params.messages:
        turns.append({"role": message.role, "content": "\n".join(block.text for block in message.content_as_list)})
    return turns
