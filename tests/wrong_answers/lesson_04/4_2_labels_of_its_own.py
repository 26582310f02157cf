"""The labels are given: these were yes and no"""

from mcp.types import TextContent


def my_label(answer, labels):
    if not isinstance(answer.content, TextContent):
        return None
    word = answer.content.text.lower().strip(" \n.!*")
    return word if word in ("database", "network", "storage") else None
