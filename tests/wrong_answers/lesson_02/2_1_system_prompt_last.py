"""{'role': 'user', 'content': 'db-1'}, {'role': 'system'"""


def conversation(params):
    turns = []
    for message in params.messages:
        turns.append({"role": message.role, "content": "\n".join(block.text for block in message.content_as_list)})
    if params.system_prompt:
        turns.append({"role": "system", "content": params.system_prompt})
    return turns
