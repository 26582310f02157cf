"""Answers that are right, each in a style of its own: a check judges what a function does, never how it is written.

The solution of each exercise is proven with the mistakes. Here are the others: an object that is called, a partial, a
plain function that returns an awaitable, a loop where others write a comprehension, a reason in another language.
"""

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from itertools import chain
from random import random, uniform
from typing import Annotated, Any, NamedTuple

import anyio
import httpx2
import numpy as np
import pytest
from mcp import Client, MCPError
from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.request_state import RequestStateSecurity
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CreateMessageRequest,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    InputRequiredResult,
    SamplingMessage,
    TextContent,
    ToolResultContent,
    ToolUseContent,
)

from labkit.checks import examine, lesson_08
from labkit.host import Approve, visible
from servers import plain_reading
from servers.asking import Answer as Reply
from servers.asking import NoAnswer, ask, asks_by_result, can_sample, message, or_none, sent, shortened, text_of
from servers.clinic.ctx_sample import question as request
from servers.code_facts import analyse
from servers.code_reviewer import SYSTEM, question
from servers.rounds import MoreNeeded, Rounds
from servers.text_analyst import label_in, shown
from tests.checks import right_spans
from tests.checks.right_desk import another_desk

pytestmark = pytest.mark.anyio


class Right(NamedTuple):
    """A right answer to an exercise; its style is what a test is called after."""

    number: str
    style: str
    answer: Any


RIGHT: list[Right] = []


def right(number: str) -> Callable[[Any], Any]:
    """What is decorated is a right answer to this exercise."""

    def kept(answer: Any) -> Any:
        RIGHT.append(Right(number, getattr(answer, "__name__", type(answer).__name__), answer))
        return answer

    return kept


def right_as_object_and_partial(number: str) -> Callable[[Any], Any]:
    """So is it as an object with `__call__`, as a method of one, and as a partial that has a parameter more."""

    def kept(answer: Any) -> Any:
        class Called:
            def __call__(self, *arguments: Any, **named: Any) -> Any:
                return answer(*arguments, **named)

        def with_more(_more: int, *arguments: Any, **named: Any) -> Any:
            return answer(*arguments, **named)

        RIGHT.extend(
            Right(number, style, each)
            for style, each in {
                answer.__name__: answer,
                "an object": Called(),
                "a method": Called().__call__,
                "a partial": partial(with_more, 1),
            }.items()
        )
        return answer

    return kept


# 2.6: a factory


def _refused(params):
    blocks = [block for message in params.messages for block in message.content_as_list]
    if params.tools or params.tool_choice or not blocks or params.max_tokens < 1:
        return ErrorData(code=INVALID_PARAMS, message="Nur Text, bitte, und mindestens ein Token.")
    if any(block.type != "text" for block in blocks):
        return ErrorData(code=INVALID_PARAMS, message="Nur Text, bitte.")
    return None


@right("2.6")
class AsksWithoutAwait:
    def __init__(self, base_url, timeout=30, name="any"):
        self.url, self.timeout, self.name = f"{base_url}/v1/chat/completions", timeout, name

    def __call__(self, context, params):
        return self._ask(params)

    async def _ask(self, params):
        if refused := _refused(params):
            return refused
        turns: list[Any] = [{"role": "system", "content": params.system_prompt or ""}]
        for each in params.messages:
            blocks = [{"type": "text", "text": block.text} for block in each.content_as_list]
            turns += [{"role": each.role, "content": blocks}]
        body = {"model": self.name, "messages": turns, "max_completion_tokens": params.max_tokens}
        try:
            reply = httpx2.post(self.url, json=body, timeout=self.timeout)  # which holds the loop: slow, and not wrong
            choice = reply.raise_for_status().json()["choices"][0]
        except (httpx2.HTTPError, ValueError, KeyError):
            return ErrorData(code=INTERNAL_ERROR, message="Das Modell antwortet nicht.")
        text, reason = choice["message"]["content"], choice["finish_reason"]
        if text is None and reason == "stop":
            return ErrorData(code=INTERNAL_ERROR, message="Das Modell sagte nichts.")
        content = TextContent(text=text or "")
        reason = {"stop": "endTurn", "length": "maxTokens"}.get(reason, reason)
        return CreateMessageResultWithTools(role="assistant", model="any", content=content, stop_reason=reason)


