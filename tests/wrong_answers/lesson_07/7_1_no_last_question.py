"""After the groups nothing more was asked"""

from servers.research_assistant import synthesis_question


async def my_groups(papers, ask, k=3):
    groups = [papers[i : i + k] for i in range(0, len(papers), k)]
    return "\n".join(await ask([synthesis_question([(p.title, p.abstract) for p in group]) for group in groups]))
