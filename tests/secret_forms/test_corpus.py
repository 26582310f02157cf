"""What is found of some four hundred texts that hold a secret, and what is left alone of as many that hold none."""

import sysconfig
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from labkit.secret_forms import find_secrets, redacted
from tests.host.any_request import patient
from tests.secret_forms.corpus import alarms, leaks, samples

NOT_FOUND = {
    "words like those of a sentence": [
        "passphrase: «correct horse battery staple»",
        "ssh_passphrase = «four words of ours»",
        "password: «Sommer 2026!»",
        "mysql --password «geheimnis» shop",
    ],
    "the rest may as well be the next field of a query": ["password=«50%off&more=yes»"],
    "brackets as in code": ["password: «a(b)c[d]e{f}9»", "secret_key=«)leading(bracket9)»"],
}
"""The samples of which a secret is shown, by the reason."""


def test_each_text_that_holds_a_secret_says_which() -> None:
    held, honest = samples("held"), samples("honest")
    assert len(held) >= 300
    assert len(honest) >= 300
    assert [sample.line for sample in held if not sample.secrets or "".join(sample.secrets).strip() == ""] == []
    assert [sample.line for sample in honest if sample.secrets] == []
    for several in (held, honest):
        assert len({sample.line for sample in several}) == len(several)


def test_of_a_hundred_texts_with_a_secret_ninety_five_are_shown_without_and_the_others_are_known() -> None:
    missed = [sample.line for sample in leaks("held")]
    assert sorted(missed) == sorted(line for lines in NOT_FOUND.values() for line in lines)
    assert len(missed) <= 0.05 * len(samples("held"))


def test_of_a_hundred_honest_texts_no_more_than_two_are_changed() -> None:
    assert [sample.line for sample in alarms("honest")] == []


def test_the_standard_library_is_left_alone() -> None:
    folder = Path(sysconfig.get_path("stdlib"))
    sources = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("[a-f]*.py"))]
    changed = sum(source.count("\n", each.start, each.end) + 1 for source in sources for each in find_secrets(source))
    assert changed <= sum(source.count("\n") for source in sources) / 10_000


def test_what_is_shown_of_a_text_is_shown_of_it_again() -> None:
    for sample in [*samples("held"), *samples("honest")]:
        once = redacted("".join(sample.blocks), Counter())
        assert redacted(once, Counter()) == once


@patient
@given(st.lists(st.sampled_from([*samples("held"), *samples("honest")]), min_size=1, max_size=3), st.text(max_size=9))
def test_so_it_is_of_several_that_follow_each_other(several: list, between: str) -> None:
    once = redacted(between.join("".join(sample.blocks) for sample in several), Counter())
    assert redacted(once, Counter()) == once


def test_the_texts_that_were_written_after_the_rules_are_told_as_well() -> None:
    assert [sample.line for sample in leaks("later_held")] == [
        "<table><tr><th>user</th><th>password</th></tr><tr><td>eva</td><td>«Blau7meise»</td></tr></table>",
        '{"columns": ["user", "password"], "rows": [["eva", "«Blau7meise»"], ["kim", "«Gelb8fink»"]]}',
        '["password", "«meisenblau»"]',
        '[["user", "eva"], ["password", "«meisenblau»"]]',
        'CMD ["redis-server", "--requirepass", "«Blau7meise»"]',
        "Driver={MySQL ODBC 8.0};Server=db;User=eva;Password={«a;b»};",
    ]
    assert alarms("later_honest") == []
