"""and you asked [[1, 2, 3], [2, 3, 4]"""

from servers.research_assistant import synthesis_question


async def my_groups(papers, ask, k=3):
    groups = [papers[i : i + k] for i in range(len(papers))]
    answers = await ask([synthesis_question([(p.title, p.abstract) for p in group]) for group in groups])
    [last] = await ask([synthesis_question([("Part", answer) for answer in answers])])
    return last
