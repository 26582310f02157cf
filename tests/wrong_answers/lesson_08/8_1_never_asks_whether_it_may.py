"""A client that cannot sample got an error"""

from mcp.server.mcpserver import Context, Sample

from servers.asking import message
from servers.code_facts import analyse
from servers.code_reviewer import SYSTEM, question

READABILITY = {"complexity", "unused-name", "mutable-default", "bare-except"}


async def ask_readability(code: str, ctx: Context):
    facts = [fact for fact in analyse(code).facts if fact.rule in READABILITY]
    if not facts:
        return None
    text = question(analyse(code).code, facts, "readability")
    return Sample([message("user", text)], system_prompt=SYSTEM, max_tokens=240)
