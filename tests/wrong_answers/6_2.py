"""Exercise 6.2: a budget of samples round a callback."""

import asyncio

from mcp.types import CreateMessageRequestParams, CreateMessageResult, ErrorData, TextContent

_spent = {}


def _over(samples):
    return ErrorData(code=-1, message=f"The budget of {samples} samples is spent.")


def _is_refusal(answer):
    return isinstance(answer, ErrorData)


def _budget(callback, samples, *, is_spent=lambda left: left == 0, over=_over, given_back=1, refused=_is_refusal):
    """A budget as it should be, but for what a mistake hands in."""
    left = samples

    async def within_budget(context, params):
        nonlocal left
        if is_spent(left):
            return over(samples)
        left -= 1
        answer = await callback(context, params)
        if refused(answer):
            left += given_back
        return answer

    return within_budget


def another_code(callback, samples):
    """Refuses with a code of HTTP.

    The refusal has the code 429.
    """
    return _budget(callback, samples, over=lambda _: ErrorData(code=429, message="The budget is spent."))


def asks_first(callback, samples):
    """Asks the callback before it looks whether it may.

    only after the callback was asked and paid for
    """
    left = samples

    async def within_budget(context, params):
        nonlocal left
        answer = await callback(context, params)
        if left == 0:
            return _over(samples)
        left -= not isinstance(answer, ErrorData)
        return answer

    return within_budget


async def async_itself(callback, samples):
    """Writes `async` before the function that makes the callback.

    my_budget is itself an `async def`
    """
    return _budget(callback, samples)


def counts_afterwards(callback, samples):
    """Counts a sample when it is answered: until then any number may be under way.

    and the callback was asked 100 times
    """
    left = samples

    async def within_budget(context, params):
        nonlocal left
        if left == 0:
            return _over(samples)
        answer = await callback(context, params)
        if not isinstance(answer, ErrorData):
            left -= 1
        return answer

    return within_budget


def counts_refusals(callback, samples):
    """Makes a refusal cost a sample.

    and request 3 was refused by you. Give the sample back
    """
    return _budget(callback, samples, given_back=0)


def drops_the_system_prompt(callback, samples):
    """Hands the request on without its system prompt.

    than what came in: systemPrompt changed.
    """
    return _budget(
        lambda context, params: callback(context, params.model_copy(update={"system_prompt": None})), samples
    )


def forgets_the_answer(callback, samples):
    """Lets the answer go.

    Return what the callback answers, or an ErrorData.
    """
    budget = _budget(callback, samples)

    async def within_budget(context, params):
        answer = await budget(context, params)
        if answer == _over(samples):
            return answer

    return within_budget


def gives_back_twice(callback, samples):
    """Gives two samples back for one refusal.

    a budget of 2 samples gave another
    """
    return _budget(callback, samples, given_back=2)


def hides_the_context(callback, samples):
    """Keeps the context from the callback.

    The callback was given another context
    """
    return _budget(lambda context, params: callback(None, params), samples)


def gives_back_what_was_left_before(callback, samples):
    """Puts back the number that it read before the `await`, and others have counted since.

    not to what was left before the `await`
    """
    left = samples

    async def within_budget(context, params):
        nonlocal left
        before = left
        if before == 0:
            return _over(samples)
        left = before - 1
        answer = await callback(context, params)
        if isinstance(answer, ErrorData):
            left = before
        return answer

    return within_budget


def its_own_refusal(callback, samples):
    """Puts its own words in place of the callback's refusal.

    Return its own ErrorData: only it knows why.
    """

    async def refused(context, params):
        answer = await callback(context, params)
        return ErrorData(code=-1, message="The model refused.") if isinstance(answer, ErrorData) else answer

    return _budget(refused, samples)


def its_own_words(callback, samples):
    """Puts its own words in place of the callback's answer.

    and you returned CreateMessageResult({"role":"assistant","content":{"type":"text","text":"fine"
    """
    budget = _budget(callback, samples)

    async def within_budget(context, params):
        answer = await budget(context, params)
        if answer == _over(samples):
            return answer
        return CreateMessageResult(role="assistant", model="me", content=TextContent(text="fine"))

    return within_budget


def no_message(callback, samples):
    """Refuses without a word.

    The refusal says nothing.
    """
    return _budget(callback, samples, over=lambda _: ErrorData(code=-1, message=""))


def no_nonlocal(callback, samples):
    """Counts in a variable of the inner function, which has no value yet.

    Begin the inner function with `nonlocal`.
    """
    left = samples

    async def within_budget(context, params):
        if left == 0:
            return _over(samples)
        left -= 1
        return await callback(context, params)

    return within_budget


