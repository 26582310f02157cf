"""The subject "papers": a synthesis of several titles and abstracts, or one sentence about one of them."""

# ruff: noqa: E501, SIM905 - a template and a list of words read best on one line each, without commas

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from training import prompts
from training.grammar.example import Example, lower_first, upper_first
from training.grammar.questions import another
from training.grammar.slots import Slots
from training.grammar.template import Template, templates

TECHNIQUES = """retrieval|sparse retrieval|dense retrieval|reranking|contrastive learning|curriculum training|low-rank adapters|knowledge distillation|active learning|data augmentation|self-training|prompt tuning|chain-of-thought prompting|self-consistency|tool use|function calling|reinforcement learning from human feedback|direct preference optimization|mixture of experts|quantization|pruning|speculative decoding|beam search|temperature scaling|nucleus sampling|paged attention|flash attention|sparse attention|sliding-window attention|rotary embeddings|state space models|constitutional rules|red teaming|watermarking|synthetic data|long-context training|query rewriting|graph search|planning|reflection|debate|majority voting|process supervision|instruction tuning|in-context learning|batching|caching|pipelining|sharding|early stopping|federated averaging|graph attention|a memory of past steps|a learned router|a small verifier|a critic model""".split(
    "|"
)
TASKS = """question answering|open-domain question answering|code completion|code review|program repair|text summarization|machine translation|speech recognition|image classification|fact checking|document search|web navigation|mathematical reasoning|multi-step reasoning|dialogue|tutoring|medical triage|legal search|fraud detection|table understanding|information extraction|log analysis|anomaly detection|robot grasping|weather prediction|drug screening|protein folding|theorem proving|data analysis|tool selection|model serving|training large models|evaluating language models|detecting harmful text|text classification|entity linking|recommendation|traffic forecasting|crop monitoring|battery design""".split(
    "|"
)
HELD_OUT_TECHNIQUES = """spectral gating|orchid routing|harvest sampling|meadow hashing|tundra decoding|walrus pooling|lantern alignment|cobalt clustering""".split(
    "|"
)
HELD_OUT_TASKS = (
    """glacier mapping|violin transcription|orchard counting|parcel routing|raven tracking|cedar grading""".split("|")
)
METRICS = ["accuracy", "recall", "F1", "precision", "throughput", "factuality", "exact match", "coverage"]
COSTS = [
    "latency",
    "energy use",
    "memory use",
    "the error rate",
    "training time",
    "cost",
    "the number of false answers",
]
BENCHMARKS = "Natural Questions|HotpotQA|MMLU|GSM8K|HumanEval|SWE-bench|ImageNet|WMT|SQuAD|TriviaQA|BEIR|TruthfulQA|GLUE|MATH".split(
    "|"
)
CONTEXT = templates("""
{TASK} is [hard|costly|slow|widely used|still unsolved][ in practice| at scale| for small models|].
[Large language models|Language models|Current systems|Small models] [struggle with|are weak at|often fail at|are used for] {task}.
[This paper|This work] [studies|examines|revisits|is about] {task}.
[Recent work on|Progress in] {task} [relies on|depends on] {tech2}.
We study {task}[ with {tech}|].
Many systems for {task} [use too much memory|need much labelled data|are hard to compare|give wrong answers with confidence].
""")
APPROACH = [
    ("[We present|We introduce|We propose|The authors present] {name}, a [method|model|system|framework|benchmark] [for|that helps with] {task}.", "{name} is made for {task}"),
    ("{name} [combines|joins|pairs] {tech} with {tech2}.", "{name} combines {tech} with {tech2}"),
    ("{name} [uses|applies|relies on|is built on] {tech} [for|in] {task}.", "{name} uses {tech} for {task}"),
    ("{name} [replaces|does without] {tech2} and uses {tech}[ instead|].", "{name} uses {tech} in place of {tech2}"),
    ("[The paper|This work] [trains|builds|tests] {name}, which [uses|applies] {tech}.", "{name} uses {tech}"),
    ("[The authors apply|We apply] {tech} to {task}.", "the authors apply {tech} to {task}"),
]  # fmt: skip
FINDING = [
    ("[We show|Experiments show|Results show|We find|The authors find|The results show] that {who} [improves|raises|increases] {metric} by {n}%[ on {bench}| over the baseline|].", "{who} raises {metric} by {n}%"),
    ("[On {bench}, it|On {bench}, {who}] [improves|raises] {metric} from {n} to {n2}.", "{who} raises {metric} from {n} to {n2} on {bench}"),
    ("[It|{Who}] [reduces|lowers|cuts] {cost} by {n}%[ without a loss of {metric}| at the same {metric}|].", "{who} lowers {cost} by {n}%"),
    ("[It|{Who}] is {n} times [faster|cheaper|smaller] than [the baseline|earlier systems|{tech2}].", "{who} is {n} times FASTER than BASE"),
    ("[It|{Who}] [outperforms|beats|does better than] {tech2} on {bench}.", "{who} does better than {tech2} on {bench}"),
    ("[It|{Who}] [matches|equals] [much larger|bigger] models [with|using] {n} times fewer parameters.", "{who} matches larger models with {n} times fewer parameters"),
    ("[We show|We find|The authors show] that using {tech} [helps|hurts|does not help] {task}.", "using {tech} HELPS {task}"),
    ("[It|{Who}] solves {n}% of the tasks in {bench}.", "{who} solves {n}% of the tasks in {bench}"),
    ("[Models|Systems] trained [with|by] {tech} [follow instructions better|make fewer mistakes|need less data|give more truthful answers].", "models trained with {tech} THEN"),
    ("[Larger models|Longer prompts|More samples|Bigger batches] [improve|raise] {metric}, but [only|not] when {tech} is used.", "MORE {metric} MORE {tech}"),
]  # fmt: skip
LIMITS = [
    ("only English data was used", "use other languages"), ("only one dataset was tested", "test more datasets"), ("no user study was done", "run studies with users"),
    ("the sample was small", "use larger samples"), ("costs were not reported", "measure the cost"), ("only simulations were run", "run tests in the field"),
    ("fairness was not examined", "examine fairness"), ("long inputs were left out", "include long inputs"), ("no code was released", "repeat the work openly"),
    ("noise was not considered", "add noisy data"), ("only small models were tested", "test larger models"), ("only large models were tested", "test smaller models"),
    ("training is expensive", "make training cheaper"), ("inference is slow", "make inference faster"), ("the method needs labelled data", "do with less labelled data"),
    ("hallucinations remain", "reduce hallucinations"), ("the judge model is biased", "check the judge model"), ("it fails on rare words", "improve on rare words"),
    ("attacks were not studied", "study attacks"), ("the benchmark may be contaminated", "use fresh test data"), ("it depends on the prompt", "make it robust to the prompt"),
    ("errors add up over many steps", "correct errors early"), ("the index must be kept up to date", "update the index cheaply"), ("safety was not measured", "measure safety"),
]  # fmt: skip
LIMIT_SENTENCE = templates("""
However, {lim}.
[A limitation is that|One limit is that|The authors note that|It should be noted that] {lim}.
[Still|But|Yet], {lim}.
{Lim}.
""")
TITLES = templates("""
{Name}: {Tech} for {Task}
{Name}
{Tech} for {Task}
[Improving|Scaling|Rethinking|Learning|Measuring] {Task} with {Tech}
[Does|Can] {tech} help {task}?
[On|Towards|A study of] {tech} and {task}
{Name}: [Faster|Better|Cheaper|Simpler|Safer] {Task}
{Tech} [is all you need|makes models better|considered harmful|revisited]
""")
ASK = [
    "Synthesize these research papers:", "Synthesize these papers into a coherent summary: key findings, research gaps, future directions.",
    "Give key findings, gaps and directions:", "Write a research synthesis of these papers:", "What do these papers find, and what is missing?",
    "Summarize the state of research in these abstracts: findings, gaps, directions.", "Review these abstracts:",
    "Synthesize these research papers into a coherent summary.",
]  # fmt: skip
ASK_ONE = [
    "Summarize this paper:", "Summarize this abstract in one sentence:", "What is the main finding of this paper?", "Give the gist of this abstract:",
    "One-sentence summary of this paper:", "What does this paper show?", "Summarise this abstract:",
]  # fmt: skip
ASK_PART = {
    "findings": ["What are the key findings?", "List the key findings of these papers:", "Summarize the findings:"],
    "gaps": ["What gaps remain?", "Identify the research gaps:", "What is missing in these papers?"],
    "directions": ["Suggest future directions:", "What should be studied next?", "Which research should follow?"],
}
HELD_ASK = [
    "Tell an executive what these studies found, what they left out and what comes next.",
    "Boil these abstracts down for a meeting:",
]
HELD_ASK_ONE = ["Tell me in a line what this study did.", "What did these authors achieve?"]
SYSTEMS = ["", "", prompts.RESEARCH_SYSTEM, prompts.RESEARCH_SYSTEM, prompts.RESEARCH_SYSTEM.split(" The abs")[0], "You are a research assistant.", "You synthesize research.", "Be brief.",
           "You are a research analyst synthesizing academic findings for executives.", "You are a helpful assistant."]  # fmt: skip