@right("2.6")
def hands_on_what_it_was_given(base_url, model="llama3.2", timeout=60):
    class Reads(AsksWithoutAwait):
        async def _ask(self, params):
            answer = await super()._ask(params)
            return answer if isinstance(answer, ErrorData) else answer.model_copy(update={"model": model})

    return Reads(base_url, timeout, model)


# 1.1 to 2.3: callbacks, and what they are made of


def _with_tools(answer: CreateMessageResult) -> CreateMessageResultWithTools:
    return CreateMessageResultWithTools.model_validate(answer.model_dump())


class MyResult(CreateMessageResult):
    """A result of one's own class."""


def _of_my_own(answer: CreateMessageResult) -> MyResult:
    return MyResult.model_validate(answer.model_dump())


CLASSES = (_with_tools, _of_my_own)
"""Results as the protocol allows them beside a `CreateMessageResult` with one block."""


def right_as_a_callback(number: str) -> Callable[[Any], Any]:
    """So is it in whatever form a client can await, and with whatever class of result."""

    def kept(answer: Any) -> Any:
        class Awaited:
            async def __call__(self, *arguments: Any, **named: Any) -> Any:
                return await answer(*arguments, **named)

        async def with_more(_more: int, *arguments: Any, **named: Any) -> Any:
            return await answer(*arguments, **named)

        def a_plain_function(*arguments: Any, **named: Any) -> Any:
            return answer(*arguments, **named)

        def a_future(*arguments: Any, **named: Any) -> Any:
            return asyncio.ensure_future(answer(*arguments, **named))

        def of_class(change: Callable[[Any], Any]) -> Callable[..., Any]:
            async def other(*arguments: Any, **named: Any) -> Any:
                came = await answer(*arguments, **named)
                return change(came) if isinstance(came, CreateMessageResult) else came

            return other

        forms = {
            answer.__name__: answer,
            "an object": Awaited(),
            "a method": Awaited().__call__,
            "a partial": partial(with_more, 1),
            "a plain function": a_plain_function,
            "a future": a_future,
        }
        classes = {change.__name__.strip("_"): of_class(change) for change in CLASSES}
        RIGHT.extend(Right(number, style, each) for style, each in (forms | classes).items())
        return answer

    return kept


def _said(text: str, **more: Any) -> CreateMessageResult:
    return CreateMessageResult(role="assistant", model="moi", content=TextContent(text=text), **more)


def _blocks(params: Any) -> list[Any]:
    return [block for message in params.messages for block in message.content_as_list]


@right_as_a_callback("1.1")
async def in_another_language(context, params):
    return _said("\u8bf7\u5148\u770b\u65e5\u5fd7\u3002")


@right("1.1")
async def an_echo(context, params):
    return _said(" ".join(block.text if block.type == "text" else "\u2026" for block in _blocks(params)))


@right_as_a_callback("1.2")
async def by_a_table(context, params):
    line = params.messages[-1].content.text.casefold()
    words = {"deadlock": "Database: ein Knoten.", "no space left": "Disk: voll."}
    return _said(next((said for word, said in words.items() if word in line), "Unknown: ?"))


@right_as_object_and_partial("2.1")
def from_the_dump(params):
    first = [{"role": "system", "content": params.system_prompt}] if params.system_prompt else []
    turns = (
        {"role": each.role, "content": "\n".join(block.text for block in each.content_as_list)}
        for each in params.messages
    )
    return [*first, *turns]


@right_as_object_and_partial("2.2")
def word_by_word(text, params):
    places = {text.find(stop) for stop in params.stop_sequences or ()} - {-1}
    ended = text[: min(places)] if places else text
    kept = ended.split()[: params.max_tokens]
    cut = len(kept) < len(ended.split())
    reason = "maxTokens" if cut else "stopSequence" if places else "endTurn"
    return _said(" ".join(kept) if cut else ended, stop_reason=reason)


