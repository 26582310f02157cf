"""The table of secrets that are known by themselves: the keys of services, key blocks, headers, passwords in a URL."""

from typing import NamedTuple

ALONE = r"(?<![0-9A-Za-z])"
"""The pattern before a key: no letter stands there, or `task-description` would hold an `sk-` key."""

TELLING = r"(?:(?=[\w-]{0,199}\d)[\w-]{16,}|[0-9A-Za-z]{30,})"
SOLID = r"(?:(?=[A-Za-z]{0,60}\d)[0-9A-Za-z]{20,}|[0-9A-Za-z]{30,})"
"""What follows the beginning of a key; and what follows one that may begin a name too, `hf_hub_download`."""


_ENTRIES = r"(?:[ \t][^\n]{0,9999}(?:\n|\Z)){1,30}+"
"""The lines of an object in YAML."""


class Form(NamedTuple):
    """One kind of secret.

    Attributes:
        kind: The name of the kind in a mark.
        opening: A short pattern for the beginning, wherever it stands. One look for all openings finds the places.
        rest: A pattern for what follows. It is greedy to the end of the run of letters, since behind what looks like
            the beginning of one secret may stand another; and where it fails it looks no further than a few hundred
            characters, so that the whole takes time in proportion to the text. Where it has a group, the group is the
            secret.
        alone: Whether no letter may stand before it, `ALONE`. Where hidden characters stand there, one may.
    """

    kind: str
    opening: str
    rest: str = TELLING
    alone: bool = True


_TOOLS = {
    "p": r"mysql\w*|mariadb|7z|sshpass|psexec|(?:docker|podman|helm)\b[^\n]{0,20}\blogin",
    "a": "redis-cli",
    "P": "sqlcmd",
    "w": r"ldap\w+",
}
"""Options of one letter that take a password, by the programs that have them."""

_PLAIN = {
    SOLID: {
        "npm token": "npm_", "RubyGems key": "rubygems_", "Replicate token": "r8_", "Groq key": "gsk_",
        "Perplexity key": "pplx-", "Cerebras key": "csk-(?=[0-9A-Za-z]{20})", "Fireworks key": "fw_",
        "Jina key": "jina_", "Browserbase key": "bb_(?:live|test)_", "xAI key": "xai-",
        "Linear key": "lin_(?:api|oauth)_", "Notion token": "ntn_", "PostHog key": "phx_", "Netlify token": "nfp_",
        "Artifactory key": "AKCp|cmVmdGtu", "Alibaba key": "LTAI", "Render key": "rnd_", "Clojars token": "CLOJARS_",
        "Adobe secret": "p8e-", "Flutterwave key": "FLWSECK(?:_TEST)?-", "Infracost key": "ico-",
        "Sonar token": "sq[apu]_", "Shippo token": "shippo_(?:live|test)_", "ReadMe key": "rdme_",
        "Prefect key": "pn[ub]_", "Stytch secret": "secret-(?:live|test)-", "sandbox key": "e2b_",
        "job key": "tr_(?:prod|dev)_", "Neon key": "napi_",
    },
    TELLING: {
        "PyPI token": "pypi-Ag", "Docker token": "dckr_[po]at_", "NVIDIA key": "nvapi-", "Tavily key": "tvly-",
        "Pinecone key": "pcsk_", "LangSmith key": "lsv2_(?:pt|sk)_", "Figma token": "fig[du]_",
        "Square token": "sq0(?:atp|csp|idp)-", "New Relic key": "NRA[KL]-|NRII-|NRJS-", "Grafana token": "gl(?:sa|c)_",
        "Vault token": r"hv[sbr]\.", "CircleCI token": "CCIPAT_", "Contentful token": "CFPAT-", "Heroku key": "HRKU-",
        "Supabase key": "sbp_|sb_secret_", "PlanetScale token": "pscale_(?:tkn|pw|oauth)_", "Postman key": "PMAK-",
        "Tailscale key": "tskey-", "OnePassword token": "ops_eyJ", "Duffel token": "duffel_(?:live|test)_",
        "Frame token": "fio-u-",
    },
}  # fmt: skip
"""The keys of services that have a beginning of their own and nothing else, by what follows it."""

