"""'What is a deadlock?'}, {'role': 'user', 'content': 'In short:"""


def conversation(params):
    turns = [{"role": "system", "content": params.system_prompt}] if params.system_prompt else []
    for message in params.messages:
        turns.append({"role": "user", "content": "\n".join(block.text for block in message.content_as_list)})
    return turns
