"""they are paid for twice"""

from servers.research_assistant import synthesis_question


async def my_groups(papers, ask, k=3):
    groups = [papers[i : i + k] for i in range(0, len(papers), k)]
    answers = await ask([synthesis_question([(p.title, p.abstract) for p in group]) for group in groups])
    told = [(p.title, p.abstract) for p in papers] + [("Part", answer) for answer in answers]
    [last] = await ask([synthesis_question(told)])
    return last
