"""`with_policy`: what a server may do with the client's model, said once, as data.

What a policy says is done by the duties that there are: a guard looks, a queue and a budget count, tools are held to
the protocol, a person consents, a timeout ends.
"""

from typing import Literal

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import INVALID_PARAMS, CreateMessageRequestParams, ErrorData
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator

from labkit.callbacks import Answer
from labkit.host.approval import Ask
from labkit.host.budget import Budget, with_budget
from labkit.host.consent import Consent, Lasts, When
from labkit.host.duty import REFUSED, Duty, Remark, Result, inspecting, models_in, remarking
from labkit.host.findings import Bounds, short
from labkit.host.guard import Guard
from labkit.host.plain_answers import plain_answer
from labkit.host.queue import with_queue
from labkit.host.rules import RULES, Action
from labkit.host.switch import Stopped, Switch
from labkit.host.terminal import ask_in_terminal
from labkit.host.timeout import with_timeout
from labkit.host.tools import with_tools
from labkit.steps import report

IN_LINE = 16
"""Requests that wait for their turn; the next is turned away."""

MEDIA, MESSAGES, VALUES = 2 * 1024**2, 60, 3_000
"""Bytes of images and sounds, messages, and JSON values that a request may have."""


class Policy(BaseModel, frozen=True):
    """What one server may do. Its defaults are the policy that the kit recommends; it is read and written as JSON.

        Policy.model_validate_json('{"samples_per_call": 3, "ask": "always"}').model_dump_json(indent=2)

    Attributes:
        when: Who may sample: a server `"in a call"`, while a request of the client is open; `"always"`; `"never"`.
        models: Names of the models that may answer; `None` for all. A name that goes on, such as with a date, is meant
            too.
        max_tokens: The most that a request may ask for.
        samples_per_call: Samples for one tool call.
        samples_per_minute: Samples that may begin in a minute, of all connections together.
        samples: Samples in all; `None` without a limit.
        tokens: Tokens in all, of prompts and answers; `None` without a limit.
        seconds: For one answer of the model.
        rounds: Rounds of tools in one conversation.
        parallel: Samples that are answered at the same time, and tools that one answer may ask for.
        characters: Characters of a request.
        tools: Names of the tools that the server may offer to the model. Where there are none, the client does not
            declare that its model can use tools.
        context: What `includeContext` may be; another is left out.
        ask: When a person is asked: `"never"`; in `"doubt"`, about tools and what the guard remarked; about the
            `"first"` request, and each that is not like one that was approved; `"always"`, about the answers too.
        consent: How long an approval lasts: for this `"call"`, or as long as this `"connection"`. Where it is not known
            which call asks, the connection is the call.
        questions: How often a person is asked within a call, in ten minutes. Who is asked more often does not read any
            more; what comes then is refused.
        answers: `"plain"`: what would act in an answer is made text, as `labkit.host.plain_answers` says;
            `"as they are"`.
        rules: Actions of the guard's rules (`labkit.host.RULES`), where not their own.
    """

    model_config = ConfigDict(extra="forbid")

    when: Literal["in a call", "always", "never"] = "in a call"
    models: tuple[str, ...] | None = None
    max_tokens: PositiveInt = 4_096
    samples_per_call: NonNegativeInt = 16
    samples_per_minute: NonNegativeInt = 20
    samples: NonNegativeInt | None = 200
    tokens: NonNegativeInt | None = 200_000
    seconds: PositiveFloat = Field(default=45.0, allow_inf_nan=False)
    rounds: PositiveInt = 5
    parallel: PositiveInt = 4
    characters: PositiveInt = 50_000
    tools: tuple[str, ...] = ()
    context: tuple[Literal["none", "thisServer", "allServers"], ...] = ("none",)
    ask: When = "first"
    consent: Lasts = "call"
    questions: NonNegativeInt = 10
    answers: Literal["plain", "as they are"] = "plain"
    rules: dict[str, Action] = {}

    @field_validator("rules")
    @classmethod
    def _known(cls, rules: dict[str, Action]) -> dict[str, Action]:
        for name in rules:
            if name not in RULES:
                raise ValueError(f"there is no rule {name!r}; there are {', '.join(RULES)}")
        return rules


