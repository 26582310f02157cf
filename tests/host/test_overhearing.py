"""`labkit.steps.overhearing`: a duty hears what is reported further in, and takes it from nobody."""

from labkit.steps import HostStep, Origin, listening, overhearing, report

ORIGIN = Origin("bookshop", "2026-07-28")


def test_what_is_reported_inside_is_heard_outside_a_lab_too() -> None:
    heard: list[HostStep] = []
    with overhearing(heard.append):
        report("answers", output_tokens=3)
    report("too late")
    assert [(step.label, step.data) for step in heard] == [("answers", {"output_tokens": 3})]


def test_whoever_listens_already_hears_it_once_and_after_the_one_inside() -> None:
    order: list[str] = []
    with listening(lambda step: order.append(f"lab: {step.label}"), ORIGIN):
        report("before")
        with (
            overhearing(lambda step: order.append(f"outer: {step.label}")),
            overhearing(lambda step: order.append(f"inner: {step.label}")),
        ):
            report("answers")
        report("after")
    assert order == ["lab: before", "inner: answers", "outer: answers", "lab: answers", "lab: after"]


def test_an_error_inside_ends_the_overhearing() -> None:
    heard: list[HostStep] = []
    try:
        with overhearing(heard.append):
            raise LookupError
    except LookupError:
        report("too late")
    assert heard == []
