"""Measure the model on what was kept out of training: `python -m training.evaluate [--number 100] [--out scores.json]`.

`--model smollm` puts the general model of the box to the same prompts, `--number` of each set at most, for it takes
seconds where the embedded one takes tenths. That it invents nothing is judged by the grammar's words and says nothing
of that model, nor does it mark what it does not know.

Sets drawn from the grammar use words, questions, log forms and kinds of event that training never sees; the sets in
`held_out/*.jsonl` were written by hand. Answers are greedy unless a temperature is named. An answer is judged by code
alone: the specifics that it must copy, a regular expression for each fact, its end and its sentences, and that it
invents nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from mcp_types import Role, SamplingMessage, TextContent

from labkit.models.smollm import SmolLM
from labkit.models.tiny import Dials, TinyModel
from labkit.models.tiny.callback import load
from labkit.models.trace import Trace
from servers.code_facts import analyse
from servers.sample_code import SAMPLE_CODE
from servers.sample_logs import SAMPLE_LINES
from training import corpus, prompts
from training.grammar import labels, library, logs, outside, papers, reviews, snippets, texts
from training.grammar.example import Example
from training.grammar.template import SLOT
from training.speed import ONE_THREAD

HELD_OUT = Path(__file__).parent / "held_out"
SEED = 90_001
GREEDY = Dials(temperature=0.0)
# Names and numbers of an answer's own words, which no prompt needs to hold: "status 502", "use SHA-256".
OWN_WORDS = {
    *("8", "1", "200", "400", "401", "403", "404", "413", "500", "502", "503", "504"),
    *("UTF-8", "SHA-256", "hmac.compare_digest", "max_wal_size"),
}
Maker = Callable[[Random], Example]


@dataclass
class Scores:
    """What one set of prompts gave."""

    prompts: int = 0
    copied: list[float] = field(default_factory=list)
    all_copied: list[float] = field(default_factory=list)
    facts: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    short: list[float] = field(default_factory=list)
    nothing_invented: list[float] = field(default_factory=list)
    marked: list[float] = field(default_factory=list)

    def add(self, example: Example, trace: Trace) -> None:
        text = trace.text
        said = [_stands(key, text) for key in example.keys]
        self.prompts += 1
        if said:
            self.copied.append(float(np.mean(said)))
            self.all_copied.append(float(all(said)))
        self.facts.append(facts_right(example, text))
        expected = example.turns[0][1]  # "" where a person wrote the prompt
        stops = not expected.endswith(".") or text.endswith((".", "!", "?"))
        self.ended.append(float(trace.stop_reason == "endTurn" and stops))
        self.short.append(float(sentences(text) <= (max(1, sentences(expected)) if expected else 4)))
        self.nothing_invented.append(float(not invented(text, f"{example.turns[0][0]}\n{expected}")))
        self.marked.append(float(trace.out_of_depth))

    def means(self) -> dict[str, float]:
        return {
            name: round(float(np.mean(values)), 3) if isinstance(values, list) else values
            for name, values in asdict(self).items()
            if not isinstance(values, list) or values
        }


def _stands(key: str, text: str) -> bool:
    """Whether the text holds the key as a whole: 82 is not in 821. Letters count alike in either case."""
    before = r"(?<![\w])" if key[0].isalnum() and not key.startswith("ine ") else ""
    after = r"(?![\w])" if key[-1].isalnum() else ""
    return bool(re.search(before + re.escape(key) + after, text, re.IGNORECASE))


def facts_right(example: Example, text: str) -> float:
    """The share of the facts that the answer states, and in code of what it states, if that is more."""
    asked = example.rubric or [example.facts]
    right = sum(bool(re.search(fact, text, re.IGNORECASE | re.MULTILINE)) for fact in asked)
    stated = text.count("\n") + 1 if example.subject == "code" and example.rubric else 0
    return right / max(len(asked), stated)


def invented(text: str, prompt: str) -> list[str]:
    """What the answer names and the prompt does not hold as a whole: numbers, identifiers, paths, hosts, and words.

    Words that the grammar's answers bring along are none (`own_words`), nor are a few numbers and names (`OWN_WORDS`),
    such as a status 502: that one is right only where the facts are.
    """
    specifics = re.findall(r"[\w/.:%$-]*[\d_/]+[\w/.:%$-]*|\w+\.\w[\w.-]*", text)
    found = [
        word
        for word in (s.strip(".,:;-") for s in specifics)
        if word and word not in OWN_WORDS and not _holds(prompt, word.strip("%/"))
    ]
    known = own_words() | words_of(prompt)
    return found + sorted(words_of(text) - known - {part for word in (*found, *OWN_WORDS) for part in words_of(word)})


def _holds(prompt: str, word: str) -> bool:
    """Whether the prompt holds the word, and not as a part of a longer number or name: 8 is not in 82."""
    before = r"(?<!\d)" if word[:1].isdigit() else r"(?<![^\W\d_])" if word[:1].isalpha() else ""
    after = r"(?!\d)" if word[-1:].isdigit() else r"(?![^\W\d_])" if word[-1:].isalpha() else ""
    return bool(re.search(before + re.escape(word) + after, prompt))


def words_of(text: str) -> set[str]:
    """Its words of letters, in small ones; `orders_2` has the word `orders`."""
    return set(re.findall(r"[^\W\d_]+", text.lower()))


@cache
def own_words() -> frozenset[str]:
    """The words that answers of the corpus hold though their prompts do not: those of the grammar itself."""
    said = [part for kind in logs.TRAINED for _, part in (*kind.what, *kind.why, *kind.fix)]
    own = {word for part in said for word in words_of(SLOT.sub(" ", part.text))}  # too many to be drawn all
    for example in corpus.examples(seed=SEED, number=3_000):
        told = example.system + " ".join(text for turn in example.before for text in turn)
        for user, answer in example.turns:
            told += " " + user
            own |= words_of(answer) - words_of(told)
            told += " " + answer
    return frozenset(own)


def sentences(text: str) -> int:
    return len(re.findall(r"[.!?](?:\s|$)", text))


def drawn(maker: Maker, number: int, keep: Callable[[Example], bool] = lambda _: True) -> list[Example]:
    random = Random(SEED)
    found: list[Example] = []
    while len(found) < number:
        example = maker(random)
        if keep(example):
            found.append(example)
    return found


def written(subject: str) -> list[Example]:
    """The prompts written by hand for one subject."""
    found: list[Example] = []
    for line in (HELD_OUT / f"{subject}.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        system, user = "", entry.get("user", "")
        if "given" in entry:
            system, user = prompts.REVIEW_SYSTEM, prompts.review_code(entry["code"], entry["given"], entry["aspect"])
        if "papers" in entry:
            pairs = [(title, abstract) for title, abstract in entry["papers"]]
            system = prompts.RESEARCH_SYSTEM
            user = prompts.summarize_paper(*pairs[0]) if entry.get("one") else prompts.synthesize_papers(pairs)
            if "ask" in entry:
                user = entry["ask"] + user[user.index("\n") :]
        found.append(Example(subject, "written", [(user, "")], system, entry.get("keys", []), entry["facts"]))
    return found


def sample_lines() -> list[Example]:
    """The named lines of the log archiver's sample log, asked for as the archiver asks."""
    entries = [json.loads(line) for line in (HELD_OUT / "sample_log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        Example(
            "log",
            "sample",
            [(prompts.log_line(SAMPLE_LINES[entry["line"]]), "")],
            prompts.LOG_SYSTEM,
            entry["keys"],
            entry["facts"],
        )
        for entry in entries
    ]


