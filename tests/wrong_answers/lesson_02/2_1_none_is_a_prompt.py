"""it returned [{'role': 'system', 'content': None}"""


def conversation(params):
    turns = [{"role": "system", "content": params.system_prompt}]
    for message in params.messages:
        turns.append({"role": message.role, "content": "\n".join(block.text for block in message.content_as_list)})
    return turns
