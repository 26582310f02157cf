"""Finds the loops of tools in a call: which request goes on with which, and what was asked for of what is told.

A server that offers tools runs what the model asks for and asks again, and each request carries the whole conversation
once more (specification 2025-11-25, client/sampling, Multi-turn Tool Loop). Which request goes on with which is told by
a digest of each beginning of its messages, so nothing is compared twice. A use or a result that no answer of the call
asked for is kept apart: the server made it up.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, cast

from labkit.cutting import Latest
from labkit.diagram import Step, json_object
from labkit.loops import Loop, Turn, Use
from labkit.steps import ELSEWHERE

SAMPLING = "sampling/createMessage"
OPEN = 10_000
"""Beginnings and samples that are remembered: a flow that is shown may go on without an end."""

MOST_ALIKE = 50
"""Turns with the same beginning that are told apart."""

MOST_NAMES = 1_000
"""Tools whose uses are counted, each by its name."""

Place = tuple[Loop, Turn]


def loops_of(steps: Iterable[Step]) -> tuple[Loop, ...]:
    """The loops in the steps of a call, in the order in which they began."""
    reader, found = LoopReader(keep=None), dict[int, Loop]()
    for step in steps:
        found.update((loop.number, loop) for loop, _ in reader.read(step))
    return tuple(found[number] for number in sorted(found))


class LoopReader:
    """Reads the steps of a call one after the other, and tells which turns of which loops each of them changes.

    Args:
        keep: How many turns of a loop are kept; `None` keeps all.
    """

    def __init__(self, *, keep: int | None = 2) -> None:
        self._keep = keep
        self._loops = 0
        self._is_whole: bool | None = None
        self._samples: dict[str, int] = Latest(OPEN)
        self._turns: dict[int, tuple[Loop, Turn, object]] = Latest(OPEN)
        self._open: dict[int, Place] = Latest(OPEN)
        self._waiting: dict[object, list[Place]] = Latest(OPEN)
        self._length_of: dict[int, int] = Latest(OPEN)
        self._lengths: Counter[int] = Counter()
        """How many loops have so many messages: where the beginning of a request may be one of theirs."""

    def read(self, step: Step) -> list[Place]:
        """The turns that `step` begins or changes; `step` follows all that were read before."""
        if self._is_whole is None:
            self._is_whole = step.source == "you"
        if step.kind == "fault" or step.label == ELSEWHERE:
            self.miss()
        if step.kind == "host":
            return self._host(step) if step.samples or step.target == "you" else []
        if not step.samples or step.kind not in ("question", "answer"):
            return []
        is_request = "method" in step.data
        if step.kind == "question":
            requests = {"": step.data} if is_request else _members(step.data, "result", "inputRequests")
            asked = {key: request for key, request in requests.items() if request.get("method") == SAMPLING}
            places: list[Place] = []
            for sample, (key, request) in zip(step.samples, asked.items(), strict=False):
                self._samples[key] = sample
                places += self._question(step, sample, json_object(request.get("params")))
            return places
        if not is_request:
            return self._answer(step, step.samples[0], json_object(step.data.get("result")))
        answers = _members(step.data, "params", "inputResponses").items()
        told = ((self._samples.get(key), answer) for key, answer in answers)
        return [place for each in told if each[0] in step.samples for place in self._answer(step, *each)]

    def miss(self) -> None:
        """Steps are missing here, so that what no answer asks for may have been asked for nevertheless."""
        self._is_whole = False
        for loop, _, _ in self._turns.values():
            loop.is_whole = False

    def _question(self, step: Step, sample: int, params: dict[str, Any]) -> list[Place]:
        messages = _listed(params.get("messages"))
        if not params.get("tools") and not any(map(_is_of_tools, _blocks(messages))):
            return []
        is_part = bool(step.sha256)
        head, digests = _head(params, messages), {} if is_part else _digests(messages, self._lengths)
        found, known, is_by_uses = self._goes_on(messages, digests, head)
        if found is None:
            self._loops += 1
            loop = Loop(self._loops, bool(self._is_whole))
        else:
            loop = found[0]
        loop.is_cut = loop.is_cut or is_part
        loop.count += 1
        mode = json_object(params.get("toolChoice")).get("mode")
        choice = mode if mode in ("none", "required") else "auto"
        turn = Turn(loop.count, sample, step.n, choice if params.get("tools") else "none")
        turn.is_changed = is_by_uses and not loop.is_cut
        is_end_kept = bool(messages) and isinstance(messages[-1], dict)
        if found is None or is_end_kept:
            self._pair(loop, found[1].uses if found else [], turn, messages[known:])
        for use in found[1].uses if found and is_part else ():
            use.is_lost = use.result is None
        loop.turns.append(turn)
        if self._keep is not None:
            del loop.turns[: -self._keep]
        self._turns[sample], self._open[sample] = (loop, turn, head), (loop, turn)
        if digests:
            self._wait(digests[len(messages)], (loop, turn))
            self._lengths.update([len(messages)])
            self._lengths -= Counter([self._length_of.get(loop.number, 0)])
            self._length_of[loop.number] = len(messages)
        return [*([found] if found else []), (loop, turn)]

    def _goes_on(
        self, messages: Sequence[object], digests: dict[int, bytes], head: object
    ) -> tuple[Place | None, int, bool]:
        """The turn with which a request goes on, how many of its messages are told before its own, and whether it is
        by the uses of that turn alone, and not by its conversation."""
        for known, digest in digests.items():
            places = [place for place in self._waiting.get(digest, ()) if place[0].turns[-1] is place[1]]
            if known == len(messages):  # the same once more, which is another conversation, but after an error
                places = [place for place in places if place[1].end]
            if places:
                ids = {_text(block.get("id")) for block in _blocks(messages[known:])}
                rank = [(not ids.isdisjoint(use.id for use in turn.uses), turn.is_answered) for _, turn in places]
                return places[rank.index(max(rank))], known, False
        known = _last_use(messages)
        last = [block for block in _blocks(messages[known:]) if block.get("type") == "tool_use"]
        if digests:
            found = self._first(_key(block) for block in last)
        else:  # it was kept in part: the ids of its last uses, or how it begins
            found = self._first([*((head, _text(block.get("id"))) for block in last), head])
        return (found, known, True) if found else (None, 0, False)

    def _first(self, keys: Iterable[object]) -> Place | None:
        waiting = (place for key in keys for place in self._waiting.get(key, ()))
        return next((place for place in waiting if place[0].turns[-1] is place[1] and place[1].uses), None)

    def _wait(self, key: object, place: Place) -> None:
        places = [each for each in self._waiting.get(key, ()) if each[0].turns[-1] is each[1]]
        self._waiting[key] = [*places[1 - MOST_ALIKE :], place]

    def _pair(self, loop: Loop, uses: Sequence[Use], turn: Turn, news: Sequence[object]) -> None:
        """Give each of the `uses` its result; what is new and belongs to none of them nobody asked for."""
        asked, by_id = list(uses), dict[str, list[Use]]()
        for block in _blocks(news):
            if block.get("type") == "tool_use":
                use = _use(block)
                of_id = (each for each in asked if each.id == use.id)
                same = next((each for each in of_id if loop.is_cut or _is_same(each, use)), None)
                if same is None:
                    turn.added.append(use)
                else:
                    asked.remove(same)
                by_id.setdefault(use.id, []).append(same or use)
            elif block.get("type") == "tool_result":
                id_ = _text(block.get("toolUseId"))
                of_id = by_id.get(id_) or [each for each in asked if each.id == id_]
                use = next((each for each in of_id if each.result is None), None)
                if use is None:
                    turn.added.append(use := Use(id_, "", ""))
                use.result, use.is_error = _words(block), block.get("isError") is True
        loop.added += len(turn.added)

    def _answer(self, step: Step, sample: int | None, answer: dict[str, Any]) -> list[Place]:
        loop, turn, head = self._turns.get(sample or 0, (None, None, None))
        if loop is None or turn is None or turn.is_answered:
            return []
        self._open.pop(turn.sample, None)
        error = json_object(step.data.get("error"))
        if error:
            turn.end = turn.end or f"error {error.get('code')}: {_text(error.get('message'))}"
            return [(loop, turn)]
        turn.is_answered, turn.end = True, ""
        loop.is_cut = loop.is_cut or bool(step.sha256)
        blocks = list(_blocks([answer]))
        turn.said = "\n".join(_word(block) for block in blocks if block.get("type") != "tool_use")
        for block in (block for block in blocks if block.get("type") == "tool_use"):
            turn.uses.append(use := _use(block))
            loop.names[use.name if use.name in loop.names or len(loop.names) < MOST_NAMES else "others"] += 1
            self._wait(_key(block), (loop, turn))
            self._wait((head, use.id), (loop, turn))
        self._wait(head, (loop, turn))
        return [(loop, turn)]

    def _host(self, step: Step) -> list[Place]:
        if (step.source, step.target, step.reply) == ("client", "you", True):
            over = list(self._open.values())
            for _, turn in over:
                turn.end = turn.end or "no answer: the call is over"
            self._open.clear()
            return over[-MOST_ALIKE:]
        places: list[Place] = []
        for loop, turn, _ in (self._turns[sample] for sample in step.samples if sample in self._turns):
            tokens, error = step.data.get("output_tokens"), step.data.get("error")
            if type(tokens) is int:
                turn.tokens, loop.tokens = (turn.tokens or 0) + tokens, (loop.tokens or 0) + tokens
            if error is not None and (step.source, step.target) == ("callback", "client"):
                turn.end = step.label
            if type(tokens) is int or turn.end:
                places.append((loop, turn))
        return places


def _members(data: dict[str, Any], outer: str, inner: str) -> dict[str, dict[str, Any]]:
    return {key: json_object(each) for key, each in json_object(json_object(data.get(outer)).get(inner)).items()}


def _listed(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _blocks(messages: Iterable[object]) -> Iterator[dict[str, Any]]:
    """The blocks of messages, or of answers: their content is one block or a list."""
    for message in messages:
        content = json_object(message).get("content")
        yield from (block for block in (content if isinstance(content, list) else [content]) if isinstance(block, dict))


def _is_of_tools(block: dict[str, Any]) -> bool:
    return block.get("type") in ("tool_use", "tool_result")


def _last_use(messages: Sequence[object]) -> int:
    """The place of the last message that uses a tool; behind the last one where none does."""
    places = range(len(messages) - 1, -1, -1)
    used = (place for place in places if any(b.get("type") == "tool_use" for b in _blocks(messages[place : place + 1])))
    return next(used, len(messages))


def _digests(messages: Sequence[object], lengths: Iterable[int]) -> dict[int, bytes]:
    """The digest of each beginning of so many messages that there is, and of all of them; the longest comes first."""
    digest, before, found = blake2b(digest_size=16), 0, dict[int, bytes]()
    for length in sorted({length for length in lengths if 0 < length < len(messages)} | {len(messages)}):
        told = _json(messages[before:length], sort=True)  # in one piece, and in the same bytes however it is cut
        digest.update(f"{told[1:-1]}, ".encode("utf-8", "surrogatepass"))
        found[length], before = digest.digest(), length
    return dict(reversed(found.items()))


def _head(params: dict[str, Any], messages: Sequence[object]) -> object:
    """How a request begins, in what is kept of it also in part."""
    first = next((block.get("text") for block in _blocks(messages[:1])), None)
    return "head", _text(params.get("systemPrompt"))[:40], _text(first)[:40]


def _use(block: dict[str, Any]) -> Use:
    return Use(_text(block.get("id")), _text(block.get("name")) or "?", _json(block.get("input")))


def _key(block: dict[str, Any]) -> object:
    return _text(block.get("id")), _text(block.get("name")), _json(block.get("input"), sort=True)


def _is_same(asked: Use, told: Use) -> bool:
    """Whether a use that a server tells is what was asked for; 1.0 may have become 1 on the way."""
    if asked.name != told.name:
        return False
    try:
        return asked.input == told.input or json.loads(asked.input) == json.loads(told.input)
    except (ValueError, RecursionError):
        return False


def _words(block: dict[str, Any]) -> str:
    """The text of a result."""
    content = _listed(block.get("content"))
    if not content and block.get("structuredContent") is not None:
        return _json(block["structuredContent"])
    return "\n".join(_word(json_object(each)) for each in content)


def _word(block: dict[str, Any]) -> str:
    return _text(block.get("text")) if block.get("type") == "text" else f"[{_text(block.get('type'))}]"


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else _json(value)


def _json(value: object, *, sort: bool = False) -> str:
    """`value` as JSON; sorted, it is the same for what is the same."""
    try:
        return json.dumps(value, sort_keys=sort, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return f"⟨{type(value).__name__}⟩"
