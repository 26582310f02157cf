"""What the rules of `with_guard` look at beside a request, and what they return."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mcp_types import CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.host.texts import dumped, texts
from labkit.numbers import checked_number, checked_whole
from labkit.plain import quoted
from labkit.secret_forms import redacted, redacted_across, redacted_number, redacted_words
from labkit.secret_forms.hidden import hidden, without_hidden
from labkit.secret_forms.in_json import changed

T = TypeVar("T", bound=CreateMessageRequestParams | Answer)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the client takes. `tools` and `context` say whether it declares `sampling.tools` and `sampling.context`.

    Raises:
        TypeError: `tools` or `context` is neither true nor false.
        ValueError: A bound is no number, or negative.
    """

    max_tokens: int = 4_096
    temperature: float = 2.0
    messages: int = 100
    characters: int = 100_000
    media: int = 5 * 1024**2
    values: int = 10_000
    tools: bool = False
    context: bool = False

    def __post_init__(self) -> None:
        checked_whole("max_tokens", self.max_tokens)
        checked_number("temperature", self.temperature)
        for name in ("messages", "characters", "media", "values"):
            checked_whole(name, getattr(self, name))
        for name in ("tools", "context"):
            if not isinstance(said := getattr(self, name), bool):
                raise TypeError(f"{name}={said!r}: say True where the client declares sampling.{name}, else False")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    Attributes:
        text: The finding in a few words, which quote no secret.
        data: Figures.
        mending: What was done about it: `redacted`, `taken out`.
        request: The request, mended.
        answer: The answer, mended.
        fair: Whether the server could not know better: it is not counted.
    """

    text: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    mending: str = ""
    request: CreateMessageRequestParams | None = None
    answer: Answer | None = None
    fair: bool = False

    @property
    def mended_text(self) -> str:
        """The text, with what was done about it."""
        return f"{self.text}, {self.mending}" if self.mending else self.text


def short(value: object) -> str:
    """A value that a server wrote, short and with nothing hidden."""
    return quoted(str(value), 41)


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def without_what_hides(subject: T) -> tuple[Finding | None, T]:
    """What is hidden in a request or an answer, wherever in it, and a copy from which that is taken out."""
    fields = dumped(subject)
    found = [(path, count) for path, text in texts(fields) if (count := hidden(text))]
    if not found:
        return None, subject
    places = list(dict.fromkeys(short(path) for path, _ in found))
    finding = Finding(
        counted(sum(count for _, count in found), "hidden character"), {"places": places[:20]}, "taken out"
    )
    return finding, type(subject).model_validate(changed(fields, lambda text, _: without_hidden(text)))


def without_secrets(subject: T, *, by_itself: bool = False) -> tuple[Finding | None, T]:
    """What looks like a secret in a request or an answer, and a copy with marks in its place.

    `by_itself`, its texts may speak of a password: only what is known by itself is one there. In free JSON all is.
    """
    kinds: Counter[str] = Counter()
    told = dumped(subject)
    # A secret may go on from one block to the next, and from one message to the next.
    blocks = [text for path, text in texts(told) if path.endswith(".text")]
    across = redacted_across(blocks, kinds, by_itself=by_itself)
    goes_on = {id(a): b for a, b in zip(blocks, across, strict=True)}
    clean = changed(
        told,
        lambda text, key: redacted(goes_on.get(id(text), text), kinds, key),
        number=lambda number, key: redacted_number(number, kinds, key),
        words=lambda words: redacted_words(words, kinds),
        said=lambda text, _: redacted(goes_on.get(id(text), text), kinds, by_itself=by_itself),
    )
    if not kinds:
        return None, subject
    found = ", ".join(counted(count, kind) for kind, count in kinds.items())
    return Finding(found, {"secrets": dict(kinds)}, "redacted"), type(subject).model_validate(clean)
