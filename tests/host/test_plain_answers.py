"""An answer in which nothing acts: what is defused, what stays as it is, and that no word is lost."""

import re
from typing import Any

import pytest
from mcp_types import CreateMessageResultWithTools, ErrorData, TextContent, ToolUseContent

from labkit.host.plain_answers import plain_answer, plain_text
from tests.cpu import cpu
from tests.story import question

STAYS = [
    "See [docs](https://a.example/c_(d)), https://b.example/?a=b and <https://c.example/?d>.",
    "[1]: https://a.example/c\n[2]: http://b.example",
    "[there](#part), [here](../z.md) and ![a plot](plots/a.png)",
    "if a<b and c>d: a List<String>, a Map<String, Object>, std::vector<int>",
    "Put <script> into the <head>, and <b>bold</b> into the <body class=x>.",
    '<a href="https://a.example">x</a>',
    '{"cart": "<a href=\\"{shopUrl}\\">the shop</a>"}',
    "Code: `<img src=x onerror=go()>`, and `[x](javascript:go())`.",
    "```html\n<script>go()</script>\n![x](https://a.example/?q)\n```\nDone.",
    "1. So:\n\n   ```py\n   print('<script>', '</script>')\n   ```\n",
    "Avoid javascript: links. hxxps[://]evil[.]example was one; dict[key]: value",
    '{"to": "[NAME]", "url": "https://a.example/?q=1"}',
    "# Heading\n\n- **bold**\n\n| a | b |\n|---|---|\n> quote\n\n\U0001f469\u200d\U0001f680 كتاب",
]

ACTS = [
    "![x](https://a.example/?q=key)",
    "![x](//a.example/p.png)",
    "![x][1]\n\n[1]: https://a.example/p.png",
    "![a[b]c](http://a.example)",
    "[x](https://a.example/?q=key)",
    "[x]: https://a.example/?q=key",
    "[x](javascript:go())",
    "[x](<javascript:go()>)",
    "[x]( javascript:go() )",
    "[x](&#106;avascript:go())",
    "[x]:\n javascript:go()",
    "[x](data:text/html,go)",
    "<javascript:go()>",
    "javascript:go()",
    " data:text/html,go",
    "\\href{javascript:go()}",
    "<script>go()</script>",
    "<ScRiPt\n>go()</sCript>",
    "<style>* {}</style>",
    "<img src=x onerror=go()>",
    "<svg/onload=go()>",
    '<x "<" onclick=go()>',
    "<img `x` src=y>",
    "<iframe\nsrcdoc=x>",
    "<input autofocus onfocus=go()>",
    "<object data=x>",
    "<video poster=x>",
    "<p style='background: url(//a.example)'>",
    "<link rel=stylesheet href=//a.example>",
    "<base href=//a.example>",
    "<meta http-equiv=refresh content=0>",
    "<a href=javascript:go()>x</a>",
    "<a href='&#106;avascript:go()'>x</a>",
    '{"a": "<a href=\\"javascript:go()\\">x</a>"}',
    "<!-- the rest is hidden",
    "<plaintext>",
    "\x1b[31mred",
    "\x1b]8;;https://a.example\x07here\x1b]8;;\x07",
    "\x9b31mred",
    # What only looks like code.
    "\\`![x](https://a.example)\\`",
    "`one\n` ![x](https://a.example) `two`",
    "| `a | ![x](https://a.example) | b` |",
    "$`\\href{javascript:go()}`$",
    "- ```\n  ```\n![x](https://a.example)\n```\n",
    "- a\n\n  ```\n![x](https://a.example)\n  ```\n",
    '```mermaid\nclick a href "x"\n<img src=x>\n```',
]

SLOW = ["<a ", "<x/", "[a", "` a ", "\n```\n", "](https://(", "]( ", " on= ", "![a", '](a "', " asrc", "<x =", "data:a"]


@pytest.mark.parametrize("text", STAYS)
def test_what_acts_nowhere_stays_as_it_is(text: str) -> None:
    assert plain_text(text) == text


@pytest.mark.parametrize("text", ACTS)
def test_what_acts_is_text_and_every_word_of_it_is_there(text: str) -> None:
    plain = plain_text(text)
    assert plain != text
    assert plain_text(plain) == plain
    without_controls = re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text)
    assert "".join(plain.split()) == "".join(without_controls.split())


def test_an_address_with_a_query_stays_where_it_was_asked_with() -> None:
    answer = CreateMessageResultWithTools(
        role="assistant",
        model="javascript:go()",
        stop_reason="toolUse",
        content=[
            TextContent(text="[x](https://a.example/?q=1)"),
            ToolUseContent(id="1", name="open", input={"url": "https://b.example/?q=2", "html": "<img src=x>"}),
        ],
    )
    plain = plain_answer(answer, question("Is https://a.example/?q=1 right?"))
    assert plain.content[0].text == "[x](https://a.example/?q=1)"  # type: ignore[union-attr, index]
    assert plain.content[1].input == {"url": "https://b.example/?q=2", "html": "< img src=x>"}  # type: ignore[union-attr, index]
    assert plain.model == "javascript :go()"  # type: ignore[union-attr]
    assert plain_answer(answer, question("hello")).content[0].text == "[x] (https://a.example/?q=1)"  # type: ignore[union-attr, index]


@pytest.mark.parametrize("part", SLOW)
def test_a_long_answer_takes_no_longer_than_its_length(part: str) -> None:
    once, longer = (cpu(lambda times=times: plain_text(part * times)) for times in (1_000, 16_000))
    assert longer < 64 * max(once, 0.001)


@pytest.mark.parametrize("levels", [300, 100_000])
def test_what_is_nested_too_deeply_is_refused_and_a_request_that_is_knows_no_address(levels: int) -> None:
    deep: dict[str, Any] = {}
    for _ in range(levels):
        deep = {"a": deep}
    use = ToolUseContent(id="1", name="look", input=deep)
    answer = CreateMessageResultWithTools(role="assistant", content=[use], model="m")
    assert plain_answer(answer, question("hello")).message == "The answer is nested too deeply."  # type: ignore[union-attr]
    error = ErrorData(code=-1, message="see [x](https://a.example/?q=1)")
    asked = question("https://a.example/?q=1").model_copy(update={"metadata": deep})
    assert plain_answer(error, asked).message == "see [x] (https://a.example/?q=1)"  # type: ignore[union-attr]
