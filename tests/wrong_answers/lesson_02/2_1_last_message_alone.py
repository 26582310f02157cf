"""two of them with a list of blocks, and it returned [{'role': 'user', 'content': 'Then explain"""


def conversation(params):
    turns = [{"role": "system", "content": params.system_prompt}] if params.system_prompt else []
    last = params.messages[-1]
    return turns + [{"role": last.role, "content": "\n".join(block.text for block in last.content_as_list)}]
