"""`Limit`: what is known of the limit of an answer's tokens, and so who cut an answer that was cut, and what to do.

Four may set it, one after the other: the server in its request, the client's dial, a person who reviews the request,
and the callback as it asks a model. A model has room of its own besides.
"""

from dataclasses import dataclass

from labkit.steps import HostStep

MID = "it may end in mid-sentence"
FALLBACK = "fallback"
"""Who answers, where that is the one who is asked when the chosen one has failed."""


@dataclass(slots=True)
class Limit:
    """The limit of one answer's tokens, on its way from the server's request to a model.

    Attributes:
        who: Who was asked last: an id of the table of answerers, or `FALLBACK`; empty where nobody was.
        dialled: The limit as the dial left it; `None` where that is not known.
        told: The limit with which a model says that it was asked last; `None` where none says so.
        spent: The number of tokens of its answer, as it told.
        ended: The stop reason that it told.
    """

    who: str = ""
    dialled: int | None = None
    told: int | None = None
    spent: int | None = None
    ended: str = ""

    def hear(self, step: HostStep) -> None:
        """Take what a model tells as it is asked, and as it has answered. Of several the last one counts."""
        if (step.source, step.target) == ("callback", "model"):
            self.told, self.spent, self.ended = _whole(step.data.get("max_tokens")), None, ""
        elif (step.source, step.target) == ("model", "callback") and "output_tokens" in step.data:
            self.spent = _whole(step.data["output_tokens"])
            self.ended = reason if isinstance(reason := step.data.get("stop_reason"), str) else ""

    @property
    def at(self) -> int | None:
        """The number of tokens at which the answer was cut; `None` where nobody tells."""
        return self.told if self.told is None or self.spent is None else min(self.told, self.spent)

    def why_cut(self, asked: int, seen: int) -> str:
        """Who cut an answer whose stop reason is `maxTokens`, and what to do, in a sentence or two.

        Args:
            asked: The tokens that the server asked for at most.
            seen: The tokens at most with which the request came to the answerer.
        """
        told = self.told
        if self.who == "hand":
            return (
                "You told this stop reason yourself (maxTokens), and nothing was counted. Choose endTurn for an answer "
                "that is whole."
            )
        if not self.who:
            return (
                "Nobody was asked: the cache has kept this answer of an earlier sample, and it was cut there (stop "
                f"reason maxTokens, {seen:,} tokens at most). Turn the cache off, or change the request."
            )
        if self.ended and self.ended != "maxTokens":
            return (
                f"{self._asker} tells the stop reason maxTokens, and the model that it asked had told {self.ended}: "
                "nothing was cut there. Hand on the model's own stop reason."
            )
        if told is None:
            return f"{self._untold(seen)} {self._before(asked, seen)}".strip()
        if self.spent is not None and self.spent < told:
            return (
                f"The model ended after {self.spent:,} of the {told:,} tokens that it was asked for (stop reason "
                f"maxTokens): its own room for a prompt and an answer was full, or its provider has a limit; {MID}. "
                "Send a shorter prompt, or choose a model with more room."
            )
        used_up = f"These were used up (stop reason maxTokens): {MID}."
        if told == seen:
            return f"{self._set(asked, seen)} {used_up} {self._cure(asked, seen)}"
        allowed = "the server" if seen == asked else "the client"
        if told < seen:
            return (
                f"{self._asker} asked the model for {told:,} of the {seen:,} tokens that {allowed} allowed. {used_up} "
                "Hand on params.max_tokens, or more of it."
            )
        return (
            f"{self._asker} asked the model for {told:,} tokens, where {allowed} allowed {seen:,}. {used_up} A client "
            "must respect the server's limit: hand on params.max_tokens, and ask for a shorter answer."
        )

    @property
    def _asker(self) -> str:
        return {"own": "Your callback", FALLBACK: "The one who is asked as the fallback"}.get(self.who, "The answerer")

    def _untold(self, seen: int) -> str:
        """Of an answer whose answerer tells no model's limit."""
        return (
            f"{self._asker} tells the stop reason maxTokens and not at how many tokens; {seen:,} were allowed. Look "
            "there for a limit or a stop reason of its own."
        )

    def _turned(self, asked: int) -> bool:
        return self.dialled is not None and self.dialled != asked

    def _set(self, asked: int, seen: int) -> str:
        """Who has set the limit with which the request came to the answerer."""
        before = asked if self.dialled is None else self.dialled
        if seen != before:
            who = "The dial or a review" if self.dialled is None else "The review"
            return f"{who} set {seen:,} tokens, where the request had {before:,}."
        if self._turned(asked):
            return f"The dial for max tokens stood at {seen:,}, and the server asked for {asked:,}."
        return f"The server asked for {asked:,} tokens at most, and the client must respect that."

    def _cure(self, asked: int, seen: int) -> str:
        if seen != (asked if self.dialled is None else self.dialled):
            return "Approve it with more, up to what the server asked for."
        if self._turned(asked) and seen < asked:
            return "Set the dial to as asked."
        return "No dial gives more: have the server ask for more, or for a shorter answer."

    def _before(self, asked: int, seen: int) -> str:
        return "" if seen == asked else f"{self._set(asked, seen)} {self._cure(asked, seen)}"


def _whole(value: object) -> int | None:
    """`value`, where it can be a number of tokens: a step may hold anything."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9 else None