def with_policy(
    callback: SamplingFnT,
    policy: Policy | None = None,
    *,
    ask: Ask = ask_in_terminal,
    stop: Switch | None = None,
) -> "Policed":
    """Answer a server as far as `policy` lets it sample.

        with_policy(callback)                                               # as the kit recommends
        with_policy(callback, Policy(tools=("search_papers", "read_paper"), consent="connection"), ask=panel)

    What a policy does not allow is answered with an error and a sentence. Consent is remembered for a connection and
    its calls, and never by the name that a server gives itself: whoever connects anew is asked about anew. One such
    callback may serve several Labs; its limits then hold for all of them together.

    Args:
        callback: Who is asked.
        policy: What the server may do; `Policy()` where it is left out.
        ask: Decides on a `ReviewRequest`, as for `with_approval`.
        stop: Ends all that is under way, and has all that comes refused.

    Raises:
        TypeError: `policy` is no policy, or `ask` no function.
        ValueError: A model that `callback` names may not answer.
        WrongOrder: `callback` holds a duty that belongs outside, or one that the policy brings itself.
    """
    policy = Policy() if policy is None else policy
    if not isinstance(policy, Policy):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
        raise TypeError(f"policy={policy!r}: give a Policy(...), or Policy.model_validate(...) of what was read")
    return Policed(callback, policy, ask, stop or Switch())


class Policed(Duty):
    """What `with_policy` makes."""

    made_by = "with_policy"

    def __init__(self, callback: SamplingFnT, policy: Policy, ask: Ask, stop: Switch) -> None:
        self.policy, self.stop = policy, stop
        self.consent = Consent(
            with_timeout(callback, policy.seconds), ask, policy.ask, policy.consent, policy.questions
        )
        inner: Duty = self.consent
        if policy.tools:
            inner = with_tools(inner, max_rounds=policy.rounds, max_parallel=policy.parallel)
        self.budget: Budget = with_budget(
            inner,
            samples=policy.samples,
            tokens=policy.tokens,
            per_call=policy.samples_per_call,
            per_minute=policy.samples_per_minute,
        )
        rules: dict[str, Action] = {"unasked": "off"} if policy.when == "always" else {}
        self.guard = Guard(
            with_queue(self.budget, at_once=policy.parallel, waiting=IN_LINE),
            rules | policy.rules,
            Bounds(
                max_tokens=policy.max_tokens,
                characters=policy.characters,
                media=MEDIA,
                messages=MESSAGES,
                values=VALUES,
                tools=bool(policy.tools),
                context=set(policy.context) > {"none"},
            ),
        )
        super().__init__(self.guard)
        self.seconds = self.consent.seconds
        if policy.models is not None:
            for name in models_in(callback):
                if name and not self._may_answer(name):
                    raise ValueError(f"{name} may answer, and models={policy.models!r} does not name it")

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Answer `params` as far as the policy allows."""
        params, found, refused = self._of_request(params)
        if refused is not None:
            return self._refused(refused)
        try:
            async with self.stop.heeded():
                with remarking(found), inspecting(self._before_review):
                    answer = await self.ask(self.guard, context, params)
        except Stopped as reason:
            return self._refused(
                ErrorData(code=REFUSED, message=f"Stopped by the user{f': {reason}' if str(reason) else '.'}")
            )
        return self._of_answer(answer)

    def _refused(self, refused: ErrorData) -> ErrorData:
        report(f"refused: {refused.message}")
        return refused

    def _of_request(
        self, params: CreateMessageRequestParams
    ) -> tuple[CreateMessageRequestParams, list[Remark], ErrorData | None]:
        policy, found = self.policy, list[Remark]()
        if policy.when == "never":
            return params, found, ErrorData(code=REFUSED, message="The client's policy lets this server sample never.")
        others = [tool.name for tool in params.tools or () if tool.name not in policy.tools]
        if others and policy.tools:
            words = f"The client's policy takes the tools {', '.join(policy.tools)}, and not {short(others[0])}."
            return params, found, ErrorData(code=INVALID_PARAMS, message=words)
        wanted = params.include_context
        if wanted not in (None, *policy.context) and len(policy.context) > 1:
            found.append(Remark("context", f"includeContext was {short(wanted)}, left out"))
            params = params.model_copy(update={"include_context": None})
        return params, found, None

    def _may_answer(self, model: str) -> bool:
        return self.policy.models is None or any(model.startswith(name) for name in self.policy.models)

    def _before_review(self, answer: Result) -> tuple[Answer, tuple[Remark, ...]]:
        return self._of_answer(answer), ()

    def _of_answer(self, answer: Answer) -> Answer:
        if not isinstance(answer, ErrorData) and not self._may_answer(answer.model):
            words = f"The model {short(answer.model)} answered, and the client's policy does not take it."
            return self._refused(ErrorData(code=REFUSED, message=words))
        return plain_answer(answer) if self.policy.answers == "plain" else answer