@dataclass
class Paper:
    title: str
    abstract: str
    approach: str
    finding: str
    limit: str
    direction: str


APPROACHES = [(Template(a), b) for a, b in APPROACH]
FINDINGS = [(Template(a), b) for a, b in FINDING]


def _paper(random: Random, held_out: bool, told: dict[str, list[str]] | None = None) -> Paper:
    """A paper; where `told` is given, every second technique and task is one that a paper before it named too."""
    slots = Slots(random, held_out=held_out)
    used: list[str] = []

    def phrase(known: list[str], unseen: list[str], heads: str) -> str:
        if held_out:
            return random.choice(unseen)
        before = told.setdefault("task" if known is TASKS else "technique", []) if told is not None else []
        again = [each for each in before if each not in used]
        if again and random.random() < 0.5:
            used.append(random.choice(again))
            return used[-1]
        drawn = random.choice(known) if random.random() < 0.65 else f"{slots.word()} {random.choice(heads.split())}"
        before.append(drawn)
        used.append(drawn)
        return drawn

    tech = phrase(
        TECHNIQUES,
        HELD_OUT_TECHNIQUES,
        "gating routing sampling pooling hashing decoding tuning alignment attention search",
    )
    tech2 = phrase(
        [t for t in TECHNIQUES if t != tech],
        [t for t in HELD_OUT_TECHNIQUES if t != tech],
        "gating routing sampling pooling tuning prompting",
    )
    task = phrase(
        TASKS, HELD_OUT_TASKS, "mapping counting tracking grading routing prediction detection search reasoning"
    )
    word = slots.word()
    name = random.choice(
        [
            word.capitalize(),
            word.capitalize() + random.choice(["LM", "Net", "QA", "Former", "Bench", "RAG", "Agent", "-2"]),
            word.upper()[:6],
        ]
    )
    approach, short = random.choice(APPROACHES)
    who = name if "{name}" in short else tech
    n = slots.number(2, 60)
    slots.values |= {
        "tech": tech,
        "tech2": tech2,
        "task": task,
        "TASK": upper_first(task),
        "name": name,
        "Name": name,
        "who": who,
        "n": n,
    }
    slots.values |= {
        "Who": upper_first(who),
        "n2": str(int(n) + random.randint(2, 30)),
        "bench": random.choice(BENCHMARKS),
    }
    slots.values |= {
        "Tech": upper_first(tech),
        "Task": task.title() if random.random() < 0.5 else task,
        "metric": random.choice(METRICS),
        "cost": random.choice(COSTS),
    }
    sentence, finding = random.choice(FINDINGS)
    drawn = sentence.draw(random)
    limit, direction = random.choice(LIMITS) if random.random() < 0.6 else ("", "")
    slots.values |= {"lim": limit, "Lim": upper_first(limit)}
    parts = [random.choice(CONTEXT).draw(random)] if random.random() < 0.6 else []
    parts += [approach.draw(random), drawn]
    if limit:
        parts.append(random.choice(LIMIT_SENTENCE).draw(random))
    abstract = " ".join(upper_first(slots.fill(part)) for part in parts)
    return Paper(
        _title(random, slots),
        abstract,
        slots.fill(short),
        _said(slots.fill(drawn), slots.fill(finding)),
        limit,
        direction,
    )


