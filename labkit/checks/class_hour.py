"""A class of thirty at one model, played through without waiting: who is answered, how late, and who is not.

Each student has a budget of samples a minute; one queue and one time-out behind it are everybody's, as in

    with_budget(with_queue(with_timeout(model, timeout), at_once=at_once, waiting=waiting), per_minute=per_minute)

tests/checks/test_lesson_09.py holds this arithmetic against these duties.
"""

import heapq
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

STUDENTS, CORES, SECONDS = 30, 2, 300.0
AT_A_TIME = 40
"""Calls that the first student's loop makes at once; each that ends is made again a second later."""
HANGS = 25
"""Of so many requests, one is never answered."""

SMOLLM = (
    1.66, 1.34, 1.42, 2.0, 2.58, 2.39, 1.64, 1.98, 2.14, 0.99, 0.86, 1.26, 2.64, 1.1, 1.15, 0.96, 2.88, 1.05,
    1.16, 0.97, 1.25, 2.62, 1.14, 1.1, 0.96, 2.86, 2.24, 2.76, 1.01, 1.52, 2.4, 2.58, 2.43, 1.92, 2.32, 1.36,
)  # fmt: skip
"""Seconds of one processor core that SmolLM took to explain the sample lines, each with four seeds. 2026-11-30."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a class; each is an argument of a duty."""

    per_minute: int
    at_once: int
    waiting: int
    timeout: float


@dataclass
class Hour:
    """A class as it is played; afterwards, what became of it.

    Attributes:
        became: Of the calls of the 29 whose cells do not loop, how many were `answered`, `refused` by their budget,
            `turned away` by the queue, `cut` by the time-out though an answer would have come, or `hung`.
        longest: Seconds that one of these took at most, in line and with the model.
        loop: Calls of the student with the loop that were answered.
    """

    times: Sequence[float]
    limits: Limits
    random: Random
    became: Counter[str] = field(default_factory=Counter[str])
    longest: float = 0.0
    loop: int = 0

    def __post_init__(self) -> None:
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._begun = [deque[float]() for _ in range(STUDENTS)]
        self._lines: dict[int, deque[float]] = {}
        self._under_way, self._planned = 0, 0
        for student in range(STUDENTS):
            for _ in range(1 if student else AT_A_TIME):
                self._plan(self.random.uniform(0, 3), student)
        while self._events:
            now, _, happens = heapq.heappop(self._events)
            happens(now)

    @property
    def share(self) -> float:
        """The part of all answers that the loop was given."""
        return self.loop / max(1, self.loop + self.became["answered"])

    def _plan(self, when: float, student: int) -> None:
        if when < SECONDS:
            self._at(when, lambda now: self._ask(now, student))

    def _at(self, when: float, happens: Callable[[float], None]) -> None:
        self._planned += 1
        heapq.heappush(self._events, (when, self._planned, happens))

    def _ask(self, now: float, student: int) -> None:
        begun = self._begun[student]
        while begun and now - begun[0] >= 60:
            begun.popleft()
        if len(begun) >= self.limits.per_minute:
            return self._over(now, student, now, "refused")
        begun.append(now)
        if self._under_way < self.limits.at_once:
            return self._begin(now, student, now)
        if sum(map(len, self._lines.values())) >= self.limits.waiting:
            return self._over(now, student, now, "turned away")
        return self._lines.setdefault(student, deque()).append(now)

    def _begin(self, now: float, student: int, since: float) -> None:
        self._under_way += 1
        hangs = self.random.randrange(HANGS) == 0
        # So many as there are cores go at full speed; of more, each has its part of them.
        takes = self.random.choice(self.times) * max(1.0, self._under_way / CORES)
        in_time = takes < self.limits.timeout and not hangs
        how = "answered" if in_time else "hung" if hangs else "cut"
        self._at(now + (takes if in_time else self.limits.timeout), lambda then: self._end(then, student, since, how))

    def _end(self, now: float, student: int, since: float, how: str) -> None:
        self._under_way -= 1
        self._over(now, student, since, how)
        if self._lines:  # the students come in turn, and of one whoever came first
            following = next(iter(self._lines))
            line = self._lines.pop(following)
            first = line.popleft()
            if line:
                self._lines[following] = line
            self._begin(now, following, first)

    def _over(self, now: float, student: int, since: float, how: str) -> None:
        if not student:
            self.loop += how == "answered"
            return self._plan(now + 1, student)
        self.became[how] += 1
        self.longest = max(self.longest, now - since)
        return self._plan(now + self.random.uniform(25, 50), student)
