"""Exercise 2.1: a request as the list of turns that most providers take."""


def _system(params):
    return [{"role": "system", "content": params.system_prompt}] if params.system_prompt else []


def _text(message):
    return "\n".join(block.text for block in message.content_as_list)


def _turn(message):
    return {"role": message.role, "content": _text(message)}


def all_are_the_user(params):
    """Gives every message to the user, also what the assistant said.

    'What is a deadlock?'}, {'role': 'user', 'content': 'In short:
    """
    return _system(params) + [_turn(message) | {"role": "user"} for message in params.messages]


def changes_the_request(params):
    """Empties the list that belongs to the caller.

    afterwards `params` was another
    """
    turns = _system(params)
    while params.messages:
        turns.append(_turn(params.messages.pop(0)))
    return turns


def content_is_one_text(params):
    """Takes the content for one block, where it may be a list.

    'list' object has no attribute 'text'
    """
    return _system(params) + [{"role": message.role, "content": message.content.text} for message in params.messages]


def first_block_alone(params):
    """Reads the first block of a message and drops the rest.

    {'role': 'assistant', 'content': 'In short:'}
    """
    return _system(params) + [_turn(m) | {"content": m.content_as_list[0].text} for m in params.messages]


def last_message_alone(params):
    """Forgets what was said before the last message.

    two of them with a list of blocks, and it returned [{'role': 'user', 'content': 'Then explain
    """
    return [*_system(params), _turn(params.messages[-1])]


def no_return(params):
    """Makes the list and forgets to return it.

    and it returned None
    """
    _system(params) + [_turn(message) for message in params.messages]


def no_system_prompt(params):
    """Loses the system prompt.

    three messages, and it returned [{'role': 'user', 'content': 'Full?'
    """
    return [_turn(message) for message in params.messages]


def none_is_a_prompt(params):
    """Makes a turn of a system prompt that is not there.

    it returned [{'role': 'system', 'content': None}
    """
    return [{"role": "system", "content": params.system_prompt}] + [_turn(message) for message in params.messages]


def one_long_text(params):
    """Writes the whole conversation into one text.

    it returned 'user: What is a deadlock?'. Return a list of
    """
    return "\n".join(
        f"{message.role}: {block.text}" for message in params.messages for block in message.content_as_list
    )


def system_prompt_last(params):
    """Puts the system prompt after the conversation.

    {'role': 'user', 'content': 'db-1'}, {'role': 'system'
    """
    return [_turn(message) for message in params.messages] + _system(params)
