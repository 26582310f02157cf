"""The servers of the migration clinic, as they were: what is kept of them belongs to the files that were run."""

import json

import pytest

from tests.peers import clinic


@pytest.mark.parametrize("name", clinic.BEFORE)
def test_what_is_kept_of_a_server_is_of_the_file_that_ran(name: str) -> None:
    kept = json.loads((clinic.KEPT / f"{name}.json").read_text(encoding="utf-8"))
    assert kept["source"] == (clinic.HERE / "clinic" / f"{name}.py").read_text(encoding="utf-8")
    assert kept["call"] == {"tool": clinic.BEFORE[name].tool, "arguments": clinic.BEFORE[name].arguments}
    assert kept["written_for"] == [*clinic.BEFORE[name].install]
    assert not kept["then"][-1]["is_error"]
    asked = [each["frame"].get("method") for each in kept["then"][-1]["frames"] if each["from"] == "server"]
    assert "sampling/createMessage" in asked
