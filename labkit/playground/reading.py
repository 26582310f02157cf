"""The parts of a playground that a page shows, in words and figures that are ready to be shown. Each part is JSON."""

from collections.abc import Mapping
from typing import Any, cast

from labkit.callbacks import name_of as called
from labkit.callbacks import uses_tools
from labkit.host import ReviewRequest, visible
from labkit.host.review_reading import reading as parts_of
from labkit.models.answerers import ANSWERERS, Setting
from labkit.models.stop_reasons import Ended
from labkit.playground.answers import Answers
from labkit.playground.batch import batch_of
from labkit.playground.by_hand import ByHand
from labkit.playground.choices import text_of
from labkit.playground.duties import DUTIES, Knob, Row
from labkit.playground.export import summary, titled, without_keys
from labkit.playground.playground import Playground
from labkit.playground.runs import Run, compare, duration
from labkit.playground.sources import TRANSPORTS, WIRES, Source, why_not
from labkit.redacting import redact, redact_flow, redact_shown
from labkit.views.aligned import Pair, pairs
from labkit.views.words import both

LONGEST = 20_000
"""How many characters of one text are sent to a page; the exports hold the whole."""

MOST_ANSWERS, MOST_OF_AN_ANSWER = 20, 4_000
"""Sampled answers that stand beside a result, the last ones, and the characters of each."""

NO_SETTINGS = "# The settings of this run are not known."

WORDS = {
    "command": "a command …",
    "url": "a URL …",
    "given": "your server",
}
DECLARED = (
    "Sampling is declared: a server may ask for completions. Tools within it are not: the duty Tools declares them",
    "Sampling is declared, and tool use inside it: a server may ask for completions, and offer its tools to the model",
)
"""What a client declares as it connects, without tools and with them."""

OVER = {"in process": "in process", "stdio": "stdio", "http": "HTTP"}


def top(playground: Playground) -> dict[str, Any]:
    """The first line: which server, how it is reached, on which wire, and whether it is connected."""
    servers = [[each.id, each.title] for each in playground.target.box_servers.values()]
    if playground.target.given is not None:
        servers.append(["given", f"{visible(_name(playground.target.given))} (yours)"])
    servers += [["command", WORDS["command"]], ["url", WORDS["url"]]]
    return {
        "servers": servers,
        "server": _id(playground),
        "transports": [[each, OVER[each], why_not(playground.target.source, each)] for each in TRANSPORTS],
        "transport": playground.target.transport,
        "wires": [*WIRES, "both"],
        "wire": playground.target.wires,
        "state": "unasked" if playground.target.unasked else playground.target.status,
        "status": _status(playground),
        "about": DECLARED[uses_tools(playground.answers.chain)],
        "fault": for_page(playground.target.fault),
        "address": visible(text_of(playground.target.source, playground.keys)),
        "settings_note": playground.last_settings.note,
        "offered": playground.last_settings.offered is not None,
    }


def _name(source: Source) -> str:
    return str(getattr(source, "name", "")) or "server"


def _id(playground: Playground) -> str:
    source = playground.target.source
    for each in playground.target.box_servers.values():
        if each == source:
            return each.id
    if source is playground.target.given:
        return "given"
    return "url" if isinstance(source, str) else "command"


def _status(playground: Playground) -> str:
    if playground.target.status == "connected":
        tools = "tools declared" if uses_tools(playground.answers.chain) else "tools not declared"
        return f"connected · can sample · {tools}"
    if playground.target.unasked:
        return "not connected · press Connect"
    if playground.target.status == "lost":
        return "connection lost · Run makes another"
    if playground.target.status == "connecting":
        return f"connecting: {playground.target.doing} …" if playground.target.doing else "connecting …"
    return "failed to connect" if playground.target.status == "failed" else "not connected"


def form(playground: Playground) -> dict[str, Any]:
    """The tools, and the form of the chosen one. `number` changes when the fields do."""
    return {
        "number": playground.target.form_number,
        "tools": [
            [tool.name, visible(tool.name), visible(" ".join((tool.description or "").split()))]
            for tool in playground.target.tools
        ],
        "tool": playground.target.tool,
        "fields": playground.target.fields,
        "note": playground.target.tool_note,
        "samples": [*playground.target.samples],
    }


def work(playground: Playground) -> dict[str, Any]:
    """The work: whether something is under way, how far, and whether there is nothing to see yet."""
    ready = playground.target.status != "connecting"
    return {
        "running": playground.running,
        "ready": ready,
        "blocked": playground.target.why_not if ready else "",
        "at": playground.at,
        "of": playground.of,
        "fresh": playground.fresh and playground.shown_run is None,
    }


