"""The answer \"**network**.\" gave None"""

from mcp.types import TextContent


def my_label(answer, labels):
    if not isinstance(answer.content, TextContent):
        return None
    text = answer.content.text.strip().lower()
    return text if text in labels else None
