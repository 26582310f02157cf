"""Exercise 15.3: a server over a database."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CreateMessageResult, SamplingMessage, TextContent

_RULES = "Say in two sentences what matters. Write no figure; where one belongs, write its letter, as in [b]."
_NUMBERS = re.compile(r"\b(two|ten|\w+teen|hundred|third|half|twice|doubled|percent)\b", re.IGNORECASE)


def _facts(database, table, column):
    with closing(sqlite3.connect(f"{Path(database).resolve().as_uri()}?mode=ro", uri=True)) as data:
        columns = [name for (name,) in data.execute("SELECT name FROM pragma_table_info(?)", [table])]
        if column not in columns:
            raise ValueError(f"There is no {column!r} in {table!r}; there are daily, {', '.join(columns)}.")
        what, where = ('"' + name.replace('"', '""') + '"' for name in (column, table))
        rows = data.execute(f"SELECT {what}, day, note FROM {where} ORDER BY {what} DESC").fetchall()
    values = [value for value, *_ in rows]
    told = [("mean", f"{sum(values) / len(values):,g}"), ("largest", f"{rows[0][0]:,g} on {rows[0][1]}")]
    return [f"{what}: {fact}" for what, fact in told], rows[0][2]


def _capstone(
    database,
    folder,
    *,
    rules=_RULES,
    max_tokens=150,
    notes=False,
    letters=True,
    found_twice=False,
    broken=ToolError,
    known_first=True,
    longest=600,
    cut=True,
    seen=lambda said: "".join(letter for letter in " ".join(said.split()) if letter.isprintable()),
    told=None,
    judged_first=False,
    told_as_error=True,
    digits=str.isnumeric,
    numbers=_NUMBERS,
    named=True,
    unknown=True,
    whole=lambda fact: fact,
    every=True,
    files=lambda why: not why,
    mode="a",
    end="\n",
    why_not=lambda why: f"No narrative, and nothing is filed: {why}.",
    can=lambda ctx: ctx.client_capabilities is not None and ctx.client_capabilities.sampling is not None,
    kind=lambda answer: isinstance(answer.content, TextContent),
    most=26,
    memory=None,
):
    """The right server, with whatever is to be wrong about it."""
    server = MCPServer("capstone", log_level="ERROR")

    async def found(table: str, column: str) -> dict[str, str]:
        try:
            facts, note = _facts(database, table, column)
        except ValueError as error:
            if not told_as_error:
                return {"": f"{error}"}
            if not known_first:
                return {"a": f"{error}", "b": "nothing"}
            raise broken(str(error)) from None
        if memory is not None:
            memory.extend(facts)
            facts = [*memory]
        facts = [*facts, *(f"stands out: {at}" for at in range(most - 2 - len(facts)))]
        return dict(zip("abcdefghijklmnopqrstuvwxyz" if letters else "ABCDEFGHIJKLMNOPQRSTUVWXYZ", facts)) | (
            {"n": note} if notes else {}
        )

    async def question(
        table: str, column: str, facts: Annotated[dict[str, str], Resolve(found)], ctx: Context
    ) -> Sample | None:
        if "" in facts or not can(ctx):
            return None
        words = TextContent(text="\n".join(f"[{letter}] {fact}" for letter, fact in facts.items()))
        return Sample([SamplingMessage(role="user", content=words)], system_prompt=rules, max_tokens=max_tokens)

    def fault(answer, said, facts):
        if answer is None:
            return "this client cannot sample"
        if (cut and answer.stop_reason == "maxTokens") or len(said) > longest:
            return "the answer was too long"
        if any(map(digits, said)) or (numbers and numbers.search(said)):
            return "the model wrote a figure of its own"
        letters = re.findall(r"\[(.*?)\]", said)
        if (named and not letters) or (unknown and not facts.keys() >= {*letters}):
            return "the model named no fact"
        return ""

    @server.tool(structured_output=False)
    async def report(
        table: str,
        column: str,
        facts: Annotated[dict[str, str], Resolve(found)],
        answer: Annotated[CreateMessageResult | None, Resolve(question)],
    ) -> str:
        """Report on a column of a table of days."""
        if "" in facts:
            return facts[""]
        if found_twice:
            facts = await found(table, column)
        said = answer.content.text if answer and kind(answer) else ""
        why = fault(answer, said if judged_first else seen(said), facts)
        report = re.sub(r"\[(.)\]", lambda letter: whole(facts.get(letter[1], letter[1])), (told or seen)(said))
        if files(why):
            with (Path(folder) / "reports.txt").open(mode, encoding="utf-8") as file:
                file.write(f"{column}: {report or why}{end}")
        head = why_not(why) if why else report
        return "\n".join([head, *(facts.values() if every else ())])

    return server


def asks_nobody(database, folder):
    """Never asks.

    report asked nobody, and returned
    """
    return _capstone(database, folder, can=lambda ctx: False)


def without_letters(database, folder):
    """Sends capitals, where letters a to z were asked for.

    Write each fact on a line of its own, its letter first
    """
    return _capstone(database, folder, letters=False)


def without_rules(database, folder):
    """Sends no rules.

    The question has no system prompt.
    """
    return _capstone(database, folder, rules=None)


def any_number_of_tokens(database, folder):
    """Allows as many tokens as there may be.

    You allow 4000 tokens for two sentences; 30 to 300 will do.
    """
    return _capstone(database, folder, max_tokens=4_000)


def sends_the_notes(database, folder):
    """Has the model read what strangers wrote.

    and it stands in the question. Send facts, and no words of strangers.
    """
    return _capstone(database, folder, notes=True)


def lets_figures_through(database, folder):
    """Lets the model write figures.

    The model answered 'In short 987: [b].', and reports.txt got
    """
    return _capstone(database, folder, digits=lambda letter: False)


def knows_ten_digits(database, folder):
    """Knows the digits 0 to 9 alone.

    The model answered 'It was ９８７: [b].'
    """
    return _capstone(database, folder, digits=lambda letter: letter in "0123456789")


def knows_decimal_digits(database, folder):
    """Takes a fraction for no figure.

    The model answered 'It was ½ of [b].'
    """
    return _capstone(database, folder, digits=str.isdecimal)


def knows_no_words(database, folder):
    """Takes a number in words for no figure.

    The model answered 'Half of [b].'
    """
    return _capstone(database, folder, numbers=None)


def knows_some_capitals(database, folder):
    """Compares words as they are mostly written.

    The model answered 'It was TWICE as much as [b].'
    """
    return _capstone(database, folder, numbers=re.compile(r"\b[Tt]wice\b|\b[Hh]alf\b|\bhundred\b|\bpercent\b"))


def finds_words_in_words(database, folder):
    """Finds ten in often and tension.

    The model answered 'Someone often wrote of the twofold tension ([a]).', and its words are not in the result
    """
    return _capstone(database, folder, numbers=re.compile(_NUMBERS.pattern.replace(r"\b", ""), re.IGNORECASE))


def takes_any_words(database, folder):
    """Takes words that name no fact.

    The model answered 'All is well.', and reports.txt got
    """
    return _capstone(database, folder, named=False)


def takes_any_letter(database, folder):
    """Takes a letter that is no fact.

    The model answered 'All is well: [?].', and reports.txt got
    """
    return _capstone(database, folder, unknown=False)


def the_figure_alone(database, folder):
    """Puts in the figure, without what it is of.

    and that does not stand in the result.
    """
    return _capstone(database, folder, whole=lambda fact: fact.partition(": ")[2], every=False)


def of_any_length(database, folder):
    """Takes an answer of any length.

    The model answered '[b] and so on xxx
    """
    return _capstone(database, folder, longest=10**9)


def half_an_answer(database, folder):
    """Takes half an answer for a whole one.

    The answer was cut at its limit, and reports.txt got
    """
    return _capstone(database, folder, cut=False)


def looks_at_no_type(database, folder):
    """Reads the text of an image.

    has no attribute 'text'
    """
    return _capstone(database, folder, kind=lambda answer: True)


def files_fallbacks(database, folder):
    """Files why there is nothing to file.

    File what was checked, and nothing else.
    """
    return _capstone(
        database, folder, files=lambda why: True, digits=lambda letter: letter == "9" or letter.isnumeric()
    )


def keeps_the_facts(database, folder):
    """Returns no facts where there is no narrative.

    Return the facts all the same.
    """
    return _capstone(database, folder, every=False)


def hands_on_what_nobody_sees(database, folder):
    """Hands on hidden characters.

    The model sent a character that nobody sees (U+202E), and it was handed on.
    """
    return _capstone(database, folder, told=lambda said: " ".join(said.split()))


def sees_no_hidden_characters(database, folder):
    """Judges and hands on hidden characters.

    and reports.txt got 'latency_ms: It was t\\u200bwo times
    """
    return _capstone(database, folder, seen=lambda said: " ".join(said.split()))


def glues_words_together(database, folder):
    """Leaves out line breaks with what cannot be seen, and so the space between two words.

    The model answered 'One day stood
    """
    return _capstone(database, folder, seen=lambda said: "".join(letter for letter in said if letter.isprintable()))


def lets_an_answer_break_the_line(database, folder):
    """Keeps line breaks, so that an answer can write a report of its own into the file.

    and reports.txt got 3 lines:
    """
    kept = re.compile(r"[^\S\n]+")
    return _capstone(
        database,
        folder,
        seen=lambda said: "".join(letter for letter in kept.sub(" ", said) if letter == "\n" or letter.isprintable()),
    )


def judges_what_is_not_told(database, folder):
    """Judges the answer as it came, and cleans it afterwards.

    and reports.txt got 'latency_ms: It was two times
    """
    return _capstone(database, folder, judged_first=True)


def an_error_as_a_result(database, folder):
    """Returns that there is no such table, as if all were well.

    came as a result like any other. Raise a ToolError
    """
    return _capstone(database, folder, told_as_error=False)


def the_same_for_all(database, folder):
    """Gives no reason.

    and one that cannot sample, are told the same. Say why
    """
    return _capstone(database, folder, why_not=lambda why: "No narrative.")


def a_plain_error(database, folder):
    """Lets the error of a name out of the tool as it is.

    Raise a ToolError with the sentence.
    """
    return _capstone(database, folder, broken=RuntimeError)


def asks_about_nothing(database, folder):
    """Asks a model about a column that is not there.

    There is no 'latency_ms' in 'nightly', and a model was asked about it.
    """
    return _capstone(database, folder, known_first=False)


def looks_twice(database, folder):
    """Finds the facts once for the question, and once more for the report.

    While the model thought, a day was added.
    """
    return _capstone(database, folder, found_twice=True)


def writes_over(database, folder):
    """Writes over the report before.

    A second report wrote over the first
    """
    return _capstone(database, folder, mode="w")


def on_one_line(database, folder):
    """Ends no line.

    A report does not end its line in reports.txt.
    """
    return _capstone(database, folder, end=" ")


def remembers(database, folder):
    """Keeps the facts of the calls before.

    A call asks again in every round: the question must follow from arguments and data alone.
    """
    return _capstone(database, folder, memory=[])


def forgets_to_return(database, folder):
    """Makes a server and lets it go.

    forgets_to_return() returned nothing: is `return server` missing?
    """
    _capstone(database, folder)
