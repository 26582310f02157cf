"""`approval_panel()`: a human reviews what a server asks, on a page. In plain code: `ask_in_terminal`, or a policy.

    panel = approval_panel()
    lab = Lab(server, sampling_callback=with_approval(my_callback, ask=panel))
    panel  # as the last line of a cell

A panel is the `ask=` itself, and a policy may hand a request on: `return Approve() if is_harmless(request) else
panel(request)`. Several Labs may share a panel. `panel.under_review` is the request that is shown, and
`panel.decide(Approve())` decides in code.
"""

import asyncio
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from itertools import count
from threading import RLock
from time import monotonic
from typing import Any

import anywidget
import traitlets

from labkit.front_end import can_ask_a_person
from labkit.host import AllowServer, Approve, Ask, Decision, Edit, Refuse, ReviewRequest, render
from labkit.host.approval import Said
from labkit.host.review_reading import decision_of, reading
from labkit.plain import plain
from labkit.views.page import read_parts
from labkit.views.placed import Placed

NOBODY = "nobody is here to approve it: no page can be clicked. Give approval_panel a policy as headless=."

STORED = "Approval panel: what a server asks waits here for a person. It needs a notebook that runs."
"""The text stored beside the panel, for those who read the notebook where no kernel runs."""

LOOK = 0.25
"""Seconds between two looks at how many requests stand in line."""


EARLY = 0.02
"""Seconds by which a timer may come early: a tick of the clock, which takes 16 ms on Windows."""


def approval_panel(*, headless: Ask | None = None) -> "ApprovalPanel":
    """A panel on which requests are approved, edited and refused, and answers sent, edited and withheld.

        panel = approval_panel()
        lab = Lab(server, sampling_callback=with_approval(my_callback, ask=panel))
        panel

    A click reaches the kernel while a cell awaits and when it has returned, and not while a cell blocks.

    Args:
        headless: Decides where nobody can click, as under nbval and in a script; without it requests are refused there.

    Raises:
        TypeError: `headless` is no function.
    """
    if headless is not None and (not callable(headless) or isinstance(headless, type)):
        raise TypeError(f"headless={headless!r} decides on nothing: give a function, such as lambda request: Refuse()")
    return ApprovalPanel(headless)


class _Review:
    """One request that is under review."""

    def __init__(self, number: int, request: ReviewRequest) -> None:
        self.number = number
        self.request = request
        self.began = monotonic()
        self.said: Future[Decision | dict[str, Any]] = Future()

    @property
    def left(self) -> float:
        """Seconds until the review expires."""
        return max(0.0, self.request.timeout - (monotonic() - self.began))


