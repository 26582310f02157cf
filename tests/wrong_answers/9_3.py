"""Exercise 9.3: a tool that is of use to every client.

Each function makes such a server, as the student's `sturdy_desk` does.
"""

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CreateMessageResult, TextContent

from servers.asking import Answer, NoAnswer, ask, or_none, visible


def _plain(line):
    level = next((word for word in ("PANIC", "FATAL", "ERROR", "WARNING") if word in line), "no level")
    return f"The line says {level}."


def _none(line):
    return f"No advice, because this client cannot sample. {_plain(line)}"


def _no_answer(answer, line):
    return f"No advice, because {answer.reason}. {_plain(line)}"


def _no_text(line):
    return f"No advice, because the client's answer holds no text. {_plain(line)}"


def _words(answer):
    text = visible(answer.content.text)
    if len(text) > 1_000:
        text = f"{text[:1_000]}\n(Cut here.)"
    return f"{text}\n(The model was cut off.)" if answer.stop_reason == "maxTokens" else text


def _is_text(answer):
    return isinstance(answer.content, TextContent) and bool(answer.content.text.strip())


def _desk(*, none=_none, no_answer=_no_answer, no_text=_no_text, words=_words, is_text=_is_text):
    """A server as it should be, but for what a mistake hands in."""
    server = MCPServer("desk")

    @or_none
    async def question(line: str, ctx: Context) -> Sample | None:
        return ask(ctx, "Say what to do.", line, max_tokens=60)

    @server.tool(structured_output=False)
    async def advise(line: str, answer: Annotated[Answer, Resolve(question)]) -> str:
        if answer is None:
            return none(line)
        if isinstance(answer, NoAnswer):
            return no_answer(answer, line)
        return words(answer) if is_text(answer) else no_text(line)

    return server


def naive():
    """Takes every answer for a text.

    clients.cannot-sample
    """
    return _desk(none=lambda line: None.content, is_text=lambda answer: True)


def forgets_the_server():
    """Makes a server and returns nothing.

    is `return server` missing?
    """
    _desk()


def one_note_of_two():
    """Says that an answer was long, or that it was cut, and never both.

    There are two things to note
    """

    def words(answer):
        text = visible(answer.content.text)
        if len(text) > 1_000:
            return f"{text[:1_000]}\n(Cut here.)"
        return f"{text}\n(The model was cut off.)" if answer.stop_reason == "maxTokens" else text

    return _desk(words=words)


def fails_politely():
    """Ends in an error where the client cannot sample.

    advise: This client cannot sample.'
    """

    def none(line):
        raise ToolError("This client cannot sample.")

    return _desk(none=none)


def makes_it_up():
    """Says the same whether a model was asked or not.

    clients.says-so
    """
    return _desk(none=lambda line: "PANIC.", words=lambda answer: _words(answer))


def trusts_a_refusal():
    """Reads the content of a refusal.

    clients.refuses
    """
    return _desk(no_answer=lambda answer, line: answer.content.text)


def trusts_the_type():
    """Reads the text of a picture.

    answers.image
    """
    return _desk(is_text=lambda answer: bool(answer.content.text.strip()))


def nothing_is_a_text():
    """Hands on an empty text.

    answers.empty
    """
    return _desk(is_text=lambda answer: isinstance(answer.content, TextContent))


def does_not_look_at_the_end():
    """Leaves out that an answer was cut off.

    answers.cut
    """
    return _desk(words=lambda answer: _words(answer.model_copy(update={"stop_reason": "endTurn"})))


def hands_on_any_length():
    """Hands on all of a long answer.

    Of an answer of 1,001 characters the tool returned 1,001
    """
    return _desk(words=lambda answer: visible(answer.content.text))


def cuts_in_silence():
    """Cuts a long answer and does not say so.

    Of an answer of 1,001 characters the tool returned 1,000
    """
    return _desk(words=lambda answer: visible(answer.content.text)[:1_000])


def hands_on_what_nobody_sees():
    """Leaves out `visible`.

    answers.hidden
    """

    def words(answer):
        text = answer.content.text
        text = f"{text[:1_000]}\n(Cut here.)" if len(text) > 1_000 else text
        return f"{text}\n(The model was cut off.)" if answer.stop_reason == "maxTokens" else text

    return _desk(words=words)


def talks_around_it():
    """Puts words before a whole answer.

    Hand on a whole answer as it is
    """
    return _desk(words=lambda answer: f"The model says: {_words(answer)}")


def leaves_plain_code_out():
    """Says why there is no advice, and nothing else.

    A client that cannot sample got 'No advice, because this client cannot sample.'
    """
    return _desk(none=lambda line: "No advice, because this client cannot sample.")


def leaves_plain_code_out_after_a_no():
    """Says what the client said, and nothing else.

    A client that refuses got
    """
    return _desk(no_answer=lambda answer, line: f"No advice, because {answer.reason}.")


def one_level_for_all():
    """Has the level of one line in it.

    for the line '2026-11-20 02:14 ERROR: deadlo'
    """
    return _desk(none=lambda line: "This client cannot sample. The line says PANIC.")


def one_sentence_for_all():
    """Says the same whatever the client is like.

    A client that answers with blanks is told the same as one that cannot sample
    """

    def said(line):
        return f"No advice: the client gave none. {_plain(line)}"

    return _desk(none=said, no_answer=lambda answer, line: said(line), no_text=said)


def keeps_the_reason_to_itself():
    """Does not say what the client said.

    A client that is busy is told the same as one that refuses
    """
    return _desk(no_answer=lambda answer, line: f"No advice: the client gave none. {_plain(line)}")


def blanks_are_text():
    """Takes blanks for an answer.

    A client that answers with blanks got
    """

    def is_text(answer):
        return isinstance(answer.content, TextContent) and bool(answer.content.text)

    return _desk(is_text=is_text)


def asks_without_looking():
    """Asks a client that cannot sample.

    Client did not declare the sampling capability
    """
    server = MCPServer("desk")

    async def question(line: str) -> Sample:
        from servers.asking import message

        return Sample([message("user", line)], max_tokens=60)

    @server.tool(structured_output=False)
    async def advise(line: str, answer: Annotated[CreateMessageResult, Resolve(question)]) -> str:
        return _words(answer) if _is_text(answer) else _no_text(line)

    return server
