"""Exercise 12.2: a policy out of what an honest day needed, held against that day and against what is beyond it."""

import copy
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from mcp.client.session import SamplingFnT

from labkit.attacks import Obedient, Outcome, carry_out, succeeded
from labkit.checks.engine import Problem, called
from labkit.host import Approve, Entry, Policy, with_policy
from labkit.host.audit_entry import Asked
from servers.hostile import Ask, Plan, read_plans

WIRES = ("auto", "legacy")

ROOM, MUCH = 1.5, 3
"""What has to pass, and what must not, in parts of what the day needed."""


TOOLS = ("search", "read", "cite")


@dataclass(frozen=True)
class Day:
    """What an honest server did on a day: samples in each call, and the most that one request asked for.

    Attributes:
        strangers: Entries of that day that were not answered, which ask for far more.
    """

    what: str
    samples: tuple[int, ...]
    max_tokens: int
    characters: int
    tools: tuple[str, ...] = ()
    context: str = ""
    strangers: bool = False
    turned: int = 0

    def entries(self) -> list[Entry]:
        """Its audit, `turned` by so many places: the largest request stands first, or last, or between."""
        kept: list[Entry] = []
        steps = ((call, number) for call, samples in enumerate(self.samples, 1) for number in range(samples))
        for call, _ in sorted(steps, key=lambda step: step[1]):  # calls go on side by side
            part = 2 if kept else 1
            kept.append(
                _entry(
                    len(kept),
                    call=call,
                    max_tokens=self.max_tokens // part,
                    characters=self.characters // part,
                    tools=self.tools[2:] if kept else self.tools[:2],
                    context="" if kept else self.context,
                )
            )
        # Other connections have calls of the same numbers, and so has another run.
        small = {"max_tokens": 10, "characters": 50, "tools": (), "context": ""}
        others = [each.model_copy(update={"asked": each.asked.model_copy(update=small)}) for each in kept]
        kept += [each.model_copy(update={"connection": number}) for number in (2, 3) for each in others]
        kept += [each.model_copy(update={"run": "1" * 16}) for each in others]
        if self.strangers:
            kept += [
                _entry(
                    len(kept) + number,
                    call=1,
                    connection=3,
                    max_tokens=9 * self.max_tokens,
                    characters=9 * self.characters,
                    tools=("run_command",),
                    context="allServers",
                    decision="refused",
                )
                for number in range(9 * max(self.samples))
            ]
        return kept[self.turned :] + kept[: self.turned]


_DAWN = datetime(2026, 11, 30, 6, tzinfo=UTC)


def _entry(
    number: int,
    *,
    call: int,
    max_tokens: int,
    characters: int,
    tools: tuple[str, ...],
    context: str,
    connection: int = 1,
    decision: Any = "answered",
) -> Entry:
    asked = Asked(
        messages=1,
        characters=characters,
        max_tokens=max_tokens,
        tools=tools,
        tool_count=len(tools),
        context=context,
    )
    return Entry(
        at=_DAWN + timedelta(seconds=20 * number),
        id=f"{number:016x}",
        run="0" * 16,
        connection=connection,
        server="desk",
        lab="desk",
        tool="work",
        call=call,
        wire="2026-07-28",
        asked=asked,
        decision=decision,
        by="" if decision == "answered" else "person",
        reached=decision == "answered",
    )


DAYS = (
    Day("a day of calls with one sample", 7 * (1,), 100, 800),
    Day("a day on which context was asked for", (2, 7, 4), 200, 2_000, (), "thisServer", turned=1),
    Day("a day with three tools, and a stranger who was refused", (4, 6), 300, 4_000, TOOLS, strangers=True, turned=1),
)