for _change in CLASSES:

    @right("2.2")
    def of_another_class(text, params, _change=_change):
        return _change(word_by_word(text, params))


@right_as_a_callback("2.3")
async def no_stop_reason(context, params):
    if not _blocks(params) or params.max_tokens < 1 or params.tools or params.tool_choice:
        return ErrorData(code=-32602, message="\u8fd9\u4e2a\u8bf7\u6c42\u4e0d\u884c")
    if {block.type for block in _blocks(params)} != {"text"}:
        return ErrorData(code=-32602, message="Nur Text.")
    words = "Da m\u00fcsste jemand nachsehen, und zwar bald."
    return _said(" ".join(words.split()[: params.max_tokens]))


# 3.1 to 3.4: dials


@right_as_object_and_partial("3.1")
def with_numpy(logits, temperature):
    values = np.asarray(logits, dtype=float)
    if not temperature:
        return np.eye(len(values))[values.argmax()]
    weights = np.exp((values - values.max()) / temperature)
    return tuple(weights / weights.sum())


@right_as_object_and_partial("3.2")
def sorted_and_compared(runs, true):
    best = (-1.0, None)
    for heat in sorted(runs):
        share = np.mean([true(text) or False for text in runs[heat]])
        if share > best[0]:
            best = (share, heat)
    return best[1]


@right_as_object_and_partial("3.3")
async def clipped(model, context, params):
    copy = params.model_copy(deep=True)
    copy.max_tokens = sorted((copy.max_tokens, 120))[0]
    if copy.temperature is not None:
        copy.temperature = float(np.clip(copy.temperature, 0, 1))
    return await model(context=context, params=copy)


@right("3.3")
def a_plain_function_that_hands_on(model, context, params):
    return clipped(model, context, params)


@right("3.3")
async def refuses_less_than_one_token(model, context, params):
    if params.max_tokens < 1:
        return ErrorData(code=INVALID_PARAMS, message="There is no answer of less than a token.")
    return await clipped(model, context, params)


@right_as_object_and_partial("3.4")
def by_cumulative_sums(logits, p):
    probabilities = np.exp(np.asarray(logits) - max(logits))
    probabilities /= probabilities.sum()
    order = np.argsort(-probabilities, kind="stable")
    before = np.cumsum(probabilities[order]) - probabilities[order]
    kept = order[(before < p) | (np.arange(len(order)) == 0)]
    result = np.zeros(len(order))
    result[kept] = probabilities[kept] / probabilities[kept].sum()
    return list(result)


# 4.1 to 4.3: servers, and what reads an answer

TEAMS = ["database", "network", "storage"]
RULES = f"Du verteilst Tickets. Antworte mit einem Wort: {', '.join(TEAMS)}."


def _desk(first: Any, tells: Callable[[Any], str]) -> MCPServer:
    server = MCPServer("desk")

    @server.tool(structured_output=False)
    async def route(ticket: str, answer: Annotated[CreateMessageResult, Resolve(first)]) -> str:
        return tells(answer)

    return server


class AsksInGerman:
    async def __call__(self, ticket: str) -> Sample:
        return Sample(
            [message("user", shortened(ticket, 1_500 if len(ticket) > 2_000 else 2_000))],
            system_prompt=RULES,
            max_tokens=20,
        )


@right_as_object_and_partial("4.1")
def a_desk_with_an_object():
    return _desk(AsksInGerman(), lambda answer: f"Team: {answer.content.text}")


@right_as_object_and_partial("4.1")
def a_desk_with_a_plain_function():
    def question(ticket: str, ctx: Context):
        del ctx
        text = ticket if len(ticket) <= 2_000 else f"{ticket[:1_900]} [abgeschnitten]"
        return Sample([message("user", f"Ticket:\n{text}")], system_prompt=RULES, max_tokens=3)

    return _desk(question, lambda answer: answer.content.text.upper())


