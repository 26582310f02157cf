"""The table of secrets that are known by themselves: the keys of services, key blocks, headers, passwords in a URL."""

import re
from typing import NamedTuple

ALONE = r"(?<![0-9A-Za-z])"
"""The pattern before a key: no letter stands there, or `task-description` would hold an `sk-` key."""


class Form(NamedTuple):
    """One kind of secret.

    Attributes:
        kind: The name of the kind in a mark.
        opening: A pattern for the beginning, wherever it stands. The look beforehand is made of the openings.
        rest: A pattern for what follows. It is greedy to the end of the run of letters, since behind what looks like
            the beginning of one secret may stand another; and it takes time in proportion to the text. Where it has a
            group, the group is the secret.
        before: A pattern for what must stand before a secret. Where hidden characters stand there, nothing must.
    """

    kind: str
    opening: str
    rest: str
    before: str = ALONE

    def pattern(self, *, in_a_word: bool = False) -> re.Pattern[str]:
        """The form as one pattern; `in_a_word` leaves out what must stand before a secret."""
        before = "" if in_a_word else self.before
        return re.compile(f"{before}(?:{self.opening}){self.rest}", re.ASCII | re.DOTALL)


FORMS = (
    Form(
        "private key",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----",
        # A program may name the line alone; a key goes on, and a text may spell its line breaks.
        r"(?=[ \t]{0,9}(?:\r?\n|\\{1,4}[nr]|[\w+/]{16}))(?:(?!-----END ).)*(?:-----END [A-Z0-9 ]{0,40}-----)?",
        before="",
    ),
    Form("JSON web token", "eyJ", r"[\w-]{8,4000}(?:\.[\w-]+){2,}", before=r"(?<![\w-])"),
    Form("Anthropic key", "sk-ant-", r"[\w-]{16,}"),
    Form("OpenAI key", "sk-(?!ant-)", r"(?:(?=[\w-]{0,60}\d)[\w-]{16,}|(?:proj-)?\w{32,})"),
    Form("AWS access key", "AKIA|ASIA", r"[0-9A-Z]{16,}"),
    Form("Azure storage key", "AccountKey=", r"([\w+/]{20,}=*)"),
    Form("DigitalOcean token", "dop_v1_", r"[0-9a-f]{32,}"),
    Form("Google API key", "AIza", r"[\w-]{35,}"),
    Form("GitHub token", "gh[pousr]_|github_pat_", r"(?:(?<=pat_)\w{22,}|\w{36,})"),
    Form("GitLab token", "gl(?:pat|dt|rt|ptt)-", r"[\w-]{16,}"),
    Form("npm token", "npm_", r"[0-9A-Za-z]{30,}"),
    Form("Hugging Face token", "hf_", r"[0-9A-Za-z]{30,}"),
    Form("SendGrid key", r"SG\.", r"[\w-]{16,}\.[\w-]{16,}"),
    Form("Shopify token", "shp(?:at|ca|pa|ss)_", r"[0-9a-fA-F]{32,}"),
    Form("Slack token", "xox[abeoprs]-", r"[0-9A-Za-z-]{10,}"),
    Form("Stripe key", "[rs]k_(?:live|test)_|whsec_", r"(?:(?<=whsec_)\w{24,}|(?<!whsec_)\w{16,})"),
    Form("bearer token", "(?i:Bearer)", r"[ \t]{1,9}([\w.~+/-]{16,}=*)", before=r"\b"),
    Form(
        "basic credentials",
        "Basic",
        # Not `Basic CloudFormation`, nor `Basic authentication`.
        r"[ \t]{1,9}(?!(?:[A-Z][a-z]{2,})+(?![A-Za-z\d+/=]))(?=[A-Za-z+/]{0,99}(?:[a-z][A-Z]|[\d=]))"
        r"([A-Za-z\d+/]{12,}=*)",
        before=r"\b",
    ),
    Form("password in a URL", r"://[^\s/:@'\"]{0,100}:(?=[^\s/'\"]+@)", r"([^\s/'\"]+)@", before=""),
)
"""The forms, in the order in which they are tried: the more telling before those that would also fit."""
