"""Lesson 11, tools inside a sample: a result for every use, and a loop that comes to an end on both wires."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResultWithTools,
    InputRequiredResult,
    SamplingMessage,
    TextContent,
    Tool,
    ToolChoice,
    ToolResultContent,
    ToolUseContent,
)

from labkit.checks.asking_servers import Answers, connect, use
from labkit.checks.engine import FunctionExercise, Problem, calling
from servers.rounds import Answered, MoreNeeded, Rounds, Use
from servers.serving import quietly
from servers.tool_loop import Result, heard, said

# 11.1: a result for every use


def asking(*blocks: TextContent | ToolUseContent) -> CreateMessageResultWithTools:
    """An answer that asks for tools."""
    return CreateMessageResultWithTools(role="assistant", content=[*blocks], model="check", stop_reason="toolUse")


def _use(id: str, name: str, **given: Any) -> ToolUseContent:  # noqa: A002 - the field's name
    return ToolUseContent(id=id, name=name, input=given)


PLACE = "opened /srv/desk/key-7f31"
"""What a crash would tell the model, and every server that it asks later."""


class Desk:
    """The tools that a student's function is given; what was asked of them is kept."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.tools: dict[str, Callable[..., Awaitable[str]]] = {
            "count": self.count, "closed": self.closed, "crash": self.crash, "silent": self.silent
        }  # fmt: skip

    async def count(self, word: str) -> str:
        self.ran.append(word)
        return f"{word} stands in {len(word)} lines"

    async def silent(self) -> str:
        return ""

    async def closed(self) -> str:
        raise ToolError("the archive is closed until six")

    async def crash(self) -> str:
        raise RuntimeError(PLACE)


async def _results(function: Callable[..., Any], answer: CreateMessageResultWithTools, desk: Desk) -> dict[str, Any]:
    """The results that a function gives, by the id of the use."""
    kept, tools = answer.model_copy(deep=True), dict(desk.tools)
    asked = f"results_for() got an answer with {_blocks(answer)}"
    with calling(f"results_for with {_blocks(answer)}"):
        returned: object = function(answer, tools)
        if not inspect.isawaitable(returned):
            raise Problem("results_for is awaited: write `async def results_for(answer, tools)`.", hint="await")
        returned = cast("object", await returned)
    if not isinstance(returned, SamplingMessage):
        got = "nothing: is a `return` missing?" if returned is None else f"a {type(returned).__name__}."
        raise Problem(f"{asked}, and returned {got} A SamplingMessage is wanted.", hint="message")
    if returned.role != "user":
        raise Problem(f"{asked}; its message is from the assistant. Results come from the user.", hint="role")
    results = returned.content_as_list
    if others := [each.type for each in results if not isinstance(each, ToolResultContent)]:
        raise Problem(f"{asked}; beside the results stands a block {others[0]}. Nothing else may.", hint="alone")
    told = [each for each in results if isinstance(each, ToolResultContent)]
    wanted = [block.id for block in kept.content_as_list if isinstance(block, ToolUseContent)]
    given = [each.tool_use_id for each in told]
    if sorted(given) != sorted(wanted):
        raise Problem(f"{asked}, with the ids {wanted}. {_unlike(kept, wanted, given)}", hint="ids")
    if answer != kept or tools != desk.tools:
        raise Problem(f"{asked}, and afterwards that answer or `tools` was another. Leave them.", hint="changed")
    return {each.tool_use_id: each for each in told}


def _unlike(answer: CreateMessageResultWithTools, wanted: list[str], given: list[str]) -> str:
    """How the ids of the results are not those of the uses."""
    if strange := [each for each in given if each not in wanted]:
        return f"There is a result for {strange[0]!r}, which is no use of this answer."
    if len(given) > len({*given}):
        return f"The results are for {given}: one use has two."
    names = {use.id: use.name for use in answer.content_as_list if isinstance(use, ToolUseContent)}
    [missing, *_] = [each for each in wanted if each not in given]
    return f"There is no result for {missing!r}, the use of {names[missing]}: each use has one, whatever comes of it."


def _blocks(answer: CreateMessageResultWithTools) -> str:
    return ", ".join(
        f"a use of {block.name}" if isinstance(block, ToolUseContent) else "a text" for block in answer.content_as_list
    )


def _words(result: ToolResultContent) -> str:
    return " ".join(block.text for block in result.content if isinstance(block, TextContent))


def _gives(*blocks: TextContent | ToolUseContent, twice: bool = False) -> Callable[..., Awaitable[None]]:
    """A case: every use of `count` has what `count` says, and every other use says that it failed."""

    async def case(function: Callable[..., Any]) -> None:
        for _ in range(1 + twice):
            desk = Desk()
            results = await _results(function, asking(*blocks), desk)
            uses = [block for block in blocks if isinstance(block, ToolUseContent)]
            for each in uses:
                _is_right(each, results[each.id])
            words = [each.input["word"] for each in uses if each.name == "count" and [*each.input] == ["word"]]
            if sorted(desk.ran) != sorted(words):
                raise Problem(
                    f"`count` was to run for {words}, and ran for {desk.ran}. Run each use once.", hint="once"
                )

    return case


