"""Exercise 11.2: a loop of tools that comes to an end."""

_kept = []


def a_plain_function(ask, question, run, most_turns=4):
    """Is no coroutine function.

    my_loop is awaited
    """
    return "It is full."


async def no_cap(ask, question, run, most_turns=4):
    """Goes on as long as the model does.

    A model that never stops was asked 30 times
    """
    messages = [question]
    while True:
        answer = await ask(messages, "auto")
        if not answer.uses:
            return answer.text
        messages = [*messages, *await run(answer)]


async def one_turn_more(ask, question, run, most_turns=4):
    """Counts the runs, and asks once more than it may.

    you asked 5 times, and 4 is right
    """
    messages = [question]
    for _ in range(most_turns):
        answer = await ask(messages, "auto")
        if not answer.uses:
            return answer.text
        messages = [*messages, *await run(answer)]
    return (await ask(messages, "none")).text


async def four_whatever_is_said(ask, question, run, most_turns=4):
    """Has a cap of its own.

    most_turns=5: you asked with
    """
    return await _loop(ask, question, run, 4)


async def _loop(ask, question, run, most_turns):
    messages = [question]
    for turn in range(1, most_turns + 1):
        answer = await ask(messages, "none" if turn == most_turns else "auto")
        if turn == most_turns or not answer.uses:
            return answer.text
        messages = [*messages, *await run(answer)]
    return None


async def auto_to_the_end(ask, question, run, most_turns=4):
    """Stops in the middle: the model never learns that it has to answer.

    you asked with ['auto', 'auto', 'auto', 'auto']
    """
    messages = [question]
    for turn in range(1, most_turns + 1):
        answer = await ask(messages, "auto")
        if turn == most_turns or not answer.uses:
            return answer.text
        messages = [*messages, *await run(answer)]
    return None


async def none_from_the_second_turn_on(ask, question, run, most_turns=4):
    """Allows one turn with tools.

    you asked
    """
    answer = await ask([question], "auto" if most_turns > 1 else "none")
    if not answer.uses or most_turns == 1:
        return answer.text
    return (await ask([question, *await run(answer)], "none")).text


async def words_are_the_end(ask, question, run, most_turns=4):
    """Takes words beside a use for the answer.

    you asked 1 times, and 4 is right
    """
    messages = [question]
    for turn in range(1, most_turns + 1):
        answer = await ask(messages, "none" if turn == most_turns else "auto")
        if answer.text or turn == most_turns:
            return answer.text
        messages = [*messages, *await run(answer)]
    return None


async def only_the_last_turn(ask, question, run, most_turns=4):
    """Forgets what was said before the last turn.

    in turn 3 ask() got 3 messages
    """
    messages = [question]
    for turn in range(1, most_turns + 1):
        answer = await ask(messages, "none" if turn == most_turns else "auto")
        if turn == most_turns or not answer.uses:
            return answer.text
        messages = [question, *await run(answer)]
    return None


async def without_the_question(ask, question, run, most_turns=4):
    """Sends the question once.

    in turn 2 the question does not stand first
    """
    messages = [question]
    for turn in range(1, most_turns + 1):
        answer = await ask(messages, "none" if turn == most_turns else "auto")
        if turn == most_turns or not answer.uses:
            return answer.text
        messages = [each for each in [*messages, *await run(answer)] if each != question]
    return None


async def results_without_their_uses(ask, question, run, most_turns=4):
    """Leaves out what the model said.

    ask() got 2 messages; 3 are right
    """
    messages = [question]
    for turn in range(1, most_turns + 1):
        answer = await ask(messages, "none" if turn == most_turns else "auto")
        if turn == most_turns or not answer.uses:
            return answer.text
        messages = [*messages, (await run(answer))[1]]
    return None


async def the_latest_first(ask, question, run, most_turns=4):
    """Puts a turn before the turns that came earlier.

    the earlier turns stand in another order
    """
    messages = [question]
    for turn in range(1, most_turns + 1):
        answer = await ask(messages, "none" if turn == most_turns else "auto")
        if turn == most_turns or not answer.uses:
            return answer.text
        messages = [question, *await run(answer), *messages[1:]]
    return None


async def runs_at_the_end(ask, question, run, most_turns=4):
    """Runs what the last answer asks for, which nobody will read.

    the tools ran
    """
    messages = [question]
    for turn in range(1, most_turns + 1):
        answer = await ask(messages, "none" if turn == most_turns else "auto")
        if answer.uses:
            messages = [*messages, *await run(answer)]
        if turn == most_turns or not answer.uses:
            return answer.text
    return None


async def the_answer_itself(ask, question, run, most_turns=4):
    """Returns the answer in place of its text.

    the last answer's text is right
    """
    answer = await ask([question], "auto" if most_turns > 1 else "none")
    return answer if not answer.uses else await _loop(ask, question, run, most_turns)


async def nothing_at_the_cap(ask, question, run, most_turns=4):
    """Returns nothing where the cap is reached.

    it returned None
    """
    messages = [question]
    for turn in range(1, most_turns + 1):
        answer = await ask(messages, "none" if turn == most_turns else "auto")
        if turn < most_turns and not answer.uses:
            return answer.text
        if turn < most_turns:
            messages = [*messages, *await run(answer)]
    return None


async def kept_outside(ask, question, run, most_turns=4):
    """Keeps the conversation outside of the function.

    ask() got
    """
    _kept.append(question)
    for turn in range(1, most_turns + 1):
        answer = await ask(_kept, "none" if turn == most_turns else "auto")
        if turn == most_turns or not answer.uses:
            return answer.text
        _kept.extend(await run(answer))
    return None


async def catches_everything(ask, question, run, most_turns=4):
    """Catches what `ask` raises, by which the newer wire asks.

    in a server (auto) it took
    """
    try:
        return await _loop(ask, question, run, most_turns)
    except Exception:
        return "It failed."
