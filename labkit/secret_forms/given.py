"""The secrets that are known by the name they are given to: `password=`, `--token x`, `<password>x</password>`.

A name, what stands between it and its value, and the value are each a small grammar: `GAPS` lists what may stand
between. Code is no value, `password = os.environ["X"]`, nor is a type, a date, a placeholder or the next word of a
sentence.
"""

import re
from collections.abc import Collection, Iterator

from labkit.secret_forms.names import (
    DOTTED,
    OTHER_PASSES,
    STEMS,
    TOKENS,
    ends_in_a_secret,
    has_digit,
    is_pin,
    is_placeholder,
    is_secret,
    is_weak,
    kind_of,
    may_name_a_secret,
    names_a_secret,
    words_of_name,
)

_END = r"\\{0,4}[\"'\]`*]{0,3}"
_SPACE = r"[ \t]{0,9}"
GAPS = {
    "typed": rf"(?:\[\])?(?:{_SPACE}:{_SPACE}[A-Za-z][\w.<>\[\]|? &'*]{{0,30}}?|[ \t]{{1,3}}string)"
    rf"{_SPACE}={_SPACE}(?=[rbfLu@]{{0,2}}[\"'])",
    "block": rf"{_END}{_SPACE}:[ \t]{{1,9}}[|>][+-]?\n[ \t]{{1,20}}",
    "value": r"[\"'>:,\s\\]{1,12}+(?:\w{1,20}[\"'] )?(?i:value)[\"'\\]{0,3}\s{0,3}[:=]\s{0,3}",
    "sign": rf"(?:\[\])?{_END}{_SPACE}(?::=|=>|[=!]={{1,2}}|[?+|]{{0,2}}=|->|<-|→|:\*{{0,2}}){_SPACE}"
    r"(?:!{1,2}\w{1,20}[ \t]+|&\w{1,20}[ \t]+)?",
    "tag": r"(?:[\"']?(?:[ \t][^<>\n]{0,60}+)?/?>|[\"' ]{0,2}&gt;|</\w{1,20}>\s{0,9}<\w{1,20}>)\s{0,30}"
    r"(?:<!\[CDATA\[)?",
    "comma": r"\\{0,4}[\"'],[ \t]{0,3}(?=\\{0,4}[\"'])",
    "call": r"(?:\((?:[\"'][^\"'\n]{0,60}[\"'],[ ]?)?(?=[\"'])|\{(?=\"))",
    "prose": r"(?: [ \w]{0,40}?)? is:? ",
    "cell": rf"{_SPACE}\|{_SPACE}",
    "blank": rf"{_END}[ \t]{{1,9}}|{_END},?\n(?=[ \t'\"]*\w)",
}
"""What may stand between a name and its value, in the order in which it is tried."""

LOOSE = ("comma", "call", "prose", "cell", "blank")
"""The gaps behind which a value must look like a secret as well."""

_GAP = "|".join(f"(?P<{gap}>{form})" for gap, form in GAPS.items())
_NAMED = re.compile(rf"((?>(?:[\w.-]{{0,39}}\w)?))(?:{_GAP})")
"""The rest of a name behind a stem, and the gap."""

_STEMS = re.compile("|".join(STEMS))
_COUNTED = re.compile(r"[\w.-]{0,40}[\\\"']{0,9}[ \t]{0,9}[:=][ \t]{0,9}\d{1,12}[,}\]]", re.ASCII)
"""What follows a word for a token where that is counted: `progressToken": 4,`."""

