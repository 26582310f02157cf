"""Code as a syntax tree, within limits: parsed and never executed.

CPython's parser has limits of its own, and code from outside reaches them: 200 open brackets and 100 levels of
indentation are a SyntaxError, some thousand operators in a row a MemoryError or a RecursionError, by its version.
Nothing here calls itself for each level of a tree, so what the parser lets pass is walked to its end.
"""

import ast
import warnings

LONGEST_CODE = 50_000
"""Characters of code that are looked at, some 1,500 lines. All that is done with it takes time in proportion."""

NAME = "<code under review>"


class CodeError(ValueError):
    """The code cannot be looked at; the text says why."""


def normalised(code: str) -> str:
    """`code` with line breaks as a newline each, as the parser counts them.

    Raises:
        CodeError: It is too long, or holds what Python source cannot hold.
    """
    if len(code) > LONGEST_CODE:
        raise CodeError(
            f"The code has {len(code):,} characters, and {LONGEST_CODE:,} are the most that is looked at. Send a part."
        )
    code = code.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for bad, name in (("\0", "a NUL byte"), *((each, "half a surrogate pair") for each in _surrogates(code))):
        if bad in code:
            line = code.count("\n", 0, code.index(bad)) + 1
            raise CodeError(f"Line {line} holds {name}, which Python source cannot. Is it a text file?")
    return code


def parsed(code: str) -> ast.Module:
    """The syntax tree of normalised code.

    Raises:
        SyntaxError: It is not Python, as far as this interpreter knows Python.
        CodeError: It is nested deeper than the parser goes.
    """
    # A warning on an escape such as "\d" would be printed, or raised. `catch_warnings` is not safe beside other
    # threads, so a filter for this name alone is put first, where it stays.
    warnings.filterwarnings("ignore", module=NAME)
    try:
        return ast.parse(code, NAME)
    except (RecursionError, MemoryError):
        why = "The code is nested deeper, or has more operators in a row, than Python's parser takes."
        raise CodeError(why) from None


def _surrogates(code: str) -> list[str]:
    try:
        code.encode("utf-8")
    except UnicodeEncodeError as error:
        return [code[error.start]]
    return []
