"""Exercise 2.3: a callback that refuses, in words and with the right code, what it cannot answer."""

from mcp.types import CreateMessageResult, CreateMessageResultWithTools, ErrorData, TextContent


def _fault(params, *, limit=True, tools=True, choice=True, images=True):
    """What is wrong with a request; a mistake leaves one of the looks out."""
    if not params.messages:
        return "There is no message."
    if limit and params.max_tokens < 1:
        return "Ask for at least 1 token."
    if (tools and params.tools) or (choice and params.tool_choice):
        return "I cannot use tools."
    if images and any(block.type != "text" for message in params.messages for block in message.content_as_list):
        return "I read text alone."
    return ""


def _refusal(message, code=-32602):
    return ErrorData(code=code, message=message)


def _said(text):
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text=text))


def _answer(params, text="Somebody should look at this."):
    return _said(" ".join(text.split()[: params.max_tokens]))


def _answer_or_refusal(params, fault):
    return _refusal(fault) if fault else _answer(params)


async def in_a_list(context, params):
    """Answers with a list of one block, which a server that offered no tools does not take.

    a list of one block, and a server that offered no tools takes no list
    """
    if fault := _fault(params):
        return _refusal(fault)
    answer = _answer(params)
    return CreateMessageResultWithTools.model_validate(answer.model_dump() | {"content": [answer.content]})


async def an_apology(context, params):
    """Says sorry in an answer, where the server needs an error.

    it answered 'Sorry, I cannot do this.'
    """
    return _said("Sorry, I cannot do this.") if _fault(params) else _answer(params)


async def content_is_one_text(context, params):
    """Takes the content for one block, where it may be a list.

    raised AttributeError: 'list' object has no attribute 'text'
    """
    if fault := _fault(params):
        return _refusal(fault)
    str(params.messages[-1].content.text)
    return _answer(params)


async def cuts_with_a_slice(context, params):
    """Trusts a slice with any limit, and a negative one counts from the end.

    We sent a question with max_tokens 0, and it answered
    """
    if fault := _fault(params, limit=False):
        return _refusal(fault)
    return _answer(params, "Somebody should look at this line before the night is over.")


async def does_not_look_for_images(context, params):
    """Answers a picture as if it had seen it.

    We sent an image, and it answered
    """
    return _answer_or_refusal(params, _fault(params, images=False))


async def ignores_the_limit(context, params):
    """Says all that it has to say, however little was asked for.

    with max_tokens 3, and the answer has 5 words
    """
    fault = _fault(params)
    return _refusal(fault) if fault else _said("Somebody should look at this.")


async def image_taken_for_a_text(context, params):
    """Reads the text of every block, also of those that have none.

    We sent a message that holds image. image_taken_for_a_text raised AttributeError
    """
    if fault := _fault(params, images=False):
        return _refusal(fault)
    line = " ".join(block.text for block in params.messages[-1].content_as_list)
    return _answer(params, f"Somebody should look at this: {line}")


async def last_message_for_granted(context, params):
    """Reads the last message before it has seen that there is one.

    We sent a request without messages. last_message_for_granted raised IndexError
    """
    if any(block.type != "text" for block in params.messages[-1].content_as_list):
        return _refusal("I read text alone.")
    return _answer_or_refusal(params, _fault(params))


async def looks_for_the_choice_alone(context, params):
    """Overlooks tools that are offered and not demanded.

    We sent a request with a tool, and it answered
    """
    return _answer_or_refusal(params, _fault(params, tools=False))


async def overlooks_the_tools(context, params):
    """Overlooks a demand for a tool where no tool is offered.

    We sent a request that demands a tool, and it answered
    """
    return _answer_or_refusal(params, _fault(params, choice=False))


async def raises(context, params):
    """Raises what it should refuse.

    raised ValueError: Ask for at least 1 token.
    """
    if fault := _fault(params):
        raise ValueError(fault)
    return _answer(params)


async def refuses_everything(context, params):
    """Refuses also what is in order.

    It refused (-32602: I cannot do this.)
    """
    return _refusal("I cannot do this.")


async def refuses_without_a_word(context, params):
    """Gives a code and no reason.

    it refused without a word
    """
    return _refusal("") if _fault(params) else _answer(params)


async def the_user_said_no(context, params):
    """Refuses a faulty request with the code of a person who says no.

    it refused with code -1. Here the request is at fault
    """
    fault = _fault(params)
    return _refusal(fault, code=-1) if fault else _answer(params)


async def does_not_say_that_it_was_cut(context, params):
    """Cuts the answer and says that it had ended.

    so it was cut: say "maxTokens".
    """
    fault = _fault(params)
    return _refusal(fault) if fault else _answer(params).model_copy(update={"stop_reason": "endTurn"})


async def says_always_that_it_was_cut(context, params):
    """Says of every answer that it was cut.

    Nothing cut it: say "endTurn".
    """
    fault = _fault(params)
    return _refusal(fault) if fault else _answer(params).model_copy(update={"stop_reason": "maxTokens"})


async def says_of_what_just_fits_that_it_was_cut(context, params):
    """Says of an answer that has just as many words as the limit that it was cut.

    so nothing was cut: say "endTurn".
    """
    if fault := _fault(params):
        return _refusal(fault)
    answer = _answer(params)
    reason = "maxTokens" if len(answer.content.text.split()) >= params.max_tokens else "endTurn"
    return answer.model_copy(update={"stop_reason": reason})


async def looks_at_the_first_block(context, params):
    """Looks at the first block of each message, and a picture stands behind a text.

    We sent an image behind a text, and it answered
    """
    if fault := _fault(params, images=False):
        return _refusal(fault)
    strange = any(message.content_as_list[0].type != "text" for message in params.messages)
    return _refusal("I read text alone.") if strange else _answer(params)


async def looks_at_the_last_message(context, params):
    """Looks for pictures in the last message alone.

    We sent an image in the first of three messages, and it answered
    """
    if fault := _fault(params, images=False):
        return _refusal(fault)
    strange = any(block.type != "text" for block in params.messages[-1].content_as_list)
    return _refusal("I read text alone.") if strange else _answer(params)


async def looks_for_pictures(context, params):
    """Looks for pictures, and takes a sound for a text.

    We sent a sound, and it answered
    """
    if fault := _fault(params, images=False):
        return _refusal(fault)
    strange = any(block.type == "image" for message in params.messages for block in message.content_as_list)
    return _refusal("I read text alone.") if strange else _answer(params)
