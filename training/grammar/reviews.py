"""The subject "code": findings about a short Python snippet from the facts that an analyser lists.

A fact reads `line 3: rule-name: detail`. The answer names the line, says why it matters, and what to do.
"""

# ruff: noqa: E501 - a template and a list of words read best on one line each, without commas

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from training import prompts
from training.grammar.example import Example
from training.grammar.questions import another
from training.grammar.slots import Slots
from training.grammar.template import Template, templates


@dataclass
class Rule:
    """One rule of an analyser: what the code looks like, how the fact is put, and what the finding says."""

    aspect: str
    names: list[str]
    code: list[Template]
    details: list[Template]
    findings: list[Template]


def _rule(aspect: str, names: str, code: str, details: str, findings: str) -> Rule:
    return Rule(aspect, names.split(), templates(code), templates(details), templates(findings))


RULES = [
    _rule("security", "sql-concatenation sql-injection sql-string B608", """
    cursor.execute("SELECT * FROM {w} WHERE {v} = " + {v})
    db.execute(f"DELETE FROM {w} WHERE {v} = '{v}'")
    connection.execute("UPDATE {w} SET {v} = %s" % {v})
    """, """
    query built by [joining strings|string formatting] in execute()
    SQL is [concatenated|built from a string][ with {v}|]
    execute() gets a string that is put together
    """, """
    Line {l} builds SQL [from a string|by joining strings], so [input can change the query|an attacker can change the query]; pass the values as parameters.
    """),
    _rule("security", "eval-call use-of-eval eval B307", """
    {v} = eval({v2})
    return eval({v})
    exec({v})
    """, """
    [call to|use of] eval[ with {v}|]
    eval() [runs|executes] a string
    [exec|eval] is called
    """, """
    Line {l} runs a string as code, so [whoever controls it controls the program|any code can get in]; parse the value instead.
    """),
    _rule("security", "shell-true subprocess-shell shell-injection B602", """
    subprocess.run(f"ls {{v}}", shell=True)
    subprocess.call("rm " + {v}, shell=True)
    os.system("ping " + {v})
    """, """
    subprocess call with shell=True
    [shell=True in subprocess.run|os.system with a built command]
    a command goes through the shell
    """, """
    Line {l} passes a command through the shell, so [input can add commands|an attacker can add commands]; pass a list of arguments without shell=True.
    """),
    _rule("security", "hardcoded-secret hard-coded-password secret-in-code B105", """
    {V} = "[sk-|tok-|]{h}"
    {v}_password = "{h}"
    api_key = "{h}"
    """, """
    {V} is assigned a string that looks like a secret
    [possible|hard-coded] [password|key|secret|token]: [{V}|'***']
    a secret stands in the source
    """, """
    Line {l} keeps a secret in the source code, where [everybody who reads it|every reader] can take it; read it from the environment.
    """),
    _rule("security", "secret-compare timing-attack compare-digest", """
    if token == {v}:
    return {v} == secret
    if password == {v}:
    """, """
    a secret is compared with ==
    == on a [token|password|secret]
    comparison of {v} is not constant in time
    """, """
    Line {l} compares a secret with ==, which [leaks it by its timing|lets its timing be measured]; use hmac.compare_digest.
    """),
    _rule("security", "pickle-load unsafe-pickle B301", """
    {v} = pickle.loads({v2})
    return pickle.load({v})
    """, """
    pickle.load[s|] on [data from outside|{v}]
    unpickling of untrusted data
    """, """
    Line {l} unpickles data, which [can run code|lets the sender run code]; use JSON for data from outside.
    """),
    _rule("security", "tls-verify no-cert-check verify-false B501", """
    requests.get({v}, verify=False)
    httpx.get(url, verify=False)
    """, """
    verify=False in a request
    certificate check is switched off
    """, """
    Line {l} switches off the check of certificates, so [anybody on the way can read the traffic|the traffic can be read and changed]; remove verify=False.
    """),
    _rule("security", "path-traversal open-from-argument unsafe-path", """
    with open("/data/" + {v}) as file:
    return open({v}).read()
    """, """
    open() with a path from the argument {v}
    path is built from {v}
    """, """
    Line {l} opens a path that the caller gives, so [any file can be read|it can leave the folder]; check that it stays in the folder.
    """),
    _rule("security", "weak-hash md5 insecure-hash B303", """
    digest = hashlib.md5({v}).hexdigest()
    return hashlib.sha1({v}).hexdigest()
    """, """
    [md5|sha1] is used as a hash
    weak hash function
    """, """
    Line {l} uses a weak hash that [can be forged|is easy to break]; use SHA-256, or scrypt for passwords.
    """),
    _rule("security", "bare-except except-pass broad-except B110", """
    except: pass
    except Exception: pass
    """, """
    bare except [hides every error|]
    except without a type
    errors are swallowed
    """, """
    Line {l} catches every error and hides it; catch the exceptions that you expect.
    """),
    _rule("performance", "nested-loop nested-loops quadratic-loop", """
    for {v2} in {v}: found += [x for x in {v} if x == {v2}]
    for a in {v}: pairs += [(a, b) for b in {v}]
    """, """
    nested loops over {v}
    two loops over the same data: {v}
    loop inside a loop[, depth 2|]
    """, """
    Line {l} loops over the same data twice, so the time grows with the square of its size; use a dictionary or a set.
    """),
    _rule("performance", "string-in-loop string-building string-concat-loop", """
    {v} += str({v2}) + ","
    text = text + {v}
    """, """
    string is built with += in a loop
    string concatenation [in|inside] a loop
    """, """
    Line {l} builds a string piece by piece in a loop, which copies it each time; collect the parts and join them once.
    """),
    _rule("performance", "query-in-loop n-plus-one query-per-item", """
    for {v2} in {v}: rows.append(db.get({v2}))
    {v} = [db.fetch(x) for x in {v2}]
    """, """
    database call inside a loop over {v}
    one query for each item[ of {v}|]
    """, """
    Line {l} asks the database once for each item; fetch all of them with one query.
    """),
    _rule("performance", "list-membership in-list list-lookup", """
    if {v2} in list({v}): count += 1
    if name in [x.name for x in {v}]: count += 1
    """, """
    membership test against a list[ in a loop|]
    'in' on the list {v}
    """, """
    Line {l} searches a list from the start each time; use a set.
    """),
    _rule("performance", "blocking-in-async async-blocking blocking-call", """
    time.sleep({s})
    data = requests.get({v})
    """, """
    blocking call in async def[ {f}|]
    [time.sleep|requests.get] inside async def
    """, """
    Line {l} blocks the event loop, so nothing else can run; use the async form and await it.
    """),
    _rule("performance", "read-all whole-file readlines", """
    {v} = open(path).read()
    lines = file.readlines()
    """, """
    whole file is read at once
    read() without a limit
    """, """
    Line {l} reads the whole file into memory; go through it line by line.
    """),
    _rule("performance", "complexity too-complex C901", """
    if {v} and {v2} or not {v}: return {v2}
    """, """
    {f} has complexity {c}
    cyclomatic complexity {c}[ of {f}|]
    """, """
    Line {l} starts a function with complexity {c}, which is hard to follow and to speed up; split it.
    """),
    _rule("performance", "repeated-call call-in-loop invariant-call", """
    for i in range(len({v})): total += len({v})
    re.compile({v}).match({v2})
    """, """
    the same call is repeated in a loop
    value does not change in the loop
    """, """
    Line {l} computes the same value again in each round; compute it once before the loop.
    """),
    _rule("other", "mutable-default default-argument B006", """
    def {f}2({v}=[]):
    def {f}2({v}={{}}):
    """, """
    mutable default argument[ {v}|]
    default value is a list
    """, """
    Line {l} has a default value that all calls share; use None and make it inside.
    """),
    _rule("other", "unused-name unused-import unused-variable F401", """
    {v} = None
    import {w}
    """, """
    [{v}|{w}] is never used
    unused [name|import|variable] {v}
    """, """
    Line {l} defines a name that is never used; remove it.
    """),
]  # fmt: skip
ASPECTS = ["security", "performance"]
READABILITY = {"complexity", "unused-name", "mutable-default", "bare-except"}
"""The rules that lesson 08 has the students ask about, whatever their aspect."""


