"""The answer \"the weather\" gave 'the weather', and None is right"""

from mcp.types import TextContent


def my_label(answer, labels):
    if not isinstance(answer.content, TextContent):
        return None
    return answer.content.text.strip(" \n.*").lower()
