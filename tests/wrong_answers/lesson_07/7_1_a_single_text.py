"""ask() got a str"""

from servers.research_assistant import synthesis_question


async def my_groups(papers, ask, k=3):
    return await ask(synthesis_question([(p.title, p.abstract) for p in papers]))
