"""An answer in which nothing acts: what a page, a chat or a terminal would run, load or make a link of becomes text.

Every word stays, so that a review of code which speaks of `<script>` still does. A space is put where something would
begin to act, or to hide where it leads:

  - a tag of HTML, a comment, an instruction: `< b>`. No parser of HTML or Markdown takes that for the start of a tag.
    `a<b`, `List<str>` and `<https://…>` are none.
  - `![alt](address)`, `[text](address)`, `[text][name]`, `[name]: address`: `! [alt] (address)`, `[text] (address)`, …
    Nothing is loaded, and an address is seen. An address that is seen already stays as it is.
  - `javascript:…`, `vbscript:…`, `data:text/html…`: `javascript :…`
  - controls, as terminal escapes begin with (C0, C1): taken out.

Code between backticks or in a fenced block stays as it is, controls aside: nothing of Markdown acts in it. A page that
puts an answer into its HTML without escaping it is not helped there. The input of a tool is told in the same way, and
so are the name of a model and an error.
"""

import re
from collections.abc import Iterator

from labkit.callbacks import Answer
from labkit.host.texts import dumped
from labkit.secret_forms.in_json import changed

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")

_ELEMENTS = (
    "a|abbr|address|applet|area|article|aside|audio|b|base|bdi|bdo|big|blockquote|body|br|button|canvas|caption|center"
    "|cite|code|col|colgroup|data|datalist|dd|del|details|dfn|dialog|dir|div|dl|dt|em|embed|fieldset|figcaption|figure"
    "|font|footer|form|frame|frameset|h[1-6]|head|header|hgroup|hr|html|i|iframe|img|image|input|ins|kbd|keygen|label"
    "|legend|li|link|main|map|mark|marquee|math|menu|meta|meter|nav|noembed|noframes|noscript|object|ol|optgroup|option"
    "|output|p|param|picture|plaintext|portal|pre|progress|q|rp|rt|ruby|s|samp|script|search|section|select|slot|small"
    "|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|time|title|tr"
    "|track|tt|u|ul|var|video|wbr|xmp"
)
"""The elements of HTML (HTML Living Standard, 4 and 16.2). Of others those act that have attributes."""

_TAG = re.compile(rf"<(?:[!?]|/?(?:(?P<known>{_ELEMENTS})|[A-Za-z][^\s/<>]*)(?P<more>[\s/]|(?=>)))", re.IGNORECASE)

_RULES = (
    (re.compile(r"\b(javascript|vbscript)(?=:)", re.IGNORECASE), r"\1 "),
    (re.compile(r"\b(data)(?=:[\w.+-]*[/;,])", re.IGNORECASE), r"\1 "),
    (re.compile(r"!(?=\[)"), "! "),
    (re.compile(r"\](?=[(\[])"), "] "),
    (re.compile(r"^([ \t>]*\[[^\]\n]*\])(?=:)", re.MULTILINE), r"\1 "),
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
    plain = changed(fields, _of_field)
    return answer if plain == fields else type(answer).model_validate(plain)


def plain_text(text: str) -> str:
    """`text`, in Markdown or in none, as text in which nothing acts."""
    text = _CONTROL.sub("", text)
    place, parts = 0, list[str]()
    for is_code, part in _parts(text):
        parts.append(part if is_code else _defused(part, text, place))
        place += len(part)
    return "".join(parts)


def _of_field(text: str, _: str) -> str:
    return plain_text(text)


def _defused(part: str, text: str, place: int) -> str:
    """The `part` of `text` that begins at `place`."""
    sets, ends = text.rfind("="), text.rfind(">")

    def tag(found: re.Match[str]) -> str:
        """Of a tag, what may end further down: it acts by being one that there is, or by what is set in it."""
        end = place + found.end()
        known, more = found["known"] or found["more"] is None, found["more"]
        acts = sets >= end if more and not known else known and (not more or max(sets, ends) >= end)
        return f"< {found[0][1:]}" if acts else found[0]

    part = _TAG.sub(tag, part)
    for acting, instead in _RULES:
        part = acting.sub(instead, part)
    return part


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """The parts of a text, and whether each is code to every reader of Markdown; in doubt it is none."""
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