_BARE = (
    r"(?:[^\s\"',;&\\<|`]++|\\ |\\(?![\"'])|[,;](?=[!-~])(?![\s\"'\]})]|\w{1,30}[ ]?[=:]|$)|&(?!\w{1,30}=)|<(?![/!]))"
)
_LONG = re.compile(r"[rbfLu@$]{0,2}(\"\"\"|''')(?P<long>.{1,2000}?)\1", re.DOTALL)
_UP_TO = {
    "nested": r"(?:(?!\\{0,4}[\"'])[^\n])*+",
    "to_quote": r"(?:[^\"\\\n]++|\\.)*+",
    "to_tick": r"(?:[^'\\\n]++|\\.)*+",
    "bare": f"{_BARE}*+",
}
_VALUE = re.compile(
    rf"\\{{1,4}}[\"'](?P<nested>{_UP_TO['nested']})"
    r"|(?:[\w.-]{1,40}=)?[rbfLu@$]{0,2}(?:\"(?P<double>(?:[^\"\\\n]++|\\.|\"(?=\w)){0,16})\"|'(?!'')(?P<single>(?:[^'\\\n]++|\\.|'{1,2}(?=\w)){0,16})'"
    rf"|\"(?P<to_quote>{_UP_TO['to_quote']})|'(?P<to_tick>{_UP_TO['to_tick']}))"
    r"|`(?P<ticks>[^`\n]*+)`|“(?P<curly>[^”\n]*+)”"
    rf"|(?P<bare>(?![<>{{}}]|\[[^█]){_UP_TO['bare']})",
    re.DOTALL,
)
"""The value given to a name: a text in quotes, also as JSON in JSON writes them, with quotes inside where a letter
follows; or what goes on to a space or a comma. `&` ends a value in a query alone, `password=x&next=1`."""

_LOOKED_AT = 200
"""Characters of a value that are looked at."""

_RESTS = {group: re.compile(rest, re.DOTALL) for group, rest in _UP_TO.items()}
"""How a text goes on that is longer than what is looked at."""

_LINE = re.compile(r"[^\n]+")
_TAGGED = re.compile(r"[^<>\n]{4,200}?(?=(?:\]\]>)?\s{0,9}(?:<|&lt;))")

_FLAT = r"[^{}\[\]]{0,200}"
_ONE = rf"[{{\[]{_FLAT}[}}\]]"
_TWO = rf"[{{\[]{_FLAT}(?:{_ONE}{_FLAT}){{0,5}}[}}\]]"
_HELD = re.compile(rf"[{{\[]{_FLAT}(?:{_TWO}{_FLAT}){{0,5}}[}}\]]")
_INNER = re.compile(r"\\{0,4}([\"'])((?:(?!\1)[^\\\n])+)\\{0,4}\1(\s{0,3}:)?")
"""An object or a list as a value, three deep; and a text in it, which is no key."""

_BRACED = re.compile(r"\{(?![\w.!:\[\]]*\})((?:[^{}\s\"'()=>]|\}\}){4,200})\}")
"""A value in braces as ODBC has it, `Pwd={a;b1}`; in others stands a name or an expression."""

_CONNECTION = re.compile(r"(?:server|data source|uid|user(?: id)?|host|database)[ ]?=[^;\n]*;$", re.IGNORECASE)

_NOT_GIVEN = {"no", "use", "ask", "show", "skip", "without", "with", "require", "prompt", "allow", "hide"}
"""First words of an option that is given no secret: `--no-password`."""

_BEFORE = re.compile(r"([^\W\d_]+)[ \t]{1,9}$")
_OWNER = re.compile(
    r"\b(?:users?|username|uid|log-?in|accounts?|admin\w*|root|credentials?|e-?mail|db|database|(?:my)?sql|wi-?fi|ssh|s?ftp"
    r"|smtp|imap|vpn|proxy|my|your|our|new|old|temp|temporary|default|initial|let|const|var|val|set|export|string"
    r"|pass(?:in|out))\b",
    re.IGNORECASE,
)
"""The words in a line before `pass: x` where that is a password."""

_CALL = re.compile(r"[A-Za-z_$@][\w.$:>?!-]*[(\[{]")
_FORMAT = re.compile(r"(?:sha|md|utf|base|ed|rsa|aes|v|ver|rfc|http)[-/]?\d|\w+=", re.IGNORECASE)

_SEPARATOR = re.compile(r"[|\t;,]")
_CELLS = {
    sep: re.compile(rf"(?:^|(?<=[{sep}\n]))[ ]*(?:\"(?P<quoted>[^\"\n]*)\"|(?P<bare>[^{sep}\n]*?))[ ]*(?=[{sep}\n]|\Z)")
    for sep in ("|", "\t", ";", ",")
}
_COLUMN = re.compile(r"[\w .-]{2,40}")
_RULE = re.compile(r"[-+|:= ]+")
"""What divides the cells of a table, what a cell is, the name of a column, and a line that is drawn."""

