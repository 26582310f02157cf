"""Whether a sentence denies a fault: told by its words, both ways."""

import pytest

from servers.code_denials import denies
from tests.servers.test_code_findings import read


@pytest.mark.parametrize(
    "said",
    [
        "Line 7: SQL injection, no prepared statement.",
        "The SQL on line 7 is not prepared.",
        "Line 7 builds SQL without parameters.",
        "The query on line 7 isn't bound to anything.",
        "Line 7 has no SQL injection protection.",
        "The SQL on line 7 is not injection-safe.",
        "No protection against SQL injection on line 7.",
        "Nothing on line 7 escapes the SQL.",
        "None of the values in the SQL on line 7 is escaped.",
        "Nobody checks what enters the query on line 7.",
        "Line 7 does not prevent SQL injection.",
        "Line 7 runs a query that is not free from injection.",
        "Line 7 is not safe from SQL injection.",
        "The SQL on line 7 is far from safe.",
        "The SQL on line 7 is hardly safe.",
        "The SQL on line 7 is anything but safe.",
        "The SQL on line 7 is by no means safe.",
        "Line 7 is not only slow but open to SQL injection.",
        "No doubt that line 7 is open to SQL injection.",
        "Line 7 is not without risk: it builds SQL.",
        "The query on line 7 is no longer safe.",
        "Line 7 builds SQL; you should not join strings.",
        "You shouldn't join strings to a query as line 7 does.",
        "The input must not reach the SQL on line 7.",
        "Never join strings to SQL, as line 7 does.",
        "Line 7: do not build SQL like that.",
        "Placeholders are never used in the query on line 7.",
        "The query on line 7 cannot be trusted.",
        "Line 7: the SQL has neither quotes nor checks.",
        "Line 7 lacks any check of the SQL.",
        "There is no need for eval on line 3.",
        "Line 3 calls eval with no validation whatsoever.",
        "Line 3 runs eval on what nobody has validated.",
        "There is no good reason for eval on line 3.",
        "Make sure that the SQL on line 7 is safe.",
        "The query on line 7 would be safe with parameters.",
        "Line 7 is a query without quotes.",
        "There is no evidence that the SQL on line 7 is escaped.",
        "Don't use eval on line 3.",
        "Line 3: eval with no limits.",
        "The nested loops on line 6 are not efficient.",
        "The nested loop on line 6 does not scale.",
        "Line 7 builds SQL by joining strings, with no separation of values.",
        "Line 7 fails to escape its SQL.",
        "Line 7 joins user input into SQL without sanitization, allowing SQL injection.",
        "Line 7: the query isn't using parameterized statements.",
        "Line 7 is open to SQL injection; use parameters so that input can't alter the query.",
        "Line 7 builds SQL, so pass parameters, and input cannot change the query.",
        "Line 3: eval runs any code; not recommended.",
        "Line 7: SQL is put together (no parameterization).",
        "Use of SQL on line 7 is not safe.",
    ],
)
def test_a_remedy_that_is_missing_is_a_fault_and_advice_denies_nothing(said: str) -> None:
    assert [each.check for each in read(said)] == ["confirmed"]