def _title(random: Random, slots: Slots) -> str:
    return upper_first(slots.fill(random.choice(TITLES).draw(random)))


def _said(sentence: str, finding: str) -> str:
    """The short form, with the words that the sentence happened to draw."""
    for word in ("faster", "cheaper", "smaller"):
        if f" {word} than " in sentence:
            finding = finding.replace("FASTER", word).replace("BASE", sentence.split(" than ")[1].rstrip("."))
    for word in ("does not help", "helps", "hurts"):
        if f" {word} " in sentence:
            finding = finding.replace("HELPS", word)
    if "THEN" in finding:
        return lower_first(sentence.rstrip("."))
    return lower_first(sentence.rstrip(".")) if "MORE" in finding else finding


def synthesis(random: Random, *, held_out_words: bool = False, held_out_question: bool = False) -> Example:
    learnt = not (held_out_words or held_out_question)
    number = random.choice([1, 2, 2, 3, 3, 4, 5])
    # Papers on one subject are the harder ones to keep apart.
    told: dict[str, list[str]] | None = {} if learnt and random.random() < 0.4 else None
    papers = [_paper(random, held_out_words, told) for _ in range(number)]
    parts = {"findings": _findings(papers), "gaps": _gaps(papers), "directions": _directions(papers)}
    listed = [(paper.title, paper.abstract) for paper in papers]
    user = prompts.synthesize_papers(listed)
    keys = [paper.finding for paper in papers] + [paper.limit for paper in papers if paper.limit]
    if held_out_question or random.random() < 0.4:
        question = random.choice(HELD_ASK if held_out_question else ASK)
        user = (another(random, question, "synthesis") if learnt else question) + user[user.index("\n") :]
    elif random.random() < 0.25:
        part = random.choice(list(parts))
        question = random.choice(ASK_PART[part])
        user = (another(random, question, part) if learnt else question) + user[user.index("\n") :]
        keys = keys[: len(papers)] if part == "findings" else keys[len(papers) :] if part == "gaps" else []
        parts = {part: parts[part]}
    if random.random() < 0.2:
        user = user.replace("Papers:\n", "")
    facts = {"findings": "^Key findings: ", "gaps": "^Research gaps: ", "directions": "^Future directions: "}[
        next(iter(parts))
    ]
    answer = "\n".join(parts.values())
    return Example("papers", "synthesis", [(user, answer)], random.choice(SYSTEMS), keys, facts, rubric_of(answer))