@right_as_object_and_partial("4.2")
def by_a_regular_expression(answer, labels):
    text = getattr(answer.content, "text", "").casefold()
    words = {word for word in re.split(r"[\W_]+", text) if word}
    named = [label for label in labels if label in words]
    denied = {"not", "t", "no", "never", "neither", "nor", "cannot", "whether"} - set(named)
    return named[0] if len(named) == 1 and words.isdisjoint(denied) else None


@right("4.3")
def a_desk_of_few_words():
    server = MCPServer("desk")

    async def first(ticket: str, ctx: Context) -> Sample | None:
        return ask(ctx, RULES, shortened(ticket, 2_000), max_tokens=8)

    async def second(ticket: str, ctx: Context, answer: Annotated[CreateMessageResult | None, Resolve(first)]):
        if answer is None or label_in(answer, TEAMS):
            return answer
        said, wanted = message("assistant", shown(answer)), f"Only {'|'.join(TEAMS)}"
        return ask(ctx, RULES + " Nur eines.", shortened(ticket, 2_000), said, wanted, max_tokens=8)

    @server.tool(structured_output=False)
    async def route(ticket: str, answer: Annotated[CreateMessageResult | None, Resolve(second)]) -> str:
        said = shown(answer) if answer else "kein Sampling"
        return (answer and label_in(answer, TEAMS)) or f"unclear: {said}, {plain_reading.team(ticket)}"

    return server


@right_as_object_and_partial("4.3")
def a_desk_that_speaks_german():
    server = MCPServer("desk")

    async def first(ticket: str, ctx: Context) -> Sample | None:
        return ask(ctx, RULES, shortened(ticket, 2_000), max_tokens=5)

    async def second(
        ticket: str, ctx: Context, answer: Annotated[CreateMessageResult | None, Resolve(first)]
    ) -> Sample | CreateMessageResult | None:
        if answer is None or label_in(answer, TEAMS):
            return answer
        said = message("assistant", shown(answer))
        wanted = message("user", f"Das ist keines von {', '.join(TEAMS)}.")
        return ask(ctx, RULES, message("user", shortened(ticket, 2_000)), said, wanted, max_tokens=5)

    @server.tool(structured_output=False)
    async def route(ticket: str, answer: Annotated[CreateMessageResult | None, Resolve(second)]) -> str:
        if answer and (team := label_in(answer, TEAMS)):
            return team
        why = f"es hie\u00df {shown(answer)}" if answer else "dieser Client kann kein Sampling"
        return f"unclear ({why}); nach den Worten w\u00e4re es {plain_reading.team(ticket)}"

    return server


# 5.1: a chooser


def _left(preferences: Any, scores: Any) -> list[str]:
    for hint in preferences.hints or []:
        if fits := [name for name in scores if hint.name.casefold() in name.casefold()]:
            return fits
    return [*scores]


@right_as_object_and_partial("5.1")
def the_best_so_far(preferences, scores):
    first, *_ = scores
    if not preferences:
        return first
    best, most = None, -1.0
    wanted = (preferences.cost_priority, preferences.speed_priority, preferences.intelligence_priority)
    for name in _left(preferences, scores):
        points = 0.0
        for priority, score in zip(wanted, scores[name], strict=True):
            if priority is not None:
                points += priority * score
        if points > most:
            best, most = name, points
    return best


@right("5.1")
def a_weighted_mean(preferences, scores):
    if preferences is None:
        return next(iter(scores))
    cost, speed, clever = (
        preferences.cost_priority or 0,
        preferences.speed_priority or 0,
        preferences.intelligence_priority or 0,
    )
    whole = (cost + speed + clever) or 1
    mean = {n: (cost * c + speed * s + clever * i) / whole for n, (c, s, i) in scores.items()}
    return sorted(_left(preferences, scores), key=mean.__getitem__, reverse=True)[0]


# 5.2: six predictions


@right_as_object_and_partial("5.2")
def as_one_speaks():
    return {"a": "Haiku 5.5", "b": "Opus", "c": " sonnet ", "d": "Claude Fable", "e": "HAIKU", "f": "claude-fable-5-1"}


# 5.3: within a budget


