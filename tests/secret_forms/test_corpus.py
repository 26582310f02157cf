"""What is found of some four hundred texts that hold a secret, and what is left alone of as many that hold none."""

from tests.secret_forms.corpus import samples


def test_each_text_that_holds_a_secret_says_which() -> None:
    held, honest = samples("held"), samples("honest")
    assert len(held) >= 300
    assert len(honest) >= 300
    assert [sample.line for sample in held if not sample.secrets or "".join(sample.secrets).strip() == ""] == []
    assert [sample.line for sample in honest if sample.secrets] == []
    for several in (held, honest):
        assert len({sample.line for sample in several}) == len(several)
