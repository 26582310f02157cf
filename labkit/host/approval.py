"""`with_approval`: a human in the loop.

There should always be a human who can deny a sampling request, who sees and may edit the prompt before it is sent and
the answer before it is delivered (specification 2025-11-25, client/sampling, User Interaction Model).
"""

import asyncio
import concurrent.futures
import inspect
from collections.abc import Awaitable, Callable
from copy import deepcopy
from typing import TypeVar, Union, cast
from weakref import WeakKeyDictionary

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams, ErrorData

from labkit.callbacks import Answer, name_of
from labkit.cutting import Latest
from labkit.errors import CallbackError, LabError, sentence
from labkit.host.duty import Duty, Remark, Result, inspected, refusal, remarks
from labkit.host.review import AllowServer, Approve, Decision, Edit, Refuse, ReviewRequest, checked, what_changed
from labkit.host.terminal import ask_in_terminal
from labkit.host.turns import Turns
from labkit.numbers import checked_seconds
from labkit.plain import short
from labkit.steps import Lane, origin, report, waiting_for

T = TypeVar("T", CreateMessageRequestParams, Result)

TIMEOUT = 50.0
"""Seconds that a human has for one decision, so that the sentence comes before a Lab's own `timeout=` of 60."""

SOONER = "Decide sooner"

DECISIONS = "It should return Approve(), Edit(...), Refuse(...) or AllowServer()."

Said = Union[Decision, "concurrent.futures.Future[Decision]", Awaitable["Said"]]
Ask = Callable[[ReviewRequest], Said]
"""The decider: a function, an async function, or one that returns a thread-safe future which a click settles."""


def with_approval(callback: SamplingFnT, *, ask: Ask = ask_in_terminal, timeout: float = TIMEOUT) -> "Approval":
    """Have a human review every request before the model sees it, and every answer before the server does.

        def small_ones_pass(request):
            return Approve() if request.params.max_tokens <= 100 else ask_in_terminal(request)

        with_approval(callback)                       # asks in the terminal; where there is none, refuses
        with_approval(callback, ask=small_ones_pass)  # asks about the rest
        with_approval(callback, ask=panel)            # asks in a widget

    What `ask` decides at once is told in the flow as a rule's word, and what has to be awaited as a human's. Several
    requests at once are reviewed one after the other, in the order in which they came. A request that is refused, or on
    which nobody decides in time, is answered with error -1 and a sentence.

    Args:
        callback: Who is asked once a request is approved.
        ask: Decides on a `ReviewRequest`. A widget returns a `concurrent.futures.Future`, and its click handler does
            nothing but `set_result(Approve())`; the future is cancelled when the review expires or its call ends.
        timeout: Seconds for one decision, counted from the moment in which it is that request's turn.

    Raises:
        TypeError: `ask` is no function.
        ValueError: `timeout` is no number of seconds above 0.
        WrongOrder: `callback` holds a duty that belongs outside: what a human approves is what the model then sees.
    """
    return Approval(callback, ask, timeout)


def checked_ask(ask: Ask) -> Ask:
    """`ask` itself.

    Raises:
        TypeError: `ask` is no function.
    """
    if not callable(ask) or isinstance(ask, type):
        raise TypeError(f"ask={ask!r} decides on nothing: give a function, such as ask=lambda request: Approve()")
    return ask


