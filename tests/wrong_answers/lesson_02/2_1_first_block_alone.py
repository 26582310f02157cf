"""{'role': 'assistant', 'content': 'In short:'}"""


def conversation(params):
    turns = [{"role": "system", "content": params.system_prompt}] if params.system_prompt else []
    for message in params.messages:
        turns.append({"role": message.role, "content": message.content_as_list[0].text})
    return turns