def concerns(rule: Rule, subject: str) -> bool:
    """Whether a review of `subject` speaks of the rule."""
    named = rule.names[0] in READABILITY if subject == "readability" else rule.aspect in subject.split(" and ")
    return subject == "all" or named


FILLER = templates("""
{v} = {v2}.strip()
total = 0
rows = []
return {v}
print({v})
for {v2} in {v}:
if not {v}:
    return None
count = len({v})
result = {w}.{f}({v})
""")
ASK = {
    "security": ["Review this code for security problems:", "List the security problems of this code:", "Security review:", "Is this code safe?",
                 "Find security issues in this Python code:", "Check this code for vulnerabilities:", "What security risks do you see?",
                 "You are reviewing for security. Findings, please:"],
    "performance": ["Review this code for performance problems:", "List the performance problems of this code:", "Performance review:", "Is this code fast?",
                    "Find performance issues in this Python code:", "Suggest performance improvements:", "What makes this code slow?",
                    "You are reviewing for performance. Findings, please:"],
    "all": ["Review this code:", "Code review:", "What should be improved in this code?", "Analyze this Python code:", "Review this Python code for bugs, security and performance:",
            "Which problems does this code have?", "Give review findings for this snippet:"],
}  # fmt: skip
HELD_ASK = {
    "security": ["Could an attacker abuse this function? Name the weak spots.", "Audit the snippet below:"],
    "performance": ["Where does this function waste time?", "How would you speed up the snippet?"],
    "all": ["What would you say about this change in a pull request?"],
}
SYSTEMS = ["", "", prompts.REVIEW_SYSTEM, prompts.REVIEW_SYSTEM, "You are a code reviewer.", "You are a senior Python engineer.",
           "You are an expert Python code reviewer. Focus on bugs, security issues, and performance.", "You are a helpful assistant."]  # fmt: skip


