"""What is too large keeps its form, in time and room that do not grow with it."""

import json
from typing import Any

import pytest

from labkit.cutting import LARGEST, Latest, cut, outline, without_mark

QUESTION = {"method": "sampling/createMessage", "params": {"messages": ["z" * 5_000], "maxTokens": 5}}


def nested(levels: int) -> list[Any]:
    """As many texts as four to the power of `levels`, in the memory of a few lists."""
    value: Any = "leaf"
    for _ in range(levels):
        value = [value] * 4
    return value


@pytest.mark.parametrize(
    "large",
    [
        pytest.param({"text": "x" * 20_000_000}, id="one text"),
        pytest.param({"text": "\x00é€" * 1_000_000}, id="characters of many bytes"),
        pytest.param({"texts": ["x" * 100_000] * 100}, id="many texts"),
        pytest.param({"numbers": list(range(1_000_000))}, id="a million numbers"),
        pytest.param({"names": {str(n): n for n in range(300_000)}}, id="many names"),
        pytest.param({"blocks": [{"type": "text", "text": ""}] * 300_000}, id="many blocks"),
        pytest.param({"nested": nested(30)}, id="four to the power of thirty texts"),
        pytest.param({"deep": nested(500)}, id="deeper than json goes"),
        pytest.param({"number": 10**100_000, "other": object()}, id="what json does not hold"),
    ],
)
def test_an_outline_has_a_bounded_size_and_the_form_of_the_whole(large: dict[str, Any]) -> None:
    kept = outline({**large, "model": "tiny"})
    assert list(kept) == [*large, "model"]
    assert kept["model"] == "tiny"
    assert len(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()) < LARGEST * 1.2


def test_of_a_hundred_questions_each_is_there() -> None:
    kept = outline({"inputRequests": {str(n): QUESTION for n in range(100)}, "resultType": "input_required"})
    assert [each["method"] for each in kept["inputRequests"].values()] == [QUESTION["method"]] * 100
    assert kept["resultType"] == "input_required"


def test_what_is_small_stays_as_it_is() -> None:
    small = {"a": [1, 2.5, None, True, "é"], "b": {"c": {}}}
    assert outline(small) == small


def test_a_cut_text_says_how_much_is_missing() -> None:
    assert cut("short", 5) == "short"
    assert cut("x" * 12_000, 10) == "x" * 10 + "⟨… 11,990 characters more⟩"
    assert without_mark(cut("x" * 12_000, 10)) == "x" * 10
    assert without_mark("whole ⟨… 5 characters more⟩, and on") is None


def test_what_was_cut_and_is_cut_again_tells_what_is_missing_of_the_whole() -> None:
    once = cut("x" * 1_000_000, 5_000)
    assert cut(once, 5_000) == once
    assert cut(once, 100) == cut("x" * 1_000_000, 100) == "x" * 100 + "⟨… 999,900 characters more⟩"


def test_what_was_put_in_first_goes_first() -> None:
    latest: Latest[int, str] = Latest(3)
    for n in range(10):
        latest[n] = str(n)
        latest[n] = f"again {n}"
    assert latest == {7: "again 7", 8: "again 8", 9: "again 9"}