def rubric_of(answer: str) -> list[str]:
    """Each finding, gap and direction of a synthesis, in the part where it belongs."""
    parts = [line.rstrip(".").split(": ", 1) for line in answer.splitlines()]
    return [f"^{part}: .*{re.escape(said)}" for part, listed in parts for said in listed.split("; ")]


def _findings(papers: list[Paper]) -> str:
    return "Key findings: " + "; ".join(paper.finding for paper in papers) + "."


def _gaps(papers: list[Paper]) -> str:
    limits = list(dict.fromkeys(paper.limit for paper in papers if paper.limit))
    return f"Research gaps: {'; '.join(limits)}." if limits else "Research gaps: the abstracts name none."


def _directions(papers: list[Paper]) -> str:
    steps = list(dict.fromkeys(paper.direction for paper in papers if paper.direction))
    return (
        f"Future directions: {'; '.join(steps)}."
        if steps
        else "Future directions: compare the methods on the same data."
    )


def one_paper(random: Random, *, held_out_words: bool = False, held_out_question: bool = False) -> Example:
    paper = _paper(random, held_out_words)
    user = prompts.summarize_paper(paper.title, paper.abstract)
    if held_out_question or random.random() < 0.5:
        question = random.choice(HELD_ASK_ONE if held_out_question else ASK_ONE)
        if not (held_out_words or held_out_question):
            question = another(random, question, "one paper")
        user = random.choice(
            [
                f"{question}\n\nTitle: {paper.title}\nAbstract: {paper.abstract}",
                f"{question}\n{paper.title}. {paper.abstract}",
                f"{question}\n{paper.abstract}",
            ]
        )
    answer = f"{upper_first(paper.approach)}; {paper.finding}."
    keys = [paper.approach, paper.finding]
    return Example(
        "papers", "one", [(user, answer)], random.choice(SYSTEMS), keys, ".", [re.escape(key) for key in keys]
    )
