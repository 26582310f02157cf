"""A server for FastMCP 3: the context samples, once for each report, and an answer is its text."""

from fastmcp import Context, FastMCP

server = FastMCP("triage-desk")


@server.tool
async def triage(reports: list[str], ctx: Context) -> str:
    """Say how urgent each report is: low, medium or high."""
    lines = []
    for report in reports:
        answer = await ctx.sample(report, system_prompt="Answer low, medium or high.", max_tokens=5, temperature=0)
        word = (answer.text or "").strip().lower()
        lines.append(f"{word if word in ('low', 'medium', 'high') else 'unclear'}: {report}")
    return "\n".join(lines)


if __name__ == "__main__":
    server.run()