async def _is_least(policy_of: Callable[..., Any], day: Day) -> None:
    policy = _policy(policy_of, day)
    needed = Plan(
        name="needed",
        family="theft",
        honest=True,
        what="As much again as half of what the day needed.",
        asks=(_ask(day, times=round(ROOM * max(day.samples)), tokens=ROOM, characters=ROOM, context=day.context),),
    )
    for mode in WIRES:
        outcome = await _carried(needed, policy, mode)
        samples = round(ROOM * max(day.samples))
        if len(outcome.asked) < samples:
            why = _because(policy, day) or outcome.error or "it was refused"
            raise Problem(f"{_given(day)} A request half as large again is to pass ({mode}), and {why}", hint="room")
        if day.tools and not outcome.asked[0].tools:
            raise Problem(f"{_given(day)} Its tools do not get to the model ({mode}).", hint="tools")
        if day.context and outcome.asked[0].include_context != day.context:
            raise Problem(f"{_given(day)} Its includeContext does not get to the host ({mode}).", hint="context")
    for place, (what, ask, hint) in enumerate(_too_much(day)):
        mode = WIRES[place % 2]
        outcome = await _carried(needed.model_copy(update={"asks": (ask,)}), policy, mode)
        if _got(ask, outcome):
            raise Problem(f"{_given(day)} {what} is not to pass ({mode}), and does: {_set(policy, hint)}.", hint=hint)


def _policy(policy_of: Callable[..., Any], day: Day) -> Policy:
    entries = day.entries()
    kept = copy.deepcopy(entries)
    policy: object = called(policy_of, entries)
    if not isinstance(policy, Policy):
        got = "nothing: is a `return` missing?" if policy is None else f"a {type(policy).__name__}."
        raise Problem(f"policy_of returned {got} A Policy is wanted.", hint="shape")
    if entries != kept:
        raise Problem("policy_of changed the list that it was given. Leave it as it is.", hint="changed")
    for name in sorted({*Policy.model_fields} - FROM_THE_DAY):
        if (given := getattr(policy, name)) != (usual := getattr(Policy(), name)):
            raise Problem(
                f"{_given(day)} You set {name} to {given!r}, of which the day says nothing; {usual!r} is recommended.",
                hint="else",
            )
    return policy


def _given(day: Day) -> str:
    most = max(day.samples)
    tools = f", the tools {', '.join(day.tools)}" if day.tools else ""
    return (
        f"We gave {day.what}: up to {most} sample{'s' * (most > 1)} a call, {day.max_tokens} tokens, "
        f"{day.characters:,} characters{tools}."
    )


def _because(policy: Policy, day: Day) -> str:
    """Which field of a policy is too small for a day, in words; nothing where none is."""
    for name, needs in (
        ("max_tokens", day.max_tokens),
        ("samples_per_call", max(day.samples)),
        ("characters", day.characters),
    ):
        allowed = getattr(policy, name)
        if allowed < round(ROOM * needs):
            return f"{name} is {allowed:,}."
    missing = [name for name in day.tools if name not in policy.tools]
    return f"tools lacks {missing[0]}." if missing else ""


def _ask(
    day: Day,
    *,
    times: int = 1,
    tokens: float = 1,
    characters: float = 0.5,
    tools: Sequence[str] | None = None,
    context: str = "",
) -> Ask:
    offered = [{"name": name, "inputSchema": {"type": "object"}} for name in (day.tools if tools is None else tools)]
    beside = sum(len(name) + len("object") for name in (day.tools if tools is None else tools)) + 100
    text = ("All quiet at the desk. " * 1_000)[: max(30, int(characters * day.characters) - beside)]
    params: dict[str, Any] = {
        "messages": [{"role": "user", "content": {"type": "text", "text": text}}],
        "maxTokens": int(tokens * day.max_tokens),
    }
    if offered:
        params["tools"] = offered
    if context:
        params["includeContext"] = context
    return Ask(params=params, times=times, at_once=True)


_FIELDS = {"samples": "samples_per_call", "tokens": "max_tokens"}


def _set(policy: Policy, hint: str) -> str:
    """What a policy says about it: `max_tokens is 4,096`."""
    name = _FIELDS.get(hint, hint)
    value = getattr(policy, name)
    return f"{name} is {f'{value:,}' if isinstance(value, int) else ', '.join(value)}"


class Beyond(NamedTuple):
    """What is not to pass, the request, and the key of its hint."""

    what: str
    ask: Ask
    hint: str


