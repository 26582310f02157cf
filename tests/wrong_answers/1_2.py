"""Exercise 1.2: a callback that answers by rules, with an eye on the log line."""

from mcp.types import CreateMessageResult, TextContent


def _answer(text):
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text=text))


def _by_rules(line):
    if "deadlock" in line:
        return "Database: a lock."
    if "no space left" in line.lower():
        return "Disk: full."
    return "Unknown: look."


async def always_the_same(context, params):
    """Gives one answer to every line.

    should begin with 'Disk:'
    """
    return _answer("Database: a lock.")


async def camel_case(context, params):
    """Takes the names of the wire for those of Python.

    has no attribute 'maxTokens'
    """
    return _answer(f"Database: at most {params.maxTokens} tokens.")


async def case_matters(context, params):
    """Looks for a word in the one case in which it was first seen.

    DEADLOCK DETECTED" and the answer begins 'Unknown
    """
    return _answer(_by_rules(params.messages[-1].content.text))


async def content_taken_for_a_text(context, params):
    """Takes the block for the text in it.

    'TextContent' object has no attribute 'lower'
    """
    return _answer(_by_rules(params.messages[-1].content.lower()))


async def no_else(context, params):
    """Has no answer to a line that no rule knows.

    raised UnboundLocalError
    """
    line = params.messages[-1].content.text.lower()
    if "deadlock" in line:
        text = "Database: a lock."
    elif "no space left" in line:
        text = "Disk: full."
    return _answer(text)


async def reads_the_system_prompt(context, params):
    """Looks for the line in the system prompt, which holds the instructions.

    the answer begins 'Unknown: look.'. It should begin with 'Database:'
    """
    return _answer(_by_rules(params.system_prompt.lower()))