def _is_right(use: ToolUseContent, result: ToolResultContent) -> None:
    words, asked = _words(result), f"For {use.name}({', '.join(use.input)}), id {use.id},"
    if (use.name == "count" and [*use.input] == ["word"]) or use.name == "silent":
        wanted = f"{use.input['word']} stands in {len(use.input['word'])} lines" if use.name == "count" else ""
        if result.is_error:
            raise Problem(f"{asked} the result says that it failed, and the tool ran well.", hint="error")
        if words != wanted:
            raise Problem(f'{asked} the tool returned "{wanted}", and the result says "{words[:60]}".', hint="ids")
        return
    if not result.is_error:
        raise Problem(f"{asked} there is no answer, and the result is not marked: `is_error=True`.", hint="error")
    if not words.strip():
        raise Problem(f"{asked} the result has no words. The model needs some, to ask better.", hint="words")
    if PLACE in words:
        raise Problem(
            f'{asked} the model reads "{words[:60]}": the text of a crash. Say only that the tool failed.', hint="crash"
        )
    if use.name == "closed" and "closed until six" not in words:
        raise Problem(f'{asked} a ToolError said why, and the model reads "{words[:60]}".', hint="tool-error")


LOOK = TextContent(text="I look it up.")

# 11.2: a loop that ends

QUESTION = SamplingMessage(role="user", content=TextContent(text="Why did the backup fail?"))
TOOL = Tool(name="look", input_schema={"type": "object"})


class Talk:
    """A model that uses a tool in so many turns, with words beside it, and ends in words; what it was asked is kept.

    With `heedless` it asks for a tool also where none is allowed.
    """

    def __init__(self, turns: int, *, wordy: bool = False, heedless: bool = False) -> None:
        self.turns, self.wordy, self.heedless = turns, wordy, heedless
        self.asked: list[tuple[list[SamplingMessage], str]] = []
        self.runs = 0

    @property
    def last(self) -> str:
        return f"Turn {len(self.asked)}: the disk is full."

    def answer(self, choice: str) -> Answered:
        """The next answer."""
        turn = len(self.asked)
        if turn > self.turns or (choice == "none" and not self.heedless):
            return Answered(text=self.last)
        words = self.last if self.wordy or choice == "none" else ""
        return Answered(text=words, uses=(Use(id=f"use-{turn}", name="look", input={"turn": turn}),))

    async def ask(self, messages: object, choice: object = "auto") -> Answered:
        """Stand where the server's `ask` stands."""
        if not isinstance(messages, list | tuple) or not all(
            isinstance(each, SamplingMessage) for each in cast("Sequence[object]", messages)
        ):
            raise Problem("ask() wants a list of messages: the question, and what was said since.", hint="messages")
        if choice not in ("auto", "none"):
            raise Problem(f'ask() got the choice {choice!r}. It is "auto", or "none" in the last turn.', hint="choice")
        self.asked.append(([*cast("Sequence[SamplingMessage]", messages)], cast("str", choice)))
        if len(self.asked) > MANY:
            raise Problem(f"A model that never stops was asked {MANY} times. Count the turns.", hint="cap")
        return self.answer(cast("str", choice))

    async def run(self, answer: object) -> list[SamplingMessage]:
        """Stand where the server's `run` stands."""
        if not isinstance(answer, Answered) or not answer.uses:
            raise Problem("run() wants an answer that holds uses, as ask() returned it.", hint="run")
        self.runs += 1
        return [said(answer), heard(answer.uses, [Result(text=f"line {self.runs}")])]


MANY = 30


def _loops(turns: int, most: int | None, **model: bool) -> Callable[..., Awaitable[None]]:
    async def case(function: Callable[..., Any]) -> None:
        talk = Talk(turns, **model)
        arguments = (talk.ask, QUESTION, talk.run) if most is None else (talk.ask, QUESTION, talk.run, most)
        limit = 4 if most is None else most
        model_ = "A model that never stops" if turns >= MANY else f"A model that uses a tool in {turns} turns"
        given = f"{model_}, {f'most_turns={most}' if most else 'and no most_turns'}:"
        with calling(f"my_loop with {'a cap of ' + str(most) if most else 'no cap given'}"):
            returned: object = function(*arguments)
            if not inspect.isawaitable(returned):
                raise Problem("my_loop is awaited: write `async def my_loop(...)`.", hint="await")
            returned = cast("object", await returned)
        _is_as_wanted(given, talk, returned, turns, limit)

    return case


