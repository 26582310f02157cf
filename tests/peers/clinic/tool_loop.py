"""A server of 2025, for mcp 1.x: it lends the client's model a tool of its own, and asks until the model is done."""

from mcp.server.fastmcp import Context, FastMCP
from mcp.types import SamplingMessage, TextContent, Tool, ToolResultContent

LOG = "02:58 disk at 91 %\n03:01 disk full\n03:02 orders stopped: no space left\n04:10 orders run again"
WORD = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
FIND = Tool(name="find", description="Lines of the log with a word in them.", inputSchema=WORD)

server = FastMCP("detective-desk")


@server.tool()
async def investigate(question: str, ctx: Context) -> str:
    """Answer a question about the log of the night."""
    talk = [SamplingMessage(role="user", content=TextContent(type="text", text=question))]
    for _ in range(5):
        answer = await ctx.session.create_message(talk, max_tokens=200, tools=[FIND])
        calls = [block for block in answer.content_as_list if block.type == "tool_use"]
        if not calls:
            return " ".join(block.text for block in answer.content_as_list if block.type == "text")
        talk.append(SamplingMessage(role="assistant", content=answer.content))
        talk.append(SamplingMessage(role="user", content=[found(call.id, call.input["word"]) for call in calls]))
    return "No answer in five questions."


def found(call_id: str, word: str) -> ToolResultContent:
    lines = "\n".join(line for line in LOG.splitlines() if word in line)
    return ToolResultContent(type="tool_result", toolUseId=call_id, content=[TextContent(type="text", text=lines)])


if __name__ == "__main__":
    server.run()
