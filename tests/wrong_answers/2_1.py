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


def drops_what_is_empty(params):
    """Leaves out a message without text: then two turns of one side follow each other.

    A text comes as it is, and an empty one too.
    """
    return _system(params) + [_turn(message) for message in params.messages if _text(message)]


def in_turn(params):
    """Gives the messages to the user and the assistant by their number, and not by their role.

    Each message has a role of its own
    """
    roles = ["user", "assistant"] * len(params.messages)
    return _system(params) + [_turn(m) | {"role": role} for m, role in zip(params.messages, roles)]


def one_key_more(params):
    """Adds a key that no provider knows.

    'blocks': 1}], where [
    """
    return _system(params) + [_turn(m) | {"blocks": len(m.content_as_list)} for m in params.messages]


def two_blocks_at_most(params):
    """Knows of one block and of two, where a list may hold more.

    'Which line?\\nI see three.'}
    """
    return _system(params) + [
        _turn(m) | {"content": "\n".join(b.text for b in m.content_as_list[:2])} for m in params.messages
    ]


def without_blanks(params):
    """Tidies the texts up.

    {'role': 'user', 'content': '– „Größe“
    """
    return _system(params) + [_turn(m) | {"content": _text(m).strip() or _text(m)} for m in params.messages]
