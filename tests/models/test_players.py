"""The embedded model under three names: a choice and a bill without a key, and nobody is taken in."""

import pytest
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ModelPreferences, SamplingMessage, TextContent

from labkit.host import Bill, choose, choose_model, with_bill
from labkit.models.players import players, players_catalog

pytestmark = pytest.mark.anyio


def test_each_has_its_scores_and_prices_and_a_name_that_says_what_it_is() -> None:
    known = players_catalog()
    assert list(players()) == [model.name for model in known.models if model.scores and model.prices]
    assert next(iter(players())) == known.default
    assert all("tiny" in name for name in players())
    assert "made-up" in known.unit


@pytest.mark.parametrize(
    ("cost", "intelligence", "name"),
    [(1.0, 0.0, "tiny-sprint"), (0.5, 0.5, "tiny-steady"), (0.0, 1.0, "tiny-scholar")],
)
def test_each_is_the_best_for_some_wish(cost: float, intelligence: float, name: str) -> None:
    wish = ModelPreferences(cost_priority=cost, intelligence_priority=intelligence)
    assert choose(wish, tuple(players()), players_catalog(), "tiny-sprint").name == name


async def test_an_answer_names_its_player_and_is_billed_to_it_in_full() -> None:
    bill = Bill(players_catalog())
    message = SamplingMessage(role="user", content=TextContent(text="ERROR: deadlock detected"))
    wish = ModelPreferences(intelligence_priority=1.0)
    params = CreateMessageRequestParams(messages=[message], max_tokens=5, model_preferences=wish)
    chooser = with_bill(choose_model(players(), players_catalog()), bill)
    answer = await chosen(chooser, params)
    assert answer.model == "tiny-scholar"
    (item,) = bill.items
    assert item.usage.estimated == 0
    assert item.usd == pytest.approx((10 * item.usage.input_tokens + 50 * item.usage.output_tokens) / 1e6)


async def chosen(callback, params: CreateMessageRequestParams) -> CreateMessageResult:
    answer = await callback(None, params)
    assert isinstance(answer, CreateMessageResult)
    return answer
