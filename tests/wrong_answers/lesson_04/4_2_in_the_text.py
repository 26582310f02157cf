"""The answer \"not storage\" gave 'storage', and None is right"""

from mcp.types import TextContent


def my_label(answer, labels):
    if not isinstance(answer.content, TextContent):
        return None
    text = answer.content.text.lower()
    return next((label for label in labels if label in text), None)
