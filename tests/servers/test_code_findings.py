"""What a model says of a line is a claim: each is held against the code, and marked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servers.code_facts import RULES, analyse
from servers.code_findings import ABOUT, LONGEST_FINDING, MOST_FINDINGS, NEGATION, Finding, missed, read_findings
from tests.servers.growth import counted
from training.grammar import reviews

CODE = """\
# comment
def f(text, rows):
    x = eval(text)

    for a in rows:
        for b in rows:
            db.execute("SELECT a FROM b WHERE c = " + a)
    return x
"""
ANALYSIS = analyse(CODE)  # eval on 3, loops on 6, SQL on 7


def read(answer: str) -> list[Finding]:
    return read_findings(answer, "security", ANALYSIS)


@pytest.mark.parametrize(
    ("said", "line", "check", "stands_at"),
    [
        ("Line 3 runs a string as code; parse it instead.", 3, "confirmed", None),
        ("On line 7, SQL is built by joining strings.", 7, "confirmed", None),
        ("Lines 3 and 7 are both open to attack: eval, and SQL.", 3, "confirmed", None),
        ("The eval call (line 3) is dangerous.", 3, "confirmed", None),
        ("- **Line 6**: nested loops.", 6, "confirmed", None),
        ("Line 7 runs a string as code.", 7, "wrong line", 3),
        ("Line 2 builds SQL from a string.", 2, "wrong line", 7),
        ("Line 4 is slow.", 4, "wrong line", None),
        ("Line 1 is slow.", 1, "wrong line", None),
        ("Line 8 returns too much.", 8, "unconfirmed", None),
        ("Line 3 is hard to test.", 3, "unconfirmed", None),
        ("Line 99 calls eval.", 99, "no such line", 3),
        ("Line 0 is odd.", 0, "no such line", None),
        ("Lines 3 to 99 call eval.", 3, "no such line", None),
        (f"Line {'9' * 5_000} is odd.", 999_999_999, "no such line", None),
        ("L3: eval of a text.", 3, "confirmed", None),
        ("There is an eval (L3).", 3, "confirmed", None),
        ("Line no. 3 calls eval.", 3, "confirmed", None),
        ("On line number 3, eval is called.", 3, "confirmed", None),
        ("The loops miss the L2 cache.", None, "names no line", None),
        ("The function calls eval.", None, "names no line", None),
        ("An online shop needs more.", None, "names no line", None),
    ],
)
def test_a_finding_is_checked(said: str, line: int | None, check: str, stands_at: int | None) -> None:
    [finding] = read(said)
    assert (finding.line, finding.check, finding.stands_at) == (line, check, stands_at)


def test_a_finding_knows_what_it_is_about() -> None:
    about = [(each.rule, each.severity) for each in read("Line 3: eval.\nLine 2: nested loops.\nSQL!\nLine 8: hm.")]
    assert about == [("eval-call", "high"), ("nested-loop", "medium"), ("sql-concatenation", "high"), (None, None)]


def test_an_answer_is_taken_apart_into_findings() -> None:
    answer = (
        "# Security\n\nFindings:\n1. Line 3 uses eval. Line 7 builds SQL.\n* Beware.\n```\nNo other problems.\n---\n"
    )
    assert [(each.line, each.text) for each in read(answer)] == [
        (3, "Line 3 uses eval."),
        (7, "Line 7 builds SQL."),
        (None, "Beware."),
    ]


@pytest.mark.parametrize(
    "answer", ["No security problems stand in these facts.", "- No issues found.", "\n\n", "No performance findings"]
)
def test_an_answer_that_finds_nothing_has_no_findings(answer: str) -> None:
    assert read(answer) == []


def test_what_names_a_line_is_a_finding_however_it_begins() -> None:
    assert [each.line for each in read("No input problems are caught on line 3.\n## Line 7: SQL\nLine 8:")] == [3, 7, 8]


def test_what_the_model_left_out_is_listed() -> None:
    said = read("Line 3 runs a string as code. Line 5 builds SQL.")
    assert [fact.rule for fact in missed(said, ANALYSIS.facts, ["security"])] == ["sql-concatenation"]
    assert [fact.rule for fact in missed(said, ANALYSIS.facts, ["performance"])] == ["nested-loop"]
    assert [fact.line for fact in missed([], ANALYSIS.facts, ["security", "performance"])] == [3, 6, 7]


def test_a_flood_is_cut_and_nothing_in_it_hides() -> None:
    assert len(read("Line 3 uses eval.\n" * 1_000)) == MOST_FINDINGS
    [long] = read("Line 3 \u202euses eval" + "!" * 5_000)
    assert len(long.text) < LONGEST_FINDING + 100
    assert "[U+202E]" in long.text


def test_every_finding_that_the_corpus_teaches_is_told_to_be_about_its_rule() -> None:
    of = {name: rule for rule in reviews.RULES for name in rule.names}
    assert ABOUT.keys() == RULES.keys()
    for name in RULES.keys() - {"syntax-error"}:
        for template in of[name].findings:
            assert ABOUT[name].search(template.text), (name, template.text)


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(max_size=300), st.text("lines 0123456789.,-\n*#:and to", max_size=300)))
def test_any_answer_can_be_read(answer: str) -> None:
    for finding in read(answer):
        assert (finding.line is None) == (finding.check == "names no line")


def test_a_lack_that_leads_to_issues_is_a_finding() -> None:
    analysis = analyse("x = 1\n")
    assert len(read_findings("No check of the input here leads to security issues.", "security", analysis)) == 1
    assert read_findings("No obvious security or performance problems.", "security", analysis) == []


@pytest.mark.parametrize(
    "said",
    [
        "No SQL injection on line 7.",
        "There are no problems on line 7, the SQL is fine.",
        "Line 7 is safe: its SQL has parameters.",
        "Line 7: SQL, fine.",
        "Line 7 does not build SQL from a string.",
        "Line 7 isn't open to SQL injection.",
        "The query on line 7 looks correct.",
        "Nothing on line 7 builds SQL.",
        "No SQL injection on line 2.",
        "The SQL on line 7 is free of problems.",
        "Line 7 runs its query without any risk of injection.",
        "The query on line 7 is protected against injection.",
        "The query on line 7 cannot be exploited.",
        "Line 7 carries neither risk nor SQL injection.",
        "SQL injection on line 7 is impossible.",
        "Line 7 safely runs a query.",
        "Line 7 properly escapes the SQL.",
        "Line 7 avoids SQL injection.",
        "The SQL on line 7 is hardly a risk.",
        "Line 7 has zero risk of SQL injection.",
        "None of the SQL on line 7 is open to injection.",
        "Line 3 does not use eval.",
        "Eval is not used on line 3.",
        "Line 3: no eval.",
        "The nested loop on line 6 is okay.",
        # These assert the fault, and have a `not` in them all the same: the side of caution.
        "Line 7 builds SQL from a string, which is not safe.",
        "Line 7 builds SQL from a string; never join strings.",
        "The SQL on line 7 isn't parameterised.",
    ],
)
def test_a_finding_that_may_deny_a_fault_confirms_none(said: str) -> None:
    [finding] = read(said)
    assert (finding.check, finding.rule, finding.severity, finding.stands_at) == ("unconfirmed", None, None, None)
    assert {"sql-concatenation", "eval-call"} <= {fact.rule for fact in missed([finding], ANALYSIS.facts, ["security"])}


@pytest.mark.parametrize(
    "said",
    [
        "SQL injection at line no. 7.",
        "Line No 7: SQL injection.",
        "Line 7 builds SQL by joining strings; pass the values as parameters.",
        "Line 7: an attacker may change the query. Bind its values.",
        "Line 3 runs eval, so nothing else matters; parse the text.",
        "Line 3 calls eval: use literal_eval without globals=None.",
    ],
)
def test_what_asserts_a_fault_is_confirmed(said: str) -> None:
    assert [each.check for each in read(said)] == ["confirmed"]


def test_no_finding_that_the_corpus_teaches_may_deny_a_fault() -> None:
    of = {name: rule for rule in reviews.RULES for name in rule.names}
    for name in RULES.keys() - {"syntax-error"}:
        for template in of[name].findings:
            assert NEGATION.search(ABOUT[name].sub("it", template.text)) is None, (name, template.text)
    [fact] = analyse("import a").facts
    [finding] = read_findings(f"Line {fact.line} imports a name that is never used.", "security", analyse("import a"))
    assert finding.check == "confirmed"


def test_what_the_server_wrote_for_a_hidden_character_is_quoted_as_it_was_sent() -> None:
    analysis = analyse('eval("\u202e")\n')
    [finding] = read_findings("Line 1 calls eval with [U+202E] and [U+200B].", "security", analysis)
    assert finding.text == "Line 1 calls eval with [U+202E] and [U+005B]U+200B]."  # of which the second was never sent


def test_many_facts_are_read_against_a_long_answer_once_each() -> None:
    small, large = counted()["reading"]
    assert 0 < large < 2 * small  # with a look at each fact for each finding, it is four times


@pytest.mark.parametrize("code", ["```python\nx = eval(text)  # line 3\n```\n", "  ```py\nx = 1\n```\n"])
def test_code_that_a_model_writes_is_no_finding(code: str) -> None:
    assert [finding.text for finding in read(f"Line 3 calls eval.\n{code}Line 7 builds SQL.")] == [
        "Line 3 calls eval.",
        "Line 7 builds SQL.",
    ]


@pytest.mark.parametrize("fence", ["```", "```text", "``` markdown"])
def test_a_fence_that_names_no_language_may_be_round_findings(fence: str) -> None:
    assert [finding.line for finding in read(f"I see:\n{fence}\nLine 3 calls eval.\n```\nLine 7 builds SQL.")] == [3, 7]
