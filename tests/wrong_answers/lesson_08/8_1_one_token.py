"""You ask for max_tokens=1;"""

from mcp.server.mcpserver import Context

from servers.asking import ask
from servers.code_facts import analyse
from servers.code_reviewer import SYSTEM, question

READABILITY = {"complexity", "unused-name", "mutable-default", "bare-except"}


async def ask_readability(code: str, ctx: Context):
    facts = [fact for fact in analyse(code).facts if fact.rule in READABILITY]
    if not facts:
        return None
    return ask(ctx, SYSTEM, question(analyse(code).code, facts, "readability"), max_tokens=1)
