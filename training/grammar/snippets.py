"""The subject "code" as the code reviewer asks about it: whole snippets, and the facts that its analyser lists.

Unlike the short bodies of `reviews`, these have imports, blank lines and several functions, so that faults stand far
apart; the facts are all of the snippet's, of both aspects and of neither, in the order of their lines.
"""

from __future__ import annotations

import re
from random import Random

from training import prompts
from training.grammar import reviews
from training.grammar.example import Example
from training.grammar.slots import Slots

# A line of code, and behind `#>` the facts about it. A block is what stands between two blank lines.
TOP = """
import {w}

import {w} #> unused-name: unused import {w}

from {w} import {w2}

{V} = {c}

{V}_KEY = "***" #> hardcoded-secret: {V}_KEY is assigned a string that looks like a secret

{V} = "***" #> hardcoded-secret: a secret stands in the source
"""
HEADS = """
def {f}({v}):

def {f}({v}, {v2}):

def {f}({v}, {v2}, {w}):

async def {f}({v}, {v2}):

def {f}({v}, {v2}=[]): #> mutable-default: mutable default argument {v2}

async def {f}({v}, {v2}=[]): #> mutable-default: mutable default argument {v2}

def {f}({v}, {v2}): #> complexity: {f} has complexity {c}
"""
BODIES = """
db.execute("SELECT * FROM {w} WHERE {v} = " + {v}) #> sql-concatenation: query built by joining strings in execute()

query = "SELECT * FROM {w} WHERE {w2} = '" + {v} + "'" #> sql-concatenation: SQL is built from a string
return db.execute(query).fetchall()

db = connect("{w}.db")
db.execute("DELETE FROM {w} WHERE id = %s" % {v}) #> sql-concatenation: query built by string formatting in execute()

{v2} = eval({v}) #> eval-call: call to eval with {v}

exec({v} + {v2}) #> eval-call: exec is called

subprocess.run(f"{w} {{v}}", shell=True) #> shell-true: subprocess call with shell=True

os.system("{w} " + {v}) #> shell-true: os.system with a built command

{v2} = pickle.loads({v}) #> pickle-load: pickle.loads on {v}

{v2} = requests.get({v}, verify=False) #> tls-verify: verify=False in a request

if token == {v}: #> secret-compare: a secret is compared with ==
    return {v2}

return hashlib.md5({v}.encode()).hexdigest() #> weak-hash: md5 is used as a hash

{v2} = hashlib.sha1({v}) #> weak-hash: sha1 is used as a hash

try:
    {w}({v})
except: #> bare-except: except without a type
    pass

for {w} in {v}:
    try:
        {w2}({w})
    except Exception: #> bare-except: errors are swallowed
        continue

for {w} in {v}:
    for {w2} in {v}: #> nested-loop: two loops over the same data: {v}
        {v2}.append(({w}, {w2}))

text = ""
for {w} in {v}:
    text += str({w}) #> string-in-loop: string is built with += in a loop
return text

{w} = {c} #> unused-name: {w} is never used

text = ""
for {w} in {v}:
    for {w2} in {v}: #> nested-loop: two loops over the same data: {v}
        if {w}[0] == {w2}[0]:
            text += str({w}) + "," #> string-in-loop: string is built with += in a loop
"""
ASYNC_BODIES = """
time.sleep({c}) #> blocking-in-async: time.sleep inside async def

while True:
    {v2} = requests.get({v}) #> blocking-in-async: requests.get inside async def
    time.sleep({c}) #> blocking-in-async: time.sleep inside async def

{v2} = requests.get({v}, verify=False) #> tls-verify: verify=False in a request #> blocking-in-async: requests.get inside async def

with open({v}) as file: #> blocking-in-async: blocking call in async def {f}
    {v2} = file.read()
"""  # noqa: E501
PLAIN = """
{v2} = {v}.strip()

rows = []

if not {v}:
    return None

return {v}

count = len({v})

for {w} in {v}:
    print({w})

{v2} = {w}({v})

# {w}
pass

# {w}
"""
FINDINGS = {rule.names[0]: rule.findings for rule in reviews.RULES}
SUBJECTS = ["security", "security", "performance", "performance", "security and performance"]
RULE_OF = {rule.names[0]: rule for rule in reviews.RULES}


def _blocks(text: str) -> list[list[str]]:
    return [block.splitlines() for block in text.strip().split("\n\n")]


TOPS, HEAD, BODY, ASYNC_BODY, FILLER = map(_blocks, (TOP, HEADS, BODIES, ASYNC_BODIES, PLAIN))
SOUND_HEAD = [block for block in HEAD if "#>" not in block[0]]


