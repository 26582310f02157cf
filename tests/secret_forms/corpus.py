"""Texts that hold a secret (`held.txt`) and texts that hold none (`honest.txt`), and what is left of them when shown.

One line is one text, below the name of its group. `«…»` is the secret. `{a36}` stands for 36 made-up characters: `a`
letters and digits, `l` letters, `u` capitals and digits, `h` hexadecimal, `d` digits, `b` base64. `¦` stands for
nothing, so that no scanner of repositories takes a line for a live key; `⏎` and `⇥` for a line break and a tab; `‖`
for the border of two blocks; `⟨200B⟩` for a character by its number. Every secret is invented.

    python -m tests.secret_forms.corpus     # how much is found, and each text that is shown wrongly
"""

import json
import random
import re
import string
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from mcp_types import CreateMessageRequestParams

from labkit.host.findings import Bounds
from labkit.host.request_rules import secrets as rule
from labkit.redacting import redact_json
from labkit.secret_forms import redacted
from labkit.secret_forms.hidden import without_hidden

HERE = Path(__file__).parent
LETTERS = {
    "a": string.ascii_letters + string.digits,
    "l": string.ascii_letters,
    "u": string.ascii_uppercase + string.digits,
    "h": "0123456789abcdef",
    "d": string.digits,
    "b": string.ascii_letters + string.digits + "+/",
}


class Sample(NamedTuple):
    """A text in one block or several, and the secrets in it.

    Attributes:
        group: The group that it stands in.
        line: The line as it stands in the file: what a table of exceptions names.
        blocks: The text, a block of a message each.
        secrets: What must not be shown of it.
    """

    group: str
    line: str
    blocks: tuple[str, ...]
    secrets: tuple[str, ...]


def samples(name: str) -> list[Sample]:
    """The samples of the file `name`.txt, in order."""
    found: list[Sample] = []
    group = ""
    for line in (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            group = line[3:]
            continue
        made = random.Random(line)  # the same made-up characters in every run

        def filled(hit: re.Match[str], made: random.Random = made) -> str:
            return "".join(made.choices(LETTERS[hit[1]], k=int(hit[2])))

        text = re.sub(r"\{([alubhd])(\d+)\}", filled, line)
        text = re.sub("⟨([0-9A-F]{4,6})⟩", lambda hit: chr(int(hit[1], 16)), text.replace("¦", ""))
        text = text.replace("⏎", "\n").replace("⇥", "\t")
        secrets = tuple(re.findall("«(.*?)»", text, re.DOTALL))
        found.append(Sample(group, line, tuple(re.sub("[«»]", "", text).split("‖")), secrets))
    return found


def shown(sample: Sample) -> list[str]:
    """The text of a sample as it is shown, in each of the ways that it may be: alone, as JSON, as a request."""
    if len(sample.blocks) == 1:
        (text,) = sample.blocks
        try:
            json.loads(text)
        except ValueError:
            return [redacted(text, Counter())]
        return [redacted(text, Counter()), redact_json(text)]
    content = [{"type": "text", "text": block} for block in sample.blocks]
    together = {"messages": [{"role": "user", "content": content}], "maxTokens": 100}
    apart = {"messages": [{"role": "user", "content": each} for each in content], "maxTokens": 100}
    ways: list[str] = []
    for told in (together, apart):
        asked = CreateMessageRequestParams.model_validate(told)
        finding = rule(asked, Bounds())
        sent = finding.request if finding and finding.request else asked
        ways.append(
            "".join(block.text for each in sent.messages for block in each.content_as_list if block.type == "text")
        )
        frame = json.loads(redact_json(json.dumps({"method": "sampling/createMessage", "params": told})))
        parts = [each["content"] for each in frame["params"]["messages"]]
        ways.append("".join(block["text"] for part in parts for block in (part if isinstance(part, list) else [part])))
    return ways


def survives(secret: str, text: str) -> bool:
    """Whether eight characters in a row of a secret, or half of it, stand in a text."""
    run = min(8, (len(secret) + 1) // 2)
    seen = unicodedata.normalize("NFKC", without_hidden(text))
    plain = unicodedata.normalize("NFKC", without_hidden(secret))
    return any(plain[at : at + run] in seen or secret[at : at + run] in text for at in range(len(secret) - run + 1))


def leaks(name: str) -> list[Sample]:
    """The samples of which a secret is shown."""
    return [
        sample
        for sample in samples(name)
        if any(survives(secret, text) for secret in sample.secrets for text in shown(sample))
    ]


def alarms(name: str) -> list[Sample]:
    """The samples without a secret that are not shown as they are."""
    return [sample for sample in samples(name) if {*shown(sample)} != {"".join(sample.blocks)}]


def main() -> None:
    for name, wrong in (("held", leaks), ("honest", alarms), ("later_held", leaks), ("later_honest", alarms)):
        every, found = samples(name), wrong(name)
        print(f"{name}: {len(found)} of {len(every)} are shown wrongly ({100 * len(found) / len(every):.1f} %)")
        of = Counter(sample.group for sample in every)
        for group, count in Counter(sample.group for sample in found).items():
            print(f"  {count:3} of {of[group]:3}  {group}")
        if "-v" in sys.argv:
            print(*(f"    {sample.line}" for sample in found), sep="\n")


if __name__ == "__main__":
    main()