def review(random: Random, *, held_out_words: bool = False, held_out_question: bool = False) -> Example:
    """Findings for one aspect, or for all, from a snippet and its facts."""
    slots = Slots(random, held_out=held_out_words)
    slots.values["f"] = slots.identifier()
    judged = held_out_words or held_out_question
    rules = random.sample(RULES, random.choice([0, 1, 1, 2, 2, 3] if judged else [0, 1, 2, 2, 3, 3, 4, 5]))
    aspect = random.choice(["security", "performance", "security", "performance", "all"])
    if not judged and random.random() < 0.08:
        aspect = "readability"
    lines = [f"{random.choice(['def', 'def', 'async def'])} {slots['f']}({slots.identifier()}):"]
    found: list[tuple[int, Rule, dict[str, str]]] = []
    order = rules + [None] * random.randint(1, 4)
    random.shuffle(order)
    for rule in order:
        names = {
            "v": slots.identifier(),
            "v2": slots.word(),
            "w": slots.word(),
            "V": slots.identifier().upper(),
            "h": slots.hex(8),
            "s": slots.number(1, 30),
            "c": slots.number(11, 40),
        }
        slots.values |= names
        text = slots.fill(random.choice(rule.code if rule else FILLER).draw(random))
        lines.append(text if text.startswith("    ") else "    " + text)
        if rule:
            found.append((len(lines), rule, names))
    offset = 0 if random.random() < 0.6 else random.randint(1, 80)
    told, answers, keys = [], [], []
    for place, rule, names in found:
        slots.values |= names | {"l": str(place + offset)}
        told.append(slots.fill(f"line {{l}}: {random.choice(rule.names)}: {random.choice(rule.details).draw(random)}"))
        if concerns(rule, aspect):
            answers.append(slots.fill(random.choice(rule.findings).draw(random)))
            keys.append(f"ine {slots['l']}")
    if random.random() < 0.1:
        lines = []
    answer = (
        "\n".join(answers)
        if answers
        else f"No {aspect if aspect != 'all' else ''} problems stand in these facts.".replace("  ", " ")
    )
    user = _ask(random, "\n".join(lines), told, aspect, held_out=held_out_question, learnt=not judged)
    facts = "." if answers else "^No "
    return Example("code", aspect, [(user, answer)], random.choice(SYSTEMS), keys, facts, rubric_of(answers))


def rubric_of(findings: list[str]) -> list[str]:
    """The line and what is wrong in it, for each finding: its first words, `Line 7 uses a`, tell the rule."""
    return ["^" + re.escape(" ".join(finding.split()[:4]).rstrip(",;")) + r"\b" for finding in findings]


def _ask(random: Random, code: str, facts: list[str], aspect: str, *, held_out: bool, learnt: bool) -> str:
    user = prompts.review_code(code, facts, aspect if aspect != "all" else "security and performance")
    if aspect == "all" or (aspect != "readability" and (held_out or random.random() < 0.5)):
        question = random.choice((HELD_ASK if held_out else ASK)[aspect])
        user = (another(random, question, aspect) if learnt else question) + user[user.index("\n") :]
    if not code:
        user = user.replace("Code:\n```python\n\n```\n\n", "")
    elif random.random() < 0.2:
        user = user.replace("```python\n", "").replace("\n```\n", "\n")
    return user