@right_as_object_and_partial("5.3")
def from_the_best_down(models, requests, tokens_in, tokens_out, usd):
    ranked = sorted((m for m in models if m.scores), key=lambda m: m.scores.intelligence, reverse=True)
    return next((m.name for m in ranked if requests * m.price(tokens_in, tokens_out) <= usd), None)


@right("5.3")
def by_trying(models, requests, tokens_in, tokens_out, usd):
    best = None
    for model in models:
        try:
            is_payable = model.price(tokens_in, tokens_out) * requests <= usd
        except LookupError:
            continue
        if is_payable and (best is None or model.scores.intelligence > best.scores.intelligence):
            best = model
    return best and best.name


# 6.1: a policy


@right_as_object_and_partial("6.1")
def rule_by_rule(request, ask):
    params = request.params
    if not request.origin or request.origin.server not in {"log-archiver"} or params.max_tokens > 200:
        return ask(request)
    texts = [params.system_prompt or ""]
    for each in params.messages:
        texts.extend(block.text for block in each.content_as_list)
    if sum(map(len, texts)) > 1_000:
        return ask(request)
    for text in texts:
        if visible(text) != text or "instructions" in text.casefold():
            return ask(request)
    return Approve()


# 6.2: a budget


class ABudget:
    def __init__(self, callback, samples):
        self.callback, self.left = callback, samples

    async def __call__(self, context, params):
        if self.left <= 0:
            return ErrorData(code=-1, message="Das Budget ist aufgebraucht.")
        self.left -= 1
        answer = await self.callback(context, params.model_copy(deep=True))
        self.left += isinstance(answer, ErrorData)
        return answer


right("6.2")(ABudget)


@right_as_object_and_partial("6.2")
def a_method_of_an_object(callback, samples):
    return ABudget(callback, samples).__call__


@right("6.2")
def a_partial_of_a_plain_function(callback, samples):
    def asked(budget, context, params):
        return budget(context, params)

    return partial(asked, ABudget(callback, samples))


@right("6.2")
def with_a_lock(callback, samples):
    lock, used = anyio.Lock(), []

    async def within_budget(context, params):
        async with lock:
            if len(used) >= samples:
                return ErrorData(code=-1, message="\u914d\u989d\u5df2\u7528\u5b8c")
            answer = await callback(context, params)
            used.extend([] if isinstance(answer, ErrorData) else [params])
            return answer

    return within_budget


# 7.1: groups of papers


@right_as_object_and_partial("7.1")
async def in_its_own_words(papers, ask, k=3):
    if len(papers) <= k:
        return (await ask((_listed(papers),)))[0]
    answers = await ask([_listed(papers[at : at + k]) for at in range(0, len(papers), k)])
    quoted = "\n".join(f"> {line}" for answer in answers for line in answer.splitlines())
    [last] = await ask([f"Fasse diese Teile zusammen:\n{quoted}"])
    return last


def _listed(papers: Any) -> str:
    return "Fasse zusammen:\n" + "\n".join(f"{paper.title}: {paper.abstract}" for paper in papers)


@right("7.1")
def a_plain_function_that_returns_an_awaitable(papers, ask, k=3):
    return in_its_own_words(papers, ask, k)


# 7.2: an invented paper


@right_as_object_and_partial("7.2")
def match_by_match(text, papers):
    unknown = []
    for match in re.finditer(r"(?<![0-9])([0-9]{4}[.][0-9]{4,5})(v[0-9]+)?(?![0-9])", text):
        if match[1] not in [paper["id"] for paper in papers] and match[1] not in unknown:
            unknown.append(match[1])
    return unknown


# 8.1: a resolver. The SDK reads the types of its parameters, which a partial does not show


class AboutReadability:
    async def __call__(self, code: str, ctx: Context):
        analysis = analyse(code)
        facts = [str(fact) for fact in analysis.facts if fact.rule in lesson_08.READABILITY]
        listed = "\n".join(facts)
        text = f"Readability of this code, please.\n{listed}\n\n{analysis.code}"
        return ask(ctx, SYSTEM, message("user", text), max_tokens=200) if facts else None


