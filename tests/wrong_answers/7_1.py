"""Exercise 7.1: a synthesis of many papers, by groups of `k` and then of the answers."""

from itertools import count

from servers.research_assistant import synthesis_question

_numbers = count()
_kept = []
_questions = {}


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


async def answers_in_another_order(papers, ask, k=3):
    """Sorts the answers by their words.

    the answers stand in another order than their groups
    """
    answers = await ask([_question(group) for group in _groups(papers, k)])
    return await _of_the_answers(sorted(answers), ask)


async def papers_in_another_order(papers, ask, k=3):
    """Sorts the papers by their ids, and asks about other groups.

    We expected the groups [[1, 2, 3]
    """
    papers = sorted(papers, key=lambda paper: paper.id)
    return await _of_the_answers(await ask([_question(group) for group in _groups(papers, k)]), ask)


async def keeps_its_questions(papers, ask, k=3):
    """Remembers a question by the abstracts in it, which other papers may share.

    A question shows paper 1 with its abstract and without its title
    """
    groups = _groups(papers, k)
    for group in groups:
        _questions.setdefault(tuple(p.abstract for p in group), _question(group))
    return await _of_the_answers(await ask([_questions[tuple(p.abstract for p in group)] for group in groups]), ask)


async def lists_in_a_list(papers, ask, k=3):
    """Puts each question into a list of its own.

    ask() got a list that holds a list
    """
    return await _of_the_answers(await ask([[_question(group)] for group in _groups(papers, k)]), ask)


async def loses_the_rest(papers, ask, k=3):
    """Asks about whole groups alone.

    Paper 7 was in no question
    """
    whole = [group for group in _groups(papers, k) if len(group) == k]
    return await _of_the_answers(await ask([_question(group) for group in whole]), ask)


async def no_last_question(papers, ask, k=3):
    """Strings the answers together, and asks nobody what they say as a whole.

    After the groups nothing more was asked.
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

    and the server awaits it. Write `async def my_groups(...)`.
    """
    return [_question(group) for group in _groups(papers, k)]


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

    with its title and without its abstract
    """
    answers = await ask([synthesis_question([(p.title, "") for p in group]) for group in _groups(papers, k)])
    return await _of_the_answers(answers, ask)


async def abstracts_alone(papers, ask, k=3):
    """Asks about papers that have no names.

    with its abstract and without its title
    """
    questions = [synthesis_question([("Paper", p.abstract) for p in group]) for group in _groups(papers, k)]
    return await _of_the_answers(await ask(questions), ask)


async def answers_of_all_calls(papers, ask, k=3):
    """Keeps the answers of every call in a list outside of it.

    The last question holds more than the 3 answers of its groups
    """
    answers = await ask([_question(group) for group in _groups(papers, k)])
    if len(answers) == 1:
        return answers[0]
    _kept.extend(answers)
    [last] = await ask([synthesis_question([("Part", answer) for answer in _kept])])
    return last


async def begins_of_answers(papers, ask, k=3):
    """Hands on the first line of each answer.

    does not hold the whole answer of group 1
    """
    answers = await ask([_question(group) for group in _groups(papers, k)])
    return await _of_the_answers([answer.partition("\n")[0] for answer in answers], ask)


async def bare_answers(papers, ask, k=3):
    """Hands over the answers and does not say what for.

    holds the answers and does not say what is to be done
    """
    answers = await ask([_question(group) for group in _groups(papers, k)])
    return answers[0] if len(answers) == 1 else (await ask(["\n".join(answers)]))[0]


async def bare_papers(papers, ask, k=3):
    """Hands over papers and does not say what for.

    holds papers and does not say what is to be done
    """
    questions = ["\n".join(f"{p.title}\n{p.abstract}" for p in group) for group in _groups(papers, k)]
    return await _of_the_answers(await ask(questions), ask)


async def eats_the_papers(papers, ask, k=3):
    """Takes the papers out of the list of its caller.

    changed the list of papers that it was given
    """
    questions = []
    while papers:
        questions.append(_question(papers[:k]))
        del papers[:k]
    return await _of_the_answers(await ask(questions), ask)


async def forgets_to_await(papers, ask, k=3):
    """Calls `ask` and does not wait for what it answers.

    did not await it, and then raised TypeError
    """
    answers = ask([_question(group) for group in _groups(papers, k)])
    return await _of_the_answers(list(answers), ask)


async def groups_of_groups(papers, ask, k=3):
    """Puts the answers into groups again, until one is left.

    We expected two steps, 3 questions and then one; you asked [3, 2, 1]
    """
    answers = await ask([_question(group) for group in _groups(papers, k)])
    while len(answers) > 1:
        answers = await ask(
            [synthesis_question([("Part", answer) for answer in group]) for group in _groups(answers, max(2, k))]
        )
    return answers[0]


async def knows_one_k(papers, ask, k=3):
    """Makes groups of three, whatever `k` says.

    you asked [[1, 2, 3], [4, 5, 6]]
    """
    return await _of_the_answers(await ask([_question(group) for group in _groups(papers, 3)]), ask)


async def needs_k(papers, ask, k):
    """Wants a `k`, and the server gives none.

    It is called as my_groups(papers, ask)
    """
    return await _of_the_answers(await ask([_question(group) for group in _groups(papers, k)]), ask)


async def one_group_is_less_than_k(papers, ask, k=3):
    """Sees a single group where there are fewer papers than `k`, and not where there are as many.

    We gave 3 papers in groups of 3. That is a single group
    """
    answers = await ask([_question(group) for group in _groups(papers, k)])
    if len(papers) < k:
        return answers[0]
    [last] = await ask([synthesis_question([("Part", answer) for answer in answers])])
    return last


async def single_papers_need_no_synthesis(papers, ask, k=3):
    """Takes groups of one paper for one group.

    After the groups nothing more was asked. One last
    """
    answers = await ask([_question(group) for group in _groups(papers, k)])
    return answers[0] if k == 1 else await _of_the_answers(answers, ask)
