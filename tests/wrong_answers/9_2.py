"""Exercise 9.2: a retry around a callback."""

import asyncio
from random import random

from mcp.types import ErrorData


def _may_pass(answer):
    return isinstance(answer, ErrorData) and answer.code == -32603


def _told(answer):
    data = getattr(answer, "data", None)
    return data.get("retryAfter") if isinstance(data, dict) else None


def _grown(tried, longest):
    return min(longest, random() * 2 ** (tried - 1))


def _retry(
    callback, tries, longest, sleep, *, may_pass=_may_pass, told=_told, grown=_grown, told_part=random, cap=None
):
    """A retry as it should be, but for what a mistake hands in."""

    async def trying(context, params):
        for tried in range(1, tries + 1):
            answer = await callback(context, params)
            if not may_pass(answer) or tried == tries:
                return answer
            after = told(answer)
            if after is None:
                await sleep(grown(tried, longest))
            elif after > longest and cap is None:
                return answer
            else:
                await sleep((cap(after, longest) if cap else after) + told_part())

    return trying


def goes_on_growing(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Counts the waits of all requests together: the second begins where the first ended.

    Each begins with the shortest wait
    """
    waited = []

    def grown(tried, longest):
        waited.append(tried)
        return min(longest, random() * 2 ** (len(waited) - 1))

    return _retry(callback, tries, longest, sleep, grown=grown)


def draws_once(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Draws one part for all waits.

    Draw anew before each wait
    """
    part = random()
    return _retry(callback, tries, longest, sleep, grown=lambda tried, longest: min(longest, part * 2 ** (tried - 1)))


async def is_async_itself(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Makes the outer function wait too.

    is `async def`, and nobody awaits it here
    """
    return _retry(callback, tries, longest, sleep)


def returns_nothing_at_the_end(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Leaves the loop after the last try.

    it returned nothing: is a `return` missing?
    """

    async def trying(context, params):
        for tried in range(1, tries + 1):
            answer = await callback(context, params)
            if not _may_pass(answer):
                return answer
            if tried < tries:
                await sleep(_told(answer) or _grown(tried, longest))
        return None

    return trying


def returns_an_answer(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Gives an answer where a callback is wanted.

    Return the function inside
    """
    return ErrorData(code=-32603, message="busy")


def never_again(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Asks once.

    The first request failed for now (-32603): the callback was asked 1 times
    """
    return _retry(callback, 1, longest, sleep)


def one_too_many(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Takes tries for those after the first.

    With tries=1 all requests failed: the callback was asked 2 times
    """
    return _retry(callback, tries + 1, longest, sleep)


def without_an_end(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Asks until there is an answer.

    had no end
    """
    return _retry(callback, 10**9, longest, sleep)


def waits_after_the_last(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Waits behind every try.

    it waited after the last request, for nothing
    """

    async def trying(context, params):
        answer = None
        for tried in range(1, tries + 1):
            answer = await callback(context, params)
            if not _may_pass(answer):
                break
            await sleep(_told(answer) or _grown(tried, longest))
        return answer

    return trying


def sleeps_for_real(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Waits with a function of its own.

    without `await sleep(...)`, the one it was given
    """
    return _retry(callback, tries, 0.01, asyncio.sleep)


def any_error(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Asks again after a refusal too.

    The answer was -1, as a person said no: the callback was asked 3 times
    """
    return _retry(callback, tries, longest, sleep, may_pass=lambda answer: isinstance(answer, ErrorData))


def by_its_words(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Reads the words of a failure, and of an answer.

    as a budget was spent: the callback was asked 3 times
    """
    return _retry(
        callback,
        tries,
        longest,
        sleep,
        may_pass=lambda answer: _may_pass(answer) or "429" in getattr(answer, "message", ""),
    )


def by_the_words_of_an_answer(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Takes a model that speaks of errors for one.

    A model answered in words that speak of errors
    """

    def may_pass(answer):
        return _may_pass(answer) or (not isinstance(answer, ErrorData) and "429" in answer.content.text)

    return _retry(callback, tries, longest, sleep, may_pass=may_pass)


def all_but_a_person(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Asks a wrong request again.

    The answer was -32602, as the request was wrong: the callback was asked 3 times
    """
    return _retry(callback, tries, longest, sleep, may_pass=lambda answer: getattr(answer, "code", -1) != -1)


def no_random_part(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Waits one, two, four seconds.

    Draw a part of 1 s, or all who failed together come back so
    """
    return _retry(callback, tries, longest, sleep, grown=lambda tried, longest: min(longest, 2 ** (tried - 1)))


def always_a_second(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Waits no longer the second time.

    and it may be up to 2 s: each wait may be twice the one before
    """
    return _retry(callback, tries, longest, sleep, grown=lambda _tried, _longest: random())


def without_the_longest(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Forgets the longest wait.

    and 0 to 6 s is right
    """
    return _retry(callback, tries, longest, sleep, grown=lambda tried, _: random() * 2 ** (tried - 1))


def begins_with_two(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Counts the powers from one.

    and 0 to 1 s is right
    """
    return _retry(callback, tries, longest, sleep, grown=lambda tried, longest: min(longest, random() * 2**tried))


def not_as_told(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Does not read how long to wait.

    s. That long, and a part of one second more, is right
    """
    return _retry(callback, tries, longest, sleep, told=lambda _: None)


def told_and_no_more(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Waits just as long as it was told, as all others do.

    add a part of a second
    """
    return _retry(callback, tries, longest, sleep, told_part=lambda: 0)


def comes_back_early(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Waits for the longest wait where it was told to wait longer.

    Give up at once: who waits shorter fails again
    """
    return _retry(callback, tries, longest, sleep, cap=min)


def data_is_a_dict(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Takes it for granted that data is a dict.

    We called it with a failure whose data is None
    """
    return _retry(callback, tries, longest, sleep, told=lambda answer: answer.data.get("retryAfter"))


def swallows_errors(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Takes its own side's mistakes for a busy model.

    The callback raised ConnectionError
    """

    async def careful(context, params):
        try:
            return await callback(context, params)
        except Exception as error:
            return ErrorData(code=-32603, message=str(error))

    return _retry(careful, tries, longest, sleep)


def swallows_its_end(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Catches everything, and so cannot be cancelled.

    The callback raised CancelledError
    """

    async def careful(context, params):
        try:
            return await callback(context, params)
        except asyncio.CancelledError:
            return ErrorData(code=-32603, message="cancelled")

    return _retry(careful, tries, longest, sleep)


def counts_for_all(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Counts the tries of all requests together.

    Request 2 of one callback had 4 tries in all
    """
    tried = 0

    async def trying(context, params):
        nonlocal tried
        while True:
            tried += 1
            answer = await callback(context, params)
            if not _may_pass(answer) or tried >= tries:
                return answer
            after = _told(answer)
            if after is not None and after > longest:
                return answer
            await sleep(_grown(tried, longest) if after is None else after + random())

    return trying


def in_its_own_words(callback, tries=3, longest=20, sleep=asyncio.sleep):
    """Says at last that it gave up.

    it returned 'given up', and not
    """
    inner = _retry(callback, tries, longest, sleep)

    async def trying(context, params):
        answer = await inner(context, params)
        return ErrorData(code=-32603, message="given up") if _may_pass(answer) else answer

    return trying
