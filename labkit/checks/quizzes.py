"""A question with choices that answers back."""

from dataclasses import dataclass

from labkit.plain import short


@dataclass(frozen=True)
class Question:
    """A question, its choices by letter, the right one, and what is said to each.

    `replies` holds a sentence for every choice: a wrong one is told why it is wrong. An entry `[quiz."2.4"]` of a
    lesson's file in labkit/course/ has these fields.
    """

    text: str
    choices: dict[str, str]
    right: str
    replies: dict[str, str]

    def letter(self, answer: object) -> str:
        """The choice that an answer names, whatever was given as one; "" where it names none."""
        given = answer.strip().lower() if isinstance(answer, str) else ""
        return given if given in self.choices else ""

    def reply(self, answer: object) -> str:
        """What to print: the question, and below it the sentence to an answer."""
        asked = "\n".join([self.text, *(f"  {key}  {choice}" for key, choice in self.choices.items())])
        if isinstance(answer, str) and not answer.strip():
            return asked
        if letter := self.letter(answer):
            return f"{asked}\n{'Right' if letter == self.right else 'Not quite'}: {self.replies[letter]}"
        *others, last = (f'"{key}"' for key in self.choices)
        return f"{asked}\n{short(repr(answer), 40)} is no choice here: answer with {', '.join(others)} or {last}."