def who(playground: Playground) -> dict[str, Any]:
    """The answerers, the chosen one among them, and what is set about that one. No key."""
    answers = playground.answers
    notes = {row.id: row.lacks(answers.keys.get(row.id)) for row in ANSWERERS.values()}
    own = "" if answers.own_callback is None else called(answers.own_callback)
    notes["own"] = "" if own else "none yet"
    chosen = ANSWERERS[answers.who]
    return {
        "choices": [[row.id, row.title, row.what, notes[row.id]] for row in ANSWERERS.values()],
        "chosen": answers.who,
        "settings": [_setting(setting, answers.settings) for setting in chosen.settings],
        "key": {"variable": chosen.key, "there": chosen.has_key(answers.keys.get(chosen.id))} if chosen.key else {},
        "says": chosen.says,
        "own": own,
    }


def _setting(setting: Setting, values: Mapping[str, str]) -> list[Any]:
    """The row of a setting, in the order that side.js reads."""
    choices = [*setting.choices()]
    value = values[setting.name] or (choices[0] if choices else "")
    return [setting.name, setting.title, setting.what, setting.hint, value, setting.lines, choices]


def host(playground: Playground) -> dict[str, Any]:
    """The duties of the host, and what the budget has left."""
    answers, budget = playground.answers, playground.answers.budget
    spent, limit = budget.spent, budget.limit
    shares = [
        of / most
        for of, most in ((spent.samples, limit.samples), (spent.tokens, limit.tokens))
        if most is not None and most > 0
    ]
    return {
        "duties": [_duty(row, answers) for row in DUTIES.values()],
        "spent": f"{_of(spent.samples, limit.samples, 'samples')}, {_of(spent.tokens, limit.tokens, 'tokens')}",
        "share": min(1.0, max(shares, default=0.0)),
        "cost": f"${spent.usd:.4f}" if spent.usd else "",
    }


def _duty(row: Row, answers: Answers) -> list[Any]:
    """The row of a duty, in the order that side.js reads."""
    values = answers.duties.get(row.name, answers.set_last[row.name])
    words = f"{row.words} · {answers.noted} noted" if row.name == "guard" and answers.noted else row.words
    knobs = [
        [knob.name, knob.title, values.get(knob.name), knob.least, knob.most, knob.step, _titles(knob)]
        for knob in row.knobs
        if knob.usual is not None  # what is seldom set is set in code
    ]
    return [row.name, row.title, row.what, words, row.name in answers.duties, knobs]


def _titles(knob: Knob) -> list[list[str]]:
    return [[name, ANSWERERS[name].title] for name in knob.choices]


def _of(spent: int, limit: int | None, what: str) -> str:
    return f"{spent:,} {what}" if limit is None else f"{spent:,} of {limit:,} {what}"


def shown_run(playground: Playground) -> dict[str, Any]:
    """Which run is shown: its number, and whether that is another than the last, which is then offered."""
    run = playground.history.shown
    return {
        "run": run.n if run else 0,
        "opened": playground.shown_run is not None,
        "name": visible(run.name) if run else "",
        "pinned": bool(run and run.pinned),
        "note": visible(playground.history.notes),
    }


def code(playground: Playground) -> str:
    """The program of what is shown: of the run that was opened, or of the present settings."""
    opened = playground.history.opened
    return playground.code if opened is None else playground.code_of(opened) or NO_SETTINGS


def result(playground: Playground) -> dict[str, Any]:
    """The result of the run that is shown, or what is under way."""
    run = playground.history.shown
    if run is None or (playground.has_moved and playground.shown_run is None):  # of another connection, as the flow was
        return {"kind": "idle", "meta": "Result", "text": ""}
    if run.outcome == "running":
        waits = f" · waits for {visible(playground.waits_for)}" if playground.waits_for else ""
        draft = for_page(playground.answers.draft, redacting=True)
        answers = [{"who": "being drawn", "text": draft}] if draft else []
        meta = f"Running {visible(run.tool)}{waits}"
        return {"kind": "running", "meta": meta, "text": "", "answers": answers, "batch": _batch(playground, run, meta)}
    tool = visible(run.tool)
    many = len(run.samples) > 1
    metas = {
        "done": f"Result of {tool}",
        "tool failed": f"{tool} failed",
        "failed": f"{tool} gave no result",
        "cancelled": f"{tool} was cancelled",
    }
    parts = [
        *([f"from {run.came}"] if run.came else []),
        *([run.name] if run.name else []),
        *([run.in_part] if run.in_part else []),
        f"run {run.n}",
        redact(summary(run)),
        *([run.dials] if run.dials != "as asked" else []),
    ]
    return {
        "kind": run.outcome,
        "meta": f"{metas[run.outcome]} · {visible(' · '.join(parts))}",
        "ended": [_badge(each) | {"step": run.cut_at if each.kind == "warning" else 0} for each in run.ended],
        "answers": [
            {
                "who": visible(" · ".join(filter(None, (f"{i}" if many else "", sample.said_by)))),
                "text": for_page(sample.text, most=MOST_OF_AN_ANSWER, redacting=True),
                "ended": _badge(sample.ended),
            }
            for i, sample in enumerate(run.samples, run.before[0] + 1)
            if not run.sample  # asked again without the server, whose tool then made nothing of it: it is the result
        ][-MOST_ANSWERS:],
        "text": for_page(run.result, redacting=True),
        "pictures": run.pictures,
        "batch": _batch(playground, run, tool),
    }


