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

    DEADLOCK DETECTED". The answer begins 'Unknown
    """
    return _answer(_by_rules(params.messages[-1].content.text))


async def content_taken_for_a_text(context, params):
    """Takes the block for the text in it.

    'TextContent' object has no attribute 'lower'
    """
    return _answer(_by_rules(params.messages[-1].content.lower()))


async def cuts_off_a_heading(context, params):
    """Looks for the line behind a heading that not every server writes.

    raised IndexError: list index out of range
    """
    return _answer(_by_rules(params.messages[-1].content.text.lower().split("log line:")[1]))


async def half_a_word(context, params):
    """Looks for parts of the words, which other lines hold too.

    some space left on the disk of the database". The answer begins 'D
    """
    line = params.messages[-1].content.text.lower()
    return _answer(
        "Database: a lock." if "lock" in line else "Disk: full." if "space left" in line else "Unknown: look."
    )


async def every_message(context, params):
    """Looks for the words in the whole conversation, and finds one of an earlier line.

    No space left on device". The answer begins 'Database: a lock.'
    """
    return _answer(_by_rules(" ".join(message.content.text for message in params.messages).lower()))


async def first_message(context, params):
    """Reads the first message, where the conversation began, and not the last.

    No space left on device". The answer begins 'Database: a lock.'. It should
    """
    return _answer(_by_rules(params.messages[0].content.text.lower()))


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

    detected". The answer begins 'Unknown: look.'. It should begin with 'Database:'
    """
    return _answer(_by_rules(params.system_prompt.lower()))


async def wants_a_blank_on_either_side(context, params):
    """Looks for the word between blanks, where a line has marks too.

    [Deadlock] found, restart the transaction". The answer begins 'Unknown: look.'
    """
    line = params.messages[-1].content.text.lower()
    return _answer("Database: a lock." if "deadlock" in line.split() else _by_rules(line.replace("deadlock", "")))


async def wants_the_words_beside_it(context, params):
    """Looks for more than the words of the rule.

    cp: /backup/db: No space left.". The answer begins 'Unknown: look.'
    """
    line = params.messages[-1].content.text.lower()
    return _answer(_by_rules(line if "left on device" in line else line.replace("no space left", "")))
