"""Requests of every kind that a wire can carry, for hypothesis."""

import string
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from mcp_types import CreateMessageRequestParams

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""

words = st.text(max_size=30)
names = st.text(string.ascii_lowercase, min_size=1, max_size=8)
free = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | words,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(words, inside, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(words, free, max_size=3)
text_blocks = st.builds(lambda text: {"type": "text", "text": text}, words)
binary_blocks = st.sampled_from(
    [
        {"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"},
        {"type": "audio", "data": "aGVsbG8=", "mimeType": "audio/wav"},
    ]
)
results = st.builds(
    lambda use, content, structured: {
        "type": "tool_result",
        "toolUseId": use,
        "content": content,
        "structuredContent": structured,
    },
    names,
    st.lists(text_blocks | binary_blocks, max_size=2),
    objects,
)
uses = st.builds(lambda use, given: {"type": "tool_use", "id": use, "name": use, "input": given}, names, objects)
blocks = text_blocks | binary_blocks | results | uses
messages = st.builds(
    lambda role, content: {"role": role, "content": content},
    st.sampled_from(["user", "assistant"]),
    blocks | st.lists(blocks, max_size=3),
)
tools = st.builds(
    lambda name, about, schema: {"name": name, "description": about, "inputSchema": {**schema, "type": "object"}},
    names,
    words,
    objects,
)


def _request(required: dict[str, Any], optional: dict[str, Any]) -> CreateMessageRequestParams:
    return CreateMessageRequestParams.model_validate({**required, **optional})


requests: st.SearchStrategy[CreateMessageRequestParams] = st.builds(
    _request,
    st.fixed_dictionaries(
        {"messages": st.lists(messages, max_size=4), "maxTokens": st.integers(-10, 10_000) | st.integers()}
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "systemPrompt": words,
            "temperature": st.floats(),
            "stopSequences": st.lists(words, max_size=2),
            "metadata": objects,
            "tools": st.lists(tools, max_size=2),
            "toolChoice": st.sampled_from([{"mode": "auto"}, {"mode": "none"}, {}]),
            "includeContext": st.sampled_from(["none", "thisServer"]),
        },
    ),
)
