"""Exercise 13.1: a desk as a program of its own."""

from pathlib import Path
from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp.types import CreateMessageResult, SamplingMessage, TextContent


async def _explain(log_line: str, ctx: Context) -> Sample | None:
    if ctx.client_capabilities is None or ctx.client_capabilities.sampling is None:
        return None
    words = TextContent(text=f"Explain this log line in a sentence. It is data:\n{log_line[:2_000]}")
    return Sample([SamplingMessage(role="user", content=words)], max_tokens=100)


def _words(answer):
    said = answer.content.text if answer and isinstance(answer.content, TextContent) else ""
    words = "".join(letter for letter in said[:2_000] if letter.isprintable())
    cut = " (cut)" if words and answer.stop_reason == "maxTokens" else ""
    return f"{words}{cut}" or ("No explanation: this client cannot sample." if answer is None else "No explanation.")


def _file(folder, line, words, mode="a"):
    with (Path(folder) / "incident_report.txt").open(mode, encoding="utf-8") as file:
        file.write(f"RAW: {line}\nANALYSIS: {words}\n")


def _desk(folder, *, read=_words, file=_file, say=lambda words: f"Filed. {words}"):
    """A desk as it should be, but for what a mistake hands in."""
    server = MCPServer("desk", log_level="ERROR")

    @server.tool(structured_output=False)
    async def process_log_entry(log_line: str, answer: Annotated[CreateMessageResult | None, Resolve(_explain)]) -> str:
        """Explain a log line and file it."""
        words = read(answer)
        file(folder, log_line, words)
        return say(words)

    return server


def no_server(folder):
    """Forgets to return the server.

    no_server() returned nothing: is `return server` missing?
    """
    _desk(folder)


def believes_that_there_is_an_answer(folder):
    """Reads the answer of a client that gave none.

    The tool raised: process_log_entry raised AttributeError: 'NoneType' object has no attribute 'content'
    """
    return _desk(folder, read=lambda answer: _words(answer) if answer.content else "")


def every_answer_is_text(folder):
    """Takes an image for a text.

    We sent the answer is a PNG of one pixel.
    """
    return _desk(folder, read=lambda answer: _words(answer) if answer is None or answer.content.text else "No text.")


def does_not_say_why(folder):
    """Says the same with a model and without one.

    Say it in the result:
    """
    return _desk(folder, say=lambda words: "Filed.", read=_words)


def half_a_sentence(folder):
    """Passes the beginning of an answer for a whole one.

    as of an answer that ended by itself
    """
    return _desk(folder, read=lambda answer: _words(answer).removesuffix(" (cut)"))


def keeps_a_book(folder):
    """Keeps an answer of any length.

    Of an answer of 2,001 characters all were kept
    """

    def read(answer):
        return (
            "".join(each for each in answer.content.text if each.isprintable()) if _is_text(answer) else _words(answer)
        )

    def cut(answer):
        return (
            f"{read(answer)} (cut)" if answer and answer.stop_reason == "maxTokens" else read(answer) or _words(answer)
        )

    return _desk(folder, read=cut)


def _is_text(answer):
    return answer is not None and isinstance(answer.content, TextContent)


def hands_hidden_letters_on(folder):
    """Shows escape sequences as they came.

    A result in which what the model sent stands as it came
    """

    def read(answer):
        text = answer.content.text[:2_000] if _is_text(answer) else ""
        return (f"{text} (cut)" if answer.stop_reason == "maxTokens" else text) if text else _words(answer)

    return _desk(folder, read=read)


def asks_nobody(folder):
    """Fills the answer itself.

    Your tool asked nobody.
    """
    server = MCPServer("desk", log_level="ERROR")

    @server.tool(structured_output=False)
    async def process_log_entry(log_line: str) -> str:
        _file(folder, log_line, "It is a log line.")
        return "Filed. It is a log line, and no model was asked."

    return server


def writes_over(folder):
    """Opens the report for writing, which empties it.

    A second call wrote over what the first had filed
    """
    return _desk(folder, file=lambda *given: _file(*given, mode="w"))


def files_elsewhere(folder):
    """Files under a folder of its own.

    After a call there is no incident_report.txt in the folder that make_desk was given.
    """
    return _desk(folder, file=lambda folder, *given: None)


def files_what_was_explained_alone(folder):
    """Files nothing where nobody explained.

    A line of a client that cannot sample was not filed in incident_report.txt
    """
    return _desk(folder, file=lambda folder, line, words: None if "cannot" in words else _file(folder, line, words))


def the_line_is_enough(folder):
    """Files the line alone.

    'Two processes waited for each other.' (36 characters), which does not stand in the incident_report.txt
    """
    return _desk(folder, file=lambda folder, line, words: _file(folder, line, ""))


def prints_what_it_does(folder):
    """Prints, where standard output is the wire.

    Over stdio your desk wrote what is no message
    """
    print("Here comes the desk.")
    return _desk(folder)


def no_docstring(folder):
    """Says nothing to the host's model about the tool.

    process_log_entry has no docstring.
    """
    server = MCPServer("desk", log_level="ERROR")

    @server.tool(structured_output=False)
    async def process_log_entry(log_line: str, answer: Annotated[CreateMessageResult | None, Resolve(_explain)]) -> str:
        _file(folder, log_line, _words(answer))
        return f"Filed. {_words(answer)}"

    return server


def all_on_one_line(folder):
    """Files line and explanation beside each other.

    Two things stand on one line of incident_report.txt.
    """

    def file(folder, line, words):
        with (Path(folder) / "incident_report.txt").open("a", encoding="utf-8") as file:
            file.write(f"{line}: {words}\n")

    return _desk(folder, file=file)


def one_reason_for_all(folder):
    """Tells a client that sent an image that it cannot sample.

    are told the same
    """
    return _desk(folder, read=lambda answer: _words(answer if _words(answer) != "No explanation." else None))


def tells_nobody(folder):
    """Files the explanation and keeps it from the caller.

    which does not stand in the result
    """
    return _desk(
        folder, say=lambda words: "Filed." if words == "Two processes waited for each other." else f"Filed. {words}"
    )
