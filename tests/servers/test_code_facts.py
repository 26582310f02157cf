"""What plain code finds in Python code, rule by rule, on which line; and what it must leave alone."""

import ast
import re
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servers.code_facts import LONGEST_CODE, RULES, SEVERITIES, CodeError, analyse
from servers.sample_code import SAMPLE_CODE
from training.grammar import reviews
from training.grammar.template import SLOT, Template


def found(code: str) -> list[str]:
    """The facts of code that need not be a whole program."""
    return [str(fact) for fact in analyse(code).facts]


SQL = "sql-concatenation:"

# code with a fault, and the fact
FAULTS = [
    ('db.execute("SELECT a FROM b WHERE c=" + d)', f"1: {SQL} query built by joining strings in execute()"),
    ('x.executemany("INSERT INTO a VALUES (%s)" % d)', f"1: {SQL} query built by string formatting in execute()"),
    ('\nq = f"DELETE FROM {a}"', "2: sql-concatenation: SQL is built from a string"),
    ('q = "update a set b = {}".format(c)', "1: sql-concatenation: SQL is built from a string"),
    ('q = ("SELECT a"\n     " FROM b WHERE c=" + d + " LIMIT 1")', "1: sql-concatenation: SQL is built from a string"),
    ('q = "SELECT a FROM b "\nq += "WHERE c = " + d', "2: sql-concatenation: SQL is built from a string"),
    ('q: str = "SELECT a FROM b"\nq = q + d\n', "2: sql-concatenation: SQL is built from a string"),
    ('q = "select a from b"\nq += d\nx.execute(q)', "2: sql-concatenation: SQL is built from a string"),
    ('q = "select a from " + d\nx.execute(q)', "1: sql-concatenation: SQL is built from a string"),
    ('x().execute("select a from " + d)', f"1: {SQL} query built by joining strings in execute()"),
    ('q = " ".join(["SELECT a FROM", b])', "1: sql-concatenation: SQL is built from a string"),
    ('q = "SELECT " + a + " FROM " + b', "1: sql-concatenation: SQL is built from a string"),
    ('q = f"WITH a AS (SELECT {b})"', "1: sql-concatenation: SQL is built from a string"),
    ('q = "REPLACE INTO a VALUES (%s)" % b', "1: sql-concatenation: SQL is built from a string"),
    ('q = f"ALTER TABLE a ADD {b}"', "1: sql-concatenation: SQL is built from a string"),
    ("x = eval(text)", "1: eval-call: call to eval with text"),
    ("x = eval(a + b)", "1: eval-call: eval() runs a string"),
    ("exec(a)", "1: eval-call: exec is called"),
    ("import subprocess\nsubprocess.run(a, shell=True)", "2: shell-true: subprocess call with shell=True"),
    ('import os\nos.system("rm " + a)', "2: shell-true: os.system with a built command"),
    ('from os import popen\npopen("ls")', "2: shell-true: a command goes through the shell"),
    ('DB_PASSWORD = "hunter22"', "1: hardcoded-secret: DB_PASSWORD is assigned a string that looks like a secret"),
    ('x = "AKIA0123456789ABCDEF"', "1: hardcoded-secret: a secret stands in the source"),
    ("import pickle\npickle.loads(data)", "2: pickle-load: pickle.loads on data"),
    ("from pickle import load\nload(a.b)", "2: pickle-load: unpickling of untrusted data"),
    ("get(url, verify=False)", "1: tls-verify: verify=False in a request"),
    ("if token == given: pass", "1: secret-compare: a secret is compared with =="),
    ('if b == self.api_key: pass', "1: secret-compare: a secret is compared with =="),
    ('a = p["password"] != b', "1: secret-compare: a secret is compared with =="),
    ('a = user.get("token") == b', "1: secret-compare: a secret is compared with =="),
    ("import hashlib as h\nh.md5(a)", "2: weak-hash: md5 is used as a hash"),
    ("try: f()\nexcept: g()", "2: bare-except: except without a type"),
    ("for a in b:\n  try: f()\n  except Exception:\n    continue", "3: bare-except: errors are swallowed"),
    ("try: f()\nexcept (ValueError, Exception): pass", "2: bare-except: errors are swallowed"),
    ("from time import sleep\nasync def f():\n  sleep(1)", "3: blocking-in-async: time.sleep inside async def"),
    ("async def f():\n  with open(p): pass", "2: blocking-in-async: blocking call in async def f"),
    ("for a in b:\n  for c in b: f(a, c)", "2: nested-loop: two loops over the same data: b"),
    ("for i, a in enumerate(s.b):\n  x = [c for c in s.b]", "2: nested-loop: two loops over the same data: s.b"),
    ("for i in range(len(b)):\n  for j in range(i, len(b)): f()", "2: nested-loop: two loops over the same data: b"),
    ("x = [f(a, c) for a in b for c in sorted(b)]", "1: nested-loop: two loops over the same data: b"),
    ("for a in b:\n  for c in b[1:]: f(a, c)", "2: nested-loop: two loops over the same data: b"),
    ("for i, a in enumerate(b, 1):\n  for c in b[i:]: f(a, c)", "2: nested-loop: two loops over the same data: b"),
    ('t: str = f()\nfor a in b:\n  t += a', "3: string-in-loop: string is built with += in a loop"),
    ('self.t = ""\nfor a in b:\n  self.t += a', "3: string-in-loop: string is built with += in a loop"),
    ('t = ""\nfor a in b:\n  t += a', "3: string-in-loop: string is built with += in a loop"),
    ("while a:\n  t = t + str(a)", "2: string-in-loop: string is built with += in a loop"),
    ("def f(a, b=[]): pass", "1: mutable-default: mutable default argument b"),
    ("def f(a,\n      *, b=dict()): pass", "2: mutable-default: mutable default argument b"),
    ("def f(a=defaultdict(list)): pass", "1: mutable-default: mutable default argument a"),
    ("def f(a=collections.deque()): pass", "1: mutable-default: mutable default argument a"),
    ("import os.path", "1: unused-name: unused import os"),
    ("from a import (b,\n  c)\nb()", "1: unused-name: unused import c"),
    ("def f():\n  a = 1\n  return 2", "2: unused-name: a is never used"),
    ("def f():\n  with a() as b: pass", "2: unused-name: b is never used"),
    ("def f(a):\n" + "  if a: a()\n" * 10, "1: complexity: f has complexity 11"),
    ("def f(a):\n  return " + " and ".join("a" * 11), "1: complexity: f has complexity 11"),
]  # fmt: skip