def sample_code() -> list[Example]:
    """The code of lesson 08, asked about as the reviewer asks; a key is the line of a fact of the aspect."""
    found: list[Example] = []
    for code in SAMPLE_CODE.values():
        analysis = analyse(code)
        if analysis.code is None:
            continue
        for aspect in ("security", "performance"):
            lines = [f"ine {fact.line}" for fact in analysis.facts if fact.aspect == aspect]
            user = prompts.review_code(analysis.code.rstrip("\n"), [str(fact) for fact in analysis.facts], aspect)
            facts = "." if lines else "^No "
            found.append(Example("code", "sample", [(user, "")], prompts.REVIEW_SYSTEM, lines, facts))
    return found


def sets(number: int) -> Iterator[tuple[str, list[Example]]]:
    unseen_kinds = logs.UNSEEN
    one_word = [labels.sentiment, labels.document, labels.severity]
    short_text = [texts.summary, texts.key_points, texts.entities]
    paper = [papers.synthesis, papers.one_paper]
    yield "log, unseen values", drawn(lambda r: logs.one_line(r, held_out_words=True), number)
    yield (
        "log, unseen questions",
        drawn(lambda r: logs.one_line(r, held_out_words=True, held_out_question=True), number),
    )
    yield "log, unseen forms", drawn(lambda r: logs.one_line(r, held_out_words=True, held_out_form=True), number)
    yield (
        "log, unseen kinds (copying alone)",
        drawn(lambda r: logs.one_line(r, held_out_words=True, kind=r.choice(unseen_kinds)), number),
    )
    yield "log, several lines, unseen values", drawn(lambda r: logs.many_lines(r, held_out_words=True), number)
    yield "code, unseen values", drawn(lambda r: reviews.review(r, held_out_words=True), number)
    yield (
        "code, unseen questions",
        drawn(lambda r: reviews.review(r, held_out_words=True, held_out_question=True), number),
    )
    yield "code, whole snippets, unseen values", drawn(lambda r: snippets.review(r, held_out_words=True), number)
    yield "papers, unseen values", drawn(lambda r: r.choice(paper)(r, held_out_words=True), number)
    yield (
        "papers, unseen questions",
        drawn(lambda r: r.choice(paper)(r, held_out_words=True, held_out_question=True), number),
    )
    of_library = [library.synthesis, library.one_paper]
    yield "papers, the library's own", drawn(lambda r: r.choice(of_library)(r, as_asked=True), number)
    yield (
        "papers, the library's, unseen",
        drawn(lambda r: r.choice(of_library)(r, as_asked=True, held_out_papers=True), number),
    )
    yield "text, unseen values", drawn(lambda r: r.choice(short_text)(r, held_out_words=True), number)
    yield (
        "text, unseen questions",
        drawn(lambda r: r.choice(short_text)(r, held_out_words=True, held_out_question=True), number),
    )
    yield "labels, unseen values", drawn(lambda r: r.choice(one_word)(r, held_out_words=True), number)
    yield (
        "labels, unseen wordings",
        drawn(lambda r: r.choice(one_word)(r, held_out_words=True, held_out_question=True), number),
    )
    yield "outside, unseen topics", drawn(lambda r: outside.outside(r, held_out_words=True), number)
    yield "log, the archiver's sample lines", sample_lines()
    yield "code, the reviewer's sample code", sample_code()
    for subject in ("log", "code", "papers", "text", "labels", "outside"):
        yield f"{subject}, written by hand", written(subject)


