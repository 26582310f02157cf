"""`with_guard`: what the SDK's client lets through and a host should not.

Undeclared tools, a maxTokens of a billion, half a megabyte of prompt, characters that nobody sees, keys that stand in a
log: the SDK validates the form of a request and none of these. The rules are in `labkit.host.rules`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import get_args

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.host.duty import (
    Duty,
    Remark,
    Result,
    WrongOrder,
    always_asks_a_human,
    duties_in,
    inspecting,
    refusal,
    remarking,
)
from labkit.host.findings import Bounds, Finding
from labkit.host.rules import RULES, Action, Rule
from labkit.host.tools import Tools
from labkit.host.usage import Meter, metering
from labkit.open_requests import arrival
from labkit.steps import report

_SAID = {"note": "noted", "ask": "a human must see", "refuse": "refused"}


def with_guard(
    callback: SamplingFnT,
    rules: Mapping[str, Action] | None = None,
    *,
    max_tokens: int = 4_096,
    temperature: float = 2.0,
    messages: int = 100,
    characters: int = 100_000,
    media: int = 5 * 1024**2,
    values: int = 10_000,
    tools: bool = False,
    context: bool = False,
) -> "Guard":
    """Look at every request before `callback` is asked, and at every answer.

        with_guard(callback)
        with_guard(with_approval(callback), {"hidden_characters": "ask", "secrets": "refuse", "size": "off"})

    Each rule of `labkit.host.RULES` is set to
      - `"note"`: a step in the flow says what was found, and the reviewer of an approval inside is told;
      - `"ask"`: as `"note"`, and the approval inside asks a human even about a server that passes;
      - `"refuse"`: the request is answered with the rule's error code and a sentence;
      - `"off"`: not looked at.
    Hidden characters are taken out, secrets redacted and answers cut under `"note"` and under `"ask"` alike. Of secrets
    in an answer's text, which may speak of passwords, only those are that are known by themselves. Where an approval
    stands inside, an answer is looked at before the human reviews it, and again where that one has changed it.

    On revision 2025-11-25 the rule `unasked` has to know which requests of the client are open. A Lab tells it. A plain
    `mcp.Client` does not, and lets such a server sample, unless its transport stands in
    `tap(transport, OpenRequests(record))`.

    Args:
        callback: Who is asked.
        rules: What to do by name of a rule, where it should not be the rule's own `action`.
        max_tokens: The most that a request may ask for.
        temperature: The highest that is taken.
        messages: The most messages in a request.
        characters: The most characters in a request, over all its texts, and in an answer beside its text, which is
            cut at the request's maxTokens.
        media: The most bytes of images and sounds in a request or an answer.
        values: The most JSON values in one: blocks, stop sequences, hints, tools, what metadata, schemas and a tool's
            input hold.
        tools: Whether the client declares `sampling.tools`, as a Lab does where a `with_tools` stands inside, and as
            `Lab(..., sampling_capabilities=SamplingCapability(tools=SamplingToolsCapability()))` does.
        context: Whether it declares `sampling.context`, and so may be asked for context of other servers.

    Raises:
        TypeError: `rules` is no mapping, or `tools` or `context` neither true nor false.
        ValueError: There is no such rule or action, or a bound is no number of 0 or more.
        WrongOrder: A rule is set to `"ask"`, and not everyone who may answer has an approval before it.
    """
    return Guard(
        callback, rules or {}, Bounds(max_tokens, temperature, messages, characters, media, values, tools, context)
    )


class Guard(Duty):
    """What `with_guard` makes."""

    def __init__(self, callback: SamplingFnT, rules: Mapping[str, Action], bounds: Bounds) -> None:
        super().__init__(callback)
        if not isinstance(rules, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
            raise TypeError(f'rules={rules!r}: say what is to be done by name, such as {{"size": "refuse"}}')
        for name, action in rules.items():
            if name not in RULES:
                raise ValueError(f"there is no rule {name!r}; there are {', '.join(RULES)}")
            if action not in get_args(Action):
                raise ValueError(f"{name} cannot be {action!r}; it can be {', '.join(get_args(Action))}")
        self._bounds = bounds
        self.actions: dict[str, Action] = {name: rules.get(name, rule.action) for name, rule in RULES.items()}
        self._counts: Counter[str] = Counter()
        self._lock = Lock()
        asking = [name for name, action in self.actions.items() if action == "ask"]
        if asking and not always_asks_a_human(callback):
            raise WrongOrder(
                f"nobody can be asked about {', '.join(asking)}: write with_guard(with_approval(callback), ...)."
            )

    @property
    def bounds(self) -> Bounds:
        """What is allowed; tools are where who stands inside now lets a model use them."""
        has_tools = any(isinstance(duty, Tools) for duty in duties_in(self))
        return replace(self._bounds, tools=self._bounds.tools or has_tools)

    @property
    def counts(self) -> dict[str, int]:
        """How often each rule has found something so far, by name; rules that found nothing are left out."""
        with self._lock:
            return dict(self._counts)

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Answer `params` as far as the rules allow."""
        remarks: list[Remark] = []
        came = arrival(context)
        for rule, action in self._in_force():
            finding = rule.of_arrival(came) if rule.of_arrival and came else None
            finding = rule.of_request(params, self.bounds) if rule.of_request else finding
            if finding is None:
                continue
            if self._is_refused(rule, action, finding):
                words = f"Refused by the client's rule {rule.name}: {finding.text}."
                return refusal(f"rule {rule.name}", words, rule.code)
            params = finding.request or params
            remarks.append(Remark(rule.name, finding.mended_text, must_ask=action == "ask"))
        passed: list[Answer] = []

        def before_review(answer: Result) -> tuple[Answer, tuple[Remark, ...]]:
            became, found = self._of_answer(answer, params, meter)
            passed.append(became)
            return became, found

        with remarking(remarks), inspecting(before_review), metering(params) as meter:
            answer = await self.ask(self.inner[0], context, params)
        if answer in passed:
            return answer
        return self._of_answer(answer, params, meter, reviewed=bool(passed))[0]

    def _of_answer(
        self, answer: Answer, params: CreateMessageRequestParams, meter: Meter, *, reviewed: bool = False
    ) -> tuple[Answer, tuple[Remark, ...]]:
        """What becomes of an answer, and what a human is told of it. Told tokens are those of the model's own text."""
        told = meter.last_answer if isinstance(answer, Result) and meter.witness.is_own(answer) else None
        found: list[Remark] = []
        for rule, action in self._in_force():
            finding = rule.of_answer(answer, params, told, self.bounds) if rule.of_answer else None
            if finding is None:
                continue
            if self._is_refused(rule, "note" if reviewed and action == "ask" else action, finding):
                withheld = f"Withheld by the client's rule {rule.name}: {finding.text}."
                return refusal(f"rule {rule.name}", withheld, rule.code), tuple(found)
            answer = finding.answer or answer
            found.append(Remark(rule.name, finding.mended_text, must_ask=action == "ask"))
        return answer, tuple(found)

    def _in_force(self) -> list[tuple[Rule, Action]]:
        return [(rule, self.actions[name]) for name, rule in RULES.items() if self.actions[name] != "off"]

    def _is_refused(self, rule: Rule, action: Action, finding: Finding) -> bool:
        """Tell the flow what was found, and whether it must not go on."""
        text = finding.text if action == "refuse" else finding.mended_text
        if not finding.fair:
            with self._lock:
                self._counts[rule.name] += 1
        report(
            f"{_SAID[action]}: {text}",
            rule=rule.name,
            why=rule.why,
            section=rule.section,
            **finding.data,
        )
        return action == "refuse"
