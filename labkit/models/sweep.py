"""`sweep(prompt)`: how an answer's variety and its probability change with the temperature, as a table."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from labkit.dial_table import Settings
from labkit.models.tiny import TinyModel
from labkit.models.token_reading import Reading
from labkit.models.token_words import TINY, percent
from labkit.models.trace import Traceable
from labkit.models.tracing import Prompt, as_request, drawing

TEMPERATURES = (0.0, 0.2, 0.5, 0.8, 1.0, 1.5, 2.0)
SEEDS = range(5)


@dataclass(frozen=True, slots=True)
class Point:
    """The answers at one temperature, one for each seed, and the geometric mean of the probabilities of each."""

    temperature: float
    texts: tuple[str, ...]
    probabilities: tuple[float, ...]

    @property
    def distinct(self) -> int:
        """How many different answers there are."""
        return len(set(self.texts))

    @property
    def distinct_2(self) -> float | None:
        """The share of different pairs of words among all pairs, 0 to 1; `None` where no answer has two words."""
        pairs = [pair for text in self.texts for pair in zip(text.split(), text.split()[1:], strict=False)]
        return len(set(pairs)) / len(pairs) if pairs else None

    @property
    def probability(self) -> float:
        """The answers' probability, as a mean over the seeds, 0 to 1."""
        return sum(self.probabilities) / len(self.probabilities)


@dataclass(frozen=True, slots=True)
class Sweep:
    """The answers to one request at several temperatures. `print(sweep)` is a table."""

    points: tuple[Point, ...]

    @property
    def number(self) -> int:
        """How many answers there are at each temperature."""
        return len(self.points[0].texts)

    @property
    def title(self) -> str:
        """The line above the charts and the table. It says whose answers they are: only the tiny model is swept."""
        return f"Answers of the {TINY.text} over the temperature"

    @property
    def alt(self) -> str:
        """The charts in words, for those who hear them."""
        first, last = self.points[0], self.points[-1]
        between = f"{len(self.points)} temperatures from {first.temperature:g} to {last.temperature:g}"
        told = [
            f"Variety and probability of an answer of the {TINY.text} at {between}, {self.number} seeds each.",
            f"Different answers: {first.distinct} of {self.number} at first, {last.distinct} of {self.number} at last.",
        ]
        if first.distinct_2 is not None and last.distinct_2 is not None:
            told.append(
                f"Different pairs of words: {percent(first.distinct_2, ' ')}, then {percent(last.distinct_2, ' ')}."
            )
        ends = f"{percent(first.probability, ' ')}, then {percent(last.probability, ' ')}"
        return " ".join([*told, f"Mean probability of a token: {ends}."])

    def __str__(self) -> str:
        rows = [("temperature", "different answers", "distinct-2", "probability of a token")]
        for point in self.points:
            pairs = "–" if point.distinct_2 is None else f"{point.distinct_2:.2f}"
            different = f"{point.distinct} of {self.number}"
            rows.append((f"{point.temperature:g}", different, pairs, percent(point.probability)))
        lines = ("  ".join(f"{cell:>{len(name)}}" for cell, name in zip(row, rows[0], strict=True)) for row in rows)
        return "\n".join([self.title, *lines])


def sweep(
    prompt: Prompt,
    temperatures: Iterable[float] = TEMPERATURES,
    seeds: Iterable[int] = SEEDS,
    model: Traceable | None = None,
    settings: Settings | None = None,
) -> Sweep:
    """Answer a request at several temperatures with several seeds, in about a tenth of a second an answer.

    Args:
        prompt: What a user says, or a whole sampling request.
        temperatures: The temperatures to try; they are put in order.
        seeds: The seeds; there is one answer for each, at every temperature.
        model: The tiny model, with defaults of your own.
        settings: The other dials.

    Raises:
        ValueError: There is no text to answer, no temperature, no seed, or a dial cannot stand there.
    """
    model, settings, request = model or TinyModel(), settings or Settings(), as_request(prompt)
    heats, numbers = sorted(set(temperatures)), list(seeds)
    if not heats or not numbers:
        raise ValueError("a sweep needs at least one temperature and one seed")

    def point(temperature: float) -> Point:
        texts, probabilities = list[str](), list[float]()
        # Without a draw there is nothing for the seed to change: at temperature 0 one answer is that of all seeds.
        for seed in numbers if temperature > 0 else numbers[:1]:
            drawn = drawing(model, request, replace(settings, temperature=temperature, seed=seed))
            reading = Reading(drawn.trace(model))
            texts.append(reading.trace.text)
            probabilities.append(reading.mean_probability)
        again = len(numbers) // len(texts)
        return Point(temperature, tuple(texts * again), tuple(probabilities * again))

    return Sweep(tuple(map(point, heats)))
