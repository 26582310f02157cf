"""Servers that trust what a client answers."""

import re

from mcp_types import ImageContent, TextContent
from servers.asking import shortened, visible
from tests.checks.right_servers import by_hand, with_create_message


def _text(answer):
    """The text of an answer; a note where there is none."""
    content = getattr(answer, "content", None)
    return (content.text if isinstance(content, TextContent) else "") or "No label: there was no text."


def _note(answer):
    return " (Cut.)" if getattr(answer, "stop_reason", None) == "maxTokens" else ""


def takes_every_block_for_text():
    """Reads the text of an answer without a look at its type.

    - answers.image
    - answers.tool-use
    - answers.several
    """
    return by_hand(lambda answer: (visible(shortened(answer.content.text, 500)) or "No label.") + _note(answer))


def takes_every_block_for_text_on_the_older_wire():
    """Does the same on revision 2025-11-25.

    - answers.image
    """
    return with_create_message(lambda answer: (visible(answer.content.text[:500]) or "No label.") + _note(answer))


def knows_no_images():
    """Raises what nobody catches where an image comes.

    - answers.image
    """

    def read(answer):
        if isinstance(getattr(answer, "content", None), ImageContent):
            raise TypeError("an image")
        return visible(shortened(_text(answer), 500)) + _note(answer)

    return by_hand(read)


def returns_nothing():
    """Hands an empty answer on.

    - answers.empty
    """
    return by_hand(
        lambda answer: (
            visible(shortened(_text(answer), 500)).replace("No label: there was no text.", "")
            + _note(answer)
            + ("" if hasattr(getattr(answer, "content", None), "text") else "No label.")
        )
    )


def passes_half_an_answer_for_a_whole_one():
    """Does not look at the stop reason.

    - answers.cut
    """
    return by_hand(lambda answer: visible(shortened(_text(answer), 500)))


def keeps_all_of_it():
    """Returns an answer however long it is.

    - answers.long
    """
    return by_hand(lambda answer: visible(_text(answer)) + _note(answer))


def shows_what_nobody_sees():
    """Returns escape sequences and hidden characters.

    - answers.hidden
    """
    return by_hand(lambda answer: shortened(_text(answer), 500) + _note(answer))


def runs_the_answer():
    """Evaluates what a model has said.

    - answers.program
    """

    def read(answer):
        try:
            return f"The value is {eval(_text(answer))}."
        except Exception:
            return visible(shortened(_text(answer), 500)) + _note(answer)

    return by_hand(read)


def formats_the_answer():
    """Takes an answer for a format string.

    - answers.hidden
    - answers.program
    """
    return by_hand(lambda answer: visible(shortened(_text(answer), 500)).format(label="x") + _note(answer))


def says_what_it_raised():
    """Returns a traceback.

    - errors.private
    """
    import traceback

    def read(answer):
        try:
            return visible(shortened(answer.content.text, 500) or "No label.") + _note(answer)
        except AttributeError:
            return traceback.format_exc()

    return by_hand(read)


def trusts_what_has_its_form():
    """Wants a sentence, a colon and more, and hands on whatever begins so.

    - answers.long
    - answers.hidden
    """
    return by_hand(
        lambda answer: (_text(answer) if re.match(r"[A-Z][a-z ]+: ", _text(answer)) else "No label.") + _note(answer)
    )