def _is_as_wanted(given: str, talk: Talk, returned: object, turns: int, limit: int) -> None:
    wanted = min(turns + 1, limit)
    if len(talk.asked) != wanted:
        told = f"{given} you asked {len(talk.asked)} times, and {wanted} is right."
        raise Problem(told, hint="cap") if len(talk.asked) > wanted else Problem(told, hint="uses")
    choices = [choice for _, choice in talk.asked]
    right = ["none" if turn == limit else "auto" for turn in range(1, wanted + 1)]
    if choices != right:
        raise Problem(f"{given} you asked with {choices}, and {right} is right.", hint="choice")
    if talk.runs != wanted - 1:
        raise Problem(f"{given} the tools ran {talk.runs} times, and {wanted - 1} is right.", hint="run")
    for turn, (messages, _) in enumerate(talk.asked, 1):
        if messages[:1] != [QUESTION]:
            raise Problem(f"{given} in turn {turn} the question does not stand first.", hint="messages")
        if len(messages) != 2 * turn - 1:
            raise Problem(
                f"{given} in turn {turn} ask() got {len(messages)} messages; {2 * turn - 1} are right: the question, "
                "and two for each turn before.",
                hint="messages",
            )
        for earlier in range(1, turn):
            if messages[2 * earlier - 1].role != "assistant" or f"line {earlier}" not in str(messages[2 * earlier]):
                raise Problem(f"{given} in turn {turn} the earlier turns stand in another order.", hint="messages")
    if returned != talk.last:
        raise Problem(f"{given} it returned {returned!r:.60}, and the last answer's text is right.", hint="return")


def _served(mode: str, turns: int, most: int) -> Callable[..., Awaitable[None]]:
    """The loop in a server, with a client that uses a tool in so many turns."""

    async def case(function: Callable[..., Any]) -> None:
        answers = Answers(
            *(asking(_use(f"use-{turn}", "look", turn=turn)) for turn in range(1, min(turns + 1, most))), "It is full."
        )
        with connect(_server(function, most), mode, answers) as lab:
            used = await use(lab, "why", {}, answers)
        wanted = min(turns + 1, most)
        if len(used.asked) != wanted or used.said != "It is full.":
            raise Problem(
                f"Called directly it does well; in a server ({mode}) it took {len(used.asked)} samples and said "
                f'"{used.said[:60]}"; {wanted} and "It is full." are right. Keep nothing outside of the function, and '
                "let what ask() raises pass.",
                hint="pure",
            )

    return case


def _server(function: Callable[..., Any], most: int) -> MCPServer:
    with quietly():
        server = MCPServer("check")

    @server.tool(structured_output=False)
    async def why(ctx: Context) -> str | InputRequiredResult:
        rounds = Rounds(ctx)

        async def ask(messages: Sequence[SamplingMessage], choice: Any = "auto") -> Answered:
            params = CreateMessageRequestParams(
                messages=[*messages], tools=[TOOL], tool_choice=ToolChoice(mode=choice), max_tokens=50
            )
            [answer] = await rounds.ask([params])
            return answer

        async def run(answer: Answered) -> list[SamplingMessage]:
            return [said(answer), heard(answer.uses, [Result(text="No space left on device") for _ in answer.uses])]

        try:
            return await function(ask, QUESTION, run, most)
        except MoreNeeded as more:
            return more.result

    return server


EXERCISES = {
    "11.1": FunctionExercise(
        "11.1",
        [
            _gives(_use("use_1", "count", word="disk")),
            _gives(_use("b", "count", word="disk"), _use("a", "count", word="backup")),
            _gives(LOOK, _use("7", "count", word="disk")),
            _gives(_use("1", "count", word="disk"), LOOK, _use("2", "count", word="disk"), LOOK),
            _gives(_use("1", "silent")),
            _gives(_use("1", "delete", word="disk"), _use("2", "count", word="raid")),
            _gives(_use("1", "closed"), _use("2", "count", word="raid")),
            _gives(_use("1", "crash"), _use("2", "count", word="raid")),
            _gives(_use("1", "count", wort="disk"), _use("2", "count", word="raid")),
            _gives(_use("1", "count", word="disk"), twice=True),
        ],
        tried="one use to four blocks, ids in any order, texts between, a tool that is missing, closed, crashes or is "
        "called wrongly",
    ),
    "11.2": FunctionExercise(
        "11.2",
        [
            _loops(0, 4),
            _loops(1, 4),
            _loops(3, 5, wordy=True),
            _loops(2, None),
            _loops(MANY, None),
            _loops(MANY, 3),
            _loops(MANY, 7),
            _loops(MANY, 1),
            _loops(MANY, 2, heedless=True),
            _loops(MANY, 3, wordy=True),
            *(_served(mode, turns, most) for mode in ("auto", "legacy") for turns, most in ((2, 4), (9, 3))),
        ],
        tried="0 to 3 turns with tools, caps of 1 to 7, words beside uses, a model that never stops, and in a server "
        "on both wires",
    ),
}
