"""The forms of secrets, said once: the guard, the views, the playground and the code reviewer ask here.

    find_secrets("Authorization: Bearer …")      # stretches, each with its kind
    redacted("password=…", kinds)                # "password=[redacted: password]"
    is_secret("hunter22", "DB_PASSWORD")         # by the name that a text is given to
    may_hold(text)                               # a cheap look beforehand, made from the tables below

`forms` is the table of keys that are known by themselves, `names` that of the names that make a secret of a value: a
new form is a row in one of them. Nothing of the kit is imported here, so that servers may use it too. A text without a
finding may hold a secret all the same.
"""

from labkit.secret_forms.finding import (
    MARGIN,
    MARK,
    Found,
    find_secrets,
    may_hold,
    redacted,
    redacted_across,
    redacted_beginning,
    redacted_number,
    redacted_words,
)
from labkit.secret_forms.forms import FORMS, Form
from labkit.secret_forms.names import is_secret, name_within, names_a_secret

__all__ = [
    "FORMS",
    "MARGIN",
    "MARK",
    "Form",
    "Found",
    "find_secrets",
    "is_secret",
    "may_hold",
    "name_within",
    "names_a_secret",
    "redacted",
    "redacted_across",
    "redacted_beginning",
    "redacted_number",
    "redacted_words",
]
