"""Log lines: the kinds of event in `log_kinds/*.txt`, and the prefixes of the systems that write them.

A kind file is a list of blocks: `kind NAME SEVERITY [unseen]` (or `more NAME`, which adds to a kind of another file), then `log` (forms), `held` (a form kept out of training), `what`,
`why`, `fix` (templates of the answer) and `facts` (a regular expression that a right answer matches). `~regex~` before a template
ties it to the logs that match. A kind marked `unseen` is never trained on.
"""

# ruff: noqa: E501, SIM905 - a template and a list of words read best on one line each, without commas

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random

from training.grammar.slots import Slots
from training.grammar.template import Template

KIND_FILES = Path(__file__).parent / "log_kinds"
LEVELS = {
    "info": ["INFO", "INFO", "info", "LOG", "notice"],
    "warning": ["WARNING", "WARN", "warn", "warning"],
    "error": ["ERROR", "ERROR", "error", "ERR"],
    "critical": ["CRITICAL", "FATAL", "ERROR", "crit", "error"],
}
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass
class LogKind:
    """One kind of event and its templates."""

    name: str
    severity: str
    unseen: bool
    group: str
    logs: list[Template] = field(default_factory=list)
    held: list[Template] = field(default_factory=list)
    what: list[tuple[str, Template]] = field(default_factory=list)
    why: list[tuple[str, Template]] = field(default_factory=list)
    fix: list[tuple[str, Template]] = field(default_factory=list)
    facts: str = ""

    def is_near_held(self, line: str) -> bool:
        """Whether a line has about the words of a form that is kept out of training."""
        said = telling_words(line)
        return any(likeness(said, held) >= NEAR for held in self._held_words)

    @cached_property
    def _held_words(self) -> list[frozenset[str]]:
        random = Random(0)
        drawn = {telling_words(form.draw(random)) for form in self.held for _ in range(20)}
        return sorted((words for words in drawn if len(words) > 1), key=sorted)


NEAR = 0.7
"""A line that shares so much of its words with a held-out form of its kind is not trained on."""