SOUND = [
    'db.execute("SELECT a FROM b WHERE c = ?", (d,))',
    'q = "SELECT a FROM b" " WHERE c"',
    'x = "SELECT a FROM b " + "WHERE c"',
    'print(f"selected {a} from {b}")',
    'raise ValueError("select a colour from " + t)',
    'x = "Delete from " + a',
    'x = f"Drop table reservations for {a}"',
    'q = "SELECT a FROM b"\nq += " WHERE c = ?"\nx.execute(q)',
    "class A:\n  import os",
    "for i in range(len(b)):\n  for c in b[i:i + 3]: f(c)",
    "try: f()\nexcept (ValueError, OSError): pass",
    "n = 0\nfor a in b:\n  self.n += a",
    "import ast\nast.literal_eval(text)",
    "model.eval()",
    "import subprocess\nsubprocess.run([a], shell=False)",
    'import os\npassword = os.environ["PASSWORD"]',
    'password_prompt = "Please type it"',
    'PASSWORD = "password"',
    'token = "("',
    "if password is None or password == '': pass",
    "if len(password) == 8: pass",
    "import hashlib\nhashlib.md5(a, usedforsecurity=False)",
    "try: f()\nexcept: raise",
    "try: f()\nexcept OSError: pass",
    "import asyncio, time\nasync def f():\n  await asyncio.to_thread(time.sleep, 1)",
    "import time\nasync def f():\n  def g(): time.sleep(1)\n  return g",
    "for a in b:\n  for c in a: f(c)",
    "for a in b: f(a)\nfor a in b: g(a)",
    "n = 0\nfor a in b:\n  n += 1",
    "def f(a=None, b=(), c=0): pass",
    "import a as a\nfrom b import c as c\nfrom d import *\nfrom __future__ import annotations",
    "try:\n  import a\nexcept ImportError: a = None",
    'import a\n__all__ = ["a"]',
    'import a\ndef f(x: "a.B"): pass',
    "def f():\n  a = 1\n  def g(): return a\n  return g",
    "def f():\n  a = 1\n  class B:\n    c = 2\n    def g(self): return a\n  return B",
    "def f():\n  global a\n  a = 1",
    "def f():\n  a = 1\n  return locals()",
    "def f():\n  a, b = g()\n  for c in b: pass",
    "def f(a):\n" + "  if a: a()\n" * 9,
]


@pytest.mark.parametrize(("code", "told"), FAULTS)
def test_a_fault_is_found_at_its_line(code: str, told: str) -> None:
    assert f"line {told}" in found(code)


def test_every_rule_has_a_fault_that_shows_it() -> None:
    assert {told.split(": ")[1] for _, told in FAULTS} | {"syntax-error"} == {*RULES}
    assert {severity for _, severity in RULES.values()} == {*SEVERITIES}


@pytest.mark.parametrize("code", SOUND)
def test_what_is_sound_is_left_alone(code: str) -> None:
    assert found(code) == []


def pattern_of(template: Template) -> str:
    """A regular expression for all that a template may say."""

    def of(sequence: object) -> str:
        if isinstance(sequence, str):
            return "(?:.+)".join(map(re.escape, SLOT.split(sequence)[::2]))
        if isinstance(sequence, list):
            return f"(?:{'|'.join(map(of, sequence))})"
        assert isinstance(sequence, tuple)
        return "".join(map(of, sequence))

    return of(template.sequence)