def _batch(playground: Playground, run: Run, meta: str) -> dict[str, Any]:
    """Which runs were made with the same press as `run`; empty where it was made alone."""
    numbers = [each.n for each in batch_of(playground.runs, run)]
    return {"run": run.n, "meta": f"{meta} · runs {numbers[0]} to {numbers[-1]}"} if numbers else {}


def question(hand: ByHand) -> dict[str, Any]:
    """The question that a person is asked to answer in place of a model; empty without one."""
    asked, wrong = hand.open, hand.wrong
    if asked is None:
        return {}
    told = parts_of(ReviewRequest(asked.params, origin=asked.origin))
    return {
        "id": asked.number,
        "server": told["server"],
        "tool": told["tool"],
        "limit": asked.params.max_tokens,
        "tools": [tool.name for tool in asked.params.tools or ()],
        "model": hand.model,
        "wrong": [wrong.field, str(wrong)] if wrong else [],
        "parts": [[part["title"], for_page(part["text"], seen=True)] for part in told["parts"]],
    }


def history(playground: Playground) -> dict[str, Any]:
    """The history: a line for every run, the last one first, and why runs ended so, by the word for that. No key."""
    keys = playground.keys
    runs = sorted((run for run in playground.runs if run.outcome != "running"), key=lambda run: run.n, reverse=True)
    whys = {each.word: each.why for run in runs for each in run.ended if each.word != "refused" and not each.of_one}
    return {"runs": [_line(run, keys) for run in runs], "whys": without(redact(whys), keys)}


def _line(run: Run, keys: list[str]) -> dict[str, Any]:
    """The line of a run. It is made once, since all are looked at at each change."""
    if run.line is None or run.line[0] != keys:
        answer = " ".join(redact_shown(run.answers or run.result, 2_000).split())
        told = {
            "n": run.n,
            "name": visible(run.name),
            "pinned": run.pinned,
            "came": run.came,
            "server": visible(run.server),
            "tool": visible(run.tool),
            "wire": run.wire,
            "who": visible(" · ".join(part for part in (run.who, run.mark) if part)),
            "dials": visible(run.dials),
            "answer": for_page(f"{answer[:200]} …" if len(answer) > 200 else answer),
            "ended": [
                told if each.of_one else {name: told[name] for name in ("kind", "sign", "word")}
                for each, told in ((each, _badge(each)) for each in run.ended)
            ],
            "failed": run.outcome != "done",
            "tokens": f"{run.tokens}{' est.' if run.estimated else ''}",
            "time": duration(run.seconds),
            "sizes": {"tokens": run.tokens, "time": run.seconds},
        }
        run.line = keys, without(told, keys)
    return run.line[1]


def _badge(ended: Ended) -> dict[str, Any]:
    return {"kind": ended.kind, "sign": ended.sign, "word": visible(ended.word), "why": visible(redact(ended.why))}


def comparison(runs: list[Run]) -> dict[str, Any]:
    """Some runs side by side; of two the words that differ, and what differs step by step."""
    rows: list[list[Any]] = []
    for row in compare(runs) if runs else []:
        values = [for_page(value, most=4000, redacting=True) for value in row.values]
        sides = both(*values) if len(runs) == 2 else [[(value, False)] for value in values]
        rows.append([row.name, row.differs, [[[*part] for part in side] for side in sides]])
    flows = [redact_flow(run.flow) for run in runs if run.flow]
    if len(flows) == len(runs) == 2:
        rows += [[pair.name, pair.differs, [_side(pair, 0), _side(pair, 1)]] for pair in pairs(*flows)]
    return {"runs": [run.n for run in runs], "heads": [titled(run) for run in runs], "rows": rows}


def _side(pair: Pair, i: int) -> list[list[Any]]:
    """One side of a step: its number, and each value that differs behind its path."""
    step = (pair.one, pair.other)[i]
    parts = [(f"step {step.n}" if step else "no such step", step is None)]
    for each in pair.differences:
        parts += [
            (f"\n{each.path} ", False),
            *((text or "(none)", differs) for text, differs in (each.one, each.other)[i]),
        ]
    return [[visible(text), differs] for text, differs in parts]


def for_page(text: str, *, seen: bool = False, most: int = LONGEST, redacting: bool = False) -> str:
    """`text` with hidden characters made visible, and not too long for a page; `redacting`, without its secrets."""
    cut = redact_shown(text, most) if redacting else text[:most]
    more = f"\n… {len(text) - most:,} characters more, in the exports" if len(text) > most else ""
    return (cut if seen else visible(cut)) + more


def without(told: Any, keys: list[str]) -> Any:
    """`told`, which is for a page, without a key in any of the texts."""
    if isinstance(told, str):
        return without_keys(told, keys)
    if isinstance(told, dict):
        return {name: without(value, keys) for name, value in cast("dict[str, Any]", told).items()}
    if isinstance(told, list):
        return [without(each, keys) for each in cast("list[Any]", told)]
    return told