right("8.1")(AboutReadability())
right("8.1")(AboutReadability().__call__)


@right("8.1")
def a_plain_function_as_the_sdk_allows(code: str, ctx: Context):
    analysis = analyse(code)
    facts = [fact for fact in analysis.facts if fact.rule in lesson_08.READABILITY]
    if not facts:
        return None
    return ask(ctx, SYSTEM, question(analysis.code or "", facts, "readability"), max_tokens=240)


# 8.2: two answers made one


def _fault(finding: Any) -> object:
    return (finding.line, finding.rule) if finding.rule is not None else finding.text


@right_as_object_and_partial("8.2")
def by_a_set_of_what_was_seen(answers):
    seen, kept = set(), []
    for finding in chain.from_iterable(answers):
        if _fault(finding) not in seen:
            seen.add(_fault(finding))
            kept.append(finding)
    return kept


@right("8.2")
def from_the_end(answers):
    kept = {}
    for finding in reversed([*chain(*answers)]):
        kept.pop(_fault(finding), None)
        kept[_fault(finding)] = finding
    return [*kept.values()][::-1]


# 8.3: the gravest first


@right_as_object_and_partial("8.3")
def by_counting_down(findings):
    rank = {"high": 3, "medium": 2, "low": 1}
    return sorted(findings, key=lambda finding: rank.get(finding.severity, 0), reverse=True)


@right("8.3")
def in_four_heaps(findings):
    return [finding for wanted in ("high", "medium", "low", None) for finding in findings if finding.severity == wanted]


# 9.1: five flows


@right_as_object_and_partial("9.1")
def as_lists():
    causes = ("wrong form", "given up", "late", "empty", "busy")
    return {letter: [cause, cause not in ("late", "busy")] for letter, cause in zip("ABCDE", causes, strict=True)}


# 9.2: a retry


def _after(failure: ErrorData) -> float | None:
    try:
        return float(failure.data["retryAfter"])
    except (TypeError, KeyError, IndexError):
        return None


@right("9.2")
class RetriesAsAnObject:
    def __init__(self, callback, tries=3, longest=20, sleep=asyncio.sleep):
        self.callback, self.tries, self.longest, self.sleep = callback, tries, longest, sleep

    def __call__(self, context, params):
        return self.ask(context, params, self.tries, 1)

    async def ask(self, context, params, left, most):
        answer = await self.callback(context, params)
        if left == 1 or not isinstance(answer, ErrorData) or answer.code != INTERNAL_ERROR:
            return answer
        told = _after(answer)
        if told is not None and told > self.longest:
            return answer
        await self.sleep(uniform(0, min(self.longest, most)) if told is None else told + uniform(0, 1))
        return await self.ask(context, params, left - 1, 2 * most)


@right_as_object_and_partial("9.2")
def counts_down(callback, tries=3, longest=20, sleep=asyncio.sleep):
    async def trying(context, params):
        waits = iter([*(2**n for n in range(tries - 1))])
        while isinstance(answer := await callback(context, params), ErrorData) and answer.code == INTERNAL_ERROR:
            if (most := next(waits, None)) is None:
                break
            if (told := _after(answer)) and told > longest:
                break
            await sleep(told + random() if told else min(random() * most, longest))
        return answer

    return trying


@right("9.2")
def never_longer_than_the_longest(callback, tries=3, longest=20, sleep=asyncio.sleep):
    async def trying(context, params):
        failed = 0
        while True:
            failed += 1
            answer = await callback(context, params)
            if failed >= tries or getattr(answer, "code", None) != INTERNAL_ERROR:
                return answer
            told = _after(answer)
            if told is not None and told > longest:
                return answer
            await sleep(min(longest, random() * 2 ** (failed - 1) if told is None else told + random()))

    return trying


# 9.3: a tool for every client


def _level(line: str) -> str:
    return next((word for word in ("PANIC", "FATAL", "ERROR", "WARNING") if word in line), "no level")