class Approval(Duty):
    """What `with_approval` makes."""

    asks_a_human = True

    def __init__(self, callback: SamplingFnT, ask: Ask, timeout: float) -> None:
        super().__init__(callback)
        self._ask = checked_ask(ask)
        self._decider = name if (name := name_of(ask)).isidentifier() else "the function given as ask="  # a lambda
        self.seconds = checked_seconds("timeout", timeout)
        self._turns = Turns(1, "its turn: a person decides on one request after the other", SOONER)
        self._allowed: WeakKeyDictionary[object, str] = WeakKeyDictionary()
        self._labs = Latest[str, None](2)

    @property
    def waiting(self) -> int:
        """How many reviews stand in line behind the one that is open."""
        return self._turns.waiting

    @property
    def allowed(self) -> frozenset[str]:
        """The names of the servers that pass without a review, each on the connection on which it was let pass.

        A name is what a server says of itself: another server of that name is reviewed.
        """
        return frozenset(self._allowed.values())

    def forget(self) -> None:
        """Review every server's requests again."""
        self._allowed.clear()

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Answer `params` as the human decides.

        Raises:
            CallbackError: `ask` raised, or decided nothing.
        """
        # What is shown, what is asked and what is sent are copies of their own: a server in this process, a decider and
        # the answerer still hold what they gave or got, and what they make of it after the decision changes nothing.
        params = params.model_copy(deep=True)
        approved = await self._reviewed(context, self._request(params), params)
        if isinstance(approved, ErrorData):
            return approved
        answer = await self.ask(self.inner[0], context, approved.model_copy(deep=True))
        if isinstance(answer, ErrorData):
            return answer
        answer, found = inspected(answer)
        if isinstance(answer, ErrorData):
            return answer
        answer = answer.model_copy(deep=True)
        return await self._reviewed(context, self._request(approved, answer, found), answer)

    def _request(
        self, params: CreateMessageRequestParams, answer: Result | None = None, found: tuple[Remark, ...] = ()
    ) -> ReviewRequest:
        lab = by.lab if (by := origin()) else ""
        self._labs[lab] = None
        return ReviewRequest(
            params.model_copy(deep=True),
            answer and answer.model_copy(deep=True),
            deepcopy(origin()),
            remarks() + found,
            self.seconds,
            lambda: self.waiting,
            lab if len(self._labs) > 1 else "",
        )

    async def _reviewed(self, context: ClientRequestContext, request: ReviewRequest, subject: T) -> T | ErrorData:
        """`subject`, or what the human put in its place, or a refusal."""
        if self._passes(context, request):
            return subject
        if self._turns.is_full:
            report("in line: a person decides on another", waiting=self.waiting + 1)
        async with self._turns:
            if self._passes(context, request):  # allowed while this one stood in line
                return subject
            decision, by = await self._decision(context, request)
        of_answer = "answer " if request.answer else ""
        match decision:
            case Approve():
                report(f"{of_answer}approved", source=by, target="callback")
                return subject
            case Edit():
                edited = self._edited(decision, request)
                fields = what_changed(subject, edited)
                report(f"{of_answer}approved, edited", source=by, target="callback", changed=fields)
                return cast("T", edited)
            case AllowServer():
                server = short(request.origin.server) if request.origin else "this server"
                self._allow(context, server)
                report(f"{of_answer}approved; {server} passes from now on", source=by, target="callback")
                return subject
            case Refuse(reason):
                verb = "withheld" if request.answer else "refused"
                report(f"{of_answer}{verb}{': ' if reason else ''}{reason}", source=by, target="callback")
                told = f"{verb.capitalize()}: {reason}" if reason else f"The user {verb} this {request.stage}."
                return refusal("person" if by == "you" else "approval", told)

    async def _decision(self, _context: ClientRequestContext, request: ReviewRequest) -> tuple[Decision, Lane]:
        """What `ask` says, or a refusal when it says nothing in time; and whose decision that is.

        Raises:
            CallbackError: `ask` raised, or said something else.
        """
        deadline = asyncio.timeout(self.seconds)
        by: Lane = "callback"  # what is said at once is a rule's word, and no human's
        try:
            said = self._ask(request)
            if not isinstance(said, concurrent.futures.Future) and not inspect.isawaitable(said):
                return await self._settled(said), by
            by = "you"
            about = " about the answer" if request.answer else ""
            report(f"asked a human{about}", target=by, waiting=self.waiting)
            with waiting_for(f"a person to decide on the {request.stage}", cure=SOONER, kind="person"):
                async with deadline:
                    return await self._settled(said), by
        except LabError:
            raise
        except Exception as error:
            if deadline.expired():
                return Refuse(f"nobody decided within {self.seconds:g} s."), "callback"
            raise CallbackError(
                f"{self._decider}, which decides on the {request.stage}, raised {sentence(error)}"
            ) from error

    async def _settled(self, said: Said) -> Decision:
        while not isinstance(said, Approve | Edit | Refuse | AllowServer):
            if isinstance(said, concurrent.futures.Future):
                said = await _clicked(said)
            elif inspect.isawaitable(said):
                said = await said
            else:
                raise CallbackError(f"{self._decider} returned {said!r}. {DECISIONS}")
        return said

    def _edited(self, edit: Edit, request: ReviewRequest) -> CreateMessageRequestParams | Result:
        try:
            return checked(edit, request)
        except (TypeError, ValueError) as error:
            raise CallbackError(f"{self._decider} cannot edit so: {sentence(error)}") from error

    def _passes(self, context: ClientRequestContext, request: ReviewRequest) -> bool:
        """Whether `request` needs no review."""
        session: object = getattr(context, "session", None)
        insists = any(remark.must_ask for remark in request.remarks)
        return not insists and session is not None and session in self._allowed

    def _allow(self, context: ClientRequestContext, server: str) -> None:
        session: object = getattr(context, "session", None)
        if session is not None:
            self._allowed[session] = server


async def _clicked(decision: "concurrent.futures.Future[Decision]") -> Decision:
    try:
        return await asyncio.wrap_future(decision)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return Refuse("the review was closed.")  # by whoever holds the future
