"""`choose_model`: hints first, then priorities, then the default; the same wishes always choose the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import ModelHint, ModelPreferences

from labkit import Lab
from labkit.host import Chosen, choose, choose_model, with_approval, with_budget
from labkit.models.catalog import Accepts, Catalog, Scores, catalog
from labkit.models.catalog import Model as CatalogModel
from servers.log_archiver import make_server
from tests.host.any_request import patient
from tests.host.crowd import Model, answered, labels
from tests.story import WIRES, bookshop, echo, question, said

pytestmark = pytest.mark.anyio

NAMES = ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "tiny")
HAIKU, SONNET, OPUS, TINY = NAMES


def prefer(*hints: str | None, cost: Any = None, speed: Any = None, intelligence: Any = None) -> ModelPreferences:
    return ModelPreferences(
        hints=[ModelHint(name=hint) for hint in hints],
        cost_priority=cost,
        speed_priority=speed,
        intelligence_priority=intelligence,
    )


def chosen(preferences: ModelPreferences | None, default: str = TINY) -> Chosen:
    return choose(preferences, NAMES, catalog(), default)


def scored(**scores: tuple[float, float, float]) -> Catalog:
    accepts = Accepts(dials=(), images=True, tools=True)
    models = [
        CatalogModel(
            name=name,
            prices=(),
            accepts=accepts,
            always_thinks=False,
            scores=Scores(cost=cost, speed=speed, intelligence=intelligence),
        )
        for name, (cost, speed, intelligence) in scores.items()
    ]
    return Catalog(checked="2026-11", unit="USD", scores_from="a test", default="a", models=tuple(models))


@pytest.mark.parametrize(
    ("preferences", "name"),
    [
        (prefer("haiku"), HAIKU),
        (prefer("OPUS"), OPUS),
        (prefer("gpt-9", "sonnet", "haiku"), SONNET),
        (prefer("claude-sonnet"), SONNET),
        (prefer("opus", cost=1.0), OPUS),
        (prefer("claude", cost=1.0), HAIKU),
        (prefer("claude", intelligence=1.0), OPUS),
        (prefer("claude", cost=0.1, intelligence=0.9), OPUS),
        (prefer("claude", cost=0.9, speed=0.9, intelligence=0.1), HAIKU),
        (prefer("claude"), HAIKU),
        (prefer("gpt-9", intelligence=1.0), OPUS),
        (prefer(intelligence=1.0), OPUS),
        (prefer(cost=5.0, intelligence=-1), HAIKU),
        (prefer(cost=float("nan"), intelligence=1.0), OPUS),
        (prefer("gpt-9"), TINY),
        (prefer("", " ", None), TINY),
        (prefer(cost=0, speed=0, intelligence=0), TINY),
        (prefer(), TINY),
        (None, TINY),
    ],
)
def test_the_wishes_choose(preferences: ModelPreferences | None, name: str) -> None:
    assert chosen(preferences).name == name


def test_every_step_of_the_choice_is_told() -> None:
    assert chosen(prefer("gpt-9", "haiku")).reasons == (
        "hint 'gpt-9' is part of no name here",
        "hint 'haiku' is part of claude-haiku-5-5",
    )
    assert chosen(prefer("claude", cost=0.5, intelligence=1.0)).reasons == (
        "hint 'claude' is part of claude-haiku-5-5, claude-sonnet-5-5, claude-opus-5-5",
        "cost 0.5, intelligence 1: most points, 0.67",
    )
    assert chosen(None).reasons == ("no priorities", "the default")
    assert chosen(prefer("claude")).reasons[1:] == ("no priorities", "the first of them")


def test_the_formula_is_the_one_in_the_text() -> None:
    three = scored(a=(1.0, 0.2, 0.0), b=(0.6, 0.6, 0.5), c=(0.2, 1.0, 1.0))
    found = choose(prefer(cost=0.5, speed=0.25, intelligence=0.25), ("a", "b", "c"), three, "a")
    assert found.points == {"a": 0.5, "b": 0.5, "c": 0.5}
    assert found.name == "a"
    found = choose(prefer(cost=0.2, speed=0.3, intelligence=0.5), ("a", "b", "c"), three, "a")
    assert found.points == {"a": 0.2, "b": 0.5, "c": 0.8}
    assert found.name == "c"


def test_an_axis_on_which_all_are_equal_decides_nothing() -> None:
    two = scored(a=(0.7, 0.1, 0.5), b=(0.7, 0.2, 0.5))
    assert choose(prefer(cost=1, intelligence=1), ("a", "b"), two, "a").points == {"a": 0, "b": 0}
    assert choose(prefer(cost=1, speed=0.01), ("a", "b"), two, "a").name == "b"


def test_among_equals_the_one_that_is_named_first_wins() -> None:
    two = scored(a=(0.5, 0.5, 0.5), b=(0.5, 0.5, 0.5))
    assert choose(prefer(cost=1), ("a", "b"), two, "b").name == "a"
    assert choose(prefer(cost=1), ("b", "a"), two, "a").name == "b"


def test_models_without_scores_are_not_compared() -> None:
    one = scored(a=(0.5, 0.5, 0.5))
    assert choose(prefer(cost=1), ("x", "a"), one, "x").name == "a"
    assert choose(prefer(cost=1), ("x", "y"), one, "y") == Chosen("y", ("no scores to compare", "the default"))
    assert choose(prefer("x", cost=1), ("x", "a"), one, "a").name == "x"


wishes = st.builds(
    prefer,
    st.none() | st.text(max_size=5) | st.sampled_from(["claude", "haiku", "opus", "-5"]),
    cost=st.none() | st.floats(),
    speed=st.none() | st.floats(0, 1),
    intelligence=st.none() | st.floats(0, 1),
)


@patient
@given(wishes, st.permutations(NAMES), st.sampled_from(NAMES))
def test_whatever_is_wished_for_one_of_the_models_is_chosen_and_always_the_same(
    preferences: ModelPreferences, names: list[str], default: str
) -> None:
    first = choose(preferences, names, catalog(), default)
    assert first == choose(preferences, names, catalog(), default)
    assert first.name in names
    assert first.reasons
    assert all(0 <= points <= 1 for points in first.points.values())
    assert not first.points or first.points[first.name] == max(first.points.values())


async def test_the_chosen_model_is_asked_and_the_flow_says_why() -> None:
    haiku, opus = Model("short", model=HAIKU), Model("long", model=OPUS)
    choice = choose_model({HAIKU: haiku, OPUS: opus}, catalog())
    wanted = question("hello").model_copy(update={"model_preferences": prefer("opus")})
    result, steps = await answered(choice, wanted)
    assert said(result) == "long"
    assert opus.asked == [wanted]
    assert haiku.asked == []
    assert labels(steps) == ["chose claude-opus-5-5: hint 'opus' is part of claude-opus-5-5"]
    assert steps[0].data["chosen"] == OPUS
    assert said((await answered(choice, question("hello")))[0]) == "short"


@pytest.mark.parametrize("mode", WIRES)
async def test_the_log_archivers_wish_for_haiku_is_heard_on_both_wires(mode: str, tmp_path: Any) -> None:
    choice = choose_model({OPUS: Model("opus", model=OPUS), HAIKU: Model("haiku", model=HAIKU)}, catalog())
    with Lab(make_server(tmp_path), sampling_callback=choice, mode=mode) as lab:
        assert "Explanation: haiku" in said(await lab.call_tool("process_log_entry", {"log_line": "ERROR disk full"}))
        assert lab.flow.models == (HAIKU,)
        assert "chose claude-haiku-5-5: hint 'haiku' is part of claude-haiku-5-5" in str(lab.flow.steps)


async def test_duties_may_stand_round_one_model_alone() -> None:
    paid = with_budget(with_approval(Model("paid"), ask=lambda request: request.edit("edited")), samples=1)
    choice = choose_model({HAIKU: paid, TINY: Model("free")}, catalog(), default=TINY)
    assert said((await answered(choice, question("hello")))[0]) == "free"
    wanted = question("hello").model_copy(update={"model_preferences": prefer("haiku")})
    assert said((await answered(choice, wanted))[0]) == "edited"
    assert paid.spent.samples == 1


async def test_a_hint_cannot_write_into_the_flow_at_length() -> None:
    choice = choose_model({HAIKU: echo}, catalog())
    wanted = question("hello").model_copy(update={"model_preferences": prefer("x" * 5_000 + "\n\u202e")})
    _, steps = await answered(choice, wanted)
    assert len(steps[0].label) < 200
    with Lab(bookshop(), sampling_callback=choice) as lab:
        assert said(await lab.call_tool("recommend", {"genre": "crime"}))


def test_there_must_be_a_model_and_the_default_one_of_them() -> None:
    with pytest.raises(ValueError, match="no model to choose"):
        choose_model({}, catalog())
    with pytest.raises(ValueError, match="the default 'gpt-9' is none of tiny"):
        choose_model({TINY: echo}, catalog(), default="gpt-9")
    for models, names, sentence in [
        ([echo], catalog(), "a list does not name its models: pass {name: callback}"),
        ({TINY: echo}, catalog, "catalog is a function and no catalogue: put brackets behind it, catalog()"),
    ]:
        with pytest.raises(TypeError) as refused:
            choose_model(models, names)  # pyright: ignore[reportArgumentType] - that is the point
        assert str(refused.value) == sentence