class _Snippet:
    """A snippet as it grows, with the facts of its lines and what the finding on each says."""

    def __init__(self, random: Random, held_out: bool) -> None:
        self.random = random
        self.held_out = held_out
        self.lines: list[str] = []
        self.facts: list[tuple[int, str, str, str]] = []  # line, rule, detail, finding

    def add(self, block: list[str], names: dict[str, str], indent: str = "") -> None:
        slots = Slots(self.random)
        slots.values |= names
        for row in block:
            code, *told = row.split("#> ")
            self.lines.append((indent + slots.fill(code)).rstrip())
            slots.values["l"] = str(len(self.lines))
            for rule, detail in (each.strip().split(": ", 1) for each in told):
                finding = slots.fill(self.random.choice(FINDINGS[rule]).draw(self.random))
                self.facts.append((len(self.lines), rule, slots.fill(detail), finding))

    def is_too_long(self) -> bool:
        """Whether it might not fit a prompt with room for what a server adds."""
        size = sum(len(line) + 8 for line in self.lines) + sum(len(rule + told) + 12 for _, rule, told, _ in self.facts)
        return len(self.lines) > 60 or len(self.facts) > 9 or size > 1_150

    def names(self) -> dict[str, str]:
        slots = Slots(self.random, held_out=self.held_out)
        made = {"f": slots.identifier(), "v": slots.identifier(), "v2": slots.word(), "w": slots.word()}
        return made | {"w2": slots.word(), "V": slots.word().upper(), "c": str(self.random.randint(11, 40))}


def _drawn(random: Random, held_out: bool) -> _Snippet:
    """One to four functions, about every second part of them faulty; one in four begins with a long list."""
    made = _Snippet(random, held_out)
    faulty = random.choice([0.0, 0.3, 0.5, 0.5, 0.6, 0.7, 0.7, 0.8, 0.9, 0.9])

    def one_of(faults: list[list[str]], sound: list[list[str]]) -> list[str]:
        return random.choice(faults if random.random() < faulty else sound)

    sound_tops = [block for block in TOPS if "#>" not in block[0]]
    for _ in range(random.randint(0, 4)):
        made.add(one_of(TOPS, sound_tops), made.names())
        made.lines += [""] * random.choice([0, 0, 0, 1])
    if random.random() < 0.25:
        made.add(["{V} = [", *["    {c},"] * random.randint(8, 40), "]"], made.names())
    for _ in range(random.choice([1, 1, 2, 2, 2, 3, 4])):
        while made.lines and not made.lines[-1]:
            made.lines.pop()
        made.lines += [""] * (random.choice([1, 2, 2, 2]) if made.lines else 0)
        names = made.names()
        head = one_of(HEAD, SOUND_HEAD)
        made.add(head, names)
        if random.random() < 0.25:
            made.add(['"""{W} the {w}."""'], names | {"W": names["w2"].capitalize()}, "    ")
        faults = ASYNC_BODY * 2 + BODY[:10] if head[0].startswith("async") else BODY
        for _ in range(random.choice([1, 1, 2, 2, 3, 4])):
            made.add(one_of(faults, FILLER), {**made.names(), "f": names["f"], "v": names["v"]}, "    ")
            made.lines += [""] * random.choice([0, 0, 0, 0, 1])
    return made


def review(random: Random, *, held_out_words: bool = False) -> Example:
    """Findings on a whole snippet, from the server's prompt; a key is a line's number with what is said of it."""
    made = _drawn(random, held_out_words)
    while made.is_too_long():
        made = _drawn(random, held_out_words)
    subject = random.choice(SUBJECTS)
    if not held_out_words and random.random() < 0.08:
        subject = "readability"
    answers = [finding for _, rule, _, finding in made.facts if reviews.concerns(RULE_OF[rule], subject)][:6]
    facts = [f"line {line}: {rule}: {detail}" for line, rule, detail, _ in made.facts]
    user = prompts.review_code("\n".join(made.lines).rstrip("\n"), facts, subject)
    if random.random() < 0.1 and subject in reviews.ASPECTS and not held_out_words:
        user = random.choice(reviews.ASK[subject]) + user[user.index("\n") :]
    system = prompts.REVIEW_SYSTEM if random.random() < 0.85 or held_out_words else random.choice(reviews.SYSTEMS)
    keys = [re.sub(r"^L(ine \d+ \S+ \S+).*", r"\1", answer).rstrip(",;") for answer in answers]
    answer = "\n".join(answers) or f"No {subject} problems stand in these facts."
    rubric = reviews.rubric_of(answers)
    return Example("code", "snippet", [(user, answer)], system, keys, "." if answers else "^No ", rubric)
