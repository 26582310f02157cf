"""Exercise 1.1: a callback that answers whatever it is asked."""

from mcp.types import CreateMessageResult, ErrorData, TextContent


def _answer(text="hello", *, role="assistant", model="me"):
    return CreateMessageResult(role=role, model=model, content=TextContent(text=text))


async def a_text(context, params):
    """Returns the words alone, and not a result that holds them.

    returned a str.
    """
    return "Somebody should look at this."


async def content_is_a_str(context, params):
    """Puts a str where a block of content belongs.

    raised ValidationError
    """
    return CreateMessageResult(role="assistant", model="me", content="hello")


async def echoes_a_text(context, params):
    """Repeats the text of the last message, which may hold a list of blocks, or none.

    raised AttributeError: 'list' object has no attribute 'text'
    """
    return _answer(f"You said: {params.messages[-1].content.text}")


async def echoes_every_block(context, params):
    """Repeats the text of every block, and a picture has none.

    We sent a message that holds image. echoes_every_block raised AttributeError
    """
    return _answer(" ".join(block.text for block in params.messages[-1].content_as_list))


async def empty_text(context, params):
    """Answers without a word.

    The answer's text is empty
    """
    return _answer("")


async def no_model(context, params):
    """Does not say which model has answered.

    names no model
    """
    return _answer(model="")


async def no_return(context, params):
    """Makes the result and forgets to return it.

    returned nothing: is a `return` missing?
    """
    _answer()


async def one_parameter(params):
    """Leaves the context out of its parameters.

    The client calls one_parameter(context, params)
    """
    return _answer()


async def needs_a_system_prompt(context, params):
    """Takes a system prompt for granted.

    raised TypeError: unsupported operand type(s) for +: 'NoneType' and 'str'
    """
    return _answer(params.system_prompt + "Somebody should look at this.")


def plain_def(context, params):
    """Lacks the word `async`.

    is a plain function, and the client awaits it
    """
    return _answer()


async def raises(context, params):
    """Ends in an exception.

    raised ZeroDivisionError
    """
    return 1 / 0


async def refuses(context, params):
    """Refuses a request that is in order.

    It refused (-1: no)
    """
    return ErrorData(code=-1, message="no")


async def user_role(context, params):
    """Answers in the name of the user.

    has role="user".
    """
    return _answer(role="user")


async def refuses_much(context, params):
    """Refuses what is in order, as it leaves room for many words.

    It refused (-1: too much)
    """
    return ErrorData(code=-1, message="too much") if params.max_tokens > 1_000 else _answer()
