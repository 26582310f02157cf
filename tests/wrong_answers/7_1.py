"""Exercise 7.1: a synthesis of many papers, by groups of `k` and then of the answers."""

from itertools import count

from servers.research_assistant import synthesis_question

_numbers = count()


def _groups(papers, k):
    return [papers[i : i + k] for i in range(0, len(papers), k)]


def _question(papers):
    return synthesis_question([(p.title, p.abstract) for p in papers])


async def _of_the_answers(answers, ask):
    """The answer to the last question, which is asked only where there were two groups or more."""
    if len(answers) == 1:
        return answers[0]
    [last] = await ask([synthesis_question([("Part", answer) for answer in answers])])
    return last


async def a_single_text(papers, ask, k=3):
    """Hands over one question, where a list of them is wanted.

    ask() got a str
    """
    return await ask(_question(papers))


async def a_synthesis_of_one(papers, ask, k=3):
    """Pays for a synthesis of a single answer.

    and you took 2 samples
    """
    answers = await ask([_question(group) for group in _groups(papers, k)])
    [last] = await ask([synthesis_question([("Part", answer) for answer in answers])])
    return last


async def abstracts_again(papers, ask, k=3):
    """Sends the abstracts once more with the answers.

    they are paid for twice
    """
    answers = await ask([_question(group) for group in _groups(papers, k)])
    told = [(p.title, p.abstract) for p in papers] + [("Part", answer) for answer in answers]
    [last] = await ask([synthesis_question(told)])
    return last


async def groups_overlap(papers, ask, k=3):
    """Begins a group at every paper.

    and you asked [[1, 2, 3], [2, 3, 4]
    """
    return await _of_the_answers(await ask([_question(papers[i : i + k]) for i in range(len(papers))]), ask)


async def loses_the_rest(papers, ask, k=3):
    """Asks about whole groups alone.

    paper 7 was in no question
    """
    whole = [group for group in _groups(papers, k) if len(group) == k]
    return await _of_the_answers(await ask([_question(group) for group in whole]), ask)


async def no_last_question(papers, ask, k=3):
    """Strings the answers together, and asks nobody what they say as a whole.

    After the groups nothing more was asked
    """
    return "\n".join(await ask([_question(group) for group in _groups(papers, k)]))


async def not_pure(papers, ask, k=3):
    """Numbers its questions, so that none is ever asked in the same words again.

    its prompt is not pure
    """
    answers = await ask([f"{next(_numbers)} {_question(group)}" for group in _groups(papers, k)])
    return await _of_the_answers(answers, ask)


async def one_group_after_the_other(papers, ask, k=3):
    """Waits for one group before it asks about the next.

    You awaited ask() for each group
    """
    answers = []
    for group in _groups(papers, k):
        answers += await ask([_question(group)])
    return await _of_the_answers(answers, ask)


async def pays_twice(papers, ask, k=3):
    """Asks about all papers in the end, as if the groups had not been answered.

    does not hold the answer of group 1
    """
    await ask([_question(group) for group in _groups(papers, k)])
    [last] = await ask([_question(papers)])
    return last


def plain_def(papers, ask, k=3):
    """Lacks the word `async`.

    my_groups is a plain function
    """
    return ask([paper.abstract for paper in papers])


async def returns_a_list(papers, ask, k=3):
    """Returns the list that ask() gives, and not the text in it.

    Return the answer to the last question, a text
    """
    answers = await ask([_question(group) for group in _groups(papers, k)])
    if len(answers) == 1:
        return answers
    return await ask([synthesis_question([("Part", answer) for answer in answers])])


async def titles_alone(papers, ask, k=3):
    """Asks about papers and does not show them.

    names paper 1 without its abstract
    """
    answers = await ask([synthesis_question([(p.title, "") for p in group]) for group in _groups(papers, k)])
    return await _of_the_answers(answers, ask)