def test_facts_are_worded_as_the_corpus_words_them() -> None:
    taught = {name: rule for rule in reviews.RULES for name in rule.names}
    for code, _ in FAULTS:
        for fact in analyse(code).facts:
            assert any(re.fullmatch(pattern_of(detail), fact.detail) for detail in taught[fact.rule].details), fact
            assert fact.aspect == taught[fact.rule].aspect


@pytest.mark.parametrize(
    ("code", "line", "told"),
    [
        ("def total(prices:\n    return 1\n", 1, "'(' was never closed at column 10"),
        ("a = 1\nb = (]\n", 2, "closing parenthesis ']' does not match opening parenthesis '('"),
        ("a\n    b\n", 2, "unexpected indent"),
        ("a = 'x\n", 1, "unterminated string literal"),
        ("print 'x'", 1, "Missing parentheses"),
        ("(" * 10_000 + ")" * 10_000, 1, "too many nested parentheses"),
        ("\n".join(" " * n + "if a:" for n in range(200)), 101, "too many levels of indentation"),
    ],
)
def test_a_syntax_error_is_a_fact_with_its_place(code: str, line: int, told: str) -> None:
    analysis = analyse(code)
    [fact] = analysis.facts
    assert (fact.line, fact.rule, fact.severity) == (line, "syntax-error", "high")
    assert told in fact.detail
    assert analysis.code is None


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("x" * (LONGEST_CODE + 1), "The code has 50,001 characters, and 50,000 are the most"),
        ("x" * 2**20, "The code has 1,048,576 characters"),
        ("a = 1\nb = '\0'", "Line 2 holds a NUL byte"),
        ("a = '\ud800'", "Line 1 holds half a surrogate pair"),
        ("-" * 40_000 + "1", "nested deeper, or has more operators in a row"),
    ],
)
def test_what_cannot_be_looked_at_is_a_clear_error(code: str, told: str) -> None:
    with pytest.raises(CodeError, match=told):
        analyse(code)


@pytest.mark.parametrize("code", ["1+" * 24_000 + "1", "a" + ".b" * 24_000, "if a: b\n" + "elif a: b\n" * 4_500])
def test_what_is_deep_is_walked_or_turned_down_by_how_much_the_parser_takes(code: str) -> None:
    try:
        assert analyse(code).facts == ()
    except CodeError as error:
        assert "nested deeper, or has more operators in a row" in str(error)  # noqa: PT017 - or there is none


def test_as_much_as_is_looked_at_is_looked_at() -> None:
    piece = "for a in b:\n  for c in b: t += 'x' + f(password='abcdefg1')\n"
    code = piece * (LONGEST_CODE // len(piece))
    facts = analyse(code).facts
    assert {fact.rule for fact in facts} == {"nested-loop", "string-in-loop", "hardcoded-secret"}


def test_a_comprehension_of_thousands_of_loops_is_walked() -> None:
    # With all of them remembered at each, this took seconds, and memory in proportion to their square.
    assert found(f"[a {'for a in b ' * 4_000}]") == ["line 1: nested-loop: two loops over the same data: b"]


@pytest.mark.parametrize("action", ["error", "default"])
def test_a_strange_escape_is_neither_printed_nor_raised(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter(action)  # pyright: ignore[reportArgumentType]
        assert found(f"a = '\\d{action}'") == []
    assert capsys.readouterr().err == ""


def test_code_is_never_run(capsys: pytest.CaptureFixture[str]) -> None:
    analyse("print('run')\nraise SystemExit(1)\n")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_alike_whatever_ends_them(end: str) -> None:
    assert found(end.join(["\ufeffa = 1", "", "eval(a)"])) == ["line 3: eval-call: call to eval with a"]


def test_names_of_the_code_hide_nothing_and_stay_short() -> None:
    [long] = found(f"eval({'a' * 5_000})")
    assert len(long) < 250


def test_the_samples_hold_what_a_lesson_shows() -> None:
    rules = {name: [fact.rule for fact in analyse(code).facts] for name, code in SAMPLE_CODE.items()}
    assert rules["orders"] == ["hardcoded-secret", "sql-concatenation", "nested-loop", "string-in-loop"]
    assert rules["sound"] == []
    assert rules["broken"] == ["syntax-error"]


PIECES = st.sampled_from([
    "for a in b:", "\n", "  ", "\t", "eval(", "x", "(", ")", "[", "]", "{", "}", '"', "'", '"""', "f'", "=", "==", ",",
    ":", "\\", "password", "'hunter22'", "# token: abc12345", "é", "lambda", "async def f():", "import a", "\x0c",
    "\u2028", "1", ".b", "+=",
])  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map("".join)))
def test_any_text_gives_facts_within_its_lines_or_a_clear_error(code: str) -> None:
    try:
        analysis = analyse(code)
    except CodeError as error:
        assert str(error).endswith(("?", "."))  # noqa: PT017 - or there is none
        return
    assert all(1 <= fact.line <= analysis.lines for fact in analysis.facts)
    if analysis.code is not None:
        assert analysis.code.count("\n") + 1 == analysis.lines
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an escape such as "\8", which is no error
            ast.parse(analysis.code)