FORMS = (
    Form(
        "private key",
        r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}",
        # A program may name the line alone; a key goes on, and a text may spell its line breaks.
        r"(?=[ \t]{0,9}(?:\r?\n|\\{1,4}[nr]|[\w+/]{16}))(?:(?!-{4,5} ?END ).)*(?:-{4,5} ?END [A-Z0-9 ]{0,40}-{4,5})?",
        alone=False,
    ),
    Form("private key", r"Private-Lines: \d+", r"\s+((?:[\w+/=]+\s?)+(?:-MAC: \w+)?)"),
    Form("private key", "<(?:D|P|Q|DP|DQ|InverseQ)>", r"([\w+/=\s]{16,})<", alone=False),
    Form(
        "private key", r"[\"'](?:d|k|p|q|dp|dq|qi)\\{0,4}[\"']\s?:", r"\s?\\{0,4}[\"']([\w-]{40,})[\"'\\]", alone=False
    ),
    Form("private key", r"AGE-SECRET-KEY-1|xprv|\$ANSIBLE_VAULT;[\w.;]+\n", r"[0-9A-Za-z\n]{50,}"),
    # `-----BEGIN … PRIVATE KEY` in base64, and not that of a certificate.
    Form("private key", "LS0tLS1CRUdJTiB(?:SU0|QUkl|FQy|PUEVO|FTkNS)", r"[\w+/]{16,}=*"),
    Form(
        "Kubernetes secret", r"kind: Secret\n", rf"(?:(?!---)[^\n]{{0,200}}\n){{0,20}}?(?:stringD|d)ata:\n({_ENTRIES})"
    ),
    Form("Kubernetes secret", r"data:\n(?= )", rf"({_ENTRIES})(?:(?![ -])[^\n]{{0,99}}\n)?kind: Secret\b"),
    Form("password hash", r"\$(?:[156y]|2[abxy]|apr1|argon2\w{1,2}|scrypt)\$|pbkdf2[\w-]{0,12}\$", r"[\w./$=,+-]{20,}"),
    Form("JSON web token", "eyJ", r"(?<![\w-]eyJ)[\w-]{8,4000}(?:\.[\w-]*){2,}"),
    Form("bearer token", "(?i:Bearer)", r"[ \t]{1,9}(?=[\w.~+/-]{0,99}\d)([\w.~+/-]{16,}=*)"),
    Form(
        "basic credentials",
        "Basic",
        # Not `Basic CloudFormation`, nor `Basic authentication`.
        r"[ \t]{1,9}(?!(?:[A-Z][a-z]{2,})+(?![A-Za-z\d+/=]))(?=[A-Za-z+/]{0,99}(?:[a-z][A-Z]|[\d=]))"
        r"([A-Za-z\d+/]{12,}=*)",
    ),
    Form(
        "credentials",
        "(?i:authorization)",
        # After the scheme stands the secret, or a list: `response="…", nonce="…"`.
        r"\\{0,4}[\"']?[ \t]{0,3}[:=,][ \t]{0,3}f?\\{0,4}[\"']?(?!(?i:basic|bearer)[ \t])(?:[\w-]{2,30}[ \t]{1,3})?"
        r"((?:[\w-]{2,30}=\\?\"?(?=[^\s\"]{2})[^\",\s\\]{0,400}\\?\"?,[ \t]?)"
        r"(?:[\w-]{1,30}=\\?\"?[^\",\s\\]{0,400}\\?\"?[, \t]{0,2}){1,20}"
        r"|(?=[^\s\"']{0,99}(?:[a-z][A-Z]|\d))[\w.~+/:%=-]{12,}(?![\w(\[{$<]))",
    ),
    Form("basic credentials", "AUTH (?:PLAIN|LOGIN)", r"[ \t]([A-Za-z\d+/]{12,}=*)"),
    Form("cookie", "(?i:cookie)", r"[\"']?[:=][ \t]{0,3}[\"']?(?=[^\n\"']{0,300}=[\w%+/.-]{16})([^\n\"']+)"),
    Form(
        "password in a URL",
        r"://[^\s/:@'\"]{0,100}:(?=[^\s'\"]{1,200}@[\w\[{])",
        r"(?!\d{1,5}[/?#])([^\s'\"]+)@",
        alone=False,
    ),
    Form("token in a URL", r"://(?=[\w-]{0,99}\d)(?=[\w-]{20,}@)", r"([\w-]+)@", alone=False),
    Form("password in a URL", r"jdbc:oracle:\w{1,9}:[^\s/@]{1,60}/", r"([^\s@]{1,99})@"),
    Form(
        "signature",
        "[?&;](?:sig|key)=|(?<![0-9A-Za-z])auth[:=]",
        r"[ \t]?((?=(?:[\w%+/.-]{0,40}?(?:[A-Za-z]\d|\d[A-Za-z])){3})[\w%+/=.-]{16,})",
        alone=False,
    ),
    Form("password", "(?i:ConvertTo-SecureString)", r"[ \t]{1,3}(?:-String[ \t]{1,3})?[\"']([^\"'\n$]{4,200})[\"']"),
    # A line of .pgpass.
    Form("password", ":(?:5432|5433|6432):", r"[\w*-]{1,60}:[\w*.@-]{1,60}:([^\s:*][^\s:]{3,})", alone=False),
    Form("password", "(?i:identified by)", r"[ \t](?:PASSWORD[ \t])?[\"']([^\"'\n]{4,200})[\"']"),
    Form(
        "password",
        r"(?<![\w-])-(?:-(?:proxy-)?user[ =\"']|[uU][\"']?)",
        r"(?:,[ ]?|[ ]?)[\"']?[^\s:'\"$]{1,60}:(?!\d+\b)"
        r"((?=[^\s'\"]{0,60}(?: [^\s'\"]{0,60})?[\d!?*+])[^\s'\"$][^\s'\"]{2,200}(?: [^\s'\"]{1,60}(?='))?)",
        alone=False,
    ),
    *(
        Form(
            "password",
            rf"(?:{tools})\b",
            rf"[^\n]{{0,120}}?[ \t\"']-{option}(?:[\"'],[ ]?|[ \t])?(?=[^\s'\"]{{0,60}}\d|[\"'])"
            r"[\"']?([^\s'\"]{4,200}(?: [^\s'\"]{1,60}(?='))?)",
        )
        for option, tools in _TOOLS.items()
    ),
    Form(
        "password",
        "(?i:net use )",
        r"(?:[^\n/]{0,200}/user:\S{1,60}[ \t]|(?:\S{1,200}[ \t]){1,2}(?=[^\n]{0,99} /user:))"
        r"\"?((?<=\")[^\"\n]{4,99}|(?![*/\\])[^\s\"]{4,99})",
    ),
    Form("password", "(?i:net user )", r"\S{1,60}[ \t](?![*/])(\S{4,99})(?=[ \t]+/add)"),
    Form("password", "(?:xfreerdp|cmdkey|wmic|schtasks) ", r"[^\n]{0,120}?/(?:rp?|p|pass|password)[: ](\S{4,99})"),
    Form("password", "htpasswd -[a-zB]*b", r"\w* \S{1,99} \S{1,99} (\S{4,99})"),
    Form("password", "https? (?:-a|--auth) ", r"[^\s:]{1,60}:(\S{4,99})"),
    Form("password", r"\.auth\(", r"[\"'][^\"'\n]{1,60}[\"'],[ ]?[\"']([^\"'\n]{4,99})[\"']", alone=False),
    Form(
        "password",
        r"(?i:(?<![_-])(?:pin|puk|otp)|(?:sim|card|user|door|bank|account|login|security)[ _-]?pin)",
        r"(?:[ _-]?code)?\\{0,4}[\"']?(?: is|[ \t]{0,3}[:=])[ \t]{0,3}\\{0,4}[\"']?(\d{4,8})(?![\w.,-]*\w)",
    ),
    Form("password", "echo ", r"[\"']?([^\s'\"|]{6,99})[\"']?[ \t]*\|[^\n|]{0,80}(?:sudo -S|-stdin|passwd)\b"),
    Form("Azure storage key", "(?:Account|SharedAccess)Key=", r"([\w+/]{20,}=*)"),
    Form("Azure secret", r"[\w~.-]{3}8Q~", r"[\w~.-]{30,}"),
    Form("Slack webhook", r"hooks\.slack\.com/(?:services|workflows)/", r"([\w/]{20,})"),
    Form("Discord webhook", r"discord(?:app)?\.com/api/webhooks/\d+/", r"([\w-]{30,})"),
    Form("Discord token", r"[MNO][\w-]{23,27}\.[\w-]{6}\.", r"[\w-]{27,}"),
    Form("Telegram token", r"\d{8,10}:AA", r"[\w-]{32,}"),
    Form("Twilio key", "SK(?=[0-9a-f])", r"[0-9a-f]{32}(?![0-9A-Za-z])"),
    Form("Mailgun key", "key-(?=[0-9a-f])", r"[0-9a-f]{32}(?![0-9A-Za-z])"),
    Form("Mailchimp key", "[0-9a-f]{32}-us", r"\d{1,2}(?!\w)"),
    Form("Terraform token", r"\w{14}\.atlasv1\.", r"[\w-]{40,}"),
    Form("Airtable token", r"pat\w{14}\.", r"[0-9a-f]{40,}"),
    Form("Anthropic key", "sk-ant-", r"(?:(?=[\w-]{0,199}\d)[\w-]{16,}|\w{24,})"),
    # No `sk-learn-contrib-2026`: among the words of a key is one of twelve letters with a digit.
    Form(
        "OpenAI key",
        "sk-(?!ant-)",
        r"(?:(?=(?:[A-Za-z\d]{0,60}[_-]){0,12}?(?=[A-Za-z]{0,30}\d)[A-Za-z\d]{12})[\w-]{16,}|(?:proj-)?\w{32,})",
    ),
    Form("AWS access key", "AKIA|ASIA|ABIA|ACCA", r"[0-9A-Z]{16,}"),
    Form("AWS Bedrock key", "ABSK", r"[\w+/]{60,}=*"),
    Form("Google API key", "AIza", r"[\w-]{35,}"),
    Form("Google token", r"GOCSPX-|ya29\.|1//0", r"[\w-]{25,}"),
    Form("GitHub token", "gh[pousr]_|github_pat_", r"(?:(?<=pat_)\w{22,}|\w{36,})"),
    Form(
        "GitLab token",
        "gl(?:pat|dt|rt|rtr|cbt|ptt|ft|soat|agent|imt|ffct)-",
        r"(?=[\w-]{0,99}\d)[\w-]{16,}(?:\.\w{2,})*",
    ),
    Form("Slack token", r"xox[abeoprs]-|xoxe\.xox[bp]-|xapp-", r"[0-9A-Za-z-]{10,}"),
    Form("Stripe key", "[rs]k_(?:live|test)_|whsec_", r"(?:(?<=whsec_)\w{24,}|(?<!whsec_)\w{16,})"),
    Form("SendGrid key", r"SG\.", r"[\w-]{16,}\.[\w-]{16,}"),
    Form("crates token", "cio", r"(?=[A-Za-z]{0,31}\d)(?=[A-Za-z\d]{0,31}[A-Z])[0-9A-Za-z]{32}(?!\w)"),
    Form("Hugging Face token", "hf_|api_org_", r"[0-9A-Za-z]{30,}"),
    Form("ElevenLabs key", "sk_(?=[0-9a-f])", r"[0-9a-f]{48}(?!\w)"),
    Form("Databricks token", "dapi", r"[0-9a-f]{32,}(?:-\d)?"),
    Form("Atlassian token", "AT[AC]TT3|ATBB", r"[\w-]{24,}(?:=\w{8})?"),
    Form("Shopify token", "shp(?:at|ca|pa|ss)_", r"[0-9a-fA-F]{32,}"),
    Form("Plaid token", "access-(?:sandbox|development|production)-", r"[0-9a-f-]{32,}"),
    Form("Sentry token", "sntry[su]_", r"[\w+/=-]{40,}"),
    Form("Dynatrace token", r"dt0[a-z]\d\d\.", r"[0-9A-Z]{20,}\.[0-9A-Z]{40,}"),
    Form("Buildkite token", "bk[a-z]{2}_", r"[0-9a-f]{40}(?!\w)"),
    Form("Brevo key", "x(?:key|smtp)sib-", r"[0-9a-f]{64}(?:-\w{16})?"),
    Form("Pulumi token", "pul-", r"[0-9a-f]{40,}"),
    Form("DigitalOcean token", "do[opr]_v1_", r"[0-9a-f]{32,}"),
    Form("Fly token", "fm[12][ar]?_|fo1_", r"[\w+/=,-]{40,}"),
    Form("Doppler token", r"dp\.(?:pt|st|ct|sa|scim|audit)\.", r"(?:[\w-]{2,35}\.)?[0-9A-Za-z]{40,}"),
    Form("Resend key", "re_", r"(?=\w{0,24}\d)[0-9A-Za-z]{8}_[0-9A-Za-z]{16,}"),
    Form("OnePassword key", "A3-", r"[A-Z0-9]{6}(?:-[A-Z0-9]{5,11}){4,5}(?!\w)"),
    Form("Dropbox token", r"sl\.", r"(?:u\.)?[\w-]{60,}"),
    Form("EasyPost key", "EZ[AT]K", r"[0-9A-Za-z]{54}"),
    Form("HubSpot token", r"pat-(?:na|eu|ap)\d-", r"[0-9a-f-]{36}"),
    Form("Sourcegraph token", "sgp_", r"(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}"),
    Form("SettleMint token", "sm_(?:aat|pat|sat)_", r"\w{16,}"),
    Form("Scalingo token", "tk-us-", r"[\w-]{40,}"),
    Form("Typeform token", "tfp_", r"[\w.=-]{40,}"),
    Form("NuGet key", "oy2", r"[a-z0-9]{43}(?!\w)"),
    Form("Octopus key", "API-", r"(?=[A-Z]{0,25}\d)[A-Z0-9]{25,26}(?![\w-])"),
    Form("OpenShift token", "sha256~", r"[\w-]{43,}"),
    Form("Nebula token", "dnkey-", r"[\w=-]{60,}"),
    Form("Cloudflare key", r"v1\.0-", r"[0-9a-f]{24}-[0-9a-f]{100,}"),
    Form("Amazon MWS token", r"amzn\.mws\.", r"[0-9a-f-]{36}"),
    Form("Braintree token", r"access_token\$", r"(?:production|sandbox)\$\w{16}\$[0-9a-f]{32}"),
    Form("Mapbox token", r"sk\.eyJ", r"[\w-]{20,}\.[\w-]{20,}"),
    Form("Firecrawl key", "fc-", r"[0-9a-f]{32}(?!\w)"),
    Form("Inngest key", "signkey-(?:prod|test|branch)-", r"[0-9a-f]{32,}"),
    Form("Voyage key", "pa-", r"(?=[A-Za-z_-]{0,38}\d)[\w-]{40,}"),
    Form("Teams webhook", r"webhook\.office\.com/webhookb2/", r"[\w@-]{36,80}/IncomingWebhook/([\w/-]{32,})"),
    Form("Facebook token", "EAA[A-Z]", r"[0-9A-Za-z]{40,}"),
    *(Form(kind, opening, rest) for rest, keys in _PLAIN.items() for kind, opening in keys.items()),
)
"""The forms, in the order in which they are tried: the more telling before those that would also fit."""
