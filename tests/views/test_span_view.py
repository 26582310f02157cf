"""The page of a waterfall: what it is told, that it follows, and that an opened row agrees with the flow."""

import json
import re
from concurrent.futures import Future
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind

from labkit import Lab, Telemetry, show_spans
from labkit.host import Approve, Decision, with_approval
from labkit.telemetry.parts import attributes_of
from labkit.telemetry.waterfall_drawing import LOOKS, ORDER
from labkit.views.placed import SVG
from labkit.views.span_view import MOST_ROWS, SpanView
from tests.story import WIRES, bookshop, echo, until
from tests.telemetry.spans import call, span
from tests.telemetry.test_waterfall import HOSTILE

pytestmark = pytest.mark.anyio


def rows(view: SpanView) -> list[dict[str, Any]]:
    return view.state["rows"]


def labels(view: SpanView) -> list[str]:
    return [row["label"] for row in rows(view)]


def detail(view: SpanView, label: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """What the page is answered when it opens the last row whose label begins so."""
    sent: list[Any] = []
    monkeypatch.setattr(SpanView, "send", lambda _, told: sent.append(told))
    id_ = next(row["id"] for row in reversed(rows(view)) if row["label"].startswith(label))
    for asked in (id_, "gone", None):
        view._asked(view, {"ask": "detail", "id": asked}, [])  # pyright: ignore[reportPrivateUsage]
    assert [told["id"] for told in sent] == [id_]
    return {title: json.loads(json.dumps(lines)) for title, lines in sent[0]["sections"]}


async def test_it_follows_calls_while_they_run_and_goes_on_from_what_was_there() -> None:
    kept, decided = Telemetry(), Future[Decision]()

    with Lab(bookshop(), sampling_callback=with_approval(echo, ask=lambda _: decided), telemetry=kept) as lab:
        view = show_spans(lab)
        going = lab.start("recommend", {"genre": "noir"})
        await until(lambda: "wait for a person" in labels(view))
        open_ = {row["label"]: row["parts"][-1][0] for row in rows(view) if row["open"]}
        assert open_["call 1 · recommend · bookshop"] == open_["wait for a person"] == "person"
        assert str(view).count(" …") == len(open_)
        decided.set_result(Approve())
        await going
        await until(lambda: not any(row["open"] for row in rows(view)))
        view.close()
        view.close()
        before = rows(view)
        await lab.call_tool("price", {"title": "Emma"})
        assert rows(view) == before
    assert not kept._listeners  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize("wire", WIRES)
async def test_an_opened_row_names_the_steps_of_the_flow_by_number_id_size_and_time(
    wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Telemetry()
    with Lab(bookshop(), sampling_callback=echo, mode=wire, telemetry=kept) as lab:
        await lab.call_tool("price", {"title": "Emma"})
        await lab.call_tool("recommend", {"genre": "noir"})
        request = [each for each in kept.spans if each.name == "tools/call recommend"][-1]
        assert request.context
        told_by: Any = {
            "mcp__method__name": "tools/call",
            "jsonrpc__request__id": attributes_of(request)["jsonrpc.request.id"],
        }
        kept.take([span(9, 0, 1, trace=request.context.trace_id, process="theirs", kind=SpanKind.SERVER, **told_by)])
        view, flow = show_spans(kept, connection=True), lab.flow
        of_theirs = detail(view, "theirs", monkeypatch)["Steps of the flow"]
        told = detail(view, "round 2" if wire == "auto" else "request · tools/call", monkeypatch)
        steps = {int(re.findall(r"\d+", name)[0]): words for name, words, _ in told["Steps of the flow"]}
        first, last = sorted(steps)
        assert [name for name, _, _ in of_theirs] == [name for name, _, _ in told["Steps of the flow"]]
        for number, when in ((first, "at its beginning"), (last, "at its end")):
            step = flow.steps[number - 1]
            assert step.size
            assert f"id {step.data['id']} · {step.size:,} bytes · {when}" in steps[number]
        assert flow.steps[first - 1].label.startswith("tools/call")
        assert flow.steps[last - 1].label == "result"
        if wire == "auto":
            ((why, label, id_),) = told["Links"]
            assert (why, label) == ("round before", "round 1 · tools/call recommend")
            assert id_ in {row["id"] for row in rows(view)}
        assert ["labkit.server", "bookshop", ""] in told["Attributes"]
        view.close()


async def test_secrets_and_hidden_characters_of_other_processes_do_not_reach_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = "sk-" + "ant-api03-" + "Ab1" * 30
    kept = Telemetry()
    kept.take(
        [
            call(1, 0, 9),
            span(2, 1, 2, parent=1, name="theirs", process="x", db__query=f"SELECT '{key}'\u202e", password="plain"),
        ]
    )
    view = show_spans(kept)
    told = json.dumps([view.state, detail(view, "x · theirs", monkeypatch)], ensure_ascii=False)
    assert key[:20] not in told
    assert "[redacted" in told
    assert "plain" not in told
    assert "\u202e" not in told
    view.close()


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_name_stays_a_word_on_the_page(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    view = show_spans([call(1, 0, 9, error__type=name, x=name), span(2, 1, 2, parent=1, name=name, process=name)])
    told = detail(view, "call 1", monkeypatch)
    assert json.dumps([view.state, told], ensure_ascii=False).isprintable()
    assert all(len(row["label"]) <= 120 for row in rows(view))
    view.close()


async def test_of_ten_thousand_spans_the_last_are_shown_and_told_within_bounds() -> None:
    kept = Telemetry()
    kept.take(call(n, n, n + 0.5) for n in range(1, 10_001))
    view = show_spans(kept)
    assert len(rows(view)) == MOST_ROWS
    assert labels(view)[-1].startswith("call 10000 ")
    assert len(json.dumps(view.state)) < 500 * MOST_ROWS
    view.close()


async def test_what_a_notebook_stores_has_times_or_only_their_order() -> None:
    spans = [call(1, 0, 9), span(2, 1, 2, parent=1)]
    with_times, without = show_spans(spans), show_spans(spans, times=False)
    stored, in_order = with_times.stored(), without.stored()
    assert stored.keys() == in_order.keys() == {"text/plain", SVG}
    assert all("9.0 s" in each for each in stored.values())
    assert "9.0 s" not in in_order["text/plain"] + in_order[SVG]
    assert all(ORDER in each for each in in_order.values())
    assert str(without) == in_order["text/plain"]
    (named,) = {row["call"] for row in rows(with_times)}
    assert named == rows(with_times)[0]["id"]  # by which a page knows the call again when there are others
    with_times.close()
    without.close()


async def test_each_kind_has_its_colour_in_both_themes_on_the_page() -> None:
    for kind, look in LOOKS.items():
        for colour in (look.light, look.dark):
            assert f".labkit-spans i.{kind} {{ --kind: {colour};" in SpanView._css  # pyright: ignore[reportPrivateUsage]


async def test_it_shows_spans_and_nothing_else() -> None:
    with Lab(bookshop()) as lab, pytest.raises(TypeError, match="telemetry=True"):
        show_spans(lab)
    for wrong in (5, "spans", ["spans"], None):
        with pytest.raises(TypeError, match="show_spans"):
            show_spans(wrong)  # pyright: ignore[reportArgumentType]
    nothing: list[ReadableSpan] = []
    assert str(show_spans(nothing)) == "no span yet"
