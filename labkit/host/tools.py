"""`with_tools`: a model's turn in a loop of tools that a server runs, held to the rules of the protocol and to a cap.

The server offers tools, the client's model asks for some, the server runs them and asks again with their results
(specification 2025-11-25, client/sampling, Sampling with Tools; SEP-1577). Each turn is a sample of its own: a budget
counts it, an approval inside shows it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp.server.validation import validate_tool_use_result_messages
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CreateMessageRequestParams,
    CreateMessageResultWithTools,
    ErrorData,
    SamplingMessage,
    SamplingMessageContentBlock,
    TextContent,
    Tool,
    ToolChoice,
    ToolResultContent,
    ToolUseContent,
)

from labkit.callbacks import Answer
from labkit.host.duty import Duty, Result, refusal, trying
from labkit.numbers import checked_whole
from labkit.plain import quoted
from labkit.steps import report
from labkit.uses import Unmet, Unreadable, uses_in, with_own_ids

NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
"""A tool's name (specification 2025-11-25, server/tools, Tool Names)."""

REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
UNCHECKED = ("pattern", "patternProperties", "unevaluatedProperties", "unevaluatedItems")
WIDE = ("allOf", "anyOf", "oneOf", "extends", "disallow", "type")
"""Keywords that hold the whole input against each of their schemas."""

EACH = ("items", "additionalItems", "contains", "propertyNames", "additionalProperties", "not", "if")
"""Keywords that hold one schema against each part of the input."""

WHOLE = ("enum", "const", "required", "dependentRequired", "dependencies")
"""Keywords whose whole value may be read."""

MOST_WORK = 100_000
"""Steps that holding what a model asks for against a server's schemas may take: a step is 1 to 3 µs."""

DEEPEST = 100
"""Keywords within keywords that are followed, and levels of a schema: deeper, Python's own limit is too near."""


class TooMuchWork(Exception):
    """Holding an input against a schema takes more steps than are left."""


class Work:
    """Steps that are left for one answer, or for the schemas of one request."""

    def __init__(self) -> None:
        self.left, self.depth = MOST_WORK, 0

    def spend(self, steps: int) -> None:
        """Take `steps` away.

        Raises:
            TooMuchWork: Fewer are left.
        """
        self.left -= steps
        if self.left < 0:
            raise TooMuchWork


def with_tools(callback: SamplingFnT, *, max_rounds: int = 5, max_parallel: int = 4) -> "Tools":
    """Declare `sampling.tools`, and let the model of `callback` use what a server offers.

        with_budget(with_tools(Claude(), max_rounds=5, max_parallel=4), samples=20)

    A request that breaks the protocol's rules is answered with error -32602: a name that is none, two tools of one
    name, a schema that is none, results that belong to no use. In an answer each use has an id of its own, names a tool
    that was offered, and fits its schema. Where one does not, the model is told and asked once more; what is wrong then
    is left out. After `max_rounds` rounds the model is asked without a choice of tools, so that it ends in words. How
    many rounds there were is read from the conversation, which the server writes: what a server may ask for in all is
    a budget's to say.

    A Lab declares the capability by itself. With `mcp.Client` it is
    `sampling_capabilities=SamplingCapability(tools=SamplingToolsCapability())`.

    Args:
        callback: Who is asked.
        max_rounds: How often the model may ask for tools in one conversation.
        max_parallel: How many uses one answer may hold; what is more is left out.

    Raises:
        ValueError: A number is no whole number of 1 or more.
        WrongOrder: `callback` holds a duty that belongs outside.
    """
    return Tools(callback, checked_whole("max_rounds", max_rounds, 1), checked_whole("max_parallel", max_parallel, 1))


