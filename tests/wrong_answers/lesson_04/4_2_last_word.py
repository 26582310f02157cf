"""The answer \"storage, or network\" gave 'network', and None is right"""

from mcp.types import TextContent


def my_label(answer, labels):
    if not isinstance(answer.content, TextContent):
        return None
    words = answer.content.text.lower().replace("not storage", "").strip(" \n.!*").split()
    return words[-1] if words and words[-1] in labels else None
