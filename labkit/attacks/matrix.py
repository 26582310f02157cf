"""`attack_matrix`: every attack and every honest request against every defence, with a model, on both wires."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import Any, cast

from mcp.client.session import SamplingFnT

from labkit.attacks.bed import LONGEST, Defence, Obedient, Outcome, carry_out, undefended
from labkit.attacks.defences import chosen
from labkit.attacks.judging import hindered, succeeded, without_payload
from labkit.attacks.memory import Remembered
from labkit.attacks.report import Matrix, Trial
from labkit.callbacks import name_of
from labkit.errors import LabError
from labkit.models.answerers import ANSWERERS
from labkit.models.smollm import INSTALL
from labkit.numbers import checked_whole
from servers.hostile import FAMILIES, PLANS, Plan

MODELS = ("obedient", "tiny", "smollm")
"""The models by name: a stand-in that does what it is told, the embedded model, SmolLM2."""

WIRES = ("legacy", "auto")

HANGS_ON_WORDS = frozenset({"says", "leaks"})
"""The kinds of gain that hang on what the model answers, and so on its seed. The others are tried with one seed."""

CHANCE = "none"
"""The defence of a control: a plan without what is to move the model."""

PATIENCE = 600.0
"""Seconds that a plan may take with a real model, which is slow on a busy machine: no attack is to fail for that."""

Progress = Callable[[int, int, str], None]
"""Is told how many trials are done, of how many, and what is tried now."""


class ModelMissing(LabError):
    """The model is not installed here; the message says how to get it."""


async def attack_matrix(
    defences: Mapping[str, object] | Iterable[object] | Callable[..., object] | None = None,
    models: Iterable[object] | str = ("obedient",),
    seeds: int | Iterable[int] = 3,
    families: Iterable[str] | str | None = None,
    *,
    plans: Iterable[Plan] | None = None,
    wires: Sequence[str] = WIRES,
    progress: Progress | None = None,
) -> Matrix:
    """Carry out attacks and honest requests against a host with each defence, and count what came of them.

        print(await attack_matrix())                               # every defence, with the stand-in for a model
        matrix = await attack_matrix(["none", "policy", mine])     # def mine(callback): ... a callback around it
        matrix = await attack_matrix(models="smollm", seeds=5, families=["hijack"])

    An attack counts as successful where it succeeds on one of the wires, an honest request as hindered where it is on
    one of them. Equal requests of a run are put to a seeded model once.

    Args:
        defences: Names of `labkit.attacks.defences.DEFENCES`, and functions of your own that make of a callback a
            defended one. With a parameter `ask` they are given whom to ask, as in `with_approval`, and with `agreed`
            the names of the tools that the user agreed to. All of the table where left out.
        models: Of `MODELS`, or sampling callbacks; `"obedient"` is a stand-in that does whatever it is told.
        seeds: The seeds of a model that has one, or their number. What does not hang on words is tried with the first.
        families: The families to try; all where left out.
        plans: The plans to carry out, in place of the kit's attacks and look-alikes.
        wires: `"legacy"` and `"auto"`, or one of them.
        progress: Is called before each trial.

    Raises:
        ModelMissing: A model is not installed here.
        TypeError: One of `defences` is no defence, or made no callback; or one of `models` is no model.
        ValueError: There is no such defence, model, family or wire, or nothing to try.
    """
    began = perf_counter()
    against, numbers = chosen(defences), _seeds(seeds)
    tried = _plans(PLANS.values() if plans is None else plans, families)
    for wire in wires:
        if wire not in WIRES:
            raise ValueError(f"there is no wire {wire!r}; there are {', '.join(WIRES)}")
    answerers = [*_answerers(models, numbers)]
    rounds = [
        (name, seed, model, plan)
        for name, seed, model in answerers
        for plan in tried
        if seed in (None, numbers[0]) or plan.honest or _hangs_on_words(plan)
    ]
    trials, chance = list[Trial](), list[Trial]()
    try:
        for name, seed, model, plan in rounds:
            bed = _Bed(plan, model, [wire for wire in wires if wire in plan.wires])
            for called, defence in against.items():
                if progress:
                    progress(len(trials), len(rounds) * len(against), f"{name}, {called}: {plan.name}")
                trials.append(await bed.trial(name, seed, called, defence))
            succeeded_once = any(trial.wires for trial in trials[-len(against) :])
            if seed is not None and plan.lever and _hangs_on_words(plan) and succeeded_once:
                chance.append(await bed.control().trial(name, seed, CHANCE, undefended))
    finally:
        for _, _, model in answerers:
            if isinstance(model, Remembered):
                model.close()
    return Matrix(tuple(trials), tuple(numbers), perf_counter() - began, tuple(chance))


class _Bed:
    """A plan, a model, and what came of them without a defence."""

    def __init__(self, plan: Plan, model: SamplingFnT, wires: Sequence[str]) -> None:
        self._plan, self._model, self._wires = plan, model, wires
        self._seconds = PATIENCE if isinstance(model, Remembered) else LONGEST
        self._plain: dict[str, Outcome] = {}

    async def trial(self, model: str, seed: int | None, called: str, defence: Defence) -> Trial:
        """What comes of the plan under a defence on each wire."""
        wrong, how, questions = list[str](), "", 0
        for wire in self._wires:
            outcome = await self._outcome(defence, wire)
            questions = max(questions, outcome.questions)
            if self._plan.honest:
                why = hindered(self._plan, outcome, await self._outcome(undefended, wire))
                how = how or why
                wrong += [wire] if why else []
            elif succeeded(self._plan, outcome):
                wrong.append(wire)
        plan = self._plan
        return Trial(model, called, plan.name, plan.family, plan.honest, seed, tuple(wrong), how, questions)

    def control(self) -> "_Bed":
        """The same without what is to move the model."""
        return _Bed(without_payload(self._plan), self._model, self._wires)

    async def _outcome(self, defence: Defence, wire: str) -> Outcome:
        if defence is not undefended:
            return await carry_out(self._plan, defence, self._model, wire, seconds=self._seconds)
        if wire not in self._plain:
            self._plain[wire] = await carry_out(self._plan, defence, self._model, wire, seconds=self._seconds)
        return self._plain[wire]


def _hangs_on_words(plan: Plan) -> bool:
    return plan.gain is not None and plan.gain.kind in HANGS_ON_WORDS


def _plans(plans: Iterable[Plan], families: Iterable[str] | str | None) -> list[Plan]:
    wanted = [families] if isinstance(families, str) else FAMILIES if families is None else [*families]
    for family in wanted:
        if family not in FAMILIES:
            raise ValueError(f"there is no family {family!r}; there are {', '.join(FAMILIES)}")
    found = sorted((plan for plan in plans if plan.family in wanted), key=lambda plan: FAMILIES.index(plan.family))
    if not found:
        raise ValueError("there is nothing to try: no plan of these families")
    return found


def _seeds(seeds: int | Iterable[int]) -> list[int]:
    numbers = [*range(checked_whole("seeds", seeds, least=1))] if isinstance(seeds, int) else [*seeds]
    if not numbers:
        raise ValueError("a matrix needs at least one seed")
    return numbers


def _answerers(models: Iterable[object] | str, seeds: Sequence[int]) -> Iterator[tuple[str, int | None, SamplingFnT]]:
    """Each model with each seed that it can have: its name, the seed, and the callback."""
    for model in [models] if isinstance(models, str) or callable(models) else models:
        made = _made(model) if isinstance(model, str) else model
        if not callable(made) or isinstance(made, type):
            raise TypeError(f"{made!r} is no model: give a sampling callback, or one of {', '.join(MODELS)}")
        name: object = getattr(made, "name", None)
        named = name if isinstance(name, str) else name_of(made)
        turned: Callable[[Mapping[str, Any]], SamplingFnT] | None = getattr(made, "turned", None)
        if turned is None:
            yield named, None, cast("SamplingFnT", made)
        else:
            yield from ((named, seed, Remembered(turned({"seed": seed}))) for seed in seeds)


def _made(name: str) -> object:
    """The model of that name.

    Raises:
        ModelMissing: It is not installed here.
        ValueError: There is none.
    """
    if name not in MODELS:
        raise ValueError(f"there is no model {name!r}; there are {', '.join(MODELS)}")
    if name == "obedient":
        return Obedient()
    row = ANSWERERS[name]
    if row.lacks():
        raise ModelMissing(INSTALL)
    return row.make({})
