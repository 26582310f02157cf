"""You awaited ask() for each group"""

from servers.research_assistant import synthesis_question


async def my_groups(papers, ask, k=3):
    answers = []
    for start in range(0, len(papers), k):
        group = papers[start : start + k]
        answers += await ask([synthesis_question([(p.title, p.abstract) for p in group])])
    if len(answers) == 1:
        return answers[0]
    [last] = await ask([synthesis_question([("Part", answer) for answer in answers])])
    return last