def run(
    model: TinyModel | SmolLM, examples: list[Example], dials: Dials = GREEDY, seed: int = 0
) -> tuple[Scores, list[str]]:
    scores, answers = Scores(), []
    for example in examples:
        limit = 320 if example.subject in ("papers", "code") else 160
        trace = model.trace(messages(example), system_prompt=example.system, max_tokens=limit, dials=dials, seed=seed)
        scores.add(example, trace)
        answers.append(trace.text)
    return scores, answers


def messages(example: Example) -> list[SamplingMessage]:
    """What went before, and the first question, as a request holds them."""
    said = [text for turn in example.before for text in turn] + [example.turns[0][0]]
    roles: tuple[Role, Role] = ("user", "assistant")
    return [SamplingMessage(role=roles[i % 2], content=TextContent(text=text)) for i, text in enumerate(said)]


def distinct_2(answers: list[str]) -> float:
    """Different pairs of words among all pairs."""
    pairs = [pair for text in answers for pair in zip(text.split(), text.split()[1:], strict=False)]
    return len(set(pairs)) / max(1, len(pairs))


def by_temperature(model: TinyModel, number: int) -> list[dict[str, float]]:
    """The same log lines at rising temperatures, each three times with seeds of its own."""
    examples = drawn(lambda r: logs.one_line(r, held_out_words=True), max(8, number // 5))
    rows: list[dict[str, float]] = []
    for temperature in (0.0, 0.2, 0.5, 0.8, 1.0, 1.5, 2.0):
        answers: list[str] = []
        copied: list[float] = []
        for seed in (1, 2, 3):
            scores, said = run(model, examples, Dials(temperature=temperature), seed)
            answers += said
            copied += scores.copied
        rows.append(
            {
                "temperature": temperature,
                "distinct-2": round(distinct_2(answers), 3),
                "copied": round(float(np.mean(copied)), 3),
            }
        )
    return rows


def speed() -> dict[str, float]:
    """`training.speed` on one core: loading in milliseconds, tokens drawn a second, by the clock and by thread time."""
    command = [sys.executable, "-m", "training.speed"]
    told = subprocess.run(command, env=os.environ | ONE_THREAD, capture_output=True, encoding="utf-8", check=True)
    return json.loads(told.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=100, help="prompts in each set that is drawn from the grammar")
    parser.add_argument("--model", choices=("tiny", "smollm"), default="tiny")
    parser.add_argument("--only", nargs="*", default=[""], help="sets whose name holds one of these texts")
    parser.add_argument("--show", type=int, default=0, help="print so many answers of each set")
    parser.add_argument("--out", type=Path, help="write the scores as JSON")
    options = parser.parse_args()
    load()
    model = TinyModel() if options.model == "tiny" else SmolLM()
    table: dict[str, dict[str, float]] = {}
    print(f"{'set':36} {'n':>4} copied  all  facts ended short  true marked")
    groups = sets(options.number)
    for name, examples in groups:
        if not any(part in name for part in options.only):
            continue
        asked = examples[: options.number] if isinstance(model, SmolLM) else examples
        scores, answers = run(model, asked)
        table[name] = row = scores.means()
        columns = ("copied", "all_copied", "facts", "ended", "short", "nothing_invented", "marked")
        print(
            f"{name:36} {scores.prompts:4} " + " ".join(f"{row[c]:5.2f}" if c in row else "    -" for c in columns),
            flush=True,
        )
        for example, answer in list(zip(asked, answers, strict=True))[: options.show]:
            print(f"    {example.turns[0][0]!r}\n    => {answer!r}  {example.keys}")
    result: dict[str, Any] = {"sets": table}
    if options.only == [""] and isinstance(model, TinyModel):
        result |= {"temperatures": by_temperature(model, options.number), "speed": speed()}
        print(*result["temperatures"], result["speed"], sep="\n")
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
