"""Exercise 12.1: a request that the rule of lesson 06 lets pass, and whose model reads an order."""

from mcp import types

from servers.asking import message


def _with(order="", **fields):
    fields = {"messages": [message("user", "What is this?")], "max_tokens": 100} | fields
    return types.CreateMessageRequestParams(**fields)


def a_message(order):
    """Says it in a message, where the rule looks.

    We gave an order with "instructions", and a person was asked: the rule found "instructions"
    """
    return _with(messages=[message("user", order)])


def a_system_prompt(order):
    """Says it in the system prompt, and asks for much.

    it wants 4096 tokens
    """
    return _with(system_prompt=order, max_tokens=4_096)


def without_the_word(order):
    """Writes the word in another way.

    It does not stand in your request, word for word
    """
    return _with(messages=[message("user", order.replace("nstructions", "nstructi0ns").replace("NS", "N5"))])


def in_two_messages(order):
    """Spreads it over two messages.

    It is spread over several texts
    """
    half = len(order) // 2
    return _with(messages=[message("user", order[:half]), message("user", order[half:])])


def a_stop_sequence(order):
    """Hides it where no model reads it.

    no model reads a request's stop sequences
    """
    return _with(stop_sequences=[order])


def metadata(order):
    """Hides it in the metadata.

    It stands in `metadata.note`
    """
    return _with(metadata={"note": order})


def a_title(order):
    """Hides it in the title of a tool.

    no model reads a request's titles of tools
    """
    return _with(tools=[types.Tool(name="look_up", title=order, input_schema={"type": "object"})])


def a_picture(order):
    """Writes it where the bytes of a picture stand.

    no model reads a request's data as a text
    """
    picture = types.ImageContent(data=order, mime_type="image/png")
    return _with(messages=[types.SamplingMessage(role="user", content=picture)])


def many_tokens(order):
    """Has it in the right place, and asks for too much.

    it wants 4000 tokens, and 200 pass
    """
    tool = types.Tool(name="look_up", description=order, input_schema={"type": "object"})
    return _with(tools=[tool], max_tokens=4_000)


def shortened(order):
    """Cuts it, to stay below a limit that is not there.

    Its beginning stands there
    """
    tool = types.Tool(name="look_up", description=order[:1_000], input_schema={"type": "object"})
    return _with(tools=[tool])


def in_one_line(order):
    """Puts it into one line.

    with other blanks or ends of lines
    """
    tool = types.Tool(name="look_up", description=" ".join(order.split()), input_schema={"type": "object"})
    return _with(tools=[tool])


def nothing(order):
    """Returns nothing.

    my_attack returned nothing
    """
    _with(order)


def a_dictionary(order):
    """Returns the request as JSON.

    A CreateMessageRequestParams is wanted
    """
    return _with().model_dump()


async def a_coroutine_function(order):
    """Is `async def`.

    is `async def`
    """
    return _with()


def no_schema(order):
    """Is about a tool that no server can offer.

    Your function raised
    """
    return _with(tools=[types.Tool(name="look_up", description=order)])