Hit = tuple[int, int, str, int]
"""A hit: where the secret begins and ends, the kind, and where the name or the form that tells it begins."""


def may_be_given(text: str) -> bool:
    """Whether a word that stands in the name of a secret stands in `text`, and not as the name of a count alone."""
    return any(
        stem.group() not in TOKENS or not _COUNTED.match(text, stem.end()) for stem in _STEMS.finditer(_lower(text))
    )


def given(text: str, stops: Collection[int]) -> Iterator[Hit]:
    """The secrets in `text` that are given to a name. No name goes on over a place of `stops`."""
    end = named = 0
    for stem in _STEMS.finditer(_lower(text)):
        if (place := stem.start()) < named or (hit := _NAMED.match(text, stem.end())) is None:
            continue
        named = hit.end(1)
        if hit.end() < end:
            continue  # inside a value
        start = _begin(text, place, stops)
        if may_name_a_secret(name := text[start:named]):
            for begin, end in _values(text, start, name, hit.end(), hit.lastgroup or ""):
                yield begin, end, kind_of(name), start


def _lower(text: str) -> str:
    return text.replace("\u0130", "I").lower()  # the one letter that grows


def _values(text: str, start: int, name: str, place: int, gap: str) -> Iterator[tuple[int, int]]:
    """Where the secrets at `place` begin and end, behind a name that begins at `start` and a gap."""
    is_option = name[0] == "-"
    is_loose = gap in LOOSE
    # Most names are followed by no secret, and this costs less than to look for the value.
    if (is_loose or (not is_option and is_weak(name))) and not has_digit(text, place, place + _LOOKED_AT):
        return
    if gap in ("sign", "value") and (held := _HELD.match(text, place)):
        if text[place - 1] == "=" and (braced := _BRACED.match(text, place)) and is_secret(braced[1], name):
            yield braced.span(1)
        for inner in _INNER.finditer(text, place, held.end()):
            if not inner[3] and is_secret(inner[2], f"{name}.x") and not is_code(inner[2]):
                yield inner.span(2)
        return
    if gap in ("block", "tag"):
        value = (_LINE if gap == "block" else _TAGGED).match(text, place)
    elif (value := _VALUE.match(text, place, place + _LOOKED_AT)) and not value[value.lastgroup or 0]:
        value = _LONG.match(text, place)
    if value is None:
        return
    group = value.lastgroup or 0
    told = value[group]
    is_bare = group == "bare"
    if is_loose and (not has_digit(told) or (not is_option and any(map(str.isspace, told)))):
        return
    named = start + len(name)
    if is_option and gap in ("blank", "comma"):
        is_it = is_given(name, told, is_sure=False) and not (is_bare and is_code(told))
    elif is_option and text[named : named + 1] == "=":
        is_it = is_given(name, told, is_sure=True)
    elif gap in ("sign", "prose") and is_pin(told.rstrip(").]},;"), name):
        is_it = True
    elif is_loose and (is_bare or gap == "comma"):  # `["user", "password", "host1"]` lists names
        is_it = names_a_secret(name) and is_secret(told, name) and is_mixed(told)
    else:
        is_it = is_secret(told, name, bare=is_bare) and not (
            _is_code_or_prose(text, start, place, value) if is_bare else _is_prose(told)
        )
    if is_it and not _is_another_pass(text, start, name, is_sure=text[named : named + 1] == "="):
        begin, end = value.span(group)
        rest = _RESTS[str(group)].match(text, end) if group in _RESTS else None
        yield begin, rest.end() if rest else end


def is_given(option: str, value: str, *, is_sure: bool) -> bool:
    """Whether the value behind an option is a secret. Not `is_sure`, the value may be the next word of a sentence."""
    if not ends_in_a_secret(option) or words_of_name(option)[0] in _NOT_GIVEN:
        return False
    if len(value) < 3 or value[0] in "-$%/~.@(|)" or re.fullmatch("[A-Z_]+", value) or is_placeholder(value):
        return False
    return is_sure or (len(value) >= 4 and has_digit(value))