@pytest.mark.parametrize(
    "said",
    [
        "Line 7 is free from injection; its SQL is bound.",
        "Line 7 is free from SQL injection.",
        "The SQL on line 7 is free of problems.",
        "Line 7 builds its SQL without problems.",
        "Line 7 runs its query without any risk of injection.",
        "Line 7 is safe from SQL injection.",
        "The query on line 7 is protected against injection.",
        "The query on line 7 is immune to injection.",
        "The SQL on line 7 is injection-free.",
        "Line 7 is clear of SQL injection.",
        "No SQL vulnerability on line 7.",
        "There is no risk of SQL injection on line 7.",
        "The SQL on line 7 is not vulnerable.",
        "The query on line 7 cannot be exploited.",
        "The query on line 7 isn't a problem.",
        "An attacker can't change the query on line 7.",
        "Input cannot change the query on line 7.",
        "Line 7 does not build SQL from a string.",
        "Line 7 doesn't concatenate SQL.",
        "Line 7 no longer builds SQL from a string.",
        "SQL injection is not possible on line 7.",
        "SQL injection on line 7 is impossible, so there is no danger.",
        "There is nothing wrong with the SQL on line 7.",
        "Nothing to worry about on line 7: its SQL is bound.",
        "There is no need to worry about the SQL on line 7.",
        "You don't need to change the query on line 7.",
        "Do not worry about the SQL on line 7.",
        "The SQL on line 7 should not be a problem.",
        "The SQL on line 7 is hardly a risk.",
        "Line 7 has zero risk of SQL injection.",
        "Line 7 carries neither risk nor SQL injection.",
        "Line 7 safely runs a query.",
        "Line 7 properly escapes the SQL.",
        "Line 7 avoids SQL injection.",
        "Line 7: SQL, safe.",
        "Line 3 does not use eval.",
        "Eval is not used on line 3.",
        "Line 3: no eval.",
        "Line 3 doesn't run a string as code.",
        "Line 6 does not have nested loops.",
        "The nested loop on line 6 is fine.",
        "There is no unescaped SQL on line 7.",
        "I found no evidence of SQL injection on line 7.",
        "Line 7 raises no concerns about SQL.",
        "Line 7 has no obvious security problems with its SQL.",
        "Without question the SQL on line 7 is fine.",
        "I don't see any SQL injection on line 7.",
        "I see nothing wrong with the SQL on line 7.",
        "The SQL on line 7 is well protected.",
        "Line 7 has a query, and it's fine.",
        "The query on line 7 is properly parameterised.",
        "Line 7 uses a parameterized query.",
        "Use of SQL on line 7 is not a problem.",
        "SQL injection on line 7 is impossible.",
    ],
)
def test_a_fault_that_is_missing_is_none_and_neither_is_praise(said: str) -> None:
    assert [(each.check, each.rule) for each in read(said)] == [("unconfirmed", None)]


@pytest.mark.parametrize(
    "said",
    [
        "line 1 is never used.",
        "The import os on line 1 is not used.",
        "The variable query on line 1 is never referenced.",
        "line 1 defines a name that is never used and is safe to remove.",
        "line 1: hard-coded key, not read from the environment.",
        "line 1 swallows errors, so that bugs never surface.",
        "line 1 blocks the event loop, so other tasks cannot run.",
        "line 1 blocks the event loop, so nothing else can run; use the async form and await it.",
        "line 1: md5 is not collision resistant.",
        "line 1: md5 is no longer considered secure.",
        "line 1: the comparison isn't constant in time.",
        "line 1 does not verify certificates.",
        "line 1: the default is not reset between the calls.",
        "line 1 catches everything, with no specific type.",
        "line 1 does not await the coroutine.",
        "No, line 1 is open to injection.",
        "line 1: the function has no timeout.",
        "line 1 is not as efficient as it could be.",
        "line 1 is unsafe.",
    ],
)
def test_what_is_said_of_other_faults_asserts_them(said: str) -> None:
    assert not denies(said)


@pytest.mark.parametrize(
    "said",
    [
        "eval is never called on line 1.",
        "line 1 does not block the event loop.",
        "line 1 does not swallow errors.",
        "No secret stands on line 1.",
        "The comparison on line 1 is safe.",
        "line 1: okay.",
        "line 1 isn't nested.",
        "md5 is not used on line 1.",
        "line 1 never runs in a shell.",
    ],
)
def test_what_is_said_of_other_faults_denies_them(said: str) -> None:
    assert denies(said)


@pytest.mark.parametrize("said", ["", " ", "no", "No, ", "not", "without", "is", ",;:()", "n't", "\n"])
def test_a_sentence_without_words_is_read_too(said: str) -> None:
    assert not denies(said)