def _too_much(day: Day) -> Iterable[Beyond]:
    most = max(day.samples)
    yield Beyond(f"A call with {MUCH * most} samples", _ask(day, times=MUCH * most), hint="samples")
    yield Beyond(f"A request for {MUCH * day.max_tokens} tokens", _ask(day, tokens=MUCH), hint="tokens")
    yield Beyond(f"A request of {MUCH * day.characters:,} characters", _ask(day, characters=MUCH), hint="characters")
    others = (*day.tools, "run_command")
    yield Beyond("A tool that was in no request, run_command,", _ask(day, tools=others), hint="tools")
    wanted = "allServers" if day.context != "allServers" else "thisServer"
    yield Beyond(f"includeContext {wanted}, which nobody needed,", _ask(day, context=wanted), hint="context")


def _got(ask: Ask, outcome: Outcome) -> bool:
    """Whether a request that asks for too much got all that it asked for."""
    if len(outcome.asked) < ask.times:
        return False
    offered = [tool["name"] for tool in ask.params.get("tools", ())]
    got = outcome.asked[-1]
    if "run_command" in offered:
        return any(tool.name == "run_command" for tool in got.tools or ())
    if wanted := ask.params.get("includeContext"):
        return got.include_context == wanted
    return True


async def _carried(plan: Plan, policy: Policy, mode: str) -> Outcome:
    """What comes of a plan under a policy, with a person who approves all."""

    def defended(callback: SamplingFnT, **_: object) -> SamplingFnT:
        return with_policy(callback, policy, ask=lambda _: Approve())

    return await carry_out(plan, defended, Obedient(), mode)


FROM_THE_DAY = {"samples_per_call", "max_tokens", "characters", "tools", "context"}
"""Fields that a day says something about."""

NO_BAR = ("hijack", "poisoning")
"""Families that hang on what a sentence makes of a model."""

EACH = 1
"""Attacks of a family that are tried."""


@cache
def _unshown() -> tuple[Plan, ...]:
    """Attacks that no lesson shows, the first of each family, and those outside of a call."""
    text = files("labkit.attacks").joinpath("held_out_attacks.toml").read_text(encoding="utf-8")
    first: dict[str, list[Plan]] = {}
    for plan in read_plans(text).values():
        outside = any(ask.outside for ask in plan.asks)
        if plan.family not in NO_BAR and (outside or len(first.setdefault(plan.family, [])) < EACH):
            first[plan.family].append(plan)
    return tuple(plan for plans in first.values() for plan in plans)


async def stands(policy_of: Callable[..., Any]) -> None:
    """Attacks that the student has not seen get nothing."""
    policy = _policy(policy_of, DAYS[2])

    def defended(callback: SamplingFnT, *, ask: Any) -> SamplingFnT:
        return with_policy(callback, policy, ask=ask)

    for plan in _unshown():
        outcome = await carry_out(plan, defended, Obedient(), plan.wires[-1])
        if succeeded(plan, outcome):
            raise Problem(
                f"{_given(DAYS[2])} An attack that you have not seen succeeds, {plan.family}: {plan.what} Leave the "
                "fields that the day says nothing about as the kit recommends them.",
                hint="unseen",
            )


def fits(day: Day) -> Callable[..., Awaitable[None]]:
    async def case(policy_of: Callable[..., Any]) -> None:
        await _is_least(policy_of, day)

    return case


async def of_nothing(policy_of: Callable[..., Any]) -> None:
    """A day without a sample: the policy lets nothing pass, and the function does not fail."""
    what = "We gave a day on which nothing was answered"
    refused = [each for each in DAYS[2].entries() if each.decision != "answered"]
    for entries in ([], refused):
        policy: object = called(policy_of, entries)
        if not isinstance(policy, Policy):
            raise Problem(f"{what}, and you returned a {type(policy).__name__}. A Policy is wanted.", hint="empty")
        plan = Plan(name="any", family="theft", honest=True, what="A sample.", asks=(_ask(DAYS[0]),))
        if (await _carried(plan, policy, "auto")).asked:
            raise Problem(f"{what}: nothing was needed, and a sample passes.", hint="empty")
