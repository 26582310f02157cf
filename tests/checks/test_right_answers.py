"""Answers that are right, each in a style of its own: a check judges what a function does, never how it is written.

The solution of each exercise is proven with the mistakes. Here are the others: an object that is called, a partial, a
plain function that returns an awaitable, a loop where others write a comprehension, a reason in another language.
"""

import re
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import anyio
import httpx2
import pytest
from mcp.server.mcpserver import Context
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, CreateMessageResultWithTools, ErrorData, TextContent

from labkit.checks import examine, lesson_08
from labkit.host import Approve, visible
from servers.asking import ask, message
from servers.code_facts import analyse
from servers.code_reviewer import SYSTEM, question

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
    def __init__(self, base_url, timeout=30):
        self.url, self.timeout = f"{base_url}/v1/chat/completions", timeout

    def __call__(self, context, params):
        return self._ask(params)

    async def _ask(self, params):
        if refused := _refused(params):
            return refused
        turns: list[Any] = [{"role": "system", "content": params.system_prompt or ""}]
        for each in params.messages:
            blocks = [{"type": "text", "text": block.text} for block in each.content_as_list]
            turns += [{"role": each.role, "content": blocks}]
        body = {"model": "any", "messages": turns, "max_completion_tokens": params.max_tokens}
        try:
            reply = httpx2.post(self.url, json=body, timeout=self.timeout)  # which holds the loop: slow, and not wrong
            choice = reply.raise_for_status().json()["choices"][0]
        except (httpx2.HTTPError, ValueError):
            return ErrorData(code=INTERNAL_ERROR, message="Das Modell antwortet nicht.")
        text, reason = choice["message"]["content"], choice["finish_reason"]
        if text is None and reason == "stop":
            return ErrorData(code=INTERNAL_ERROR, message="Das Modell sagte nichts.")
        content: list[Any] = [TextContent(text=text or "")]
        reason = {"stop": "endTurn", "length": "maxTokens"}.get(reason, reason)
        return CreateMessageResultWithTools(role="assistant", model="any", content=content, stop_reason=reason)


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


@pytest.mark.parametrize(
    ("number", "answer"), [pytest.param(each.number, each.answer, id=f"{each.number}/{each.style}") for each in RIGHT]
)
async def test_what_is_right_in_another_style_passes(number: str, answer: Any) -> None:
    report = await examine(number, answer)
    assert report.status == "PASS", report