class ApprovalPanel(Placed, anywidget.AnyWidget):
    """The panel that `approval_panel` makes: a widget, and an `ask=` for `with_approval`.

    Of a request nothing stays on the page, nor in a notebook that is saved with its widgets, once it is decided.
    """

    _esm = read_parts("page.js", "approval_panel.js")
    _css = read_parts("page.css", "approval_panel.css")

    review = traitlets.Dict().tag(sync=True)
    """The request under review, as `reading` has it; empty without one."""

    line = traitlets.Dict().tag(sync=True)
    """The line: how many requests wait, what became of the last, what could not be taken as it was typed, and the
    number of the review that ended last, where a click came too late for that; else 0."""

    def __init__(self, headless: Ask | None = None) -> None:
        self._headless = headless or _refuse
        self._attended = can_ask_a_person()
        self._numbers = count(1)
        self._lock = RLock()
        self._reviews: list[_Review] = []
        self._shown: _Review | None = None
        self._became = ""
        self._ended = self._late = 0
        """The numbers of the review that `_became` tells of, and of that for which the last click came too late."""
        self._fault: list[Any] = [0, ""]
        super().__init__(line=self._line())
        self.on_msg(self._told)

    def __call__(self, request: ReviewRequest) -> Said:
        """Ask the person before the page, or, where there is none, the policy for headless runs."""
        if not self._attended:
            return self._headless(request)
        return self._decided(_Review(next(self._numbers), request))

    @property
    def under_review(self) -> ReviewRequest | None:
        """The request under review; `None` without one."""
        reviews = self._reviews
        return reviews[0].request if reviews else None

    @property
    def waiting(self) -> int:
        """How many requests stand in line behind the one under review."""
        reviews = list(self._reviews)
        return sum(review.request.waiting() for review in reviews) + max(0, len(reviews) - 1)

    def decide(self, decision: Decision) -> None:
        """Decide on the request under review, as a click does. Does nothing when that was decided already.

        Raises:
            LookupError: Nothing is under review.
        """
        reviews = self._reviews
        if not reviews:
            raise LookupError("nothing is under review")
        _settle(reviews[0].said, decision)

    def close(self) -> None:
        """Refuse the request under review and take the panel off the page. More than once does no harm."""
        self._attended = False
        for review in list(self._reviews):
            review.said.cancel()
        super().close()

    async def _decided(self, review: _Review) -> Decision:
        request, became = review.request, "The call ended before it was decided."
        self._reviews.append(review)
        try:
            while True:
                said = await self._said(review)
                try:
                    decision = decision_of(said, request) if isinstance(said, dict) else said
                except ValueError as error:
                    review.said = Future()
                    self._fault = [self._fault[0] + 1, str(error)]
                    continue
                became = _became(decision, request)
                return decision
        except asyncio.CancelledError:
            if review.left < EARLY:
                became = f"Nobody decided within {request.timeout:g} s, so it was refused."
            if review.said.done() and not review.said.cancelled():
                self._late = review.number  # decided in the moment in which it ended
            raise
        finally:
            self._reviews.remove(review)
            self._became, self._ended = became, review.number
            self._show()

    async def _said(self, review: _Review) -> "Decision | dict[str, Any]":
        """The decision on `review`. Meanwhile the page is told how many requests wait."""
        answer = asyncio.wrap_future(review.said)
        try:
            while not answer.done():
                self._show()
                await asyncio.wait([answer], timeout=LOOK)
            return Refuse("the review was closed.") if answer.cancelled() else answer.result()
        finally:
            answer.cancel()

    def _show(self) -> None:
        """Tell the page what has changed."""
        with self._lock:
            first = self._reviews[0] if self._reviews else None
            if first is not self._shown:
                self._shown = first
                self.review = self._reading(first)
            self.line = self._line()

    def _reading(self, review: _Review | None) -> dict[str, Any]:
        if review is None:
            return {}
        timeout = review.request.timeout
        return {"id": review.number, "left": review.left, "timeout": timeout, **reading(review.request)}

    def _line(self) -> dict[str, Any]:
        late = self._late if self._late == self._ended else 0
        return {"waiting": self.waiting, "became": self._became, "fault": self._fault, "late": late}

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """The widget's state, as ipywidgets has it, with the time left now for a page that asks for everything."""
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        shown = self._shown
        if shown is not None and state.get("review"):
            state["review"] = {**state["review"], "left": shown.left}
        return state

    def _told(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        """Hear that a page was opened, or clicked: a click may cross with the end of the review. Runs on any thread."""
        self._attended = True
        number = message.get("id")
        if not isinstance(number, int):
            return
        if not any(_settle(review.said, message) for review in list(self._reviews) if review.number == number):
            self._late = number
            self._show()

    def __repr__(self) -> str:
        return "<ApprovalPanel>"

    def stored(self) -> dict[str, str]:
        return {"text/plain": STORED}

    def __str__(self) -> str:
        return render(request) if (request := self.under_review) else "nothing is under review"


def _settle(said: "Future[Any]", decision: object) -> bool:
    """Decide. Returns whether that was still to be done: there are double clicks, and clicks that come too late."""
    with suppress(InvalidStateError):
        said.set_result(decision)
        return True
    return False


def _refuse(_: ReviewRequest) -> Decision:
    return Refuse(NOBODY)


def _became(decision: Decision, request: ReviewRequest) -> str:
    """The outcome of a review, in a sentence."""
    of_answer = request.stage == "answer"
    server = plain(request.origin.server) if request.origin else "this server"
    match decision:
        case Approve():
            return "The answer was sent." if of_answer else "The request was approved."
        case Edit():
            return "The answer was sent as edited." if of_answer else "The request was approved as edited."
        case AllowServer():
            return f"Approved. {server} passes from now on."
        case Refuse():
            return "The answer was withheld." if of_answer else "The request was refused."
