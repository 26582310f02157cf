"""`Sample`: one sampling request of a call as it stands in the record, which can be asked again.

On revision 2025-11-25 it is a request of the server, on 2026-07-28 a part of a result (specification 2026-07-28,
basic/patterns/mrtr); what is asked is the same.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from mcp_types import CreateMessageRequestParams, CreateMessageResult, CreateMessageResultWithTools, ErrorData
from pydantic import TypeAdapter, ValidationError

from labkit.callbacks import Answer
from labkit.diagram import Step, json_object

SAMPLING = "sampling/createMessage"
AGAIN = ", again"
"""What the title of a sample ends with that was asked again."""

_ANSWER: TypeAdapter[Answer] = TypeAdapter(CreateMessageResult | CreateMessageResultWithTools | ErrorData)


@dataclass(frozen=True, slots=True)
class Sample:
    """One sampling request of a call.

    Attributes:
        number: Its number within the call, from 1.
        params: What the server asked.
        answer: What it was answered; `None` where it was not, or where that cannot be read.
        title: The call's title.
        is_whole: Whether the request was kept whole; of a large one a part is.
        lab: The Lab whose call it was.
    """

    number: int
    params: CreateMessageRequestParams
    answer: Answer | None
    title: str
    is_whole: bool = True
    lab: Any = field(default=None, repr=False, compare=False)


def samples_of(steps: Iterable[Step], title: str = "", lab: object = None) -> list[Sample]:
    """The samples in the steps of a call, in the order in which they were asked."""
    samples, keys = dict[int, Sample](), dict[str, int]()
    for step in steps:
        for number, (key, params) in zip(step.samples, asked_in(step).items(), strict=False):
            keys[key] = number
            with suppress(ValidationError):
                asked = CreateMessageRequestParams.model_validate(params)
                samples[number] = Sample(number, asked, None, title, not step.sha256, lab)
        for key, told in told_in(step).items():
            number = keys.get(key, 0) if key else step.samples[0] if step.samples else 0
            if number in samples and number in step.samples:
                with suppress(ValidationError):
                    samples[number] = replace(samples[number], answer=_ANSWER.validate_python(told))
    return list(samples.values())


def asked_in(step: Step) -> dict[str, dict[str, Any]]:
    """The params of the sampling requests in a step, by their names; that of a request of the server's own is empty."""
    data = step.data
    if step.kind == "host":
        return {"": data} if (step.target, step.reply) == ("callback", False) and "messages" in data else {}
    if step.kind != "question":
        return {}
    requests = {"": data} if "method" in data else json_object(json_object(data.get("result")).get("inputRequests"))
    asked = {key: json_object(each) for key, each in requests.items()}
    return {key: json_object(each.get("params")) for key, each in asked.items() if each.get("method") == SAMPLING}


def told_in(step: Step) -> dict[str, dict[str, Any]]:
    """The answers to samples in a step, by the names of their questions; the name in a response is empty."""
    data = step.data
    if step.kind == "host":
        is_told = (step.source, step.target, step.reply) == ("callback", "client", True)
        return {"": json_object(data.get("error")) or data} if is_told and data else {}
    if step.kind != "answer":
        return {}
    if "method" not in data:
        return {"": json_object(data.get("result")) or json_object(data.get("error"))}
    responses = json_object(json_object(data.get("params")).get("inputResponses"))
    return {key: json_object(each) for key, each in responses.items()}
