"""An answer in which nothing acts: what a page, a chat or a terminal would run, load or make a link of becomes text.

Every word stays, so that a review of code which speaks of `<script>` still does. A space is put where something would
begin to act:

  - `<b>`, `</a>`, `<!-- -->`, `<https://…>`: `< b>`. No parser of HTML or Markdown takes that for the start of a tag.
  - `![alt](address)`, `[text](address)`, `[text][name]`, `[name]: address`: `! [alt] (address)`, `[text] (address)`, …
  - `https://…`, `www.…`, which many pages make links of by themselves: `https: //…`, `www. …`
  - `javascript:…`, `vbscript:…`, `data:text/html…`: `javascript :…`
  - controls, as terminal escapes begin with (C0, C1): taken out.

Code between backticks or in a fenced block stays as it is, controls aside: nothing of Markdown acts in it. A page that
puts an answer into its HTML without escaping it is not helped there. In the input of a tool addresses stay, which are
arguments; in the name of a model, which is never code, nothing does.
"""

import re
from collections.abc import Iterator

from labkit.callbacks import Answer
from labkit.host.texts import dumped
from labkit.secret_forms.in_json import changed

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")

_SCRIPT = (
    (re.compile(r"\b(javascript|vbscript)(?=:)", re.IGNORECASE), r"\1 "),
    (re.compile(r"\b(data)(?=:[\w.+-]*[/;,])", re.IGNORECASE), r"\1 "),
)
_MARKUP = (
    *_SCRIPT,
    (re.compile(r"<(?=[A-Za-z/!?])"), "< "),
    (re.compile(r"!(?=\[)"), "! "),
    (re.compile(r"\](?=[(\[])"), "] "),
    (re.compile(r"^( {0,3}\[[^\]\n]*\])(?=:)", re.MULTILINE), r"\1 "),
)
_ADDRESSES = (
    (re.compile(r"(?<=\w):(?=//)"), ": "),
    (re.compile(r"\b(www\.)(?=\w)", re.IGNORECASE), r"\1 "),
)

_FENCE = re.compile(r"^(?P<indent> {0,3})(?P<mark>`{3,}|~{3,})(?P<rest>[^`\n]*?)[ \r]*$", re.MULTILINE)
_ANY_FENCE = re.compile(r"`{3,}|~{3,}")
_LANGUAGE = re.compile(r"\s*[\w+#.-]*\s*")
_DRAWN = {"mermaid", "math", "latex", "tex", "katex", "dot", "graphviz", "plantuml", "vega", "geojson", "svg"}
"""Languages of a block that pages draw in place of showing it."""
_SPAN = re.compile(r"(?<![\\`$])(`{1,2})(?!`)[^\n|]*?(?<!`)\1(?![`$])")


def plain_answer(answer: Answer) -> Answer:
    """A copy of `answer` in which nothing acts; `answer` itself where nothing would."""
    fields = dumped(answer)
    plain = changed(fields, _of_input, said=_of_field)
    return answer if plain == fields else type(answer).model_validate(plain)


def plain_text(text: str) -> str:
    """`text`, in Markdown or in none, as text in which nothing acts."""
    return "".join(part if is_code else _defused(part, *_MARKUP, *_ADDRESSES) for is_code, part in _parts(text))


def _of_field(text: str, key: str) -> str:
    return plain_text(text) if key in ("text", "message") else _defused(_CONTROL.sub("", text), *_MARKUP, *_ADDRESSES)


def _of_input(text: str, _: str) -> str:
    return _defused(_CONTROL.sub("", text), *_MARKUP)


def _defused(text: str, *rules: tuple[re.Pattern[str], str]) -> str:
    for acting, instead in rules:
        text = acting.sub(instead, text)
    return text


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """The parts of a text, and whether each is code to every reader of Markdown; in doubt it is none."""
    text = _CONTROL.sub("", text)
    before = 0
    for start, end in _blocks(text):
        yield from _spans(text[before:start])
        yield True, text[start:end]
        before = end
    yield from _spans(text[before:])


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Where fenced blocks stand; none where a fence may belong to a list or a quote, which end as they like."""
    fences = list(_FENCE.finditer(text))
    if len(fences) < len(_ANY_FENCE.findall(text)):
        return
    opened = None
    found: list[tuple[int, int]] = []
    for fence in fences:
        if opened is None:
            opened = fence
        elif fence["mark"][0] == opened["mark"][0] and len(fence["mark"]) >= len(opened["mark"]) and not fence["rest"]:
            block = text[opened.start() : fence.end()]
            if any(line.strip() and not line.startswith(opened["indent"]) for line in block.split("\n")):
                return
            if _LANGUAGE.fullmatch(opened["rest"]) and opened["rest"].strip().lower() not in _DRAWN:
                found.append((opened.start(), fence.end()))
            opened = None
    yield from found


def _spans(text: str) -> Iterator[tuple[bool, str]]:
    """What stands between backticks of one line, where all of them are in pairs."""
    if "`" in _SPAN.sub("", text):
        yield False, text
        return
    before = 0
    for span in _SPAN.finditer(text):
        yield False, text[before : span.start()]
        yield True, span[0]
        before = span.end()
    yield False, text[before:]
