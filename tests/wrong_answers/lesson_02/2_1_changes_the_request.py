"""afterwards `params` was another"""


def conversation(params):
    turns = [{"role": "system", "content": params.system_prompt}] if params.system_prompt else []
    while params.messages:
        message = params.messages.pop(0)
        turns.append({"role": message.role, "content": "\n".join(block.text for block in message.content_as_list)})
    return turns