class Tools(Duty):
    """What `with_tools` makes."""

    declares_tools = True

    def __init__(self, callback: SamplingFnT, max_rounds: int, max_parallel: int) -> None:
        super().__init__(callback)
        self.max_rounds, self.max_parallel = max_rounds, max_parallel

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The answer of the callback, as the rules allow it."""
        if params.tools is None and params.tool_choice is None:
            return await self.ask(self.inner[0], context, params)
        offered = {tool.name: tool for tool in params.tools or ()}
        if wrong := _wrong_request(params):
            return refusal("tools", wrong, INVALID_PARAMS)
        rounds = sum(any(uses_in(message.content_as_list)) for message in params.messages)
        if rounds >= self.max_rounds:
            if _mode(params) == "required":
                words = f"The client lets its model ask for tools in {self.max_rounds} rounds, and these are over."
                return refusal("tools", words)
            if _mode(params) == "auto":
                report(f"round {rounds} was the last with tools: an answer in words is asked for", rounds=rounds)
            params = params.model_copy(update={"tool_choice": ToolChoice(mode="none")})
        answer = _said(await self.ask(self.inner[0], context, params), params)
        if faults := self._faults(answer, params, offered):
            report(f"asked once more: {faults[0][1]}")
            with trying():
                told = self._told(params, answer, faults)
                answer = _said(await self.ask(self.inner[0], context, told), params)
            if faults := self._faults(answer, params, offered):
                count = len([*uses_in(_blocks(answer))])
                report(f"left out {len(faults)} of {count} uses of tools: {faults[0][1]}", uses=count)
                kept = [each for each in _blocks(answer) if all(each is not use for use, _ in faults)]
                if isinstance(answer, ErrorData) or not kept:
                    words = f"The model asks for tools in a way that cannot be met: {faults[0][1]}"
                    return refusal("tools", words, INTERNAL_ERROR)
                answer = _answer(answer, kept)
        return self._fitting(answer, params)

    def _faults(
        self, answer: Answer, params: CreateMessageRequestParams, offered: Mapping[str, Tool]
    ) -> list[tuple[ToolUseContent, str]]:
        """The uses of an answer that cannot be met, and why; where none is allowed, all of one that says nothing."""
        blocks = _blocks(answer)
        uses = [*uses_in(blocks)]
        if _mode(params) == "none":
            return [(use, "No tool may be used now. Answer in words.") for use in uses if len(uses) == len(blocks)]
        work = Work()
        told = ((use, _wrong_use(use, offered, work)) for use in uses[: self.max_parallel])
        return [(use, fault) for use, fault in told if fault]

    def _told(
        self, params: CreateMessageRequestParams, answer: Answer, faults: Sequence[tuple[ToolUseContent, str]]
    ) -> CreateMessageRequestParams:
        """The request with what the model asked for behind it, and what is wrong with each use."""
        why = {use.id: fault for use, fault in faults}
        uses = [*uses_in(_blocks(answer))][: self.max_parallel]
        results = [
            ToolResultContent(
                tool_use_id=use.id,
                content=[TextContent(text=why.get(use.id, "Not run, since another use was wrong. Ask for it again."))],
                is_error=True,
            )
            for use in uses
        ]
        said = SamplingMessage(role="assistant", content=[*uses])
        heard = SamplingMessage(role="user", content=[*results])
        return params.model_copy(update={"messages": [*params.messages, said, heard]})

    def _fitting(self, answer: Answer, params: CreateMessageRequestParams) -> Answer:
        """An answer whose uses are allowed and not too many."""
        if isinstance(answer, ErrorData):
            return answer
        blocks = _blocks(answer)
        uses = [*uses_in(blocks)]
        words = [block for block in blocks if not isinstance(block, ToolUseContent)]
        if not uses:
            if _mode(params) == "required":
                return refusal("tools", "The model used no tool, and the request demands one.", INTERNAL_ERROR)
            return answer
        if _mode(params) == "none":
            report("left out what it asks of tools: none is allowed", uses=len(uses))
            return _answer(answer, words)
        if len(uses) > self.max_parallel:
            report(f"left out {len(uses) - self.max_parallel} of {len(uses)} uses of tools", uses=len(uses))
        return _answer(answer, [*words, *uses[: self.max_parallel]])


def _mode(params: CreateMessageRequestParams) -> str:
    return (params.tool_choice and params.tool_choice.mode) or "auto"


def _said(answer: Answer, params: CreateMessageRequestParams) -> Answer:
    """The answer as the model gave it, its uses with ids of their own."""
    answer = answer.said if isinstance(answer, Unmet) else answer
    if isinstance(answer, ErrorData) or not any(uses_in(_blocks(answer))):
        return answer
    return _answer(answer, with_own_ids(_blocks(answer), params.messages))


def _blocks(answer: Answer) -> list[SamplingMessageContentBlock]:
    if isinstance(answer, ErrorData):
        return []
    return [*answer.content] if isinstance(answer.content, list) else [answer.content]


def _answer(answer: Result, blocks: Sequence[SamplingMessageContentBlock]) -> CreateMessageResultWithTools:
    """`answer` with other blocks, and the stop reason that they call for."""
    stop_reason = "toolUse" if any(uses_in(blocks)) else answer.stop_reason
    return CreateMessageResultWithTools(
        role=answer.role,
        content=[*blocks],
        model=answer.model,
        stop_reason="endTurn" if stop_reason == "toolUse" and not any(uses_in(blocks)) else stop_reason,
        _meta=answer.meta,
    )


def _wrong_request(params: CreateMessageRequestParams) -> str:
    """What is wrong with the tools of a request, in a sentence; nothing where all is right."""
    names = [tool.name for tool in params.tools or ()]
    if _mode(params) == "required" and not names:
        return "The request demands a tool and offers none."
    for name, count in Counter(names).items():
        if not NAME.fullmatch(name):
            return (
                f"A tool cannot be named {quoted(repr(name), 60)}: a name has 1 to 128 letters, digits, _, - and dots."
            )
        if count > 1:
            return f"Two tools are named {name}."
    work = Work()
    for tool in params.tools or ():
        if tool.input_schema.get("type") != "object" or not _is_schema(tool.input_schema, work):
            return f"The input schema of the tool {tool.name} is no JSON Schema of an object."
    for count in range(1, len(params.messages) + 1):
        try:
            validate_tool_use_result_messages(params.messages[max(count - 2, 0) : count])  # it looks at the last two
        except ValueError as error:
            return f"Message {count} does not fit what is before it: {error}."
    return ""


def _wrong_use(use: ToolUseContent, offered: Mapping[str, Tool], work: Work) -> str:
    if use.name not in offered:
        return f"There is no tool {quoted(repr(use.name), 60)}; there are: {', '.join(offered)}."
    if isinstance(use, Unreadable):
        return f"The arguments of {use.name} are no JSON object."
    if fault := _unfit(use.input, offered[use.name].input_schema, work):
        return f"The input of {use.name} does not fit its schema: {fault}."
    return ""


def _is_schema(schema: dict[str, Any], work: Work) -> bool:
    """Whether `schema` is one; also where finding out takes too much work, or it could be one for all that is read."""
    from jsonschema.validators import Draft202012Validator, validator_for

    try:
        kind = validator_for(schema, Draft202012Validator)
        return next(_faults_of(schema, kind.META_SCHEMA, work), None) is None
    except TooMuchWork:
        return True
    except Exception:  # noqa: BLE001 - whatever the library makes of it, a server wrote it
        return False


def _unfit(value: object, schema: Mapping[str, Any], work: Work) -> str:
    """How `value` does not fit a server's schema; nothing where it does, or where that cannot be found out.

    A server wrote the schema. One that takes too much work, leads out of itself, or is too much for jsonschema lets
    every input pass: the tool is the server's own, so the check only helps the model, and who makes it impossible
    harms nobody else.
    """
    from jsonschema.exceptions import best_match

    try:
        fault = cast("Any", best_match)(_faults_of(value, schema, work))
        if fault is None:
            return ""
        place = "/".join(str(each) for each in fault.absolute_path)
        return quoted(f"{place + ': ' if place else ''}{fault.message}", 200)
    except Exception:  # noqa: BLE001 - too much work, no end, no such place, or whatever the library makes of it
        return ""


def _sizes(root: object, work: Work) -> dict[int, int]:
    """How large each list and object in `root` is, by its id: a step for each value and each 64 characters or bits."""
    sizes: dict[int, int] = {}

    def walk(value: object, depth: int = 1) -> int:
        work.spend(1)
        if depth > DEEPEST:
            raise RecursionError
        if isinstance(value, dict):
            held = cast("dict[str, object]", value)
            sizes[id(held)] = size = 1 + sum(_size(key, sizes) + walk(each, depth + 1) for key, each in held.items())
        elif isinstance(value, list):
            items = cast("list[object]", value)
            sizes[id(items)] = size = 1 + sum(walk(each, depth + 1) for each in items)
        else:
            size = _size(value, sizes)
        return size

    walk(root)
    return sizes


def _size(value: object, sizes: Mapping[int, int]) -> int:
    if isinstance(value, str):
        return 1 + len(value) // 64
    if isinstance(value, int):
        return 1 + value.bit_length() // 64
    return sizes.get(id(value), 1)


def _length(value: object) -> int:
    return len(cast("list[object]", value)) if isinstance(value, list | dict) else 0


def _faults_of(value: object, schema: Mapping[str, Any], work: Work) -> Iterator[Any]:
    """The errors of `value` under `schema`, found with no more than `work`.

    Every keyword is paid for before it is followed, by what it goes through, and every error by what it quotes.
    Patterns are left out, since one may take for ever, and so is what jsonschema finds by going through patterns and
    references by itself. No reference leaves the schema, and no part of it changes the dialect.

    Raises:
        TooMuchWork: It would take more.
        Exception: What jsonschema makes of a schema that is none.
    """
    import referencing
    from jsonschema.validators import Draft202012Validator, extend, validator_for

    kind: Any = validator_for(schema, Draft202012Validator)
    own = schema is kind.META_SCHEMA  # which is known to referencing and need not be searched
    sizes = _sizes(value, work) | _sizes(schema, work)
    inside = str([each for key, each in schema.items() if key not in {"$id", "id"}])
    moved = re.search(r"id': ['\"]", inside) is not None  # then the library searches the schema at each reference

    def price(keyword: str, target: object, instance: object) -> int:
        parts, targets, size = _length(instance), _length(target), _size(instance, sizes)
        if keyword in WIDE:
            return targets * (10 + size)
        if keyword in EACH:
            return 10 * (parts + targets) + size
        if keyword in WHOLE:
            return _size(target, sizes) + size
        if keyword == "uniqueItems":
            held = cast("list[object]", instance) if isinstance(instance, list) else []
            return size * (1 if all(isinstance(each, str) for each in held) else 1 + parts)
        if keyword in REFERENCES:
            searched = not own and (moved or str(target)[:2] not in {"#", "#/"})
            return _size(target, sizes) + str(target).count("/") ** 2 + searched * _size(schema, sizes)
        return targets + 10 * min(targets, parts)

    def paid(keyword: str) -> Any:
        rule = kind.VALIDATORS[keyword]

        def follow(validator: Any, target: Any, instance: Any, within: Any) -> Iterator[Any]:
            work.spend(10 + price(keyword, target, instance))
            if keyword == "additionalProperties" and "patternProperties" in within:
                return
            if work.depth == DEEPEST:
                raise TooMuchWork
            work.depth += 1
            try:
                for error in rule(validator, target, instance, within) or ():
                    work.spend(10 + _size(instance, sizes) + _size(target, sizes))
                    yield error
            finally:
                work.depth -= 1

        return follow

    def never(*_: Any) -> tuple[()]:
        return ()

    def evolved(validator: Any, **changes: Any) -> Any:
        kept = {each.alias: getattr(validator, each.name) for each in lenient.__attrs_attrs__ if each.init}
        return lenient(**kept | changes)

    rules = {keyword: never if keyword in UNCHECKED else paid(keyword) for keyword in kind.VALIDATORS}
    lenient: Any = extend(kind, rules)
    lenient.evolve = evolved  # its own takes the dialect that a part names, and with it rules that cost nothing
    yield from lenient(schema, registry=cast("Any", referencing.Registry)()).iter_errors(value)
