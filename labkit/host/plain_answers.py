"""An answer in which nothing acts by itself: what would load, run or hide on a page or in a terminal becomes text.

Every word stays, so that a review of code which speaks of `<script>` still does. A space is put where something would
begin to act:

  - `![alt](https://…)`, which is loaded as soon as it is shown, and tells who asks for it: `! [alt](https://…)`
  - tags of HTML that run or load something: `<script>…</script>`, `<style>…</style>`, `<iframe src=…>`,
    `<svg onload=…>`: `< script>…`. `<b>`, `List<str>` and `a<b` stay. So does `<a href="https://…">`.
  - `<!--`, behind which a page shows nothing.
  - links that lead elsewhere than to an `http` or `https` address or within the page, such as
    `[text](javascript:…)`, `[name]: data:…`, `<file:…>`: `[text] (javascript:…)`, …
  - links with a query that was not in the request: it may carry away what the model knows, `[text] (https://…?q=…)`.
  - an address of a script that is a whole text, as an input or a name may be: `javascript :…`
  - controls, as terminal escapes begin with (C0, C1): taken out.

Other links stay: they need a click, and a reader who looks where they lead. Code between backticks or in a fenced block
stays as it is, controls aside, since nothing of Markdown acts in it. So whoever shows an answer must still do this: put
it into a page as text (`textContent`), or through a reader of Markdown that escapes code; never as HTML (`innerHTML`).
"""

import re
from collections.abc import Iterator
from contextlib import suppress

from mcp_types import CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.host.duty import refusal
from labkit.host.texts import dumped, texts
from labkit.secret_forms.in_json import changed

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")

_TAG = re.compile(r"<(?:!--|(?P<name>[A-Za-z][^\s/<>]*)(?P<more>[\s/]?))")
_ACTS = re.compile(
    r"""[\s/"'](?:on[a-z]{1,40}|[\w:-]{0,20}src[a-z]{0,10}|data|style|background|poster|http-equiv)\s*="""
    r"""|[\s/"'][\w:]{0,20}href\s*=(?!\s*(?:\\*"\s*|\\*'\s*|)(?:https?://|mailto:|[#/{]|[\w.-]+[\s>"'/#?]))""",
    re.IGNORECASE,
)
"""Attributes that run or load something, or link to another thing than a page."""
_LOADS_BY_HREF = {"link", "base", "use", "image", "feimage"}
_LINK = re.compile(r"\]\(")
_PAGE = re.compile(
    r"""\]\(\s{0,3}<?(https?://(?:[^\s()<>\\]|\([^\s()<>\\]*\))*|mailto:[\w.+@-]*|[#/]?[\w./#-]*)>?"""
    r"""(?:\s{1,3}"[^"\n]{0,200}")?\s{0,3}\)"""
)
"""A link to a page, or within one."""
_DEFINITION = re.compile(r"\]:(?=\s*<?(?P<address>[^\s<>]*))")
_SCHEME = re.compile(r"https?://|mailto:|[^:&]*\Z")
_AUTOMATIC = re.compile(r"<(?=(?:javascript|vbscript|data|file):)", re.IGNORECASE)
_IMAGE = re.compile(r"!(?=\[)(?!\[[^\[\]\n]*\]\((?!//)[\w./-]+\))")
_FORMULA = re.compile(r"(\\(?:href|url)\s*\{\s*(?:javascript|vbscript|data))(?=:)", re.IGNORECASE)
_WHOLE = re.compile(r"\A(\s*(?:javascript|vbscript|data(?=:[\w.+-]*[/;,])))(?=:)", re.IGNORECASE)

_FENCE = re.compile(r"^(?P<indent> {0,3})(?P<mark>`{3,}|~{3,})(?P<rest>[^`\n]*?)[ \r]*$", re.MULTILINE)
_ANY_FENCE = re.compile(r"`{3,}|~{3,}")
_LANGUAGE = re.compile(r"\s*[\w+#.-]*\s*")
_DRAWN = {"mermaid", "math", "latex", "tex", "katex", "dot", "graphviz", "plantuml", "vega", "geojson", "svg"}
"""Languages of a block that pages draw in place of showing it."""
_SPAN = re.compile(r"(?<![\\`$])(`{1,2})(?!`)[^\n|]*?(?<!`)\1(?![`$])")


def plain_answer(answer: Answer, params: CreateMessageRequestParams) -> Answer:
    """A copy of `answer` in which nothing acts; `answer` itself where nothing would; an error where it is too deep.

    Args:
        answer: The answer.
        params: What was asked, which may hold addresses.
    """
    known = ""
    with suppress(ValueError, RecursionError):  # more levels than any wire carries: it holds no address that is known
        known = "\n".join(text for _, text in texts(dumped(params)))
    try:
        fields = dumped(answer)
        plain = changed(fields, lambda text, _: plain_text(text, known))
        return answer if plain == fields else type(answer).model_validate(plain)
    except (ValueError, RecursionError):
        return refusal("policy", "The answer is nested too deeply.")


def plain_text(text: str, known: str = "") -> str:
    """`text`, in Markdown or in none, as text in which nothing acts.

    Args:
        text: The text.
        known: What holds the addresses that may have a query.
    """
    parts = [*_parts(_WHOLE.sub(r"\1 ", _CONTROL.sub("", text)))]
    words = "".join(part if not is_code else "\0" * len(part) for is_code, part in parts)
    acting = _Acting(words, known)
    place, plain = 0, list[str]()
    for is_code, part in parts:
        plain.append(part if is_code else acting.without(part, place))
        place += len(part)
    return "".join(plain)


class _Acting:
    """What acts in a text.

    Args:
        words: The text without its code.
        known: What holds the addresses that may have a query.
    """

    def __init__(self, words: str, known: str) -> None:
        self._known = known
        self._last = {"": max((found.start() for found in _ACTS.finditer(words)), default=-1)}
        self._last |= {name: words.lower().rfind(name) for name in ("</script", "</style", "href")}

    def without(self, part: str, place: int) -> str:
        """A `part` of the text, which begins at `place`, with a space where something would act."""
        part = _TAG.sub(lambda found: f"< {found[0][1:]}" if self._runs(found, place) else found[0], part)
        part = _IMAGE.sub("! ", _AUTOMATIC.sub("< ", _FORMULA.sub(r"\1 ", part)))
        part = _LINK.sub(lambda found: "](" if self._leads_to_a_page(_PAGE.match(part, found.start())) else "] (", part)
        return _DEFINITION.sub(lambda found: "]:" if self._leads_to_a_page(found, _SCHEME) else "] :", part)

    def _runs(self, tag: re.Match[str], place: int) -> bool:
        """Whether a tag runs, loads or hides something; what is set in it may stand anywhere behind it."""
        name, end = (tag["name"] or "").lower(), place + tag.end()
        if name in ("", "plaintext"):
            return True
        if name in ("script", "style") and self._last[f"</{name}"] >= end:
            return True
        by_href = name in _LOADS_BY_HREF and self._last["href"] >= end
        return bool(tag["more"]) and (by_href or self._last[""] >= end - 1)

    def _leads_to_a_page(self, link: re.Match[str] | None, kind: re.Pattern[str] = re.compile("")) -> bool:
        if link is None or not kind.match(link[1]):
            return False
        return "?" not in link[1] or link[1] in self._known


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