def not_awaited(callback, samples):
    """Calls the callback and does not wait for its answer.

    it returned a coroutine: nobody awaited the callback
    """
    left = samples

    async def within_budget(context, params):
        nonlocal left
        if left == 0:
            return _over(samples)
        left -= 1
        return callback(context, params)

    return within_budget


def one_parameter(callback, samples):
    """Takes the request alone, where the context comes first.

    The client calls within_budget(context, params).
    """

    async def within_budget(params):
        return await callback(None, params)

    return within_budget


def one_token_each(callback, samples):
    """Writes a limit of its own into the request.

    than what came in: maxTokens changed.
    """

    async def short(context, params):
        params.max_tokens = 1
        return await callback(context, params)

    return _budget(short, samples)


def one_too_few(callback, samples):
    """Keeps the last sample for itself.

    A budget of 3 samples refused request 3
    """
    return _budget(callback, samples, is_spent=lambda left: left == 1)


def one_too_many(callback, samples):
    """Notices the end one sample late.

    A budget of 3 samples answered request 4 in turn.
    """
    return _budget(callback, samples, is_spent=lambda left: left < 0)


def plain_inside(callback, samples):
    """Lacks the word `async` before the function inside.

    returns is a plain function, and the client awaits it
    """
    return lambda context, params: _over(samples)


def raises(callback, samples):
    """Raises what it should refuse.

    Over the budget, at request 4 of 3, it raised RuntimeError
    """

    def over(samples):
        raise RuntimeError("The budget is spent.")

    return _budget(callback, samples, over=over)


def returns_nothing(callback, samples):
    """Makes the callback and forgets to return it.

    my_budget(callback, 3) returned nothing: is `return` missing?
    """
    _budget(callback, samples)


def shared_by_all(callback, samples):
    """Counts outside of the function, where all budgets meet.

    the second was spent by the first.
    """
    _spent.setdefault("samples", 0)

    async def within_budget(context, params):
        if _spent["samples"] >= samples:
            return _over(samples)
        _spent["samples"] += 1
        answer = await callback(context, params)
        if isinstance(answer, ErrorData):
            _spent["samples"] -= 1
        return answer

    return within_budget


def swaps_the_parameters(callback, samples):
    """Hands the two parameters on in the wrong order.

    Call callback(context, params).
    """
    return _budget(lambda context, params: callback(params, context), samples)


def a_new_request(callback, samples):
    """Makes the request anew from the fields that it knows.

    modelPreferences, includeContext, metadata, tools, toolChoice changed
    """
    known = ("messages", "system_prompt", "max_tokens", "temperature", "stop_sequences")
    return _budget(
        lambda context, params: callback(
            context, CreateMessageRequestParams(**{name: getattr(params, name) for name in known})
        ),
        samples,
    )


def all_is_given_back(callback, samples):
    """Begins anew with all samples when the callback refuses.

    After two answers and two refusals
    """
    left = samples

    async def within_budget(context, params):
        nonlocal left
        if left == 0:
            return _over(samples)
        left -= 1
        answer = await callback(context, params)
        if isinstance(answer, ErrorData):
            left = samples
        return answer

    return within_budget


def counts_plain_answers_alone(callback, samples):
    """Gives the sample back for an answer that uses a tool.

    answered request 4 in turn. Every answer but an ErrorData counts
    """
    return _budget(callback, samples, refused=lambda answer: not isinstance(answer, CreateMessageResult))


def gives_back_one_code_alone(callback, samples):
    """Knows one code with which a client refuses, and there are more.

    the callback refused 2 more, and request 4 was refused by you
    """
    return _budget(callback, samples, refused=lambda answer: _is_refusal(answer) and answer.code != -1)


def its_own_refusal_gives_back(callback, samples):
    """Gives a sample back for its own refusal too.

    A refusal of your own gives nothing back.
    """
    left = samples

    async def within_budget(context, params):
        nonlocal left
        left -= 1
        answer = _over(samples) if left < 0 else await callback(context, params)
        if isinstance(answer, ErrorData):
            left += 1 if left >= 0 else 2
        return answer

    return within_budget


def waits_for_ever(callback, samples):
    """Lets a request wait until a sample is given back, and none is.

    Over the budget, at request 4 of 3, it waits.
    """
    left = asyncio.Semaphore(samples)

    async def within_budget(context, params):
        await left.acquire()
        answer = await callback(context, params)
        if isinstance(answer, ErrorData):
            left.release()
        return answer

    return within_budget


def text_alone(callback, samples):
    """Hands back the text of an answer, and drops what else is in it.

    it gave CreateMessageResultWithTools(
    """
    budget = _budget(callback, samples)

    async def within_budget(context, params):
        answer = await budget(context, params)
        if isinstance(answer, ErrorData) or not isinstance(answer.content, list):
            return answer
        return answer.model_copy(update={"content": answer.content[0]})

    return within_budget
