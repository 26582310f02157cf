"""A question with choices that answers back."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A question, its choices by letter, the right one, and what is said to each.

    `replies` holds a sentence for every choice: a wrong one is told why it is wrong.
    """

    text: str
    choices: dict[str, str]
    right: str
    replies: dict[str, str]

    def reply(self, answer: str) -> str:
        """What to print: the question when nothing was answered, else the sentence to the answer."""
        letter = answer.strip().lower()
        if not letter:
            return "\n".join([self.text, *(f"  {key}  {choice}" for key, choice in self.choices.items())])
        if letter not in self.choices:
            return f'"{answer}" is no choice here: answer with {", ".join(self.choices)}.'
        return f"{'Right' if letter == self.right else 'Not quite'}: {self.replies[letter]}"