def telling_words(text: str) -> frozenset[str]:
    """The words of a line or a question that tell what it is about, without the values in it."""
    common = {"what", "which", "this", "these", "about", "the", "and", "for"}
    return frozenset(re.findall(r"[a-z]{3,}", re.sub(r"\{\w+\}", " ", text).lower())) - common


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of the words of both that they have in common (Jaccard)."""
    return len(one & other) / len(one | other) if one | other else 1.0


def load_kinds() -> list[LogKind]:
    kinds: dict[str, LogKind] = {}
    later: list[tuple[str, LogKind]] = []
    kind = LogKind("", "", False, "")
    for path in sorted(KIND_FILES.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            word, _, rest = line.partition(" ")
            if word == "kind":
                name, severity, *flags = rest.split()
                kinds[name] = kind = LogKind(name, severity, "unseen" in flags, path.stem)
            elif word == "more":
                later.append((rest, kind := LogKind(rest, "", False, path.stem)))
            elif word in ("log", "held"):
                forms = kind.logs if word == "log" else kind.held
                forms.append(Template(rest.replace("\\n", "\n").replace("\\t", "\t")))
            elif word in ("what", "why", "fix"):
                condition, text = re.fullmatch(r"(?:~(.*?)~)?(.*)", rest).groups()
                getattr(kind, word).append((condition or "", Template(text)))
            elif word == "facts":
                kind.facts = rest
            elif line.strip():
                raise ValueError(f"{path.name}: cannot read {line!r}")
    for name, more in later:
        for part in ("logs", "what", "why", "fix"):
            getattr(kinds[name], part).extend(getattr(more, part))
        kinds[name].facts = more.facts or kinds[name].facts
    return list(kinds.values())


def fitting(options: list[tuple[str, Template]], form: Template) -> list[Template]:
    """The templates that this log form can fill: conditional ones first, then those that use most of its slots."""
    usable = [(c, t) for c, t in options if t.slots <= form.slots and (not c or re.search(c, form.text))]
    chosen = [t for c, t in usable if c] or [t for _, t in usable]
    most = max((len(t.slots) for t in chosen), default=0)
    return [t for t in chosen if len(t.slots) == most]


def timestamp(random: Random) -> tuple[int, int, int, str]:
    clock = f"{random.randint(0, 23):02}:{random.randint(0, 59):02}:{random.randint(0, 59):02}"
    return random.randint(2019, 2029), random.randint(1, 12), random.randint(1, 28), clock


def dress(message: str, slots: Slots, severity: str) -> str:
    """The message as one of the known systems would write it."""
    random = slots.random
    level = random.choice(LEVELS[severity])
    year, month, day, clock = timestamp(random)
    iso = f"{year}-{month:02}-{day:02}"
    access = re.match(r"(\S+ - \S+) (\".*)", message)
    if access:
        return f"{access[1]} [{day:02}/{MONTHS[month - 1]}/{year}:{clock} +0000] {access[2]}"
    kind = random.random()
    if kind < 0.2 or message.startswith("{"):
        return message
    if "Traceback" in message or "\n  File" in message:
        if kind < 0.6:
            return message
        return f"{iso} {clock},{random.randint(0, 999):03} {level} {slots.word()}: unhandled exception\n{message}"
    if kind < 0.34:
        who = f"{slots.word()}@{slots.word()} " if random.random() < 0.3 else ""
        process = slots.number(100, 99999)
        if not slots.held_out and "pid" in slots.values and random.random() < 0.6:
            process = slots["pid"]  # the process that writes is the one that it writes about
        return f"{iso} {clock}{random.choice(['', f'.{random.randint(0, 999):03}'])} UTC [{process}] {who}{level.upper()}:  {message}"
    if kind < 0.46:
        head = random.choice(
            [f"{iso}T{clock}Z", f"{iso} {clock}", f"{iso} {clock},{random.randint(0, 999):03}", f"[{iso} {clock}]"]
        )
        name = random.choice(
            ["", slots.service() + ": ", f"[{slots.word()}] ", f"{slots.word()}.{slots.word()}: ", f"{slots.word()} - "]
        )
        return f"{head} {level} {name}{message}"
    if kind < 0.60:
        program = random.choice(
            ["systemd[1]", "kernel", f"{slots.word()}[{slots.number(100, 99999)}]", f"sshd[{slots.number(100, 9999)}]"]
        )
        head = f"{iso}T{clock}+0000" if random.random() < 0.5 else f"{MONTHS[month - 1]} {day:2} {clock}"
        return f"{head} {slots.host()} {program}: {message}"
    if kind < 0.66:
        letter = {"info": "I", "warning": "W"}.get(severity, "E")
        place = f"{slots.word()}.go:{random.randint(10, 999)}"
        return f"{letter}{month:02}{day:02} {clock}.{random.randint(0, 999999):06} {random.randint(1, 9999):7} {place}] {message}"
    if kind < 0.80:
        first = random.choice(["ts", "time", "timestamp"])
        record = {
            first: f"{iso}T{clock}Z",
            "level": level.lower(),
            random.choice(["service", "logger", "svc"]): slots.service(),
        }
        record[random.choice(["msg", "message"])] = message
        keys = list(record)
        if random.random() < 0.3:
            keys.insert(0, keys.pop())
        return json.dumps({key: record[key] for key in keys})
    if kind < 0.85:
        return f"time={iso}T{clock}Z level={level.lower()} msg={json.dumps(message)}"
    if kind < 0.92:
        pid = random.randint(2, 99999)
        return f"{year}/{month:02}/{day:02} {clock} [{level.lower()}] {pid}#{pid}: *{slots.number(1, 99999)} {message}"
    return random.choice(
        [
            f"{level}: {message}",
            f"[{level}] {message}",
            f"{slots.service()} | {level} {message}",
            f"{clock} {level} {message}",
        ]
    )
