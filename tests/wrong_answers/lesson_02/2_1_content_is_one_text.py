"""'list' object has no attribute 'text'"""


def conversation(params):
    turns = [{"role": "system", "content": params.system_prompt}] if params.system_prompt else []
    return turns + [{"role": message.role, "content": message.content.text} for message in params.messages]