@right_as_object_and_partial("9.3")
def auf_deutsch():
    server = MCPServer("desk")

    @or_none
    async def gefragt(line: str, ctx: Context) -> Sample | None:
        return ask(ctx, "Sag, was zu tun ist.", line, max_tokens=60)

    @server.tool(structured_output=False)
    async def advise(line: str, answer: Annotated[Reply, Resolve(gefragt)]) -> str:
        match answer:
            case None:
                why = "cannot sample"
            case NoAnswer():
                why = answer.reason
            case CreateMessageResult(content=TextContent(text=text)) if text.strip():
                note = " […]" * (len(visible(text)) > 1_000) + " (abgebrochen)" * (answer.stop_reason == "maxTokens")
                return visible(text)[:1_000] + note
            case _:
                why = "das Modell schwieg"
        return f"Kein Rat ({why}). Stufe: {_level(line)}"

    return server


# 9.4: limits for a class


@right_as_object_and_partial("9.4")
def two_at_once(times):
    return {"per_minute": 4, "at_once": 2, "waiting": 40, "timeout": max(times) + 1}


@right("9.4")
def three_at_once(times):
    return {"per_minute": 5, "at_once": 3, "waiting": 50, "timeout": 1.5 * sorted(times)[-1] + 1}


@right("9.4")
def the_same_for_all(times):
    return {"per_minute": 3, "at_once": 2, "waiting": 36, "timeout": 8.5}


# 10.1 to 10.3: frames in order, questions by hand, a tool moved


@right_as_object_and_partial("10.1")
def by_one_key(frames):
    first = min(frame["id"] for frame in frames if frame.get("method") == "tools/call")

    def place(frame):
        replies = "method" not in frame
        if (frame["to"] == "client") != replies:  # a question of the server, or the reply to it
            return first, 1, frame["id"], replies
        return frame["id"], 2 * replies, 0, False

    return tuple(sorted(frames, key=place))


@right("10.1")
def by_the_states(frames):
    def reply(request):
        [found] = [f for f in frames if "method" not in f and f["id"] == request["id"] and f["to"] != request["to"]]
        return found

    calls = [frame for frame in frames if frame.get("method") == "tools/call"]
    [call] = [each for each in calls if "requestState" not in each["params"]]
    asked = sorted((f for f in frames if f.get("method") == "sampling/createMessage"), key=lambda f: f["id"])
    ordered = [call, *chain.from_iterable((each, reply(each)) for each in asked), reply(call)]
    while state := ordered[-1].get("result", {}).get("requestState"):
        [call] = [each for each in calls if each["params"].get("requestState") == state]
        ordered += [call, reply(call)]
    return ordered


@right_as_object_and_partial("10.2")
def a_digest_with_rounds(fetch):
    server = MCPServer("digest")

    @server.tool(structured_output=False)
    async def digest(ctx: Context) -> str | InputRequiredResult:
        async def fetched() -> str:
            return json.dumps(await fetch())

        rounds = Rounds(ctx)
        lines = json.loads(await rounds.once("lines", fetched))
        shown, levels = lines[:5], ["not asked"] * 5
        if can_sample(ctx) and asks_by_result(ctx):
            try:
                levels = [answer.text for answer in await rounds.ask([request(line).params for line in shown])]
            except MoreNeeded as more:
                return more.result
        rows = [f"- {line}: {level}" for line, level in zip(shown, levels, strict=False)]
        rest = f"and {len(lines) - 5} more lines" if len(lines) > 5 else ""
        return "\n".join(filter(None, [*rows, rest])) or "The log is empty."

    return server


@right("10.3")
def moved_by_hand(filed):
    server = MCPServer("desk")

    @server.tool(structured_output=False)
    async def explain(line: str, ctx: Context) -> str | InputRequiredResult:
        asked = ask(ctx, "Explain this log line.", line, max_tokens=60)
        answer: Any = None
        if asked and not asks_by_result(ctx):
            answer = await sent(ctx, asked.params)
        elif asked:
            answer = (ctx.input_responses or {}).get("why")
            if answer is None:
                return InputRequiredResult(input_requests={"why": CreateMessageRequest(params=asked.params)})
        filed.append(line)
        return f"Filed as {len(filed)}: {text_of(answer)}"

    return server


