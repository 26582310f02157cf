"""Mistakes with the conversation itself."""

from mcp.types import ErrorData

from tests.checks.good_callbacks import answer
from tests.checks.good_callbacks import my_callback as good


async def last_message_for_granted(context, params):
    """Reads the last message before it has seen that there is one.

    - messages.none
    """
    print(params.messages[-1].role)
    return await good(context, params)


def plain_def(context, params):
    """Lacks the word `async`, and the client awaits it.

    - messages.shape
    """
    return answer("Look at the disk.", params.max_tokens)


async def raises_on_length(context, params):
    """Raises, and does not refuse, when the prompt is too long.

    - messages.long-system-prompt
    """
    if len(params.system_prompt or "") > 100_000:
        raise ValueError("This prompt is too long.")
    return await good(context, params)


async def refuses_everything(context, params):
    """Refuses everything, as a callback does that was not set up. It is told twice.

    - messages.one
    - errors.goes-on
    """
    return ErrorData(code=-32603, message="No model was configured.")


async def refuses_conversations(context, params):
    """Takes no more than one message.

    - messages.in-turn
    """
    if len(params.messages) == 3 and not params.tools:
        return ErrorData(code=-32602, message="One message at a time, please.")
    return await good(context, params)


async def refuses_system_prompts(context, params):
    """Has a system prompt of its own and takes no other.

    - messages.system-prompt
    """
    if params.system_prompt and len(params.system_prompt) < 100:
        return ErrorData(code=-32602, message="I have my own system prompt.")
    return await good(context, params)


async def says_no_as_a_person_may(context, params):
    """Says no to everything, in a person's name. That is lawful, and leaves nothing else to examine.

    - messages.one
    """
    return ErrorData(code=-1, message="The user rejected the sampling request.")


async def the_user_speaks_last(context, params):
    """Raises where the assistant has the last word.

    - messages.prefill
    """
    if params.messages and params.messages[-1].role != "user":
        raise ValueError("The last message should be the user's.")
    return await good(context, params)