def is_code(value: str) -> bool:
    """Whether a text without quotes is an expression, a reference or a day: `self.password`, `get(x`, `:id`."""
    told = value.rstrip(").]:`,;}")
    if (call := _CALL.match(value)) and (not value[-1].isalnum() or value.count(call[0][-1]) == 1):
        return True
    return (
        DOTTED.fullmatch(value) is not None
        or is_placeholder(told)
        or told[:1] == ":"
        or (told[:1] in tuple(")|[@!/~.") and not is_mixed(told[1:]))
    )


def is_mixed(value: str) -> bool:
    """Whether a text of one word has letters and digits, and names no format: `hunter22x`, not `sha256sum`."""
    has_both = has_digit(value) and any(map(str.isalpha, value))
    return len(value) >= 8 and has_both and not _FORMAT.match(value) and not is_code(value)


def _is_prose(value: str) -> bool:
    """Whether a text in quotes says something about a secret: `"Your password"`, `"Sign in!"`."""
    return any(map(str.isspace, value)) and (value[-1] in ".!?:" or _STEMS.search(_lower(value)) is not None)


def _is_code_or_prose(text: str, start: int, place: int, value: re.Match[str]) -> bool:
    """Whether a value without quotes is an expression, or the next word of a sentence: `password: Letters of`."""
    told = value[0].rstrip(").]:`,;}")
    if text[start - 1] == ";" and _CONNECTION.search(text[max(0, start - 80) : start]):
        return False
    if len(told) < 6 or is_code(value[0]):
        return True
    if any(not each.isalpha() and each not in "_/-" for each in told):
        return told.isdigit() and text[place - 1] == " " and text[place - 2] == "="
    after = text[value.end() : value.end() + 9]
    if "=" in text[place - 3 : place]:  # `password = value`, and `connect(password=value)`
        return text[place - 1] == " " or value[0] != told or after[:1] in tuple(",;")
    goes_on = re.match(r"[ \t]+[`(]?\w|[.,;)]", value[0][len(told) :] + after)
    return goes_on is not None


def in_tables(text: str) -> Iterator[Hit]:
    """The secrets in the columns of tables: of Markdown, CSV, or as `psql` prints them."""
    done = 0
    for stem in _STEMS.finditer(_lower(text)):
        if stem.start() < done:
            continue
        first, done = text.rfind("\n", 0, stem.start()) + 1, _line_end(text, stem.end())
        if done - first > 1_000 or not (sep := _SEPARATOR.search(text, first, done)):
            continue
        names = _cells(text, first, done, sep[0])
        columns = [n for n, (a, b) in enumerate(names) if _COLUMN.fullmatch(text, a, b) and ends_in_a_secret(text[a:b])]
        while columns and done < len(text):
            start, end = done + 1, _line_end(text, done + 1)
            cells = _cells(text, start, end, sep[0])
            if not _RULE.fullmatch(text, start, end):
                if len(cells) != len(names):
                    break
                for a, b in (cells[n] for n in columns):
                    name = text[slice(*names[columns[0]])]
                    if is_mixed(text[a:b]) and is_secret(text[a:b], name):
                        yield a, b, kind_of(name), a
            done = end


def _line_end(text: str, place: int) -> int:
    return end if (end := text.find("\n", place)) >= 0 else len(text)


def _cells(text: str, start: int, end: int, sep: str) -> list[tuple[int, int]]:
    return [cell.span(cell.lastgroup or 0) for cell in _CELLS[sep].finditer(text, start, min(end, start + 4_000))]


def _begin(text: str, place: int, stops: Collection[int]) -> int:
    """The index at which the name around `place` begins, at most sixty letters before. No name goes on over a stop."""
    first = max(0, place - 60)
    while place > first and place not in stops and (text[place - 1].isalnum() or text[place - 1] in "_.-"):
        place -= 1
    return place


def _is_another_pass(text: str, start: int, name: str, *, is_sure: bool) -> bool:
    """Whether `pass` means a ticket or a round: `boarding pass: gate22`, `second_pass: batch12`; never in `pass=x`."""
    words = words_of_name(name)
    if words[-1] != "pass" or is_sure:
        return False
    if len(words) > 1:
        return words[-2] in OTHER_PASSES
    line = text[max(0, start - 60) : start].rpartition("\n")[2]
    return _BEFORE.search(line) is not None and not _OWNER.search(line)