@right_as_object_and_partial("10.4")
def other_choices():
    chosen = ["code time", "provider cost", "code exact", "provider private", "provider any client", "provider many"]
    pairs = [choice.split(" ", 1) for choice in [*chosen, "provider stateless", "sample their model"]]
    return dict(zip("abcdefgh", pairs, strict=True))


# 11.1: a result for every use


@right_as_object_and_partial("11.1")
async def all_at_once(answer, tools):
    async def one(use: ToolUseContent) -> ToolResultContent:
        tool = tools.get(use.name)
        try:
            if tool is None:
                raise ToolError("kein solches Werkzeug")
            told, failed = await tool(**use.input), None
        except ToolError as error:
            told, failed = f"Fehler: {error}", True
        except Exception:  # noqa: BLE001 - whatever a tool raises
            told, failed = "Das Werkzeug ist abgest\u00fcrzt.", True
        return ToolResultContent(tool_use_id=use.id, content=[TextContent(text=told)], is_error=failed)

    uses = [each for each in answer.content_as_list if each.type == "tool_use"]
    return SamplingMessage(role="user", content=[*reversed(await asyncio.gather(*map(one, uses)))])


# 11.2: a loop that ends


@right_as_object_and_partial("11.2")
async def turn_by_turn(ask, question, run, most_turns=4):
    said = [question]
    left = most_turns
    while True:
        left -= 1
        answer = await ask(tuple(said), "auto" if left else "none")
        if not left or len(answer.uses) == 0:
            return answer.text
        said.extend(await run(answer))


# 13.1 to 13.4: over the wire

right("13.1")(another_desk)


@right("13.2")
async def in_a_task_group(servers, calls, answer):
    results: dict[int, str] = {}

    async def call(place: int, client: Client, tool: str, arguments: Any) -> None:
        try:
            said = await client.call_tool(tool, arguments)
            results[place] = "".join(getattr(block, "text", "") for block in said.content)
        except MCPError as error:
            results[place] = str(error)

    def bound(name: str) -> Any:
        return lambda context, params: answer(name, context, params)

    async with AsyncExitStack() as stack:
        clients = {name: Client(servers[name], sampling_callback=bound(name)) for name, *_ in calls}
        for client in clients.values():
            await stack.enter_async_context(client)
        async with anyio.create_task_group() as tasks:
            for place, (name, tool, arguments) in enumerate(calls):
                tasks.start_soon(call, place, clients[name], tool, arguments)
    return tuple(results[place] for place in sorted(results))


@right_as_object_and_partial("13.3")
def with_an_error_of_another_kind(environment):
    keys = re.findall(r"\S+", environment.get("REQUEST_STATE_KEYS") or "")
    if not keys:
        raise LookupError("REQUEST_STATE_KEYS fehlt")
    return RequestStateSecurity(keys=[key.encode() for key in keys], ttl=60)


@right_as_object_and_partial("13.4")
def with_other_names(command, url):
    first, *rest = command
    servers = {
        "geteilt": {"headers": {"Authorization": "Bearer ${input:wort}"}, "url": url, "type": "http"},
        "hier": {"type": "stdio", "command": first} | ({"args": rest} if rest else {}),
    }
    inputs = [
        {"type": "promptString", "id": "anderes", "description": "?"},
        {"type": "promptString", "id": "wort", "description": "Das Wort", "password": True},
    ]
    return json.dumps({"inputs": inputs, "servers": servers}, ensure_ascii=False)


# 14.1 to 14.3: spans

right_as_object_and_partial("14.1")(right_spans.without_parts)
right("14.1")(right_spans.in_nanoseconds)
right_as_object_and_partial("14.2")(right_spans.student_by_student)
right_as_object_and_partial("14.3")(right_spans.Traces)


@pytest.mark.parametrize(
    ("number", "answer"), [pytest.param(each.number, each.answer, id=f"{each.number}/{each.style}") for each in RIGHT]
)
async def test_what_is_right_in_another_style_passes(number: str, answer: Any) -> None:
    report = await examine(number, answer)
    assert report.status == "PASS", report
