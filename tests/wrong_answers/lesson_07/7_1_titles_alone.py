"""names paper 1 without its abstract"""

from servers.research_assistant import synthesis_question


async def my_groups(papers, ask, k=3):
    groups = [papers[i : i + k] for i in range(0, len(papers), k)]
    answers = await ask([synthesis_question([(p.title, "") for p in group]) for group in groups])
    if len(answers) == 1:
        return answers[0]
    [last] = await ask([synthesis_question([("Part", answer) for answer in answers])])
    return last
